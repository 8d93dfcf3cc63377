//! Codes that were mailed: one document a slot.
use crate::{
    CosmosStore,
    container::Written,
    document::{Kept, Place},
};
use auth_core::{code::*, ports::*, value::*};

impl Kept for Code {
    fn kept_until(&self) -> Option<Timestamp> {
        Some(self.kept_until)
    }
}

#[async_trait]
impl CodeStore for CosmosStore {
    async fn create(&self, code: &Code) -> Outside<()> {
        self.codes.in_time(self.put_code(code)).await
    }

    /// Pays before it reveals: what is answered was written, over the very state that it was decided on.
    async fn redeem(&self, attempt: &Attempt) -> Outside<Redeem> {
        let slot = slot(attempt.id.subject(), attempt.kind);
        let redeemed = self.codes.change(&slot, |code: &mut Code| code.redeem(attempt));
        Ok(self.codes.in_time(redeemed).await?.unwrap_or(Redeem::Refused))
    }

    async fn renew(&self, renewal: &Renewal) -> Outside<Renewed> {
        let slot = slot(renewal.id.subject(), renewal.kind);
        let renewed = self.codes.change(&slot, |code: &mut Code| code.renew(renewal));
        Ok(self.codes.in_time(renewed).await?.unwrap_or(Renewed::Refused))
    }

    /// The database forgets by itself.
    async fn sweep(&self, _: Timestamp) -> Outside<()> {
        Ok(())
    }
}

impl CosmosStore {
    /// Never over what was not read: a write that was thought lost and comes late would bring a spent code back.
    async fn put_code(&self, code: &Code) -> Outside<()> {
        let (slot, op) = (slot(code.id.subject(), code.purpose.kind()), self.codes.op());
        let _turn = self.codes.turn(&slot).await;
        for collisions in 0.. {
            if self.codes.create(&slot, code.clone(), &op).await? != Written::Lost {
                break;
            }
            let Some(older) = self.codes.read_again::<Code>(&slot).await? else { continue };
            if older.ops.has(&op) || self.codes.replace(&older, code.clone(), &op).await? != Written::Lost {
                break;
            }
            self.codes.step_aside(collisions).await;
        }
        Ok(())
    }
}

pub(crate) fn slot(subject: Subject, kind: Kind) -> Place {
    Place::alone(format!("{}-{subject}", kind.as_str()))
}
