"""What the server does with stored facts: dating anew, daily figures, overviews. Knows no MQTT and no page."""
