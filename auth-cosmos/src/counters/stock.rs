//! What everybody counts on, without a document that every request touches: it is read every few seconds, and attempts
//! that are under way draw on a stock of hits that were counted beforehand. A right one gives its hit back to the stock;
//! what is left of it after a minute has lapsed by itself. A wrong one uses its hit up, by a write of its own: of those there
//! are no more than the rule.
use super::{
    GroupKey, Part,
    desk::{Desk, Task},
    group::Group,
};
use auth_core::{counter::*, ports::*, value::*};
use futures_util::future::try_join_all;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// What one instance knows of what everybody counts on.
#[derive(Default)]
pub struct Stock(Mutex<HashMap<GroupKey, Shelf>>);

#[derive(Default)]
struct Shelf {
    seen: Option<(Arc<Group>, Timestamp)>,
    /// Counted, and nobody's.
    free: Vec<Drawn>,
    /// Counted, and this attempt's.
    drawn: HashMap<AttemptId, Drawn>,
    /// How many were counted the last time, and when.
    last: (usize, Timestamp),
}

#[derive(Clone, Copy)]
struct Drawn {
    hit: AttemptId,
    lapses: Timestamp,
}

/// What was seen is good for so long.
const FRESH: Duration = Duration::from_secs(5);
/// A hit that lapses sooner is given to nobody: it must outlast his attempt.
const ENOUGH: Duration = Duration::from_secs(20);
/// So many are counted at once, at most.
const MOST: usize = 16;

impl Stock {
    /// The document as it was some seconds ago at most.
    pub async fn look(&self, desk: &Desk, key: GroupKey, now: Timestamp) -> Outside<Arc<Group>> {
        if let Some((group, at)) = self.with(key, |shelf| shelf.seen.clone())
            && now.since(at) < FRESH
            && at <= now
        {
            return Ok(group);
        }
        let group = desk.look(key).await?;
        self.with(key, |shelf| shelf.seen = Some((group.clone(), now)));
        Ok(group)
    }

    /// What was seen is no longer so.
    pub fn forget(&self, key: GroupKey) {
        self.with(key, |shelf| shelf.seen = None);
    }

    /// A hit for an attempt that is under way: from the stock, or counted now with some more for those who follow.
    pub async fn draw(&self, desk: &Desk, part: &Part, attempt: AttemptId, now: Timestamp) -> Outside<Counted> {
        let drawn = Counted { hit: Hit::Allowed, alone: false }; // it is given back
        if self.with(part.key, |shelf| shelf.take(attempt, now)) {
            return Ok(drawn);
        }
        let many = self.with(part.key, |shelf| shelf.how_many(now));
        let mut hits = vec![attempt];
        hits.extend((1..many).map(|_| desk.draw()));
        let counted =
            hits.iter().map(|hit| desk.ask(part.key, Task::Hit(Standing::UnderWay(*hit), part.counts.clone(), now)));
        let counted = try_join_all(counted).await?;
        self.forget(part.key);
        let lapses = now + Counter::UNDER_WAY;
        let allowed = hits.iter().zip(&counted).filter(|(_, counted)| counted.hit == Hit::Allowed);
        let allowed: Vec<Drawn> = allowed.map(|(hit, _)| Drawn { hit: *hit, lapses }).collect();
        let got = self.with(part.key, |shelf| {
            shelf.free.extend(allowed);
            shelf.take(attempt, now)
        });
        Ok(if got { drawn } else { counted[0] })
    }

    /// The hit that a wrong attempt has drawn: it is nobody else's any more.
    pub fn use_up(&self, key: GroupKey, attempt: AttemptId) -> Option<AttemptId> {
        self.with_known(key, |shelf| {
            shelf.seen = None;
            shelf.drawn.remove(&attempt).map(|drawn| drawn.hit)
        })
    }

    /// Whether this attempt has drawn a hit; the next one may have it.
    pub fn give_back(&self, key: GroupKey, attempt: AttemptId) -> bool {
        let given = self.with_known(key, |shelf| shelf.drawn.remove(&attempt).map(|drawn| shelf.free.push(drawn)));
        given.is_some()
    }

    fn with<T>(&self, key: GroupKey, what: impl FnOnce(&mut Shelf) -> T) -> T {
        what(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default())
    }

    /// Most groups are no concern of everybody's, and have no shelf.
    fn with_known<T>(&self, key: GroupKey, what: impl FnOnce(&mut Shelf) -> Option<T>) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_mut(&key).and_then(what)
    }
}

impl Shelf {
    fn take(&mut self, attempt: AttemptId, now: Timestamp) -> bool {
        let lasts = |drawn: &Drawn| now + ENOUGH < drawn.lapses && drawn.lapses <= now + Counter::UNDER_WAY;
        self.free.retain(lasts);
        self.drawn.retain(|_, drawn| now < drawn.lapses);
        if self.drawn.contains_key(&attempt) {
            return true;
        }
        let Some(drawn) = self.free.pop() else { return false };
        self.drawn.insert(attempt, drawn);
        true
    }

    /// One; twice as many as last time if those were used up at once.
    fn how_many(&mut self, now: Timestamp) -> usize {
        let (last, at) = self.last;
        let many = if now.since(at) < FRESH { (last * 2).clamp(1, MOST) } else { 1 };
        self.last = (many, now);
        many
    }
}
