//! How often what was tried: what every [`CounterStore`] promises.
use super::{NOW, RACERS, SECOND, before, count, race};
use crate::{counter::*, ports::*, value::*};
use std::{sync::Arc, time::Duration};

/// The names of the clauses.
pub const CLAUSES: &[&str] = crate::contract!(@clauses counters names);

const WINDOW: Duration = Duration::from_mins(1);
const FREE: Hit = Hit::Allowed;
const FULL: Hit = Hit::Limited { retry_after: WINDOW };

/// As many hits are allowed as the rule says; then the answer says how long the window still runs.
pub async fn hits_are_allowed_up_to_the_limit(store: Arc<dyn CounterStore>) {
    let counted = [three(1)];
    for after in [0, 10, 20] {
        assert_eq!(hit_at(&store, &counted, NOW + SECOND * after).await, FREE);
    }
    for (after, left) in [(21, 39), (59, 1)] {
        let limited = Hit::Limited { retry_after: SECOND * left };
        assert_eq!(hit_at(&store, &counted, NOW + SECOND * after).await, limited);
    }
}

/// At the very second that its window is over, a hit counts no more; in no span of that length are there more.
pub async fn a_hit_counts_until_its_window_is_over(store: Arc<dyn CounterStore>) {
    for after in [0, 10, 20] {
        assert_eq!(hit_at(&store, &[three(1)], NOW + SECOND * after).await, FREE);
    }
    for (after, left) in [(59, 1), (60, 0), (61, 9), (70, 0), (80, 0), (90, 30)] {
        let answer = if left == 0 { FREE } else { Hit::Limited { retry_after: SECOND * left } };
        assert_eq!(hit_at(&store, &[three(1)], NOW + SECOND * after).await, answer, "after {after} s");
    }
}

/// Whoever keeps trying is let in when all the others are.
pub async fn a_limited_hit_does_not_prolong_the_wait(store: Arc<dyn CounterStore>) {
    for answer in [FREE, FREE, FREE, FULL] {
        assert_eq!(hit_at(&store, &[three(1)], NOW).await, answer);
    }
    assert_eq!(hit_at(&store, &[three(1)], before(NOW + WINDOW)).await, Hit::Limited { retry_after: SECOND });
    assert_eq!(hit_at(&store, &[three(1)], NOW + WINDOW).await, FREE);
}

/// Above such a limit each next hit waits twice as long as the one before, up to the longest; quiet for a window
/// and the longest pause forgets.
pub async fn above_a_limit_with_a_pause_each_pause_is_longer(store: Arc<dyn CounterStore>) {
    let counted = [Count { pause: Some(Pause { first: SECOND, longest: SECOND * 3 }), ..three(1) }];
    let mut now = NOW;
    for answer in [FREE, FREE, FREE] {
        assert_eq!(hit_at(&store, &counted, now).await, answer);
    }
    for wait in [1, 2, 3, 3] {
        assert_eq!(hit_at(&store, &counted, now).await, Hit::Limited { retry_after: SECOND * wait });
        now = now + SECOND * wait;
        assert_eq!(hit_at(&store, &counted, now).await, FREE);
    }
    now = now + WINDOW + SECOND * 3;
    assert_eq!(hit_at(&store, &counted, now).await, FREE);
    assert_eq!(hit_at(&store, &counted, now).await, FREE);
}

/// What is counted on one key is not counted on another.
pub async fn each_key_has_a_counter_of_its_own(store: Arc<dyn CounterStore>) {
    for key in [1, 2, 255] {
        for answer in [FREE, FREE, FREE, FULL] {
            assert_eq!(hit(&store, &[three(key)]).await, answer);
        }
    }
}

/// Of several that say no, the longest wait is the answer, in whatever order they are asked.
pub async fn the_longest_wait_of_several_answers(store: Arc<dyn CounterStore>) {
    let once_in = |n, seconds| Count { rule: Rule::new(1, SECOND * seconds), ..three(n) };
    let (free, short, long) = (three(1), once_in(2, 10), once_in(3, 3_600));
    assert_eq!(hit(&store, &[]).await, FREE);
    assert_eq!(hit(&store, &[short, long]).await, FREE);
    let (ten, hour) = (Hit::Limited { retry_after: SECOND * 10 }, Hit::Limited { retry_after: SECOND * 3_600 });
    assert_eq!(hit(&store, &[short, free]).await, ten);
    assert_eq!(hit(&store, &[free, short]).await, ten);
    assert_eq!(hit(&store, &[short, long]).await, hour);
    assert_eq!(hit(&store, &[long, short]).await, hour);
}

/// Where one of several says no, none is counted: neither those before it nor those behind.
pub async fn what_one_limit_refuses_uses_up_no_other(store: Arc<dyn CounterStore>) {
    let closed = Count { rule: Rule::new(0, WINDOW), ..three(9) };
    for _ in 0..2 {
        assert_eq!(hit(&store, &[three(1), closed, three(2)]).await, FULL);
    }
    for answer in [FREE, FREE, FREE, FULL] {
        assert_eq!(hit(&store, &[three(1), three(2)]).await, answer);
    }
}

