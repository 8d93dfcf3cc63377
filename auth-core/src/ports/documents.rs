use super::{Change, Cursor, Outside, Replace, Stored, Unavailable, async_trait};
use crate::{
    document::{Document, DocumentKey},
    value::Timestamp,
};

/// Small records of a protocol, each written for itself.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait DocumentStore: Send + Sync {
    /// Writes a new document. Of any number of callers at once with one key, one gets [`Inserted::Done`]. Where one is under
    /// the key, expired or not, as long as the store has not forgotten it: [`Inserted::Exists`].
    async fn insert(&self, document: &Document) -> Outside<Inserted>;
    /// Finds a document; one that has expired may be found or not.
    async fn find(&self, key: &DocumentKey) -> Outside<Option<Stored<Document>>>;
    /// Writes only over the revision that was read. The key is as it was.
    async fn replace(&self, document: &Stored<Document>) -> Outside<Replace>;
    /// Deletes only the revision that was read, durably: of any number of callers at once, one gets [`Replace::Done`]. Then
    /// the key is free, and whatever was read under it is stale.
    async fn delete(&self, document: &Stored<Document>) -> Outside<Replace>;
    /// The documents of a kind, of one owner or of all, in an order of the store's own: the first `limit` of them, or those
    /// that come after a page.
    #[cfg_attr(feature = "mocks", mockall::concretize)]
    async fn list(&self, kind: &str, owner: Option<&str>, after: Option<Cursor>, limit: usize)
    -> Outside<DocumentPage>;
    /// Deletes all of an owner, whatever the kind: tidying.
    async fn forget(&self, owner: &str) -> Outside<()>;
    /// Forgets what has expired. A store that does so by itself has nothing to do.
    async fn sweep(&self, now: Timestamp) -> Outside<()>;
}

/// The end of one insert of a document.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    /// It is there, and this caller wrote it.
    Done,
    /// Another is under its key, and stays as it is.
    Exists,
}

/// Some documents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DocumentPage {
    /// In the store's order. There may be none, and more to come all the same.
    pub documents: Vec<Document>,
    /// Where to go on; `None` at the end.
    pub next: Option<Cursor>,
}

/// So often somebody else may write in between.
const ATTEMPTS: usize = 32;

/// What every store of documents can do.
pub trait DocumentStoreExt: DocumentStore {
    /// Reads, changes and writes; again while somebody else writes in between. A change may leave it. Answers what is there
    /// then; `None`: there is no such document.
    ///
    /// A store may do the write and lose the answer. Here whoever wrote looks again, and knows its own write by what it wrote:
    /// a change that only one may have made puts something of its own into the body.
    fn change_document(
        &self,
        key: &DocumentKey,
        change: impl Fn(&mut Document) -> Change + Send + Sync,
    ) -> impl Future<Output = Outside<Option<Document>>> + Send {
        async move {
            for _ in 0..ATTEMPTS {
                let Some(Stored { value: held, revision }) = self.find(key).await? else { return Ok(None) };
                let mut value = held.clone();
                if change(&mut value) == Change::Leave {
                    return Ok(Some(held));
                }
                let next = Stored { value, revision };
                match self.replace(&next).await {
                    Ok(Replace::Done) => return Ok(Some(next.value)),
                    Ok(Replace::Stale) => {}
                    Err(_) if self.find(key).await?.is_some_and(|read| read.value == next.value) => {
                        return Ok(Some(next.value));
                    }
                    Err(failure) => return Err(failure),
                }
            }
            Err(Unavailable::failed("documents", "others kept changing the document"))
        }
    }
}
impl<S: DocumentStore + ?Sized> DocumentStoreExt for S {}
