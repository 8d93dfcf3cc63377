use super::{Outside, Replace, Revision, Stored, Unavailable, async_trait};
use crate::keys::SealedKeys;

/// The keys that sign access tokens: one set for all instances, seen by a store only in encrypted form.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait KeyStore: Send + Sync {
    /// The set as it was last written; `None`: there has never been one.
    async fn load(&self) -> Outside<Option<Stored<SealedKeys>>>;
    /// Writes over the revision that was read, or with `None` where no set is. The very set that is there already is
    /// [`Replace::Done`], whatever the revision.
    async fn save(&self, keys: &SealedKeys, over: Option<Revision>) -> Outside<Replace>;
}

/// So often somebody else may write in between.
const ATTEMPTS: usize = 32;

/// What every store of keys can do.
pub trait KeyStoreExt: KeyStore {
    /// Reads, changes and writes; again while somebody else writes in between. A change that gives `None` leaves all as it
    /// is. Answers what is there then. After a failure it may have been written all the same.
    fn change_keys<E: From<Unavailable> + Send>(
        &self,
        change: impl Fn(Option<&SealedKeys>) -> Result<Option<SealedKeys>, E> + Send + Sync,
    ) -> impl Future<Output = Result<Option<SealedKeys>, E>> + Send {
        async move {
            for _ in 0..ATTEMPTS {
                let (held, over) = self.load().await?.map(|read| (read.value, read.revision)).unzip();
                let Some(next) = change(held.as_ref())? else { return Ok(held) };
                match self.save(&next, over).await {
                    Ok(Replace::Done) => return Ok(Some(next)),
                    Ok(Replace::Stale) => {}
                    // The answer may be lost, and the write done: no other set is sealed like this one.
                    Err(_) if self.load().await?.is_some_and(|read| read.value == next) => return Ok(Some(next)),
                    Err(failure) => return Err(failure.into()),
                }
            }
            Err(Unavailable::failed("keys", "others kept changing the keys").into())
        }
    }
}
impl<S: KeyStore + ?Sized> KeyStoreExt for S {}
