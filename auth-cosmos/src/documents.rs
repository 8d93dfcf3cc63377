//! Small records of a protocol: all of an owner's in one partition.
use crate::{
    CosmosStore,
    container::Written,
    document::{Document as Envelope, Kept, Place},
};
use auth_core::{document::*, ports::*, value::Timestamp};
use azure_data_cosmos::Query;
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};

/// What is kept of a document. A query finds it by the kind in its key while it is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DocumentRecord {
    Live(Document),
    /// It was deleted. The place is kept for a while: an insert that was on its way when it was would bring it back.
    Deleted {
        at: Timestamp,
    },
}

impl Kept for DocumentRecord {
    fn kept_until(&self) -> Option<Timestamp> {
        match self {
            Self::Live(document) => document.expires_at,
            Self::Deleted { at } => Some(*at),
        }
    }
}

impl DocumentRecord {
    fn live(self) -> Option<Document> {
        match self {
            Self::Live(document) => Some(document),
            Self::Deleted { .. } => None,
        }
    }
}

/// What another store is given of it: nothing, once it was deleted.
pub(crate) fn records(envelope: &Envelope<DocumentRecord>) -> Vec<Record> {
    envelope.record.clone().live().map(Record::Document).into_iter().collect()
}

#[async_trait]
impl DocumentStore for CosmosStore {
    async fn insert(&self, document: &Document) -> Outside<Inserted> {
        self.documents.in_time(self.insert_document(document)).await
    }

    async fn find(&self, key: &DocumentKey) -> Outside<Option<Stored<Document>>> {
        let read = async { self.documents.read_even_if_new::<DocumentRecord>(&place(key)).await };
        let found = self.documents.in_time(read).await?;
        Ok(found.and_then(|found| Some(Stored { revision: found.revision(), value: found.record.live()? })))
    }

    async fn replace(&self, document: &Stored<Document>) -> Outside<Replace> {
        let next = DocumentRecord::Live(document.value.clone());
        self.documents.in_time(self.write_over(document, next)).await
    }

    async fn delete(&self, document: &Stored<Document>) -> Outside<Replace> {
        let deleted = DocumentRecord::Deleted { at: self.documents.clock.now() };
        self.documents.in_time(self.write_over(document, deleted)).await
    }

    async fn list(
        &self,
        kind: &str,
        owner: Option<&str>,
        after: Option<Cursor>,
        limit: usize,
    ) -> Outside<DocumentPage> {
        let (container, limit) = (&self.documents, u32::try_from(limit).unwrap_or(u32::MAX));
        let of_kind = Query::from("SELECT * FROM c WHERE c.record.live.key.kind = @kind");
        let of_kind = container.with(of_kind, "@kind", kind)?;
        let page = container.page::<DocumentRecord>(&of_kind, owner, after.map(|cursor| cursor.0), limit);
        let (found, next) = container.in_time(page).await?;
        let documents = found.into_iter().filter_map(|found| found.record.live()).collect();
        Ok(DocumentPage { documents, next: next.map(Cursor) })
    }

    async fn forget(&self, owner: &str) -> Outside<()> {
        self.documents.in_time(self.forget_documents(owner)).await
    }

    /// The database forgets by itself.
    async fn sweep(&self, _: Timestamp) -> Outside<()> {
        Ok(())
    }
}

impl CosmosStore {
    async fn insert_document(&self, document: &Document) -> Outside<Inserted> {
        let (container, op, place) = (&self.documents, self.documents.op(), place(&document.key));
        let record = DocumentRecord::Live(document.clone());
        let mut written = container.create(&place, record.clone(), &op).await?;
        while written == Written::Lost {
            written = match container.read_again::<DocumentRecord>(&place).await? {
                Some(held) if held.ops.has(&op) => return Ok(Inserted::Done),
                Some(Envelope { record: DocumentRecord::Live(_), .. }) => return Ok(Inserted::Exists),
                Some(deleted) => container.replace(&deleted, record.clone(), &op).await?,
                None => container.create(&place, record.clone(), &op).await?,
            };
        }
        Ok(Inserted::Done)
    }

    async fn write_over(&self, document: &Stored<Document>, next: DocumentRecord) -> Outside<Replace> {
        let (container, op, place) = (&self.documents, self.documents.op(), place(&document.value.key));
        let Some(read) = Envelope::as_read(&place, next.clone(), &document.revision) else { return Ok(Replace::Stale) };
        if container.replace(&read, next, &op).await? != Written::Lost {
            return Ok(Replace::Done);
        }
        // If this write is there, or was, it was us.
        if container.read_again::<DocumentRecord>(&place).await?.is_some_and(|held| held.ops.has(&op)) {
            return Ok(Replace::Done);
        }
        container.until_past::<DocumentRecord>(&place, Some(&read.etag)).await?;
        Ok(Replace::Stale)
    }

    async fn forget_documents(&self, owner: &str) -> Outside<()> {
        let at = self.documents.clock.now();
        let all = self.documents.query::<DocumentRecord>(owner, &Query::from("SELECT * FROM c")).await?;
        let live = all.into_iter().filter_map(|found| found.record.live());
        let places: Vec<Place> = live.map(|document| place(&document.key)).collect();
        let delete = |record: &mut DocumentRecord| {
            if let DocumentRecord::Live(_) = record {
                *record = DocumentRecord::Deleted { at };
            }
        };
        try_join_all(places.iter().map(|place| self.documents.change(place, delete))).await.map(drop)
    }
}

/// No kind has a dot.
pub(crate) fn place(key: &DocumentKey) -> Place {
    Place::among(key.owner(), format!("{}.{}", key.kind(), key.name()))
}
