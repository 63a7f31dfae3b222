"""The language that edge and server share: metrics, readings, time, wire and ledger formats. No I/O, standard library only."""
