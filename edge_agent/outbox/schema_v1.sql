-- edge.db, version 1. A version that shipped is never edited: the next change is schema_v2.sql.

CREATE TABLE state (                    -- one row: what changes with nearly every commit shares one page of flash
    id             INTEGER PRIMARY KEY CHECK (id = 1),
    stream         TEXT    NOT NULL,    -- 32 hex: this life of the outbox
    head           INTEGER NOT NULL,    -- highest row number committed, 0 = none
    dropped        INTEGER NOT NULL,    -- rows given up for want of space, in this stream
    rotten         INTEGER NOT NULL,    -- rows lost with chunks that could not be read back
    last_mono_ms   INTEGER NOT NULL,    -- of the newest boot
    epoch          INTEGER NOT NULL,    -- of the last message believed
    counter        INTEGER NOT NULL,
    ingest_key     TEXT    NOT NULL,    -- 64 hex, '' until told otherwise than by the act
    ingest_next    TEXT    NOT NULL,
    seal_uptime_ms INTEGER NOT NULL,    -- uptime since the last seal
    seal_end_ms    INTEGER NOT NULL,    -- UTC at which the last seal ended, 0 = unknown
    seal_boot      INTEGER NOT NULL,    -- number of the boot in which it was written
    shelf_sessions INTEGER NOT NULL     -- the shelf's session counter at the last METER
);

CREATE TABLE boot (
    number         INTEGER PRIMARY KEY, -- persistent, grows
    boot           TEXT    NOT NULL UNIQUE,
    machine        TEXT    NOT NULL,    -- the machine's own boot id, '' = unknown
    first_mono_ms  INTEGER NOT NULL,
    last_mono_ms   INTEGER NOT NULL,    -- final once a later boot exists; until then see state
    fix_source     TEXT    NOT NULL,    -- 'none' = never met a clock
    fix_mono_ms    INTEGER NOT NULL,
    fix_utc_ms     INTEGER NOT NULL,
    fix_unc_ms     INTEGER NOT NULL,
    told           INTEGER NOT NULL     -- 1 = the server has it as it stands
);

CREATE TABLE schema (
    hash           TEXT    PRIMARY KEY,
    canonical      BLOB    NOT NULL,
    told           INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE chunk (
    first          INTEGER PRIMARY KEY, -- row number
    row_count      INTEGER NOT NULL,
    boot_number    INTEGER NOT NULL,
    schema         TEXT    NOT NULL,
    start_mono_ms  INTEGER NOT NULL,
    crc            INTEGER NOT NULL,    -- CRC-32 over row count, boot number, schema hash and body
    body           BLOB    NOT NULL     -- a block of the wire format whose rows are counted from 1
);

CREATE TABLE ledger_log (
    number         INTEGER PRIMARY KEY,
    log            TEXT    NOT NULL UNIQUE,
    acked          INTEGER NOT NULL,    -- the server has records up to this, by a hash of our own chain
    witnessed      INTEGER NOT NULL,
    closed         TEXT    NOT NULL     -- why it was closed, '' = open
);

CREATE TABLE ledger_record (
    log            INTEGER NOT NULL,
    seq            INTEGER NOT NULL,
    press          BLOB    NOT NULL,
    key_id         TEXT    NOT NULL,
    signature      BLOB    NOT NULL,
    payload        BLOB    NOT NULL,    -- the exact bytes signed
    PRIMARY KEY (log, seq)
) WITHOUT ROWID;

CREATE UNIQUE INDEX ledger_press ON ledger_record (press);

CREATE TABLE ledger_reference (         -- which records speak of an earlier one
    log            INTEGER NOT NULL,
    seq            INTEGER NOT NULL,
    by_log         INTEGER NOT NULL,
    by_seq         INTEGER NOT NULL,
    PRIMARY KEY (log, seq, by_log, by_seq)
) WITHOUT ROWID;

CREATE TABLE ledger_disputed (          -- refused by the server until a person decides; kept
    log            INTEGER NOT NULL,
    seq            INTEGER NOT NULL,
    PRIMARY KEY (log, seq)
) WITHOUT ROWID;

CREATE TABLE ledger_lost (              -- declared by a LOSS record
    log            INTEGER NOT NULL,
    seq            INTEGER NOT NULL,
    PRIMARY KEY (log, seq)
) WITHOUT ROWID;

CREATE TABLE ledger_acknowledged (      -- when the server had how much: decides what is old enough to be deleted
    -- The key's columns come first: SQLite 3.40's quick_check misreads a WITHOUT ROWID table laid out otherwise.
    log            INTEGER NOT NULL,
    utc_day        INTEGER NOT NULL,    -- days since 1970, by a clock that ranks with the server's or better
    upto           INTEGER NOT NULL,
    PRIMARY KEY (log, utc_day)
) WITHOUT ROWID;
