-- How often what was tried, under keyed hashes.
CREATE TABLE counters (
    key     BLOB    NOT NULL PRIMARY KEY,
    count   INTEGER NOT NULL,
    ends_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX counters_to_sweep ON counters (ends_at);
