-- Codes that were mailed: one slot for each subject and kind.
CREATE TABLE codes (
    subject    BLOB    NOT NULL,
    kind       TEXT    NOT NULL,
    kept_until INTEGER NOT NULL,
    record     TEXT    NOT NULL,
    PRIMARY KEY (subject, kind)
) STRICT;
CREATE INDEX codes_to_sweep ON codes (kept_until);
