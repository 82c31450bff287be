-- Pairs of records of two subjects that look alike, for a person to judge. They go when either of
-- their records is erased.
CREATE TABLE reviews (
    review_id bytea PRIMARY KEY CHECK (octet_length(review_id) = 16),
    first_subject bytea NOT NULL CHECK (octet_length(first_subject) = 32),
    second_subject bytea NOT NULL CHECK (octet_length(second_subject) = 32),
    first_record bytea NOT NULL CHECK (octet_length(first_record) = 16),
    second_record bytea NOT NULL CHECK (octet_length(second_record) = 16),
    similarity double precision NOT NULL,
    rank bigint NOT NULL CHECK (rank > 0),
    threshold double precision NOT NULL,
    target_fmr double precision NOT NULL,
    gallery_size bigint NOT NULL,
    fpir double precision NOT NULL CHECK (fpir BETWEEN 0 AND 1),
    purpose text NOT NULL,
    legal_basis text NOT NULL,
    created_at timestamptz NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'confirmed', 'dismissed')),
    note text NOT NULL,
    resolved_at timestamptz,
    CHECK ((state = 'open') = (resolved_at IS NULL))
);

CREATE INDEX reviews_by_state ON reviews (state, created_at, review_id);
CREATE INDEX reviews_by_first_subject ON reviews (first_subject);
CREATE INDEX reviews_by_second_subject ON reviews (second_subject);
CREATE INDEX reviews_by_first_record ON reviews (first_record);
CREATE INDEX reviews_by_second_record ON reviews (second_record);
