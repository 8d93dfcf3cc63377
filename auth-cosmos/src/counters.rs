//! How often what was tried.
use crate::{
    CosmosStore,
    container::Written,
    document::{Document, Place, Record},
};
use auth_core::{counter::*, ports::*, value::*};
use futures_util::future::try_join_all;
use std::slice::{from_mut, from_ref};

impl Record for Counter {
    fn kept_until(&self) -> Option<Timestamp> {
        Some(self.over_at)
    }
}

#[async_trait]
impl CounterStore for CosmosStore {
    async fn hit(&self, attempt: Option<AttemptId>, counts: &[Count], now: Timestamp) -> Outside<Hit> {
        // One that is never taken back has a name too: so it counts once, however often the database is asked.
        let attempt = attempt.unwrap_or_else(|| {
            let mut drawn = [0; 8];
            self.counters.rng.fill(&mut drawn);
            AttemptId(u64::from_be_bytes(drawn))
        });
        self.counters.in_time(self.count_all(attempt, counts, now)).await
    }

    async fn peek(&self, counts: &[Count], now: Timestamp) -> Outside<Vec<Hit>> {
        let read = self.counters.in_time(try_join_all(counts.iter().map(|count| self.counter(count.key)))).await?;
        let none = Counter::default();
        let judged = counts.iter().zip(&read).map(|(count, read)| {
            let counter = read.as_ref().map_or(&none, |read| &read.record);
            counter.judge(count, now)
        });
        Ok(judged.collect())
    }

    async fn forgive(&self, attempt: AttemptId, forget: &[CounterKey], undo: &[CounterKey]) -> Outside<()> {
        let forgotten = forget.iter().map(|key| self.change_counter(*key, |counter| *counter = Counter::default()));
        let undone =
            try_join_all(undo.iter().map(|key| self.change_counter(*key, move |counter| counter.undo(attempt))));
        let both = async { futures_util::try_join!(try_join_all(forgotten), undone).map(drop) };
        self.counters.in_time(both).await
    }

    /// The database forgets by itself.
    async fn sweep(&self, _: Timestamp) -> Outside<()> {
        Ok(())
    }
}

impl CosmosStore {
    /// Looks first, so that what one limit refuses costs no write; then counts on one after the other, and takes back what
    /// it has counted if somebody was faster at a later one.
    async fn count_all(&self, attempt: AttemptId, counts: &[Count], now: Timestamp) -> Outside<Hit> {
        let read = try_join_all(counts.iter().map(|count| self.counter(count.key))).await?;
        let mut seen: Vec<Counter> =
            read.iter().map(|read| read.as_ref().map_or_else(Counter::default, |read| read.record.clone())).collect();
        let verdict = Counter::hit(&mut seen, counts, Some(attempt), now);
        if verdict != Hit::Allowed {
            return Ok(verdict);
        }
        for (number, (count, read)) in counts.iter().zip(read).enumerate() {
            let hit = self.count_one(attempt, count, now, read).await?;
            if hit != Hit::Allowed {
                let counted = counts[..number]
                    .iter()
                    .map(|count| self.change_counter(count.key, |counter| counter.undo(attempt)));
                try_join_all(counted).await?;
                return Ok(hit);
            }
        }
        Ok(Hit::Allowed)
    }

    async fn count_one(
        &self,
        attempt: AttemptId,
        count: &Count,
        now: Timestamp,
        read: Option<Document<Counter>>,
    ) -> Outside<Hit> {
        let (place, op) = (place(count.key), self.counters.op());
        let mut read = read;
        for collisions in 0.. {
            let before = read.as_ref().map_or_else(Counter::default, |read| read.record.clone());
            let mut counter = before.clone();
            let hit = Counter::hit(from_mut(&mut counter), from_ref(count), Some(attempt), now);
            if hit != Hit::Allowed || counter == before {
                return Ok(hit);
            }
            let written = match &read {
                None => self.counters.create(&place, counter, &op).await?,
                Some(read) => self.counters.replace(read, counter, &op).await?,
            };
            if written != Written::Lost {
                break;
            }
            self.counters.step_aside(collisions).await;
            read = self.counter(count.key).await?;
        }
        Ok(Hit::Allowed)
    }

    async fn counter(&self, key: CounterKey) -> Outside<Option<Document<Counter>>> {
        self.counters.read(&place(key)).await
    }

    async fn change_counter(&self, key: CounterKey, change: impl Fn(&mut Counter)) -> Outside<()> {
        self.counters.change(&place(key), change).await.map(drop)
    }
}

fn place(CounterKey(key): CounterKey) -> Place {
    Place::alone(key.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}")))
}
