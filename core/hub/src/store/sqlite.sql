-- The hub's database. Format 0, without promise until the protocol is complete.

-- One row: which life of the database this is, and what founding a study needs.
CREATE TABLE hub (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    incarnation BLOB NOT NULL CHECK (length(incarnation) = 16),
    setup_code  BLOB NOT NULL CHECK (length(setup_code) = 32)   -- BLAKE3 of the code
) STRICT;

-- The roster of each study, entry by entry as it was signed.
CREATE TABLE roster (
    study BLOB    NOT NULL CHECK (length(study) = 16),
    place INTEGER NOT NULL,
    entry BLOB    NOT NULL,
    PRIMARY KEY (study, place)
) STRICT;

-- The head of each scope's log.
CREATE TABLE scope (
    id       INTEGER PRIMARY KEY,
    study    BLOB    NOT NULL CHECK (length(study) = 16),
    tag      BLOB    NOT NULL CHECK (length(tag) = 16),
    sequence INTEGER NOT NULL,
    hash     BLOB    NOT NULL CHECK (length(hash) = 32),
    bytes    INTEGER NOT NULL,                                  -- of envelopes and links, as the study's quota counts them
    UNIQUE (study, tag)
) STRICT;

-- The chain of each line of each device in each scope, whether or not the envelopes were kept.
CREATE TABLE link (
    scope    INTEGER NOT NULL REFERENCES scope (id),
    device   BLOB    NOT NULL CHECK (length(device) = 16),
    line     BLOB    NOT NULL CHECK (length(line) = 8),
    seq      INTEGER NOT NULL,
    hash     BLOB    NOT NULL CHECK (length(hash) = 32),
    envelope BLOB    NOT NULL CHECK (length(envelope) = 32),
    PRIMARY KEY (scope, device, line, seq)
) STRICT, WITHOUT ROWID;

-- A push that added something, as its signed chain segment. Pulls hand out whole pushes.
CREATE TABLE push (
    id      INTEGER PRIMARY KEY,
    scope   INTEGER NOT NULL REFERENCES scope (id),
    device  BLOB    NOT NULL CHECK (length(device) = 16),
    line    BLOB    NOT NULL CHECK (length(line) = 8),
    last    INTEGER NOT NULL,                                   -- the place in the chain that its segment leads to
    segment BLOB    NOT NULL
) STRICT;
CREATE INDEX push_last ON push (scope, device, line, last);

-- The log. `hash` covers the ids of all envelopes of the scope up to here.
CREATE TABLE log (
    id       INTEGER PRIMARY KEY,
    scope    INTEGER NOT NULL REFERENCES scope (id),
    sequence INTEGER NOT NULL,
    push     INTEGER NOT NULL REFERENCES push (id),
    place    INTEGER NOT NULL,                                  -- in the push's segment, from 0
    envelope BLOB    NOT NULL CHECK (length(envelope) = 32),
    hash     BLOB    NOT NULL CHECK (length(hash) = 32),
    received INTEGER NOT NULL,                                  -- seconds since 1970-01-01 UTC
    record   BLOB    NOT NULL CHECK (length(record) = 16),
    bytes    BLOB    NOT NULL                                   -- the envelope, or its stub once it is erased
) STRICT;
CREATE UNIQUE INDEX log_by_sequence ON log (scope, sequence);
CREATE UNIQUE INDEX log_by_envelope ON log (scope, envelope);
CREATE INDEX log_by_record ON log (scope, record, sequence);

-- Records that were taken out, by the signature of their receipt: what comes of them later is not kept either.
CREATE TABLE erased (
    scope  INTEGER NOT NULL REFERENCES scope (id),
    record BLOB    NOT NULL CHECK (length(record) = 16),
    PRIMARY KEY (scope, record)
) STRICT, WITHOUT ROWID;

-- The newest applied vector of each evaluator device.
CREATE TABLE applied (
    scope  INTEGER NOT NULL REFERENCES scope (id),
    device BLOB    NOT NULL CHECK (length(device) = 16),
    vector BLOB    NOT NULL,
    PRIMARY KEY (scope, device)
) STRICT;
