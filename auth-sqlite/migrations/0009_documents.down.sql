DROP TABLE document_revisions;
DROP TABLE documents;
