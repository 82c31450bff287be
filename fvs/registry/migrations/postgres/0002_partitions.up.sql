-- Sixteen partitions by the first hexadecimal digit of the subject. It is a keyed hash, so that all
-- get the same share: of 66 million people four million each, which VACUUM, REINDEX and a backup
-- take one at a time, and which may lie on disks of their own. A lookup by subject touches one.
-- Rows are copied once: the table is locked meanwhile and needs its room twice.
--
-- Nothing here is special to PostgreSQL 15; elsewhere it was not tested, and differs in this:
-- * Citus spreads the rows over machines itself, by hash: create_distributed_table('records',
--   'subject') takes the partitioned table as it is. It refuses partitions of partitions, so a
--   partition that is to be divided is detached and replaced. `revision` and `metadata` stay on
--   the coordinator, where every change begins by locking the counter.
-- * YugabyteDB keeps rows in no pages: the WITH clauses mean nothing there, and may be left out.
--   The primary key spreads a partition's rows by the hash of the subject, which suits them.
DROP INDEX records_by_id;
DROP INDEX records_by_revision;
DROP INDEX records_by_expiry;
ALTER TABLE records DROP CONSTRAINT records_pkey;
ALTER TABLE records RENAME TO records_whole;

CREATE TABLE records (LIKE records_whole INCLUDING CONSTRAINTS) PARTITION BY RANGE (subject);
CREATE TABLE records_0 PARTITION OF records
    FOR VALUES FROM (MINVALUE) TO ('\x10') WITH (toast_tuple_target = 8160);
CREATE TABLE records_1 PARTITION OF records
    FOR VALUES FROM ('\x10') TO ('\x20') WITH (toast_tuple_target = 8160);
CREATE TABLE records_2 PARTITION OF records
    FOR VALUES FROM ('\x20') TO ('\x30') WITH (toast_tuple_target = 8160);
CREATE TABLE records_3 PARTITION OF records
    FOR VALUES FROM ('\x30') TO ('\x40') WITH (toast_tuple_target = 8160);
CREATE TABLE records_4 PARTITION OF records
    FOR VALUES FROM ('\x40') TO ('\x50') WITH (toast_tuple_target = 8160);
CREATE TABLE records_5 PARTITION OF records
    FOR VALUES FROM ('\x50') TO ('\x60') WITH (toast_tuple_target = 8160);
CREATE TABLE records_6 PARTITION OF records
    FOR VALUES FROM ('\x60') TO ('\x70') WITH (toast_tuple_target = 8160);
CREATE TABLE records_7 PARTITION OF records
    FOR VALUES FROM ('\x70') TO ('\x80') WITH (toast_tuple_target = 8160);
CREATE TABLE records_8 PARTITION OF records
    FOR VALUES FROM ('\x80') TO ('\x90') WITH (toast_tuple_target = 8160);
CREATE TABLE records_9 PARTITION OF records
    FOR VALUES FROM ('\x90') TO ('\xa0') WITH (toast_tuple_target = 8160);
CREATE TABLE records_a PARTITION OF records
    FOR VALUES FROM ('\xa0') TO ('\xb0') WITH (toast_tuple_target = 8160);
CREATE TABLE records_b PARTITION OF records
    FOR VALUES FROM ('\xb0') TO ('\xc0') WITH (toast_tuple_target = 8160);
CREATE TABLE records_c PARTITION OF records
    FOR VALUES FROM ('\xc0') TO ('\xd0') WITH (toast_tuple_target = 8160);
CREATE TABLE records_d PARTITION OF records
    FOR VALUES FROM ('\xd0') TO ('\xe0') WITH (toast_tuple_target = 8160);
CREATE TABLE records_e PARTITION OF records
    FOR VALUES FROM ('\xe0') TO ('\xf0') WITH (toast_tuple_target = 8160);
CREATE TABLE records_f PARTITION OF records
    FOR VALUES FROM ('\xf0') TO (MAXVALUE) WITH (toast_tuple_target = 8160);
INSERT INTO records SELECT * FROM records_whole;
DROP TABLE records_whole;

-- After the rows, which is quicker.
ALTER TABLE records ADD CONSTRAINT records_pkey PRIMARY KEY (subject, record_id);
CREATE INDEX records_by_id ON records (record_id);
CREATE INDEX records_by_revision ON records (revision, record_id);
CREATE INDEX records_by_expiry ON records (retain_until, record_id)
    WHERE status = 'active' AND retain_until IS NOT NULL;
