-- Every unique key starts with the subject, a uniformly distributed hash, so that the table can be
-- partitioned by it: PARTITION BY HASH (subject), or Citus' create_distributed_table('records',
-- 'subject'). That a record id occurs once is checked under the lock on `revision`.
-- Rows stay whole in their page up to 8 kB: sealed templates do not compress, and fetching them
-- from a table of their own would double the reads.
CREATE TABLE records (
    record_id bytea NOT NULL CHECK (octet_length(record_id) = 16),
    subject bytea NOT NULL CHECK (octet_length(subject) = 32),
    model_id text NOT NULL,
    kind text NOT NULL,
    sealed_template bytea NOT NULL,
    wrapped_key bytea NOT NULL,
    key_id text NOT NULL,
    portrait_date date,
    quality double precision CHECK (quality BETWEEN 0 AND 100),
    enrolled_at timestamptz NOT NULL,
    source text NOT NULL,
    legal_basis text NOT NULL,
    retain_until date,
    status text NOT NULL CHECK (status IN ('active', 'erased')),
    revision bigint NOT NULL CHECK (revision > 0),
    CHECK ((status = 'active') = (octet_length(wrapped_key) > 0)),
    CHECK ((status = 'active') = (octet_length(sealed_template) > 0)),
    PRIMARY KEY (subject, record_id)
) WITH (toast_tuple_target = 8160);

CREATE INDEX records_by_id ON records (record_id);
CREATE INDEX records_by_revision ON records (revision, record_id);
CREATE INDEX records_by_expiry ON records (retain_until, record_id)
    WHERE status = 'active' AND retain_until IS NOT NULL;

-- One row, locked by every change until it commits: revisions become visible in their order.
CREATE TABLE revision (
    only_row integer PRIMARY KEY CHECK (only_row = 1),
    value bigint NOT NULL
);
INSERT INTO revision (only_row, value) VALUES (1, 0);

CREATE TABLE metadata (
    name text PRIMARY KEY,
    value text NOT NULL
);