/// A store that did the write and lost the answer is asked again: one attempt counts once, on each.
pub async fn an_attempt_counts_once(store: Arc<dyn CounterStore>) {
    for _ in 0..4 {
        assert_eq!(store.hit(Some(AttemptId(7)), &[three(1), three(2)], NOW).await.unwrap(), FREE);
    }
    for answer in [FREE, FREE, FULL] {
        assert_eq!(hit(&store, &[three(1), three(2)]).await, answer);
    }
}

/// A look answers for each what a hit would be answered.
pub async fn a_look_sees_what_is_counted(store: Arc<dyn CounterStore>) {
    assert_eq!(store.peek(&[three(1), three(2)], NOW).await.unwrap(), [FREE, FREE]);
    for answer in [FREE, FREE, FREE] {
        assert_eq!(hit(&store, &[three(2)]).await, answer);
    }
    let later = before(NOW + WINDOW);
    let limited = Hit::Limited { retry_after: SECOND };
    assert_eq!(store.peek(&[three(1), three(2)], later).await.unwrap(), [FREE, limited]);
    assert_eq!(store.peek(&[three(2)], NOW + WINDOW).await.unwrap(), [FREE]);
}

/// However often it is looked at, a counter stays what it is.
pub async fn a_look_counts_nothing(store: Arc<dyn CounterStore>) {
    for answer in [FREE, FREE, FREE, FULL] {
        assert_eq!(store.peek(&[three(1)], NOW).await.unwrap(), [answer]);
        assert_eq!(hit(&store, &[three(1)]).await, answer);
    }
}

/// Of sixteen at once, as many are allowed as the rule says: they are counted before they are answered.
pub async fn no_more_racers_are_allowed_than_the_limit(store: Arc<dyn CounterStore>) {
    let answers = race(|_| {
        let store = store.clone();
        async move { hit(&store, &[three(1), three(2)]).await }
    })
    .await;
    assert_eq!((count(&answers, &FREE), count(&answers, &FULL)), (3, RACERS - 3), "{answers:?}");
}

/// What is forgotten begins anew, and nothing else does.
pub async fn a_forgotten_counter_begins_anew(store: Arc<dyn CounterStore>) {
    for answer in [FREE, FREE, FREE, FULL] {
        assert_eq!(hit(&store, &[three(1), three(2)]).await, answer);
    }
    store.forgive(AttemptId(7), &[key(1), key(3)], &[]).await.unwrap();
    let later = NOW + SECOND * 10;
    for answer in [FREE, FREE, FREE, FULL] {
        assert_eq!(hit_at(&store, &[three(1)], later).await, answer);
    }
    assert_eq!(hit(&store, &[three(2)]).await, FULL);
}

/// What an attempt has counted is free again, once, on each key that is named; all the rest stays what it is.
pub async fn an_undone_hit_is_free_again(store: Arc<dyn CounterStore>) {
    let attempt = AttemptId(7);
    assert_eq!(store.hit(Some(attempt), &[three(1), three(2), three(3)], NOW).await.unwrap(), FREE);
    for answer in [FREE, FREE, FULL] {
        assert_eq!(hit(&store, &[three(1), three(2), three(3)]).await, answer);
    }
    let (later, full) = (NOW + SECOND * 10, Hit::Limited { retry_after: SECOND * 50 });
    for _ in 0..2 {
        store.forgive(attempt, &[key(3)], &[key(1), key(2)]).await.unwrap();
    }
    for key in [1, 2] {
        for answer in [FREE, full] {
            assert_eq!(hit_at(&store, &[three(key)], later).await, answer);
        }
    }
    for answer in [FREE, FREE, FREE, FULL] {
        assert_eq!(hit_at(&store, &[three(3)], later).await, answer);
    }
}

/// Taking back what this attempt has not counted gives nobody a hit more.
pub async fn only_what_the_attempt_has_counted_is_undone(store: Arc<dyn CounterStore>) {
    assert_eq!(store.hit(Some(AttemptId(7)), &[three(1)], NOW).await.unwrap(), FREE);
    assert_eq!(hit(&store, &[three(1)]).await, FREE);
    for _ in 0..3 {
        store.forgive(AttemptId(8), &[], &[key(1), key(2)]).await.unwrap();
    }
    for answer in [FREE, FULL] {
        assert_eq!(hit(&store, &[three(1)]).await, answer);
    }
    for answer in [FREE, FREE, FREE, FULL] {
        assert_eq!(hit(&store, &[three(2)]).await, answer);
    }
}

/// A sweep leaves a counter in which anything counts, to the last second.
pub async fn a_counter_that_still_counts_is_not_swept(store: Arc<dyn CounterStore>) {
    for answer in [FREE, FREE, FREE, FULL] {
        assert_eq!(hit(&store, &[three(1)]).await, answer);
    }
    let last = before(NOW + WINDOW);
    store.sweep(last).await.unwrap();
    assert_eq!(hit_at(&store, &[three(1)], last).await, Hit::Limited { retry_after: SECOND });
}

fn key(n: u8) -> CounterKey {
    CounterKey([n; 16])
}

/// Three hits on that key in a minute.
fn three(n: u8) -> Count {
    Count { key: key(n), rule: Rule::new(3, WINDOW), pause: None }
}

async fn hit(store: &Arc<dyn CounterStore>, counts: &[Count]) -> Hit {
    hit_at(store, counts, NOW).await
}

async fn hit_at(store: &Arc<dyn CounterStore>, counts: &[Count], now: Timestamp) -> Hit {
    store.hit(None, counts, now).await.unwrap()
}
