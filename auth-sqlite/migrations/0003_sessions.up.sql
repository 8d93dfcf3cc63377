-- Signed-in devices. An id begins with its user's: the sessions of one user lie together.
CREATE TABLE sessions (
    id      BLOB    NOT NULL PRIMARY KEY,
    over_at INTEGER NOT NULL,
    record  TEXT    NOT NULL
) STRICT;
CREATE INDEX sessions_to_sweep ON sessions (over_at);
