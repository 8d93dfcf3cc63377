//! Mails on their way out, kept badly.
use super::{Broken, Fault};
use crate::{ports::*, value::*};

#[async_trait]
impl OutboxStore for Broken {
    async fn put(&self, entry: &Entry) -> Outside<()> {
        let mut entry = entry.clone();
        match self.fault {
            Fault::LosesAField => entry.sealed.clear(),
            Fault::Overwrites => {
                self.memory.tables().outbox.remove(&entry.id);
            }
            _ => {}
        }
        self.memory.put(&entry).await
    }

    async fn lease(&self, lease: Lease, now: Timestamp, limit: usize) -> Outside<Vec<Entry>> {
        let store = self.open().await;
        for entry in store.tables().outbox.values_mut() {
            match self.fault {
                Fault::IgnoresLeases => entry.lease = None,
                Fault::RaisesTheDead => entry.dead = None,
                _ => {}
            }
        }
        let mut leased = store.lease(lease, self.judge(now), self.limit(limit)).await?;
        match self.fault {
            Fault::NewestFirst => leased.reverse(),
            Fault::CountsNoAttempt => leased.iter_mut().for_each(|entry| entry.attempts -= 1),
            _ => {}
        }
        store.close(true);
        Ok(leased)
    }

    async fn settle(&self, id: MailId, lease: Lease, verdict: &MailVerdict) -> Outside<Settled> {
        let store = self.open().await;
        let before = store.tables().outbox.get(&id).cloned();
        if self.has(Fault::AnyVerdict)
            && let Some(entry) = store.tables().outbox.get_mut(&id)
        {
            (entry.lease, entry.dead) = (Some(lease), None);
        }
        let answer = match verdict {
            MailVerdict::Later(_) if self.has(Fault::LaterIsNow) => {
                store.settle(id, lease, &MailVerdict::Later(Timestamp(0))).await?
            }
            _ => store.settle(id, lease, verdict).await?,
        };
        if self.has(Fault::KeepsTheDelivered)
            && let Some(entry) = before
        {
            store.tables().outbox.entry(id).or_insert(entry);
        }
        store.close(self.writes(true));
        Ok(answer)
    }

    async fn dead(&self, limit: usize) -> Outside<Vec<Entry>> {
        let mut dead = self.memory.dead(self.limit(limit)).await?;
        if self.has(Fault::NewestFirst) {
            dead.reverse();
        }
        Ok(dead)
    }

    async fn waiting(&self) -> Outside<u64> {
        match self.fault {
            Fault::RaisesTheDead => Ok(self.memory.tables().outbox.len() as u64),
            _ => self.memory.waiting().await,
        }
    }

    async fn sweep(&self, before: Timestamp) -> Outside<()> {
        match self.fault {
            Fault::SweepsNothing => Ok(()),
            _ => OutboxStore::sweep(&self.memory, self.judge(before)).await,
        }
    }
}

impl Broken {
    fn limit(&self, limit: usize) -> usize {
        if self.has(Fault::IgnoresTheLimit) { usize::MAX } else { limit }
    }
}
