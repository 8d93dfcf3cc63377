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
    for after in 0..3 {
        assert_eq!(hit_at(&store, &counted, NOW + SECOND * after).await, FREE);
    }
    for (after, left) in [(3, 57), (59, 1)] {
        let limited = Hit::Limited { retry_after: SECOND * left };
        assert_eq!(hit_at(&store, &counted, NOW + SECOND * after).await, limited);
    }
}

/// At the very second that a window is over, the next begins.
pub async fn a_window_that_is_over_begins_anew(store: Arc<dyn CounterStore>) {
    for began in [NOW, NOW + WINDOW, NOW + WINDOW * 5] {
        for answer in [FREE, FREE, FREE, FULL] {
            assert_eq!(hit_at(&store, &[three(1)], began).await, answer);
        }
    }
}

/// Whoever keeps trying is let in when all the others are.
pub async fn a_limited_hit_does_not_prolong_the_window(store: Arc<dyn CounterStore>) {
    for answer in [FREE, FREE, FREE, FULL] {
        assert_eq!(hit_at(&store, &[three(1)], NOW).await, answer);
    }
    assert_eq!(hit_at(&store, &[three(1)], before(NOW + WINDOW)).await, Hit::Limited { retry_after: SECOND });
    assert_eq!(hit_at(&store, &[three(1)], NOW + WINDOW).await, FREE);
}

/// What is counted on one key is not counted on another.
pub async fn each_key_has_a_counter_of_its_own(store: Arc<dyn CounterStore>) {
    for key in [1, 2, 255] {
        for answer in [FREE, FREE, FREE, FULL] {
            assert_eq!(hit(&store, &[three(key)]).await, answer);
        }
    }
}

/// Of several that would say no, the first answers.
pub async fn the_first_of_several_that_says_no_answers(store: Arc<dyn CounterStore>) {
    let once_in = |n, seconds| Count { key: key(n), rule: Rule { limit: 1, window: SECOND * seconds } };
    let (free, short, long) = (three(1), once_in(2, 10), once_in(3, 3_600));
    assert_eq!(hit(&store, &[]).await, FREE);
    assert_eq!(hit(&store, &[short, long]).await, FREE);
    let (ten, hour) = (Hit::Limited { retry_after: SECOND * 10 }, Hit::Limited { retry_after: SECOND * 3_600 });
    assert_eq!(hit(&store, &[short, free]).await, ten);
    assert_eq!(hit(&store, &[free, short]).await, ten);
    assert_eq!(hit(&store, &[short, long]).await, ten);
    assert_eq!(hit(&store, &[long, short]).await, hour);
}

/// Each of several is counted, up to the one that says no: what that one has refused uses up no other.
pub async fn what_one_limit_refuses_uses_up_no_other(store: Arc<dyn CounterStore>) {
    let closed = Count { key: key(9), rule: Rule { limit: 0, window: WINDOW } };
    for _ in 0..2 {
        assert_eq!(hit(&store, &[three(1), closed, three(2)]).await, FULL);
    }
    for answer in [FREE, FULL, FULL] {
        assert_eq!(hit(&store, &[three(1), three(2)]).await, answer);
    }
    for answer in [FREE, FREE, FULL] {
        assert_eq!(hit(&store, &[three(2)]).await, answer);
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
    store.forgive(&[key(1), key(3)], &[]).await.unwrap();
    let later = NOW + SECOND * 10;
    for answer in [FREE, FREE, FREE, FULL] {
        assert_eq!(hit_at(&store, &[three(1)], later).await, answer);
    }
    assert_eq!(hit(&store, &[three(2)]).await, FULL);
}

/// One hit is taken back on each key, and no more; the window is what it was.
pub async fn an_undone_hit_is_free_again(store: Arc<dyn CounterStore>) {
    for answer in [FREE, FREE, FREE, FULL] {
        assert_eq!(hit(&store, &[three(1), three(2), three(3)]).await, answer);
    }
    store.forgive(&[key(3)], &[key(1), key(2)]).await.unwrap();
    let (later, full) = (NOW + SECOND * 10, Hit::Limited { retry_after: SECOND * 50 });
    for key in [1, 2] {
        for answer in [FREE, full] {
            assert_eq!(hit_at(&store, &[three(key)], later).await, answer);
        }
    }
    for answer in [FREE, FREE, FREE, FULL] {
        assert_eq!(hit_at(&store, &[three(3)], later).await, answer);
    }
}

/// Taking back what was never counted gives nobody a hit more.
pub async fn nothing_is_undone_below_zero(store: Arc<dyn CounterStore>) {
    assert_eq!(hit(&store, &[three(1)]).await, FREE);
    for _ in 0..3 {
        store.forgive(&[], &[key(1), key(2)]).await.unwrap();
    }
    for key in [1, 2] {
        for answer in [FREE, FREE, FREE, FULL] {
            assert_eq!(hit(&store, &[three(key)]).await, answer);
        }
    }
}

/// A sweep leaves a window that still runs, to the last second.
pub async fn a_window_that_still_runs_is_not_swept(store: Arc<dyn CounterStore>) {
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
    Count { key: key(n), rule: Rule { limit: 3, window: WINDOW } }
}

async fn hit(store: &Arc<dyn CounterStore>, counts: &[Count]) -> Hit {
    hit_at(store, counts, NOW).await
}

async fn hit_at(store: &Arc<dyn CounterStore>, counts: &[Count], now: Timestamp) -> Hit {
    store.hit(counts, now).await.unwrap()
}
