//! Records as documents: how they are named, written, read and removed.
use auth_core::{document::*, ports::*};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::error::Error;

/// The name of a document whose parts are ours to choose.
pub(crate) fn key(kind: &str, owner: &str, name: &str) -> Outside<DocumentKey> {
    DocumentKey::new(kind, owner, name).map_err(failed)
}

/// What a document says.
pub(crate) fn read<T: DeserializeOwned>(document: &Document) -> Outside<T> {
    serde_json::from_value(document.body.clone()).map_err(failed)
}

/// The body of a document that says this.
pub(crate) fn written(record: &impl Serialize) -> Outside<Value> {
    serde_json::to_value(record).map_err(failed)
}

/// Changes what a document says. Answers what it says then.
pub(crate) async fn change<T: Serialize + DeserializeOwned>(
    documents: &dyn DocumentStore,
    key: &DocumentKey,
    change: impl Fn(&mut T) -> Change + Send + Sync,
) -> Outside<Option<T>> {
    let changed = documents.change_document(key, |document| {
        let Ok(mut record) = read::<T>(document) else { return Change::Leave };
        if change(&mut record) == Change::Leave {
            return Change::Leave;
        }
        let Ok(body) = written(&record) else { return Change::Leave };
        document.body = body;
        Change::Write
    });
    changed.await?.map(|document| read(&document)).transpose()
}

/// Writes a document, over the one that is there.
pub(crate) async fn put(documents: &dyn DocumentStore, document: &Document) -> Outside<()> {
    if documents.insert(document).await? == Inserted::Exists {
        let replaced = documents.change_document(&document.key, |held| {
            held.clone_from(document);
            Change::Write
        });
        replaced.await?.ok_or_else(|| Unavailable::failed("documents", "it was removed while it was written"))?;
    }
    Ok(())
}

/// Deletes a document, whoever writes over it meanwhile. Answers whether this call has.
pub(crate) async fn remove(documents: &dyn DocumentStore, key: &DocumentKey) -> Outside<bool> {
    while let Some(stored) = documents.find(key).await? {
        if let Replace::Done = documents.delete(&stored).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn failed(error: impl Error + Send + Sync + 'static) -> Unavailable {
    Unavailable::failed("documents", error)
}
