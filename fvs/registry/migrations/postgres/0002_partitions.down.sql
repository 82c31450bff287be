ALTER TABLE records RENAME TO records_parted;

CREATE TABLE records (LIKE records_parted INCLUDING CONSTRAINTS)
    WITH (toast_tuple_target = 8160);
INSERT INTO records SELECT * FROM records_parted;
DROP TABLE records_parted;

ALTER TABLE records ADD CONSTRAINT records_pkey PRIMARY KEY (subject, record_id);
CREATE INDEX records_by_id ON records (record_id);
CREATE INDEX records_by_revision ON records (revision, record_id);
CREATE INDEX records_by_expiry ON records (retain_until, record_id)
    WHERE status = 'active' AND retain_until IS NOT NULL;
