-- Schema 1: drafts, keys, envelopes, outbox, projection.
--
-- NOTES for whoever writes 0002.sql
-- * One file per version, run in one transaction, then user_version is set. Never edit a file that was released.
-- * Tables that hold confidential responses have no rowid and no time column: no value says in which order answers were
--   given. The place of a row within its page still can, to somebody with the key, until the page is rewritten.
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

-- Record keys this device holds. `own` marks the one it seals its own changes with.
CREATE TABLE record_key (
  id     BLOB PRIMARY KEY CHECK (length(id) = 16),
  record BLOB NOT NULL CHECK (length(record) = 16),
  own    INTEGER NOT NULL,
  key    BLOB NOT NULL CHECK (length(key) = 32)
) WITHOUT ROWID;
CREATE INDEX record_key_record ON record_key (record);

CREATE TABLE epoch_key (
  id  BLOB PRIMARY KEY CHECK (length(id) = 16),
  key BLOB NOT NULL CHECK (length(key) = 32)
) WITHOUT ROWID;

-- Every envelope, sealed bytes kept. `state` and `reason` are those of the enum State.
CREATE TABLE envelope (
  id     BLOB PRIMARY KEY CHECK (length(id) = 32),
  scope  BLOB NOT NULL,
  record BLOB NOT NULL,
  device BLOB NOT NULL,
  key    BLOB NOT NULL,
  kind   INTEGER NOT NULL,
  state  INTEGER NOT NULL,
  reason TEXT,
  bytes  BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX envelope_record ON envelope (record);
CREATE INDEX envelope_key ON envelope (key);
CREATE INDEX envelope_open ON envelope (state, device) WHERE state NOT IN (1, 4, 6, 7);

-- What was withdrawn, by the record's tag: the signed marker, which has no content. It stays for ever.
CREATE TABLE withdrawn (
  record BLOB PRIMARY KEY CHECK (length(record) = 16),
  marker BLOB NOT NULL
) WITHOUT ROWID;

-- Bytes that are not even an envelope, kept as they came.
CREATE TABLE unreadable (
  hash   BLOB PRIMARY KEY,
  reason TEXT NOT NULL,
  bytes  BLOB NOT NULL
) WITHOUT ROWID;

-- Own envelopes on their way: 0 not yet acknowledged, 1 acknowledged, 2 refused by the hub, 3 withdrawn before that, 4 long
-- in custody elsewhere.
CREATE TABLE outbox (
  envelope BLOB PRIMARY KEY REFERENCES envelope (id),
  scope    BLOB NOT NULL,
  chained  INTEGER NOT NULL DEFAULT 0,
  line     BLOB,
  state    INTEGER NOT NULL DEFAULT 0,
  reason   TEXT,
  -- The last day of the week in which it was first offered, and of that since which hub and evaluator have it, in days since
  -- 1970: never the day, which would tell when an answer was given.
  offered  INTEGER,
  custody  INTEGER
) WITHOUT ROWID;
CREATE INDEX outbox_waits ON outbox (scope) WHERE custody IS NULL;
CREATE INDEX outbox_new ON outbox (scope) WHERE chained = 1 AND offered IS NULL;
CREATE INDEX outbox_custody ON outbox (custody) WHERE state = 1 AND custody IS NOT NULL;
CREATE INDEX outbox_open ON outbox (scope, chained) WHERE state = 0;

-- The chain of every line of every device in every scope, own and others', and the last signed head of each.
CREATE TABLE link (
  device   BLOB NOT NULL,
  line     BLOB NOT NULL CHECK (length(line) = 8),
  scope    BLOB NOT NULL,
  seq      INTEGER NOT NULL,
  envelope BLOB NOT NULL,
  bytes    BLOB NOT NULL,
  PRIMARY KEY (device, line, scope, seq)
) WITHOUT ROWID;
CREATE INDEX link_envelope ON link (envelope);

CREATE TABLE head (
  device BLOB NOT NULL,
  line   BLOB NOT NULL CHECK (length(line) = 8),
  scope  BLOB NOT NULL,
  seq    INTEGER NOT NULL,
  bytes  BLOB NOT NULL,
  PRIMARY KEY (device, line, scope)
) WITHOUT ROWID;

-- The projection: one row per readable record.
CREATE TABLE record (
  id         BLOB PRIMARY KEY CHECK (length(id) = 16),
  tag        BLOB NOT NULL UNIQUE,
  place      INTEGER NOT NULL,
  kind       TEXT NOT NULL,
  nature     TEXT NOT NULL,
  instrument TEXT NOT NULL,
  ward       TEXT NOT NULL,
  role       TEXT NOT NULL,
  phase      TEXT,
  case_label TEXT,
  conflict   INTEGER NOT NULL,
  packed     BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX record_group ON record (instrument, ward, role, phase);
-- A page of one form and ward, in the order of ids.
CREATE INDEX record_page ON record (instrument, ward);
CREATE INDEX record_place ON record (place);
CREATE INDEX record_kind ON record (kind, ward);
CREATE INDEX record_case ON record (case_label) WHERE case_label IS NOT NULL;
CREATE INDEX record_conflict ON record (id) WHERE conflict = 1;

-- The words of each row, to be searched: texts and nothing else, kept as an index only. A row's number is the place of its
-- record, which is the beginning of the id and says nothing of when it came. What a row no longer says is
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
