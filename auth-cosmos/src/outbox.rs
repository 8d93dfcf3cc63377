//! Mails on their way out. They lie in a few partitions, each of which is asked by itself.
use crate::{
    CosmosStore,
    container::Written,
    document::{Document, Kept, Place},
};
use auth_core::{ports::*, value::*};
use azure_data_cosmos::Query;
use base64::prelude::{BASE64_STANDARD_NO_PAD, Engine as _};
use futures_util::future::{join_all, try_join_all};
use serde::{Deserialize, Serialize};

/// How many partitions there are. Each takes some 350 mails a second, and costs a query each time that a worker looks.
/// With another number the mails that wait are not found.
const SHARDS: u8 = 8;
/// So many are swept at once.
const BATCH: usize = 100;
/// The rest waits for the next time; and a region that has not heard of what was deleted shows it again and again.
const BATCHES: usize = 100;

/// What is kept of a mail. A query finds it by the field that is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MailRecord {
    /// While it waits: from when on a worker may take it, when it is due and when its lease is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ready: Option<Timestamp>,
    /// Once it is given up: when it expired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dead: Option<Timestamp>,
    /// Once it is delivered: when. It is not deleted: of two who say so one is told that it was he, and whoever puts it
    /// again puts nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    delivered: Option<Timestamp>,
    /// What is sealed, in base64.
    sealed: String,
    /// All the rest.
    entry: Entry,
}

impl Kept for MailRecord {
    fn kept_until(&self) -> Option<Timestamp> {
        self.delivered
    }
}

impl MailRecord {
    /// As a container holds it.
    pub(crate) fn new(entry: &Entry) -> Self {
        let ready = entry.lease.map_or(entry.due_at, |lease| lease.until.max(entry.due_at));
        let sealed = BASE64_STANDARD_NO_PAD.encode(&entry.sealed);
        let (ready, dead) = match entry.dead {
            None => (Some(ready), None),
            Some(_) => (None, Some(entry.expires_at)),
        };
        Self { ready, dead, delivered: None, sealed, entry: Entry { sealed: Vec::new(), ..entry.clone() } }
    }

    fn delivered(entry: Entry, at: Timestamp) -> Self {
        Self {
            ready: None,
            dead: None,
            delivered: Some(at),
            sealed: String::new(),
            entry: Entry { sealed: Vec::new(), ..entry },
        }
    }

    /// What was sealed under one secret and comes back otherwise is found out by whoever opens it.
    fn entry(&self) -> Entry {
        let sealed = BASE64_STANDARD_NO_PAD.decode(&self.sealed).unwrap_or_default();
        Entry { sealed, ..self.entry.clone() }
    }
}

/// What another store is given of it: nothing, once it is delivered. `None`: it cannot be read.
pub(crate) fn records(mail: &Document<MailRecord>) -> Option<Vec<Record>> {
    if mail.record.delivered.is_some() {
        return Some(Vec::new());
    }
    let sealed = BASE64_STANDARD_NO_PAD.decode(&mail.record.sealed).ok()?;
    Some(vec![Record::Mail(Entry { sealed, ..mail.record.entry.clone() })])
}

#[async_trait]
impl OutboxStore for CosmosStore {
    async fn put(&self, entry: &Entry) -> Outside<()> {
        let put = async {
            let op = self.outbox.op();
            // Its id is drawn: whatever is there is this entry.
            let (Written::Done(_) | Written::Lost) =
                self.outbox.create(&place(entry.id), MailRecord::new(entry), &op).await?;
            Ok(())
        };
        self.outbox.in_time(put).await
    }

    async fn lease(&self, lease: Lease, now: Timestamp, limit: usize) -> Outside<Vec<Entry>> {
        self.outbox.in_time(self.lease_due(lease, now, limit)).await
    }

    async fn settle(&self, id: MailId, lease: Lease, verdict: &MailVerdict) -> Outside<Settled> {
        let (place, now) = (place(id), self.outbox.clock.now());
        let settled = self.outbox.change_own(&place, |kept: &mut MailRecord| {
            let mut entry = kept.entry();
            if kept.delivered.is_some() || entry.settle(lease, verdict) == Settled::Lost {
                return Settled::Lost;
            }
            *kept =
                if *verdict == MailVerdict::Done { MailRecord::delivered(entry, now) } else { MailRecord::new(&entry) };
            Settled::Done
        });
        Ok(self.outbox.in_time(settled).await?.unwrap_or(Settled::Lost))
    }

