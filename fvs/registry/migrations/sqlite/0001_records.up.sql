-- Secrets stand apart, because a row of theirs never changes its size: SQLite then overwrites it
-- where it lies. Rows that grow or shrink are moved to other pages, and copies stay behind that
-- even secure_delete does not reach. A slot is filled once and later overwritten with zeros; a
-- wrapped key of another length moves to a new slot.
CREATE TABLE secrets (
    slot INTEGER PRIMARY KEY,
    wrapped_key BLOB NOT NULL,
    sealed_template BLOB NOT NULL
) STRICT;

CREATE TABLE records (
    number INTEGER PRIMARY KEY,
    record_id BLOB NOT NULL CHECK (length(record_id) = 16),
    subject BLOB NOT NULL CHECK (length(subject) = 32),
    model_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    slot INTEGER,
    key_id TEXT NOT NULL,
    portrait_date TEXT,
    quality REAL CHECK (quality BETWEEN 0 AND 100),
    enrolled_at_us INTEGER NOT NULL,
    source TEXT NOT NULL,
    legal_basis TEXT NOT NULL,
    retain_until TEXT,
    status TEXT NOT NULL CHECK (status IN ('active', 'erased')),
    revision INTEGER NOT NULL CHECK (revision > 0),
    CHECK ((status = 'active') = (slot IS NOT NULL))
) STRICT;

CREATE UNIQUE INDEX records_by_id ON records (record_id);
CREATE INDEX records_by_subject ON records (subject, status);
CREATE INDEX records_by_revision ON records (revision, record_id);
CREATE INDEX records_by_expiry ON records (retain_until, record_id)
    WHERE status = 'active' AND retain_until IS NOT NULL;

CREATE TABLE revision (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    value INTEGER NOT NULL
) STRICT;
INSERT INTO revision (only_row, value) VALUES (1, 0);

CREATE TABLE metadata (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
