-- The hub's tables in a PostgreSQL database, as in sqlite.sql. Several hubs may write at once: the row of a scope is locked while its log grows.

CREATE TABLE hub (
    id          smallint PRIMARY KEY CHECK (id = 1),
    format      int    NOT NULL,
    incarnation bytea  NOT NULL CHECK (octet_length(incarnation) = 16),
    setup_code  bytea  NOT NULL CHECK (octet_length(setup_code) = 32),
    clock       bytea  NOT NULL CHECK (octet_length(clock) = 32)
);

CREATE TABLE roster (
    study bytea  NOT NULL CHECK (octet_length(study) = 16),
    place bigint NOT NULL,
    entry bytea  NOT NULL,
    PRIMARY KEY (study, place)
);

CREATE TABLE pass (
    study bytea NOT NULL CHECK (octet_length(study) = 16),
    id    bytea NOT NULL CHECK (octet_length(id) = 16),
    pass  bytea NOT NULL,
    PRIMARY KEY (study, id)
);

CREATE TABLE publication (
    study    bytea NOT NULL CHECK (octet_length(study) = 16),
    id       bytea NOT NULL CHECK (octet_length(id) = 32),
    device   bytea NOT NULL CHECK (octet_length(device) = 16),
    replaces bytea NOT NULL,
    bytes    bytea NOT NULL,
    PRIMARY KEY (study, id)
);

CREATE TABLE scope (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    study    bytea  NOT NULL CHECK (octet_length(study) = 16),
    tag      bytea  NOT NULL CHECK (octet_length(tag) = 16),
    sequence bigint NOT NULL,
    hash     bytea  NOT NULL CHECK (octet_length(hash) = 32),
    bytes    bigint NOT NULL,
    taken_out boolean NOT NULL DEFAULT false,
    UNIQUE (study, tag)
);

CREATE TABLE chain (
    scope     bigint NOT NULL REFERENCES scope (id),
    device    bytea  NOT NULL,
    line      bytea  NOT NULL,
    last      bigint NOT NULL,
    hash      bytea  NOT NULL,
    first     bigint NOT NULL,
    prev      bytea  NOT NULL,
    envelopes bytea  NOT NULL,
    PRIMARY KEY (scope, device, line, last)
);
CREATE INDEX chain_begin ON chain (scope, device) WHERE first = 1;
-- Hashes cannot be compressed.
ALTER TABLE chain ALTER COLUMN envelopes SET STORAGE EXTERNAL;

CREATE TABLE push (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    scope   bigint NOT NULL REFERENCES scope (id),
    device  bytea  NOT NULL,
    line    bytea  NOT NULL,
    last    bigint NOT NULL,
    segment bytea  NOT NULL
);
CREATE INDEX push_last ON push (scope, device, line, last);
ALTER TABLE push ALTER COLUMN segment SET STORAGE EXTERNAL;

-- `sequence` comes from the locked row of the scope, never from a sequence of the database: those are given out before the commit, and
-- whoever reads on from the last they saw would skip what commits later.
CREATE TABLE log (
    scope    bigint NOT NULL,
    sequence bigint NOT NULL,
    push     bigint NOT NULL,
    place    bigint NOT NULL,
    received bigint NOT NULL,
    record   bytea  NOT NULL,
    envelope bytea  NOT NULL,
    hash     bytea  NOT NULL,
    bytes    bytea  NOT NULL,
    PRIMARY KEY (scope, sequence)
);
-- Sealed bytes cannot be compressed.
ALTER TABLE log ALTER COLUMN bytes SET STORAGE EXTERNAL;
CREATE UNIQUE INDEX log_by_record ON log (record, scope, envelope);

CREATE TABLE erased (
    scope  bigint NOT NULL REFERENCES scope (id),
    record bytea  NOT NULL,
    PRIMARY KEY (scope, record)
);

CREATE TABLE chunk (
    scope  bigint NOT NULL REFERENCES scope (id),
    name   bytea  NOT NULL,
    record bytea  NOT NULL,
    device bytea  NOT NULL,
    size   bigint NOT NULL,
    bytes  bytea  NOT NULL,
    PRIMARY KEY (scope, name, record)
);
ALTER TABLE chunk ALTER COLUMN bytes SET STORAGE EXTERNAL;
CREATE INDEX chunk_of_record ON chunk (scope, record, device, size);
CREATE INDEX chunk_of_device ON chunk (scope, device, size);

CREATE TABLE applied (
    scope  bigint NOT NULL REFERENCES scope (id),
    device bytea  NOT NULL,
    vector bytea  NOT NULL,
    PRIMARY KEY (scope, device)
);

CREATE TABLE confirmation (
    scope  bigint NOT NULL REFERENCES scope (id),
    device bytea  NOT NULL,
    bytes  bytea  NOT NULL,
    PRIMARY KEY (scope, device)
);

CREATE TABLE contact (
    study  bytea  NOT NULL,
    device bytea  NOT NULL,
    day    bigint NOT NULL,
    PRIMARY KEY (study, device)
);

-- Requests admitted lately by any of the hubs.
CREATE TABLE seen (
    device bytea  NOT NULL,
    nonce  bytea  NOT NULL,
    until  bigint NOT NULL,
    PRIMARY KEY (device, nonce)
);
CREATE INDEX seen_until ON seen (until);
