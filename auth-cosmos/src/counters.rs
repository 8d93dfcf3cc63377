//! How often what was tried: the counters of one account, of one address or of one network together in one document.
//!
//! | whose | how |
//! | --- | --- |
//! | one account's, device's or address' | one write before the answer; a right attempt that was alone costs no other |
//! | a source's and its network's | read; written once anything is wrong there (`counters/guests.rs`) |
//! | everybody's | read every few seconds; attempts under way draw on a stock (`counters/stock.rs`) |
//!
//! Hits on one document that come together are written together (`counters/desk.rs`).
mod desk;
mod group;
mod guests;
mod stock;

use self::{
    desk::{Desk, Task},
    group::Group,
    guests::Guests,
    stock::Stock,
};
use crate::{
    CosmosStore,
    container::{Container, Fresh, Written},
    document::Document,
};
use auth_core::{counter::*, ports::*, value::*};
use futures_util::future::try_join_all;
use std::{collections::HashMap, sync::Arc};

/// Names a document.
pub type GroupKey = [u8; 16];

/// The container, and what one instance knows of it.
pub struct Counters {
    desk: Desk,
    guests: Guests,
    stock: Stock,
}

impl Counters {
    /// Over its container.
    pub fn new(container: Container) -> Self {
        Self { desk: Desk::new(container), guests: Guests::default(), stock: Stock::default() }
    }
}

/// What is asked of one document.
struct Part {
    crowd: Crowd,
    key: GroupKey,
    counts: Vec<Count>,
}

#[async_trait]
impl CounterStore for CosmosStore {
    async fn hit(&self, standing: Standing, counts: &[Count], now: Timestamp) -> Outside<Counted> {
        self.counters.container().in_time(self.counters.hit(standing, counts, now)).await
    }

    async fn peek(&self, counts: &[Count], now: Timestamp) -> Outside<Vec<Hit>> {
        let parts = parts(counts);
        let seen = self.counters.container().in_time(self.counters.look_at(&parts, now)).await?;
        let groups: HashMap<_, _> = parts.iter().map(|part| part.key).zip(seen).collect();
        Ok(counts.iter().map(|count| groups[&count.key.group].judge(count, now)).collect())
    }

    async fn confirm(&self, attempt: AttemptId, counts: &[Count], now: Timestamp) -> Outside<()> {
        let confirmed = parts(counts).into_iter().map(|part| self.counters.confirm(attempt, part, now));
        self.counters.container().in_time(try_join_all(confirmed)).await.map(drop)
    }

    async fn forgive(&self, attempt: AttemptId, forget: &[CounterKey], undo: &[CounterKey]) -> Outside<()> {
        self.counters.container().in_time(self.counters.forgive(attempt, forget, undo)).await
    }

    /// The database forgets by itself.
    async fn sweep(&self, _: Timestamp) -> Outside<()> {
        Ok(())
    }
}

impl Counters {
    /// Where they lie.
    pub fn container(&self) -> &Container {
        self.desk.container()
    }

    /// Puts a counter where none is.
    pub async fn import(&self, key: CounterKey, counter: &Counter) -> Outside<Imported> {
        let container = self.container();
        let (place, op) = (desk::place(key.group), container.op());
        let _turn = container.turn(&place).await;
        let mut fresh = Fresh::Committed;
        loop {
            let read = container.find::<Group>(&place, fresh).await?;
            let mut group = read.as_ref().map(|read| read.record.clone()).unwrap_or_default();
            if let Some(held) = group.put(key, counter.clone()) {
                return Ok(if held == *counter { Imported::Done } else { Imported::Conflict });
            }
            let written = match &read {
                None => container.create(&place, group, &op).await?,
                Some(read) => container.replace(read, group, &op).await?,
            };
            if written != Written::Lost {
                return Ok(Imported::Done);
            }
            fresh = Fresh::Known;
        }
    }

