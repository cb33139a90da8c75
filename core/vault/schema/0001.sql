-- Schema 1: drafts, keys, envelopes, outbox, projection.
--
-- NOTES for whoever writes 0002.sql
-- * One file per version, run in one transaction, then user_version is set. Never edit a file that was released.
-- * Tables that hold confidential responses have no time column, and no number that says more of the order in which answers were
--   given than their places in the chain do. The place of a row within its page still can, to somebody with the key, until the page is rewritten.
-- * secure_delete is on: deleting a key row overwrites it. Do not move keys into a table that is rewritten as a whole.

-- Single values of the device: keys, label, study tag, cursors.
CREATE TABLE setting (
  name  TEXT PRIMARY KEY,
  value BLOB NOT NULL
) WITHOUT ROWID;

-- The files of every version of the study that this device was given, by the hash of the study's document and by name.
-- Older versions stay: unfinished answers and records were made with their forms.
CREATE TABLE file (
  document BLOB NOT NULL CHECK (length(document) = 32),
  name     TEXT NOT NULL,
  hash     BLOB NOT NULL REFERENCES file_bytes (hash),
  PRIMARY KEY (document, name)
) WITHOUT ROWID;

-- What a file holds, once for all versions it is the same in.
CREATE TABLE file_bytes (
  hash  BLOB PRIMARY KEY CHECK (length(hash) = 32),
  bytes BLOB NOT NULL
) WITHOUT ROWID;

-- The roster log as received and verified, from 0.
CREATE TABLE roster_entry (
  seq   INTEGER PRIMARY KEY,
  bytes BLOB NOT NULL
);

-- What this device knows of each hub log: last pull and last acknowledged push.
CREATE TABLE cursor (
  scope BLOB NOT NULL CHECK (length(scope) = 16),
  name  TEXT NOT NULL,
  value BLOB NOT NULL,
  PRIMARY KEY (scope, name)
) WITHOUT ROWID;

