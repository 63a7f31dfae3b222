"""Takes what kiosks send, commits it, and answers: frames in, facts in SQL, signed acknowledgements out.

`subscriber` brings messages from the broker to `handler`, which shows the whole way on one screen. `frames`, `times`,
`rows` and `records` each judge one kind of content, `chain`, `ledger` and `oddities` one log; `acknowledger` says what
became of it all.
Ingest only marks days dirty: what the facts mean is the office's.
"""
