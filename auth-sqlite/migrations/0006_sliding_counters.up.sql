-- Counters that hold for every span of their length. What the older ones counted is forgotten once.
DROP TABLE counters;
CREATE TABLE counters (
    key     BLOB    NOT NULL PRIMARY KEY,
    over_at INTEGER NOT NULL,
    record  TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX counters_to_sweep ON counters (over_at);
-- A code keeps how many wrong guesses it has had, not how many are left of five.
UPDATE codes SET record = json_remove(
    json_set(record, '$.wrong', max(0, 5 - json_extract(record, '$.tries_left'))), '$.tries_left'
);
