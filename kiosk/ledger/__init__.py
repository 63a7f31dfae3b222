"""The ledger's format in code, after docs/ledger-format.md. Pure functions over bytes: no disk, no link, no clock.

- `canonical`: flat JSON in its one spelling (section 1); `kinds`: kinds of values and lists (section 2)
- `types`: the table of record types (sections 2 and 3); `rules`: what amounts and references must be (section 3)
- `format`: encode and parse one record, with all of the above
- `chain`: hash, head, what follows what; `totals`: the running sums (section 4)
- `signing`: Ed25519 (section 5); `seal`: sums, root and Z code (section 6); `act` (section 7); `merkle`: RFC 6962
"""
