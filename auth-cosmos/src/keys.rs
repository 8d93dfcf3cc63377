//! The keys that sign access tokens: one document, beside the names, which nothing forgets and nobody lists. A container of
//! its own would be paid for by the hour.
use crate::{
    CosmosStore,
    container::Written,
    document::{Document, Kept, Place},
};
use auth_core::{keys::SealedKeys, ports::*, value::Timestamp};

impl Kept for SealedKeys {
    fn kept_until(&self) -> Option<Timestamp> {
        None
    }
}

#[async_trait]
impl KeyStore for CosmosStore {
    async fn load(&self) -> Outside<Option<Stored<SealedKeys>>> {
        let container = &self.names.reservations;
        let read = container.in_time(container.read::<SealedKeys>(&place())).await?;
        Ok(read.map(|read| Stored { revision: read.revision(), value: read.record }))
    }

    async fn save(&self, keys: &SealedKeys, over: Option<Revision>) -> Outside<Replace> {
        self.names.reservations.in_time(self.save_keys(keys, over)).await
    }
}

impl CosmosStore {
    async fn save_keys(&self, keys: &SealedKeys, over: Option<Revision>) -> Outside<Replace> {
        let (container, op) = (&self.names.reservations, self.names.reservations.op());
        let read = match &over {
            None => None,
            Some(revision) => match Document::as_read(&place(), keys.clone(), revision) {
                Some(read) => Some(read),
                None => return Ok(Replace::Stale),
            },
        };
        let written = match &read {
            None => container.create(&place(), keys.clone(), &op).await?,
            Some(read) => container.replace(read, keys.clone(), &op).await?,
        };
        if written != Written::Lost {
            return Ok(Replace::Done);
        }
        // If this write is there, or was, it was us; and no other set is sealed like this one.
        let held = container.read_again::<SealedKeys>(&place()).await?;
        if held.is_some_and(|held| held.ops.has(&op) || held.record == *keys) {
            return Ok(Replace::Done);
        }
        container.until_past::<SealedKeys>(&place(), read.as_ref().map(|read| &read.etag)).await?;
        Ok(Replace::Stale)
    }
}

/// No name's hash is so short.
pub(crate) fn place() -> Place {
    Place::alone("signing-keys")
}