-- Open drafts. Their answers are in draft_entry, sealed under the key in draft_key.
CREATE TABLE draft (
  id    BLOB PRIMARY KEY CHECK (length(id) = 16),
  about TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE draft_key (
  draft BLOB PRIMARY KEY REFERENCES draft (id) ON DELETE CASCADE,
  key   BLOB NOT NULL CHECK (length(key) = 32)
) WITHOUT ROWID;

-- A draft's key sealed under words that its respondent took: all that is left of the key once the tablet was handed over.
CREATE TABLE draft_words (
  draft  BLOB PRIMARY KEY REFERENCES draft (id) ON DELETE CASCADE,
  sealed BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE draft_entry (
  draft  BLOB NOT NULL REFERENCES draft (id) ON DELETE CASCADE,
  n      INTEGER NOT NULL,
  sealed BLOB NOT NULL,
  PRIMARY KEY (draft, n)
) WITHOUT ROWID;

-- What an unfinished form has attached, sealed under its key: the key of the chunks, their names, what they are together.
CREATE TABLE draft_attachment (
  draft  BLOB NOT NULL REFERENCES draft (id) ON DELETE CASCADE,
  n      INTEGER NOT NULL,
  sealed BLOB NOT NULL,
  PRIMARY KEY (draft, n)
) WITHOUT ROWID;

-- Chunks of attachments, by the hash of their sealed bytes, which lie in files beside the database and nowhere in it. `owner` is the
-- unfinished form or the tag of the record that names it. `state`: 0 of something unfinished, 1 waits for the hub, 2 the hub has it, 3 the
-- hub will not have it, 4 named here and not here yet, 5 it came from elsewhere.
CREATE TABLE chunk (
  name  BLOB NOT NULL CHECK (length(name) = 32),
  owner BLOB NOT NULL CHECK (length(owner) = 16),
  scope INTEGER,
  size  INTEGER NOT NULL,
  state INTEGER NOT NULL,
  PRIMARY KEY (name, owner)
) WITHOUT ROWID;
CREATE INDEX chunk_owner ON chunk (owner);
CREATE INDEX chunk_waits ON chunk (scope, name) WHERE state = 1;
CREATE INDEX chunk_refused ON chunk (scope) WHERE state = 3;
CREATE INDEX chunk_missing ON chunk (scope, name) WHERE state = 4;

-- Chunks that were let go and whose files are to be removed.
CREATE TABLE chunk_gone (
  name BLOB PRIMARY KEY CHECK (length(name) = 32)
) WITHOUT ROWID;

-- Record keys this device holds. `own` marks the one it seals its own changes with. A key's name follows from it.
CREATE TABLE record_key (
  record BLOB NOT NULL CHECK (length(record) = 16),
  key    BLOB NOT NULL CHECK (length(key) = 32),
  own    INTEGER NOT NULL,
  PRIMARY KEY (record, key)
) WITHOUT ROWID;

CREATE TABLE epoch_key (
  id  BLOB PRIMARY KEY CHECK (length(id) = 16),
  key BLOB NOT NULL CHECK (length(key) = 32)
) WITHOUT ROWID;

-- What many rows have in common, once: tags of scopes and devices, beginnings of headers, lines, keys of items, and the words
-- that describe records. Nothing of what anybody answered.
CREATE TABLE shared (
  n     INTEGER PRIMARY KEY,
  value NOT NULL UNIQUE
);

-- What the changes of a form have in common, by which they were compressed before they were sealed. Never removed.
CREATE TABLE dictionary (
  id    BLOB PRIMARY KEY CHECK (length(id) = 16),
  bytes BLOB NOT NULL
) WITHOUT ROWID;

-- Every envelope, taken apart: what its header shares with others stands in `shared`, and the same bytes are made of it again.
-- An id is in two columns: its first eight bytes as a number, by which it is found, and the rest. `lead` is format, study and
-- roster head; `more` is what most headers have not. `state` and `reason` are those of the enum State.
-- `n`: what came from elsewhere, in the order in which it came, which is that of the log that it came from; own envelopes apart from
-- that, without a place in the chain drawn at random, and with one in the order of the chain. So it says nothing that the chain does
-- not say. (See numbers.rs.)
CREATE TABLE envelope (
  n            INTEGER PRIMARY KEY,
  begin        INTEGER NOT NULL,
  rest         BLOB NOT NULL CHECK (length(rest) = 24),
  record_begin INTEGER NOT NULL,
  record_rest  BLOB NOT NULL CHECK (length(record_rest) = 8),
  key          BLOB NOT NULL,
  device       INTEGER NOT NULL,
  scope        INTEGER NOT NULL,
  lead         INTEGER NOT NULL,
  kind         INTEGER NOT NULL,
  state        INTEGER NOT NULL,
  more         BLOB,
  reason       TEXT,
  keys         BLOB,
  body         BLOB NOT NULL
);
CREATE INDEX envelope_begin ON envelope (begin);
CREATE INDEX envelope_record ON envelope (record_begin);
CREATE INDEX envelope_open ON envelope (state, device) WHERE state NOT IN (1, 4, 6, 7);

-- What was withdrawn, by the record's tag: the signed marker, which has no content; none where the roster says so. It stays for ever.
CREATE TABLE withdrawn (
  record BLOB PRIMARY KEY CHECK (length(record) = 16),
  marker BLOB
) WITHOUT ROWID;

-- Scopes that the roster has taken out as a whole, with what is still to come of them.
CREATE TABLE withdrawn_scope (
  scope BLOB PRIMARY KEY CHECK (length(scope) = 16)
) WITHOUT ROWID;

-- What is left of own envelopes with a place in the chain that were withdrawn: header and hash, by which the chain adds up for others.
CREATE TABLE stub (
  n     INTEGER PRIMARY KEY REFERENCES envelope (n) ON UPDATE CASCADE,
  bytes BLOB NOT NULL
);

-- Bytes that are not even an envelope, kept as they came.
CREATE TABLE unreadable (
  hash   BLOB PRIMARY KEY,
  reason TEXT NOT NULL,
  bytes  BLOB NOT NULL
) WITHOUT ROWID;

-- Own envelopes on their way: 0 not yet acknowledged, 1 acknowledged, 2 refused by the hub, 3 withdrawn before it got a place, 4 long
-- in custody elsewhere.
CREATE TABLE outbox (
  n        INTEGER PRIMARY KEY REFERENCES envelope (n) ON UPDATE CASCADE,
  scope    INTEGER NOT NULL,
  chained  INTEGER NOT NULL DEFAULT 0,
  line     INTEGER,
  state    INTEGER NOT NULL DEFAULT 0,
  reason   TEXT,
  -- The last day of the week in which it was first offered, and of that since which hub and evaluator have it, in days since
  -- 1970: never the day, which would tell when an answer was given.
  offered  INTEGER,
  custody  INTEGER
);
CREATE INDEX outbox_waits ON outbox (scope) WHERE custody IS NULL;
CREATE INDEX outbox_new ON outbox (scope) WHERE chained = 1 AND offered IS NULL;
CREATE INDEX outbox_custody ON outbox (custody) WHERE state = 1 AND custody IS NOT NULL;
CREATE INDEX outbox_open ON outbox (scope, chained) WHERE state = 0;

-- The chain of every line of every device in every scope, own and others'; the last signed head of each, and of those before it so
-- many that no two are further apart than what one part of a bundle may name.
CREATE TABLE chain (
  n      INTEGER PRIMARY KEY,
  device BLOB NOT NULL,
  line   BLOB NOT NULL CHECK (length(line) = 8),
  scope  BLOB NOT NULL,
  UNIQUE (device, line, scope)
);

CREATE TABLE link (
  chain INTEGER NOT NULL REFERENCES chain (n),
  seq   INTEGER NOT NULL,
  begin INTEGER NOT NULL,
  rest  BLOB NOT NULL CHECK (length(rest) = 24),
  prev  BLOB NOT NULL CHECK (length(prev) = 32),
  PRIMARY KEY (chain, seq)
) WITHOUT ROWID;
CREATE INDEX link_begin ON link (begin);

CREATE TABLE head (
  device BLOB NOT NULL,
  line   BLOB NOT NULL CHECK (length(line) = 8),
  scope  BLOB NOT NULL,
  seq    INTEGER NOT NULL,
  bytes  BLOB NOT NULL,
  PRIMARY KEY (device, line, scope, seq)
) WITHOUT ROWID;

-- What evaluators have published, as they signed it, with the ids of all that it takes the place of, one after the other. It says nothing
-- of who answered what on this device.
CREATE TABLE publication (
  id       BLOB PRIMARY KEY CHECK (length(id) = 32),
  device   BLOB NOT NULL CHECK (length(device) = 16),
  replaces BLOB NOT NULL,
  bytes    BLOB NOT NULL
);

-- The projection: one row per readable record, numbered in the order in which this device could first read it (after a repair, in the
-- order of tags). An id is in two columns as that of an envelope, and rows are given out in the order of ids. Words stand in `shared`; `tag` is NULL where it
-- is the id.
CREATE TABLE record (
  n          INTEGER PRIMARY KEY,
  begin      INTEGER NOT NULL,
  rest       BLOB NOT NULL CHECK (length(rest) = 8),
  tag        BLOB,
  kind       INTEGER NOT NULL,
  nature     INTEGER NOT NULL,
  instrument INTEGER NOT NULL,
  ward       INTEGER NOT NULL,
  role       INTEGER NOT NULL,
  phase      INTEGER,
  case_label TEXT,
  conflict   INTEGER NOT NULL,
  packed     BLOB NOT NULL
);
CREATE INDEX record_begin ON record (begin);
CREATE INDEX record_group ON record (instrument, ward, role, phase);
-- A page of one form and ward, in the order of ids.
CREATE INDEX record_page ON record (instrument, ward, begin);
CREATE INDEX record_kind ON record (kind, ward);
CREATE INDEX record_tag ON record (tag) WHERE tag IS NOT NULL;
CREATE INDEX record_case ON record (case_label, begin) WHERE case_label IS NOT NULL;
CREATE INDEX record_conflict ON record (begin) WHERE conflict = 1;

-- The words of each row, to be searched: texts and nothing else, kept as an index only, under the number of the row. What a row no longer says is
-- taken out of the index with it; whole words may stay between its pages until it is put in order, as after a withdrawal.
CREATE VIRTUAL TABLE record_words USING fts5 (words, content = '', tokenize = 'unicode61 remove_diacritics 2');
INSERT INTO record_words (record_words, rank) VALUES ('secure-delete', 1);

-- How many confidential responses were finished on this device, and how many forms were begun and stopped: thrown away,
-- walked off from, or left alone too long. Nothing else of them stays.
CREATE TABLE tally (
  instrument TEXT NOT NULL,
  ward       TEXT NOT NULL,
  role       TEXT NOT NULL,
  phase      TEXT NOT NULL,
  responses  INTEGER NOT NULL,
  stopped    INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (instrument, ward, role, phase)
) WITHOUT ROWID;
