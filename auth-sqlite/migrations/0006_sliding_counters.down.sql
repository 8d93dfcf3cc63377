DROP TABLE counters;
CREATE TABLE counters (
    key     BLOB    NOT NULL PRIMARY KEY,
    count   INTEGER NOT NULL,
    ends_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX counters_to_sweep ON counters (ends_at);
UPDATE codes SET record = json_remove(
    json_set(record, '$.tries_left', max(0, 5 - json_extract(record, '$.wrong'))), '$.wrong'
);
