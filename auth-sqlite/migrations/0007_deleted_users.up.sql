-- Whose accounts were deleted: an id is never another account's.
CREATE TABLE deleted_users (
    id BLOB NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;
