"""A simulated kiosk, from the sun to the bytes on the serial lines; imports nothing of the rest of the project."""
