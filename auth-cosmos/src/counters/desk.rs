//! One document of counters, changed by many at once: what comes while another change is under way is done together, by
//! one write.
use super::{GroupKey, group::Group};
use crate::{
    container::{Container, Fresh, Written},
    document::Place,
};
use auth_core::{counter::*, ports::*, value::*};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::oneshot::{self, error::TryRecvError};

/// What is to be done to a document. Each may be done twice without harm: an attempt has a name.
#[derive(Clone, Debug)]
pub enum Task {
    Hit(Standing, Vec<Count>, Timestamp),
    Confirm(AttemptId, Vec<Count>, Timestamp),
    Forgive(AttemptId, Vec<CounterKey>, Vec<CounterKey>),
}

impl Task {
    /// Whether it is about what was hit by this process: another region may not have heard of that.
    const fn is_about_own_hits(&self) -> bool {
        matches!(self, Self::Confirm(..) | Self::Forgive(..))
    }

    fn apply(&self, group: &mut Group) -> Counted {
        let done = Counted { hit: Hit::Allowed, alone: false };
        match self {
            Self::Hit(standing, counts, now) => return group.hit(*standing, counts, *now),
            Self::Confirm(attempt, counts, now) => group.confirm(*attempt, counts, *now),
            Self::Forgive(attempt, forget, undo) => group.forgive(*attempt, forget, undo),
        }
        done
    }
}

struct Ticket {
    task: Task,
    answer: oneshot::Sender<Counted>,
}

/// Where changes wait to be done together.
pub struct Desk {
    container: Container,
    waiting: Mutex<HashMap<GroupKey, Vec<Ticket>>>,
}

/// After so many collisions in a row somebody is writing without end.
const COLLISIONS: u32 = 64;

impl Desk {
    pub fn new(container: Container) -> Self {
        Self { container, waiting: Mutex::default() }
    }

    pub fn container(&self) -> &Container {
        &self.container
    }

    /// A name for a hit that is nobody's yet.
    pub fn draw(&self) -> AttemptId {
        AttemptId::draw(self.container.rng.as_ref())
    }

    /// The document as it is now.
    pub async fn look(&self, key: GroupKey) -> Outside<Arc<Group>> {
        let read = self.container.read::<Group>(&place(key)).await?;
        Ok(Arc::new(read.map(|read| read.record).unwrap_or_default()))
    }

    /// Does this, and whatever else waits for the same document.
    pub async fn ask(&self, key: GroupKey, task: Task) -> Outside<Counted> {
        let place = place(key);
        loop {
            let mut mine = Queued::new(self, key, task.clone());
            let _turn = self.container.turn(&place).await;
            match mine.answer.try_recv() {
                Ok(counted) => return Ok(counted),
                Err(TryRecvError::Empty) => {} // nobody has come to it: this one's turn
                Err(TryRecvError::Closed) => continue, // whoever was at it has given up
            }
            let batch = self.take(key);
            let tasks: Vec<&Task> = batch.iter().map(|ticket| &ticket.task).collect();
            let counted = self.work(&place, &tasks).await?;
            for (ticket, counted) in batch.into_iter().zip(counted) {
                let _gone = ticket.answer.send(counted);
            }
            if let Ok(counted) = mine.answer.try_recv() {
                return Ok(counted);
            }
        }
    }

    async fn work(&self, place: &Place, tasks: &[&Task]) -> Outside<Vec<Counted>> {
        let op = self.container.op();
        let own = tasks.iter().any(|task| task.is_about_own_hits());
        let mut fresh = if own { Fresh::Known } else { Fresh::Committed };
        for collisions in 0..COLLISIONS {
            let read = self.container.find::<Group>(place, fresh).await?;
            let before = read.as_ref().map(|read| read.record.clone()).unwrap_or_default();
            let mut group = before.clone();
            let counted = tasks.iter().map(|task| task.apply(&mut group)).collect();
            if group == before {
                return Ok(counted);
            }
            group.tidy(self.container.clock.now());
            let written = match &read {
                None => self.container.create(place, group, &op).await?,
                Some(read) => self.container.replace(read, group, &op).await?,
            };
            if written != Written::Lost {
                return Ok(counted);
            }
            fresh = Fresh::Known;
            self.container.step_aside(collisions).await;
        }
        Err(self.container.failed("others kept counting"))
    }

    fn take(&self, key: GroupKey) -> Vec<Ticket> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut tickets = waiting.remove(&key).unwrap_or_default();
        tickets.retain(|ticket| !ticket.answer.is_closed());
        tickets
    }
}

/// A task that waits. Whoever goes away takes his with him.
struct Queued<'a> {
    desk: &'a Desk,
    key: GroupKey,
    answer: oneshot::Receiver<Counted>,
}

impl<'a> Queued<'a> {
    fn new(desk: &'a Desk, key: GroupKey, task: Task) -> Self {
        let (sender, answer) = oneshot::channel();
        let mut waiting = desk.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.entry(key).or_default().push(Ticket { task, answer: sender });
        drop(waiting);
        Self { desk, key, answer }
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.answer.close();
        let mut waiting = self.desk.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tickets) = waiting.get_mut(&self.key) {
            tickets.retain(|ticket| !ticket.answer.is_closed());
            if tickets.is_empty() {
                waiting.remove(&self.key);
            }
        }
    }
}

pub fn place(key: GroupKey) -> Place {
    Place::alone(key.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}")))
}

/// What [`place`] was made of.
pub fn key(place: &Place) -> Option<GroupKey> {
    let mut key = [0; 16];
    for (at, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(place.id.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(key)
}
