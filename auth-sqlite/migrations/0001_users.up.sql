-- Accounts. The keys are what is looked up and what is unique; the record is the account as JSON.
CREATE TABLE users (
    id        BLOB    NOT NULL PRIMARY KEY,
    login_key TEXT    NOT NULL UNIQUE,
    email_key TEXT    NOT NULL UNIQUE,
    revision  INTEGER NOT NULL,
    record    TEXT    NOT NULL
) STRICT;
