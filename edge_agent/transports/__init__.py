"""Byte lines and the framing on them. Nothing here knows what a byte means to a device."""
