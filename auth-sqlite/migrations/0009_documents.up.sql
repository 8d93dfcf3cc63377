-- Small records of a protocol, as JSON with all of their keys.
CREATE TABLE documents (
    kind       TEXT    NOT NULL,
    owner      TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    revision   INTEGER NOT NULL,
    expires_at INTEGER,
    record     TEXT    NOT NULL,
    PRIMARY KEY (kind, owner, name)
) STRICT;
CREATE INDEX documents_of_owner ON documents (owner);
CREATE INDEX documents_to_sweep ON documents (expires_at) WHERE expires_at IS NOT NULL;
-- The last revision that any of them was given: what is inserted anew is not taken for what was deleted.
CREATE TABLE document_revisions (
    id   INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    last INTEGER NOT NULL
) STRICT;
INSERT INTO document_revisions (id, last) VALUES (1, 0);
