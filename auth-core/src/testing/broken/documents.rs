//! Documents, kept badly.
use super::{Broken, Fault};
use crate::{document::*, ports::*, value::Timestamp};

#[async_trait]
impl DocumentStore for Broken {
    async fn insert(&self, document: &Document) -> Outside<Inserted> {
        let document = self.kept(document);
        let store = self.open().await;
        if let (Fault::Overwrites, Some(held)) = (self.fault, store.find(&document.key).await?) {
            let over = Stored { value: document, ..held };
            let (Replace::Done | Replace::Stale) = DocumentStore::replace(&*store, &over).await?;
            return Ok(Inserted::Done);
        }
        let inserted = DocumentStore::insert(&*store, &document).await?;
        if let (Fault::RepeatsTheRevision, Some((_, written))) =
            (self.fault, store.tables().documents.get_mut(&document.key))
        {
            *written = 0;
        }
        store.close(true);
        Ok(inserted)
    }

    async fn find(&self, key: &DocumentKey) -> Outside<Option<Stored<Document>>> {
        let found = self.memory.find(&self.under(key)).await?;
        Ok(found.map(|found| Stored { value: Document { key: key.clone(), ..found.value }, ..found }))
    }

    async fn replace(&self, document: &Stored<Document>) -> Outside<Replace> {
        let store = self.open().await;
        let value = self.kept(&document.value);
        let replaced = match (self.fault, store.find(&value.key).await?) {
            (Fault::Overwrites, None) => {
                let (Inserted::Done | Inserted::Exists) = DocumentStore::insert(&*store, &value).await?;
                Replace::Done
            }
            (Fault::IgnoresTheRevision, Some(held)) => {
                DocumentStore::replace(&*store, &Stored { value, ..held }).await?
            }
            _ => {
                let revision = document.revision.clone();
                DocumentStore::replace(&*store, &Stored { value, revision }).await?
            }
        };
        store.close(true);
        Ok(replaced)
    }

    async fn delete(&self, document: &Stored<Document>) -> Outside<Replace> {
        let store = self.open().await;
        let value = self.kept(&document.value);
        let deleted = match (self.fault, store.find(&value.key).await?) {
            (Fault::Overwrites, None) => Replace::Done,
            (Fault::IgnoresTheRevision, Some(held)) => DocumentStore::delete(&*store, &held).await?,
            _ => {
                let revision = document.revision.clone();
                DocumentStore::delete(&*store, &Stored { value, revision }).await?
            }
        };
        store.close(self.writes(true));
        Ok(deleted)
    }

    async fn list(
        &self,
        kind: &str,
        owner: Option<&str>,
        after: Option<Cursor>,
        limit: usize,
    ) -> Outside<DocumentPage> {
        let is_first = after.is_none();
        let owner = owner.filter(|_| !self.has(Fault::Everybodys));
        let limit = if self.has(Fault::IgnoresTheLimit) { usize::MAX } else { limit };
        let mut page = self.memory.list(kind, owner, after, limit).await?;
        match self.fault {
            Fault::SkipsARecord if !is_first => drop(page.documents.pop()),
            Fault::ExportsTwice => page.documents.extend(page.documents.first().cloned()),
            Fault::AnyKind => {
                let all = self.memory.tables().documents.clone().into_values().map(|(document, _)| document);
                page.documents = all.filter(|held| owner.is_none_or(|owner| held.key.owner() == owner)).collect();
            }
            _ => {}
        }
        Ok(page)
    }

    async fn forget(&self, owner: &str) -> Outside<()> {
        let store = self.open().await;
        if self.has(Fault::Everybodys) {
            store.tables().documents.clear();
        }
        store.forget(owner).await?;
        store.close(self.writes(true));
        Ok(())
    }

    async fn sweep(&self, now: Timestamp) -> Outside<()> {
        if self.has(Fault::SweepsTheEndless) {
            self.memory.tables().documents.retain(|_, (document, _)| document.expires_at.is_some());
        }
        DocumentStore::sweep(&self.memory, self.judge(now)).await
    }
}

impl Broken {
    /// A document as it is kept.
    fn kept(&self, document: &Document) -> Document {
        let mut kept = Document { key: self.under(&document.key), ..document.clone() };
        if self.has(Fault::LosesAField) {
            kept.expires_at = None;
        }
        kept
    }

    /// Where it is kept.
    fn under(&self, key: &DocumentKey) -> DocumentKey {
        let (kind, owner, name) = (key.kind(), key.owner(), key.name());
        let under = match self.fault {
            Fault::OneSlot => DocumentKey::new("any", owner, name),
            Fault::OneOwner => DocumentKey::new(kind, "anybody", name),
            Fault::HalfTheId => DocumentKey::new(kind, owner, "any"),
            _ => return key.clone(),
        };
        under.expect("a part of another key")
    }
}
