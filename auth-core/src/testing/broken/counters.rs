//! Counters, kept badly.
use super::{Broken, Fault};
use crate::{counter::*, ports::*, value::*};
use std::time::Duration;

#[async_trait]
impl CounterStore for Broken {
    async fn hit(&self, counts: &[Count], now: Timestamp) -> Outside<Hit> {
        let store = self.open().await;
        let mut answer = Hit::Allowed;
        for count in counts.iter().map(|count| self.misread(*count)) {
            if let Some(held) = store.tables().counters.get_mut(&count.key)
                && self.has(Fault::OneSecondLate)
                && held.ends_at == now
            {
                held.ends_at = now + Duration::from_secs(1);
            }
            let Hit::Limited { retry_after } = store.hit(&[count], now).await? else { continue };
            answer = Hit::Limited { retry_after };
            match self.fault {
                Fault::CountsOn => continue,
                Fault::WholeWindow => answer = Hit::Limited { retry_after: count.rule.window },
                Fault::ProlongsTheWindow => {
                    store.tables().counters.entry(count.key).and_modify(|held| held.ends_at = now + count.rule.window);
                }
                _ => {}
            }
            break;
        }
        store.close(true);
        Ok(answer)
    }

    async fn forgive(&self, forget: &[CounterKey], undo: &[CounterKey]) -> Outside<()> {
        let store = self.open().await;
        if self.has(Fault::BelowZero) {
            for (_, counter) in store.tables().counters.iter_mut().filter(|(key, _)| undo.contains(key)) {
                counter.count = counter.count.wrapping_sub(1);
            }
        } else {
            store.forgive(&[], undo).await?;
        }
        store.forgive(forget, &[]).await?;
        store.close(self.writes(true));
        Ok(())
    }

    async fn sweep(&self, now: Timestamp) -> Outside<()> {
        CounterStore::sweep(&self.memory, self.judge(now)).await
    }
}

impl Broken {
    fn misread(&self, count: Count) -> Count {
        let Count { mut key, mut rule } = count;
        match self.fault {
            Fault::OneCounter => key = CounterKey([0; 16]),
            Fault::OneMore => rule.limit += 1,
            _ => {}
        }
        Count { key, rule }
    }
}
