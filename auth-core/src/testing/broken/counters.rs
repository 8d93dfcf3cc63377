//! Counters, kept badly.
use super::{Broken, Fault};
use crate::{counter::*, ports::*, value::*};
use std::time::Duration;

#[async_trait]
impl CounterStore for Broken {
    async fn hit(&self, attempt: Option<AttemptId>, counts: &[Count], now: Timestamp) -> Outside<Hit> {
        let store = self.open().await;
        let attempt = attempt.filter(|_| !self.has(Fault::CountsAgain));
        let counts: Vec<Count> = counts.iter().map(|count| self.misread(*count)).collect();
        let verdicts = store.peek(&counts, now).await?;
        let limited = counts.iter().zip(&verdicts).find(|(_, hit)| **hit != Hit::Allowed);
        let mut answer = Hit::Allowed;
        match (self.fault, limited) {
            (Fault::CountsOn, _) => {
                for count in &counts {
                    answer = answer.and(store.hit(attempt, &[*count], now).await?);
                }
            }
            (Fault::FirstAnswers, Some((_, first))) => answer = *first,
            (Fault::WholeWindow, Some((count, _))) => answer = Hit::Limited { retry_after: count.rule.window },
            (Fault::ProlongsTheWindow, Some((count, _))) => {
                answer = store.hit(attempt, &counts, now).await?;
                store.forgive(AttemptId(0), &[count.key], &[]).await?;
                for _ in 0..count.rule.limit {
                    let _ = store.hit(None, &[*count], now).await?;
                }
            }
            _ => answer = store.hit(attempt, &counts, now).await?,
        }
        store.close(true);
        Ok(answer)
    }

    async fn peek(&self, counts: &[Count], now: Timestamp) -> Outside<Vec<Hit>> {
        if self.has(Fault::LooksAway) {
            return Ok(vec![Hit::Allowed; counts.len()]);
        }
        let seen = self.memory.peek(counts, now).await?;
        if self.has(Fault::LookingCounts) {
            for count in counts {
                let _ = self.memory.hit(None, &[*count], now).await?;
            }
        }
        Ok(seen)
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
            Fault::OneCounter => count.key = CounterKey([0; 16]),
            Fault::OneMore => count.rule.limit += 1,
            Fault::OneSecondLate => count.rule.window += Duration::from_secs(1),
            Fault::NoPause => count.pause = None,
            _ => {}
        }
        count
    }
}
