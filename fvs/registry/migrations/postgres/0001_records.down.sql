DROP TABLE metadata;
DROP TABLE revision;
DROP TABLE records;
