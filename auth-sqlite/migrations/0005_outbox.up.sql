-- Mails on their way out, encrypted.
CREATE TABLE outbox (
    id           BLOB    NOT NULL PRIMARY KEY,
    sealed       BLOB    NOT NULL,
    due_at       INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    attempts     INTEGER NOT NULL,
    lease_holder INTEGER,
    lease_until  INTEGER,
    dead         TEXT
) STRICT;
CREATE INDEX outbox_waiting ON outbox (due_at, id) WHERE dead IS NULL;
CREATE INDEX outbox_dead ON outbox (expires_at, id) WHERE dead IS NOT NULL;
