"""The radio path: frames up, signed messages down, as docs/wire.md says. Opens no socket and reads no clock."""
