-- The keys that sign access tokens, encrypted: one set.
CREATE TABLE signing_keys (
    id       INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    revision INTEGER NOT NULL,
    sealed   TEXT    NOT NULL
) STRICT;
