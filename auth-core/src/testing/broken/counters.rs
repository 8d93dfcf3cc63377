//! Counters, kept badly.
use super::{Broken, Fault};
use crate::{counter::*, ports::*, testing::Memory, value::*};
use std::{sync::atomic::Ordering::Relaxed, time::Duration};

#[async_trait]
impl CounterStore for Broken {
    async fn hit(&self, standing: Standing, counts: &[Count], now: Timestamp) -> Outside<Counted> {
        let store = self.open().await;
        let (standing, now) = self.mistime(standing, now);
        let counts: Vec<Count> = counts.iter().map(|count| self.misread(*count)).collect();
        let verdicts = store.peek(&counts, now).await?;
        let limited = counts.iter().zip(&verdicts).find(|(_, hit)| **hit != Hit::Allowed);
        let mut counted = Counted { hit: Hit::Allowed, alone: true };
        match (self.fault, limited) {
            (Fault::CountsOn, _) => {
                for count in &counts {
                    counted.hit = counted.hit.and(store.hit(standing, &[*count], now).await?.hit);
                }
            }
            (Fault::CountsOnlyTheWrong, _) if matches!(standing, Standing::UnderWay(_)) => {
                counted.hit = verdicts.into_iter().fold(Hit::Allowed, Hit::and);
            }
            (Fault::FirstAnswers, Some((_, first))) => counted.hit = *first,
            (Fault::WholeWindow, Some((count, _))) => counted.hit = Hit::Limited { retry_after: count.rule.window },
            (Fault::ProlongsTheWindow, Some((count, _))) => {
                counted = store.hit(standing, &counts, now).await?;
                store.forgive(AttemptId(0), &[count.key], &[]).await?;
                for _ in 0..count.rule.limit {
                    let _ = store.hit(Standing::ForGood(self.make_up()), &[*count], now).await?;
                }
            }
            _ => counted = store.hit(standing, &counts, now).await?,
        }
        store.close(true);
        let alone = counted.alone && !self.has(Fault::NeverAlone) || self.has(Fault::SaysAlone);
        Ok(Counted { alone, ..counted })
    }

    async fn peek(&self, counts: &[Count], now: Timestamp) -> Outside<Vec<Hit>> {
        if self.has(Fault::LooksAway) {
            return Ok(vec![Hit::Allowed; counts.len()]);
        }
        let seen = self.memory.peek(counts, now).await?;
        if self.has(Fault::LookingCounts) {
            for count in counts {
                let _ = self.memory.hit(Standing::ForGood(self.make_up()), &[*count], now).await?;
            }
        }
        Ok(seen)
    }

    async fn confirm(&self, attempt: AttemptId, counts: &[Count], now: Timestamp) -> Outside<()> {
        let store = self.open().await;
        let attempt = if self.has(Fault::ConfirmsAnew) { self.make_up() } else { attempt };
        let counts = if self.has(Fault::ConfirmsOne) { &counts[..1] } else { counts };
        for count in counts.iter().map(|count| self.misread(*count)) {
            let has_lapsed = !has_counted(&store, attempt, count, now).await?;
            match self.fault {
                Fault::LosesTheLapsed if has_lapsed => {}
                Fault::AsksTheRule if has_lapsed => {
                    let _ = store.hit(Standing::ForGood(attempt), &[count], now).await?;
                }
                _ => store.confirm(attempt, &[count], now).await?,
            }
        }
        store.close(self.writes(true));
        Ok(())
    }

    async fn forgive(&self, attempt: AttemptId, forget: &[CounterKey], undo: &[CounterKey]) -> Outside<()> {
        let store = self.open().await;
        if self.has(Fault::UndoesAnything) {
            store.forgive(attempt, undo, &[]).await?;
        }
        store.forgive(attempt, forget, undo).await?;
        store.close(self.writes(true));
        Ok(())
    }

    async fn sweep(&self, now: Timestamp) -> Outside<()> {
        CounterStore::sweep(&self.memory, self.judge(now)).await
    }
}

impl Broken {
    fn misread(&self, mut count: Count) -> Count {
        match self.fault {
            Fault::OneCounter => count.key = CounterKey { group: [0; 16], name: [0; 16] },
            Fault::OneGroup => count.key.group = [0; 16],
            Fault::OneName => count.key.name = [0; 16],
            Fault::OneMore => count.rule.limit += 1,
            Fault::OneSecondLate => count.rule.window += Duration::from_secs(1),
            Fault::NoPause => count.pause = None,
            _ => {}
        }
        count
    }

    fn mistime(&self, standing: Standing, now: Timestamp) -> (Standing, Timestamp) {
        match (self.fault, standing) {
            (Fault::CountsAgain, _) => (Standing::ForGood(self.make_up()), now),
            (Fault::NeverLapses, Standing::UnderWay(attempt)) => (Standing::ForGood(attempt), now),
            (Fault::OneSecondLate, Standing::UnderWay(_)) => (standing, now + Duration::from_secs(1)),
            (Fault::OneSecondEarly, Standing::UnderWay(_)) => (standing, Timestamp(now.0 - 1)),
            _ => (standing, now),
        }
    }

    /// An attempt that nobody has made.
    fn make_up(&self) -> AttemptId {
        AttemptId(u64::MAX - self.made_up.fetch_add(1, Relaxed))
    }
}

/// Whether a hit of this attempt would change nothing.
async fn has_counted(store: &Memory, attempt: AttemptId, mut count: Count, now: Timestamp) -> Outside<bool> {
    count.rule.limit = u32::MAX;
    let copy = Memory::from(store.tables().clone());
    let _ = copy.hit(Standing::UnderWay(attempt), &[count], now).await?;
    let (before, after) = (store.tables().counters.clone(), copy.tables().counters.clone());
    Ok(before == after)
}
