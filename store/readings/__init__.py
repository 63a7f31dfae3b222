"""Where readings are kept: one port (base), one file an engine. Knows no site, no money and no rule about either."""
