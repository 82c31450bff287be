-- Pairs of records of two subjects that look alike, for a person to judge. They go when either of
-- their records is erased.
CREATE TABLE reviews (
    review_id BLOB PRIMARY KEY CHECK (length(review_id) = 16),
    first_subject BLOB NOT NULL CHECK (length(first_subject) = 32),
    second_subject BLOB NOT NULL CHECK (length(second_subject) = 32),
    first_record BLOB NOT NULL CHECK (length(first_record) = 16),
    second_record BLOB NOT NULL CHECK (length(second_record) = 16),
    similarity REAL NOT NULL,
    rank INTEGER NOT NULL CHECK (rank > 0),
    threshold REAL NOT NULL,
    target_fmr REAL NOT NULL,
    gallery_size INTEGER NOT NULL,
    fpir REAL NOT NULL CHECK (fpir BETWEEN 0 AND 1),
    purpose TEXT NOT NULL,
    legal_basis TEXT NOT NULL,
    created_at_us INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'confirmed', 'dismissed')),
    note TEXT NOT NULL,
    resolved_at_us INTEGER,
    CHECK ((state = 'open') = (resolved_at_us IS NULL))
) STRICT;

CREATE INDEX reviews_by_state ON reviews (state, created_at_us, review_id);
CREATE INDEX reviews_by_first_subject ON reviews (first_subject);
CREATE INDEX reviews_by_second_subject ON reviews (second_subject);
CREATE INDEX reviews_by_first_record ON reviews (first_record);
CREATE INDEX reviews_by_second_record ON reviews (second_record);
