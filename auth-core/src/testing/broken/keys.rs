//! Signing keys, kept badly.
use super::{Broken, Fault};
use crate::{keys::SealedKeys, ports::*};

#[async_trait]
impl KeyStore for Broken {
    async fn load(&self) -> Outside<Option<Stored<SealedKeys>>> {
        self.memory.load().await
    }

    async fn save(&self, keys: &SealedKeys, over: Option<Revision>) -> Outside<Replace> {
        let mut keys = keys.clone();
        if self.has(Fault::LosesAField) {
            keys.0.pop();
        }
        let store = self.open().await;
        let held = store.load().await?;
        let over = match (self.fault, &held, over) {
            (Fault::RefusesAgain, Some(held), _) if held.value == keys => return Ok(Replace::Stale),
            (Fault::IgnoresTheRevision, Some(held), Some(_)) | (Fault::Overwrites, Some(held), None) => {
                Some(held.revision.clone())
            }
            (Fault::Overwrites, None, Some(_)) => None,
            (_, _, over) => over,
        };
        let saved = store.save(&keys, over).await?;
        store.close(self.writes(true));
        Ok(saved)
    }
}
