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
    async fn hit(&self, standing: Standing, counts: &[Count], now: Timestamp) -> Outside<Counted> {
        self.counters.in_time(self.count_all(standing, counts, now)).await
    }

    async fn peek(&self, counts: &[Count], now: Timestamp) -> Outside<Vec<Hit>> {
        let read = self.counters.in_time(try_join_all(counts.iter().map(|count| self.counter(count.key)))).await?;
        Ok(counts.iter().zip(read).map(|(count, read)| record(read.as_ref()).judge(count, now)).collect())
    }

    async fn confirm(&self, attempt: AttemptId, counts: &[Count], now: Timestamp) -> Outside<()> {
        let confirmed = counts.iter().map(|count| {
            self.write(count.key, None, move |counter| {
                counter.confirm(count, attempt, now);
                true
            })
        });
        self.counters.in_time(try_join_all(confirmed)).await.map(drop)
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
    async fn count_all(&self, standing: Standing, counts: &[Count], now: Timestamp) -> Outside<Counted> {
        let read = try_join_all(counts.iter().map(|count| self.counter(count.key))).await?;
        let mut seen: Vec<Counter> = read.iter().map(|read| record(read.as_ref())).collect();
        let mut counted = Counter::hit(&mut seen, counts, standing, now);
        if counted.hit != Hit::Allowed {
            return Ok(counted);
        }
        for (number, (count, read)) in counts.iter().zip(read).enumerate() {
            let hit = |counter: &mut Counter| Counter::hit(from_mut(counter), from_ref(count), standing, now);
            let mut last = Counted { hit: Hit::Allowed, alone: true };
            let outcome = self.write(count.key, Some(read), |counter| {
                last = hit(counter);
                last.hit == Hit::Allowed
            });
            outcome.await?;
            counted.alone &= last.alone;
            if last.hit != Hit::Allowed {
                let undone = counts[..number]
                    .iter()
                    .map(|count| self.change_counter(count.key, |counter| counter.undo(standing.attempt())));
                try_join_all(undone).await?;
                return Ok(last);
            }
        }
        Ok(counted)
    }

    /// Writes what a counter has become, there or not yet, and decides again while others write in between; nothing, if the
    /// decision is that it stays, or if it is what it was.
    async fn write(
        &self,
        key: CounterKey,
        read: Option<Option<Document<Counter>>>,
        mut decide: impl FnMut(&mut Counter) -> bool + Send,
    ) -> Outside<()> {
        let (place, op) = (place(key), self.counters.op());
        let mut read = match read {
            Some(read) => read,
            None => self.counter(key).await?,
        };
        for collisions in 0.. {
            let before = record(read.as_ref());
            let mut counter = before.clone();
            if !decide(&mut counter) || counter == before {
                break;
            }
            let written = match &read {
                None => self.counters.create(&place, counter, &op).await?,
                Some(read) => self.counters.replace(read, counter, &op).await?,
            };
            if written != Written::Lost {
                break;
            }
            self.counters.step_aside(collisions).await;
            read = self.counter(key).await?;
        }
        Ok(())
    }

    async fn counter(&self, key: CounterKey) -> Outside<Option<Document<Counter>>> {
        self.counters.read(&place(key)).await
    }

    async fn change_counter(&self, key: CounterKey, change: impl Fn(&mut Counter)) -> Outside<()> {
        self.counters.change(&place(key), change).await.map(drop)
    }
}

fn record(read: Option<&Document<Counter>>) -> Counter {
    read.map(|read| read.record.clone()).unwrap_or_default()
}

fn place(CounterKey { group, name }: CounterKey) -> Place {
    Place::alone([group, name].concat().iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}")))
}