    /// Looks at the others first, so that what one of them refuses costs no write; then counts on one after the other, and
    /// takes back what was counted if somebody was faster at a later one.
    async fn hit(&self, standing: Standing, counts: &[Count], now: Timestamp) -> Outside<Counted> {
        let mut parts = parts(counts);
        // The one that is always written goes first, and unseen: its own write looks.
        parts.sort_by_key(|part| part.crowd != Crowd::One);
        let unseen = usize::from(parts.first().is_some_and(|part| part.crowd == Crowd::One));
        let (first, others) = parts.split_at(unseen);
        let seen = self.look_at(others, now).await?;
        let verdict = verdict(others, &seen, now);
        if verdict != Hit::Allowed {
            let first_seen = self.look_at(first, now).await?;
            let hit = verdict.and(self::verdict(first, &first_seen, now));
            return Ok(Counted { hit, alone: false });
        }
        let mut alone = true;
        let all = first.iter().map(|part| (part, None)).chain(others.iter().zip(seen.into_iter().map(Some)));
        let mut counted_on = Vec::new();
        for (part, seen) in all {
            let counted = self.hit_part(standing, part, seen, now).await?;
            if counted.hit != Hit::Allowed {
                let keys: Vec<CounterKey> = counted_on.into_iter().flat_map(keys).collect();
                self.forgive(standing.attempt(), &[], &keys).await?;
                return Ok(counted);
            }
            alone &= counted.alone;
            counted_on.push(part);
        }
        Ok(Counted { hit: Hit::Allowed, alone })
    }

    async fn hit_part(
        &self,
        standing: Standing,
        part: &Part,
        seen: Option<Arc<Group>>,
        now: Timestamp,
    ) -> Outside<Counted> {
        match (part.crowd, standing) {
            (Crowd::Source, Standing::UnderWay(attempt))
                if seen.is_some_and(|seen| seen.is_quiet(&part.counts, now))
                    && self.guests.admit(part.key, attempt, now) =>
            {
                Ok(Counted { hit: Hit::Allowed, alone: true })
            }
            (Crowd::All, Standing::UnderWay(attempt)) => self.stock.draw(&self.desk, part, attempt, now).await,
            (Crowd::All, Standing::ForGood(_)) => {
                self.stock.forget(part.key);
                self.desk.ask(part.key, Task::Hit(standing, part.counts.clone(), now)).await
            }
            (Crowd::One | Crowd::Source, _) => {
                self.desk.ask(part.key, Task::Hit(standing, part.counts.clone(), now)).await
            }
        }
    }

    async fn confirm(&self, attempt: AttemptId, part: Part, now: Timestamp) -> Outside<()> {
        self.guests.close(part.key, now);
        let drawn = self.stock.use_up(part.key, attempt);
        let Counted { .. } = self.desk.ask(part.key, Task::Confirm(drawn.unwrap_or(attempt), part.counts, now)).await?;
        self.guests.leave(part.key, attempt);
        Ok(())
    }

    async fn forgive(&self, attempt: AttemptId, forget: &[CounterKey], undo: &[CounterKey]) -> Outside<()> {
        let mut groups: Vec<GroupKey> = forget.iter().chain(undo).map(|key| key.group).collect();
        groups.sort_unstable();
        groups.dedup();
        let forgiven = groups.into_iter().map(|group| {
            let of = |keys: &[CounterKey]| keys.iter().filter(|key| key.group == group).copied().collect::<Vec<_>>();
            let (forget, undo) = (of(forget), of(undo));
            async move {
                let uncounted = self.guests.leave(group, attempt) || self.stock.give_back(group, attempt);
                if uncounted && forget.is_empty() {
                    return Ok(());
                }
                self.desk.ask(group, Task::Forgive(attempt, forget, undo)).await.map(drop)
            }
        });
        try_join_all(forgiven).await.map(drop)
    }

    async fn look_at(&self, parts: &[Part], now: Timestamp) -> Outside<Vec<Arc<Group>>> {
        try_join_all(parts.iter().map(|part| self.look(part.crowd, part.key, now))).await
    }

    async fn look(&self, crowd: Crowd, key: GroupKey, now: Timestamp) -> Outside<Arc<Group>> {
        match crowd {
            Crowd::All => self.stock.look(&self.desk, key, now).await,
            Crowd::One | Crowd::Source => self.desk.look(key).await,
        }
    }
}

/// What another store is given of a document; `None`: it cannot be read.
pub fn records(group: &Document<Group>) -> Option<Vec<Record>> {
    group.record.records(desk::key(&group.place())?)
}

/// The counts, by the documents that they lie in.
fn parts(counts: &[Count]) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for count in counts {
        match parts.iter_mut().find(|part| part.key == count.key.group) {
            Some(part) => part.counts.push(*count),
            None => parts.push(Part { crowd: count.crowd, key: count.key.group, counts: vec![*count] }),
        }
    }
    parts
}

fn keys(part: &Part) -> impl Iterator<Item = CounterKey> {
    part.counts.iter().map(|count| count.key)
}

fn verdict(parts: &[Part], seen: &[Arc<Group>], now: Timestamp) -> Hit {
    let judged =
        parts.iter().zip(seen).flat_map(|(part, group)| part.counts.iter().map(|count| group.judge(count, now)));
    judged.fold(Hit::Allowed, Hit::and)
}
