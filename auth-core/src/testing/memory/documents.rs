//! Documents, in memory.
use super::{Memory, Tables};
use crate::{document::*, ports::*, value::Timestamp};
use async_trait::async_trait;

#[async_trait]
impl DocumentStore for Memory {
    async fn insert(&self, document: &Document) -> Outside<Inserted> {
        let mut tables = self.tables();
        if tables.documents.contains_key(&document.key) {
            return Ok(Inserted::Exists);
        }
        tables.write(document.clone());
        Ok(Inserted::Done)
    }

    async fn find(&self, key: &DocumentKey) -> Outside<Option<Stored<Document>>> {
        let held = self.tables().documents.get(key).cloned();
        Ok(held.map(|(value, written)| Stored { value, revision: Revision(written.to_string()) }))
    }

    async fn replace(&self, document: &Stored<Document>) -> Outside<Replace> {
        let mut tables = self.tables();
        if !tables.is_as_read(document) {
            return Ok(Replace::Stale);
        }
        tables.write(document.value.clone());
        Ok(Replace::Done)
    }

    async fn delete(&self, document: &Stored<Document>) -> Outside<Replace> {
        let mut tables = self.tables();
        if !tables.is_as_read(document) {
            return Ok(Replace::Stale);
        }
        tables.documents.remove(&document.value.key);
        Ok(Replace::Done)
    }

    async fn list(
        &self,
        kind: &str,
        owner: Option<&str>,
        after: Option<Cursor>,
        limit: usize,
    ) -> Outside<DocumentPage> {
        let tables = self.tables();
        let listed = |document: &&Document| {
            let key = &document.key;
            let comes_after = after.as_ref().is_none_or(|Cursor(after)| place(key) > *after);
            key.kind() == kind && owner.is_none_or(|owner| key.owner() == owner) && comes_after
        };
        let mut rest: Vec<&Document> = tables.documents.values().map(|(document, _)| document).filter(listed).collect();
        rest.sort_by_key(|document| place(&document.key));
        let documents: Vec<Document> = rest.iter().copied().take(limit).cloned().collect();
        let last = documents.last().filter(|_| rest.len() > limit);
        let next = last.map(|document| Cursor(place(&document.key)));
        Ok(DocumentPage { documents, next })
    }

    async fn forget(&self, owner: &str) -> Outside<()> {
        self.tables().documents.retain(|key, _| key.owner() != owner);
        Ok(())
    }

    async fn sweep(&self, now: Timestamp) -> Outside<()> {
        self.tables().documents.retain(|_, (document, _)| !document.is_over(now));
        Ok(())
    }
}

impl Tables {
    fn is_as_read(&self, read: &Stored<Document>) -> bool {
        let held = self.documents.get(&read.value.key);
        held.is_some_and(|(_, written)| written.to_string() == read.revision.0)
    }

    pub(super) fn write(&mut self, document: Document) {
        self.writes += 1;
        self.documents.insert(document.key.clone(), (document, self.writes));
    }
}

/// Where a document lies among those of its kind.
pub(super) fn place(key: &DocumentKey) -> String {
    format!("{} {} {}", key.kind(), key.owner(), key.name())
}
