//! Codes, kept badly.
use super::{Broken, Fault, Memory};
use crate::{code::*, ports::*, value::*};

#[async_trait]
impl CodeStore for Broken {
    async fn create(&self, code: &Code) -> Outside<()> {
        let mut code = code.clone();
        let (subject, kind) = (code.id.subject(), code.purpose.kind());
        match (self.fault, &mut code.purpose) {
            (Fault::LosesAField, Purpose::Register { locale, .. }) => *locale = Locale::default(),
            (Fault::KeepsTheOlder, _) if self.memory.tables().codes.contains_key(&(subject, kind)) => return Ok(()),
            (Fault::OneSlot, _) => self.memory.tables().codes.retain(|(other, _), _| *other != subject),
            _ => {}
        }
        CodeStore::create(&self.memory, &code).await
    }

    async fn redeem(&self, attempt: &Attempt) -> Outside<Redeem> {
        let store = self.open().await;
        let mut attempt = Attempt { now: self.judge(attempt.now), ..attempt.clone() };
        if let Some(code) = self.mistake(&store, attempt.id, attempt.kind) {
            (attempt.id, attempt.kind) = (code.id, code.purpose.kind());
            if self.has(Fault::AnySecret) {
                attempt.proof.key = code.key;
            }
        }
        if self.has(Fault::CountsAnything) {
            attempt.tries.get_or_insert(5);
        }
        if self.has(Fault::ComparesFirst)
            && let Some(mut code) = store.tables().codes.get(&(attempt.id.subject(), attempt.kind)).cloned()
            && code.redeem(&Attempt { tries: None, ..attempt.clone() }) != Redeem::Refused
        {
            attempt.tries = None;
        }
        let mut answer = store.redeem(&attempt).await?;
        if self.has(Fault::CountsTwice) && answer == Redeem::Refused {
            answer = store.redeem(&attempt).await?;
        }
        store.close(self.writes(answer != Redeem::Refused));
        Ok(answer)
    }

    async fn renew(&self, renewal: &Renewal) -> Outside<Renewed> {
        let store = self.open().await;
        let mut renewal = Renewal { now: self.judge(renewal.now), ..renewal.clone() };
        if let Some(code) = self.mistake(&store, renewal.id, renewal.kind) {
            (renewal.id, renewal.kind) = (code.id, code.purpose.kind());
        }
        let answer = store.renew(&renewal).await?;
        if self.has(Fault::RenewsForEver)
            && let Some(code) = store.tables().codes.get_mut(&(renewal.id.subject(), renewal.kind))
        {
            code.expires_at = renewal.expires_at;
        }
        store.close(self.writes(true));
        Ok(answer)
    }

    async fn sweep(&self, now: Timestamp) -> Outside<()> {
        if self.has(Fault::SweepsTheExpired) {
            self.memory.tables().codes.retain(|_, code| now < code.expires_at);
        }
        CodeStore::sweep(&self.memory, self.judge(now)).await
    }
}

impl Broken {
    /// The code that is taken for the one that is meant, where that is the fault.
    fn mistake(&self, store: &Memory, id: CodeId, kind: Kind) -> Option<Code> {
        let meant = |code: &&Code| {
            code.id.subject() == id.subject()
                && (self.has(Fault::AnyKind) || code.purpose.kind() == kind)
                && (self.has(Fault::HalfTheId) || code.id == id)
        };
        store.tables().codes.values().find(meant).cloned()
    }
}
