DROP TABLE metadata;
DROP TABLE revision;
DROP TABLE records;
DROP TABLE secrets;