    async fn dead(&self, limit: usize) -> Outside<Vec<Entry>> {
        let text = format!("SELECT TOP {limit} * FROM c WHERE IS_DEFINED(c.record.dead) ORDER BY c.record.dead");
        let found = self.outbox.in_time(self.in_all_shards(&Query::from(text))).await?;
        let mut dead: Vec<Entry> = found.iter().map(|found| found.record.entry()).collect();
        dead.sort_by_key(|entry| (entry.expires_at, entry.id));
        dead.truncate(limit);
        Ok(dead)
    }

    async fn waiting(&self) -> Outside<u64> {
        let count = Query::from("SELECT VALUE COUNT(1) FROM c WHERE IS_DEFINED(c.record.ready)");
        let counts = try_join_all(shards().map(|shard| {
            let count = &count;
            async move { self.outbox.count(&shard, count).await }
        }));
        Ok(self.outbox.in_time(counts).await?.into_iter().sum())
    }

    async fn sweep(&self, before: Timestamp) -> Outside<()> {
        let text = format!("SELECT TOP {BATCH} * FROM c WHERE c.record.dead < @before");
        let query = self.outbox.with(Query::from(text), "@before", before.0)?;
        for _ in 0..BATCHES {
            let over = self.outbox.in_time(self.in_all_shards(&query)).await?;
            let delete = over.iter().map(|over| self.delete_dead(over));
            self.outbox.in_time(try_join_all(delete)).await?;
            if over.len() < BATCH {
                break;
            }
        }
        Ok(())
    }
}

impl CosmosStore {
    async fn lease_due(&self, lease: Lease, now: Timestamp, limit: usize) -> Outside<Vec<Entry>> {
        // The query only narrows; the entry decides.
        let text = format!(
            "SELECT TOP {limit} * FROM c WHERE c.record.ready <= @now OR c.record.ready > @ahead ORDER BY c.record.ready"
        );
        let query = self.outbox.with(Query::from(text), "@now", now.0)?;
        let query = self.outbox.with(query, "@ahead", (now + Entry::LONGEST_PAUSE).0)?;
        let (mut due, mut failure) = (Vec::new(), None);
        for found in join_all(shards().map(|shard| self.in_shard(shard, &query))).await {
            match found {
                Ok(found) => due.extend(found),
                Err(failed) => failure = Some(failed),
            }
        }
        due.retain(|found| found.record.entry.is_due(now));
        due.sort_by_key(|found| (found.record.entry.due_at, found.record.entry.id));
        let (mut due, mut taken) = (due.into_iter(), Vec::new());
        while taken.len() < limit && due.len() > 0 {
            let batch = due.by_ref().take(limit - taken.len()).collect::<Vec<_>>();
            for took in join_all(batch.iter().map(|found| self.take(found, lease))).await {
                match took {
                    Ok(entry) => taken.extend(entry),
                    Err(failed) => failure = Some(failed),
                }
            }
        }
        // What was taken is not left to its lease because something else failed.
        failure.filter(|_| taken.is_empty()).map_or(Ok(taken), Err)
    }

    async fn take(&self, found: &Document<MailRecord>, lease: Lease) -> Outside<Option<Entry>> {
        let (mut entry, op) = (found.record.entry(), self.outbox.op());
        entry.take(lease);
        let taken = match self.outbox.replace(found, MailRecord::new(&entry), &op).await? {
            Written::Done(_) => true,
            Written::Lost => {
                self.outbox.read_again::<MailRecord>(&found.place()).await?.is_some_and(|now| now.ops.has(&op))
            }
        };
        Ok(taken.then_some(entry))
    }

    async fn delete_dead(&self, dead: &Document<MailRecord>) -> Outside<()> {
        self.outbox.delete(&dead.place(), &dead.etag).await
    }

    async fn in_all_shards(&self, query: &Query) -> Outside<Vec<Document<MailRecord>>> {
        let asked = shards().map(|shard| self.in_shard(shard, query));
        Ok(try_join_all(asked).await?.into_iter().flatten().collect())
    }

    async fn in_shard(&self, shard: String, query: &Query) -> Outside<Vec<Document<MailRecord>>> {
        self.outbox.query(&shard, query).await
    }
}

fn shards() -> impl Iterator<Item = String> {
    (0..SHARDS).map(|shard| shard.to_string())
}

pub(crate) fn place(id: MailId) -> Place {
    Place::among((id.as_bytes()[0] % SHARDS).to_string(), id.to_string())
}
