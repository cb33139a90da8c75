-- The hub's database. Format 3, without promise until the protocol is complete.

-- One row: which life of the database this is, and what founding a study needs.
CREATE TABLE hub (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    incarnation BLOB NOT NULL CHECK (length(incarnation) = 16),
    setup_code  BLOB NOT NULL CHECK (length(setup_code) = 32),  -- BLAKE3 of the code
    clock       BLOB NOT NULL CHECK (length(clock) = 32)        -- Ed25519 key that signs the hub's time; stays when a backup is put back
) STRICT;

-- The roster of each study, entry by entry as it was signed.
CREATE TABLE roster (
    study BLOB    NOT NULL CHECK (length(study) = 16),
    place INTEGER NOT NULL,
    entry BLOB    NOT NULL,
    PRIMARY KEY (study, place)
) STRICT;

-- Passes of stewards that wait for their place in the roster.
CREATE TABLE pass (
    study BLOB NOT NULL CHECK (length(study) = 16),
    id    BLOB NOT NULL CHECK (length(id) = 16),
    pass  BLOB NOT NULL,
    PRIMARY KEY (study, id)
) STRICT;

-- What evaluators have published, as they signed it; what was replaced is not kept.
CREATE TABLE publication (
    study    BLOB NOT NULL CHECK (length(study) = 16),
    id       BLOB NOT NULL CHECK (length(id) = 32),
    device   BLOB NOT NULL CHECK (length(device) = 16),
    replaces BLOB NOT NULL,                                     -- ids, one after the other
    bytes    BLOB NOT NULL,
    PRIMARY KEY (study, id)
) STRICT;

-- The head of each scope's log.
CREATE TABLE scope (
    id       INTEGER PRIMARY KEY,
    study    BLOB    NOT NULL CHECK (length(study) = 16),
    tag      BLOB    NOT NULL CHECK (length(tag) = 16),
    sequence INTEGER NOT NULL,
    hash     BLOB    NOT NULL CHECK (length(hash) = 32),
    bytes    INTEGER NOT NULL,                                  -- of envelopes and links, as the study's quota counts them
    taken_out INTEGER NOT NULL DEFAULT 0,                       -- whether the roster took it out as a whole
    UNIQUE (study, tag)
) STRICT;

-- The chain of each line of each device in each scope, whether or not the envelopes were kept: stretch by stretch as it came. Links follow from
-- what stands before them and the ids of their envelopes.
CREATE TABLE chain (
    scope     INTEGER NOT NULL REFERENCES scope (id),
    device    BLOB    NOT NULL CHECK (length(device) = 16),
    line      BLOB    NOT NULL CHECK (length(line) = 8),
    last      INTEGER NOT NULL,                                 -- place of its last link
    hash      BLOB    NOT NULL CHECK (length(hash) = 32),       -- of that link
    first     INTEGER NOT NULL,
    prev      BLOB    NOT NULL CHECK (length(prev) = 32),       -- hash of the link before the first
    envelopes BLOB    NOT NULL CHECK (length(envelopes) = 32 * (last - first + 1)),
    PRIMARY KEY (scope, device, line, last)
) STRICT;
CREATE INDEX chain_begin ON chain (scope, device) WHERE first = 1;

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

-- The log. Rows lie in its order, and only what is asked for in another is indexed: an envelope is looked for by the record that its header
-- names, so that envelopes of a record lie together there. No row looks up its scope and its push again: both were written or locked in the
-- same transaction.
CREATE TABLE log (
    at       INTEGER PRIMARY KEY,                               -- 2^40 times the scope, and the sequence
    scope    INTEGER NOT NULL,
    push     INTEGER NOT NULL,
    place    INTEGER NOT NULL,                                  -- in the push's segment, from 0
    received INTEGER NOT NULL,                                  -- seconds since 1970-01-01 UTC
    record   BLOB    NOT NULL CHECK (length(record) = 16),
    envelope BLOB    NOT NULL CHECK (length(envelope) = 32),
    hash     BLOB    NOT NULL CHECK (length(hash) = 32),        -- of the ids of all envelopes of the scope up to here
    bytes    BLOB    NOT NULL                                   -- the envelope, or its stub once it is erased
) STRICT;
CREATE UNIQUE INDEX log_by_record ON log (record, scope, envelope);

-- Records that were taken out, by their receipt or by the roster: what comes of them later is not kept either.
CREATE TABLE erased (
    scope  INTEGER NOT NULL REFERENCES scope (id),
    record BLOB    NOT NULL CHECK (length(record) = 16),
    PRIMARY KEY (scope, record)
) STRICT, WITHOUT ROWID;

-- Chunks of attachments, by the hash of their sealed bytes and the record that names them, which went with the request that put them.
CREATE TABLE chunk (
    scope  INTEGER NOT NULL REFERENCES scope (id),
    name   BLOB    NOT NULL CHECK (length(name) = 32),
    record BLOB    NOT NULL CHECK (length(record) = 16),
    device BLOB    NOT NULL CHECK (length(device) = 16),
    size   INTEGER NOT NULL,
    bytes  BLOB    NOT NULL,
    PRIMARY KEY (scope, name, record)
) STRICT;
CREATE INDEX chunk_of_record ON chunk (scope, record, device, size);
CREATE INDEX chunk_of_device ON chunk (scope, device, size);

-- The newest applied vector of each evaluator device.
CREATE TABLE applied (
    scope  INTEGER NOT NULL REFERENCES scope (id),
    device BLOB    NOT NULL CHECK (length(device) = 16),
    vector BLOB    NOT NULL,
    PRIMARY KEY (scope, device)
) STRICT;

-- The newest confirmation of each device of what it has taken out.
CREATE TABLE confirmation (
    scope  INTEGER NOT NULL REFERENCES scope (id),
    device BLOB    NOT NULL CHECK (length(device) = 16),
    bytes  BLOB    NOT NULL,
    PRIMARY KEY (scope, device)
) STRICT;

-- The last day on which each device spoke, in days since 1970: no finer.
CREATE TABLE contact (
    study  BLOB    NOT NULL CHECK (length(study) = 16),
    device BLOB    NOT NULL CHECK (length(device) = 16),
    day    INTEGER NOT NULL,
    PRIMARY KEY (study, device)
) STRICT, WITHOUT ROWID;
