"""The language that edge and server share: metrics, readings, time, wire and ledger. No I/O, standard library only."""
