"""A village of simulated kiosks on this machine: real agents, real broker protocol, real server."""
