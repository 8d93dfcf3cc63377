//! How often what was tried: what every [`CounterStore`] promises.
use super::{NOW, RACERS, SECOND, before, count, race};
use crate::{counter::*, ports::*, value::*};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

/// The names of the clauses.
pub const CLAUSES: &[&str] = crate::contract!(@clauses counters names);

const WINDOW: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
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

/// Names of one group name counters that have nothing to do with each other.
pub async fn counters_of_one_group_share_no_limit(store: Arc<dyn CounterStore>) {
    let of_one = |n| Count { key: CounterKey { group: [1; 16], name: [n; 16] }, ..three(1) };
    for answer in [FREE, FREE] {
        assert_eq!(hit(&store, &[of_one(1), of_one(2)]).await, answer);
    }
    for n in [1, 2] {
        for answer in [FREE, FULL] {
            assert_eq!(hit(&store, &[of_one(n), of_one(255)]).await, answer);
        }
    }
    store.forgive(AttemptId(7), &[of_one(1).key], &[]).await.unwrap();
    assert_eq!(store.peek(&[of_one(1), of_one(2)], NOW).await.unwrap(), [FREE, FULL]);
}

/// The same name in another group is another counter.
pub async fn same_named_counters_of_two_groups_share_no_limit(store: Arc<dyn CounterStore>) {
    let of = |group| Count { key: CounterKey { group: [group; 16], name: [1; 16] }, ..three(1) };
    for group in [1, 2, 255] {
        for answer in [FREE, FREE, FREE, FULL] {
            assert_eq!(hit(&store, &[of(group)]).await, answer);
        }
    }
    store.forgive(AttemptId(7), &[of(1).key], &[]).await.unwrap();
    assert_eq!(store.peek(&[of(1), of(2)], NOW).await.unwrap(), [FREE, FULL]);
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
        assert_eq!(store.hit(Standing::ForGood(AttemptId(7)), &[three(1), three(2)], NOW).await.unwrap().hit, FREE);
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
    assert_eq!(store.hit(Standing::ForGood(attempt), &[three(1), three(2), three(3)], NOW).await.unwrap().hit, FREE);
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
    assert_eq!(store.hit(Standing::ForGood(AttemptId(7)), &[three(1)], NOW).await.unwrap().hit, FREE);
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

/// What is under way counts like any other hit, for a minute; at the very second that it is over, no more.
pub async fn an_attempt_under_way_counts_for_a_minute(store: Arc<dyn CounterStore>) {
    for n in 0..3 {
        assert_eq!(begin(&store, n, &[hourly(1)], NOW + SECOND * 10 * u32::from(n)).await, FREE);
    }
    for (after, left) in [(20, 40), (59, 1), (60, 0), (70, 0)] {
        let answer = if left == 0 { FREE } else { Hit::Limited { retry_after: SECOND * left } };
        assert_eq!(store.peek(&[hourly(1)], NOW + SECOND * after).await.unwrap(), [answer], "after {after} s");
        assert_eq!(hit_at(&store, &[hourly(1)], NOW + SECOND * after).await, answer, "after {after} s");
    }
    assert_ne!(
        hit_at(&store, &[hourly(1)], NOW + SECOND * 70).await,
        FREE,
        "the two last ones count, and one under way"
    );
}

/// What was under way and turned out wrong counts from when it was tried, for as long as the rule says.
pub async fn a_confirmed_attempt_counts_for_its_window(store: Arc<dyn CounterStore>) {
    for n in 0..3 {
        assert_eq!(begin(&store, n, &[hourly(1), hourly(2)], NOW + SECOND * 10 * u32::from(n)).await, FREE);
        store.confirm(AttemptId(n.into()), &[hourly(1), hourly(2)], NOW + SECOND * 30).await.unwrap();
    }
    for (after, left) in [(30, 3_570), (61, 3_539), (3_599, 1), (3_600, 0)] {
        let answer = if left == 0 { FREE } else { Hit::Limited { retry_after: SECOND * left } };
        let seen = store.peek(&[hourly(1), hourly(2)], NOW + SECOND * after).await.unwrap();
        assert_eq!(seen, [answer, answer], "after {after} s");
    }
}

/// A store that did the write and lost the answer is asked again: what is confirmed twice counts once.
pub async fn confirming_twice_counts_once(store: Arc<dyn CounterStore>) {
    for (n, late) in [(1, SECOND), (2, SECOND * 59), (3, WINDOW * 2)] {
        assert_eq!(begin(&store, n, &[hourly(n)], NOW).await, FREE);
        for again in [0, 1, 30] {
            store.confirm(AttemptId(n.into()), &[hourly(n)], NOW + late + SECOND * again).await.unwrap();
        }
        let now = NOW + late + SECOND * 30;
        assert_eq!(hit_at(&store, &[hourly(n)], now).await, FREE);
        assert_eq!(hit_at(&store, &[hourly(n)], now).await, FREE);
        assert_ne!(hit_at(&store, &[hourly(n)], now).await, FREE);
    }
}

/// An attempt that took too long, and was wrong: it counts from then on, though others have had its place meanwhile.
pub async fn what_has_lapsed_is_counted_anew_when_it_is_confirmed(store: Arc<dyn CounterStore>) {
    let (attempt, later) = (AttemptId(7), NOW + WINDOW * 2);
    assert_eq!(begin(&store, 7, &[hourly(1), hourly(2)], NOW).await, FREE);
    for answer in [FREE, FREE, FREE] {
        assert_eq!(hit_at(&store, &[hourly(2)], later).await, answer);
    }
    store.confirm(attempt, &[hourly(1), hourly(2)], later + SECOND * 10).await.unwrap();
    for (n, now) in [(1, later + SECOND * 10), (2, later + HOUR)] {
        assert_eq!(hit_at(&store, &[hourly(n)], now).await, FREE);
        assert_eq!(hit_at(&store, &[hourly(n)], now).await, FREE);
        assert_ne!(hit_at(&store, &[hourly(n)], now).await, FREE, "three with the one that was confirmed");
    }
}

/// Whoever counts where nobody else does is told so, however often it asks; what is over, or has lapsed, is nobody.
pub async fn whoever_counts_alone_is_told_so(store: Arc<dyn CounterStore>) {
    let alone = async |standing, counts: &[Count], now| store.hit(standing, counts, now).await.unwrap().alone;
    let under_way = |n| Standing::UnderWay(AttemptId(n));
    for _ in 0..2 {
        assert!(alone(under_way(1), &[hourly(1), hourly(4)], NOW).await);
    }
    assert!(!alone(under_way(2), &[hourly(1)], NOW).await, "the other is under way");
    assert!(!alone(under_way(3), &[hourly(8), hourly(4)], NOW).await, "on one of the two");
    assert!(!alone(under_way(1), &[hourly(1), hourly(4)], NOW).await, "and now it is not alone any more");
    let lapsed = NOW + WINDOW;
    assert!(!alone(under_way(5), &[hourly(4)], before(lapsed)).await);
    assert!(alone(Standing::ForGood(AttemptId(6)), &[hourly(1)], lapsed).await);
    assert!(!alone(under_way(7), &[hourly(1)], lapsed + WINDOW).await, "the other counts for good");
    assert!(alone(under_way(8), &[hourly(1)], lapsed + HOUR).await);
}

/// Of sixteen at once that are under way, as many are allowed as the rule says.
pub async fn no_more_racers_under_way_are_allowed_than_the_limit(store: Arc<dyn CounterStore>) {
    let answers = race(|n| {
        let (store, n) = (store.clone(), u8::try_from(n).expect("sixteen"));
        async move { begin(&store, n, &[three(1), three(2)], NOW).await }
    })
    .await;
    assert_eq!(count(&answers, &FREE), 3, "{answers:?}");
}

/// However many count there: what is counted for good is held to the rule, and so is what counts for everybody.
pub async fn no_more_racers_of_a_crowd_are_allowed_than_the_limit(store: Arc<dyn CounterStore>) {
    let (good, under_way): (fn(_) -> _, fn(_) -> _) = (Standing::ForGood, Standing::UnderWay);
    for (group, crowd, standing) in [(2, Crowd::Source, good), (4, Crowd::All, good), (6, Crowd::All, under_way)] {
        let answers = race(|n| {
            let (store, counts) = (store.clone(), [Count { crowd, ..three(group) }]);
            async move { store.hit(standing(AttemptId(n as u64)), &counts, NOW).await.unwrap().hit }
        })
        .await;
        assert!(count(&answers, &FREE) <= 3, "{crowd:?}: {answers:?}");
    }
}

/// On a source an attempt that is under way may be let go on uncounted: not one that was wrong.
pub async fn what_is_confirmed_on_a_source_counts(store: Arc<dyn CounterStore>) {
    let counts = [1, 2].map(|n| Count { key: CounterKey { group: [1; 16], name: [n; 16] }, ..hourly(1) });
    let counts = counts.map(|count| Count { crowd: Crowd::Source, ..count });
    for n in 0..3 {
        assert_eq!(begin(&store, n, &counts, NOW).await, FREE);
        store.confirm(AttemptId(n.into()), &counts, NOW).await.unwrap();
    }
    let full = Hit::Limited { retry_after: HOUR };
    assert_eq!(store.peek(&counts, NOW).await.unwrap(), [full, full]);
    assert_eq!(begin(&store, 7, &counts, NOW).await, full);
}

/// Two and three are of one group, and so on.
fn key(n: u8) -> CounterKey {
    CounterKey { group: [n / 2; 16], name: [n; 16] }
}

/// Three hits on that key in a minute.
fn three(n: u8) -> Count {
    Count { key: key(n), rule: Rule::new(3, WINDOW), pause: None, crowd: Crowd::One }
}

/// Three in an hour: a minute under way is not all of it.
fn hourly(n: u8) -> Count {
    Count { rule: Rule::new(3, HOUR), ..three(n) }
}

async fn hit(store: &Arc<dyn CounterStore>, counts: &[Count]) -> Hit {
    hit_at(store, counts, NOW).await
}

/// A hit for good, of an attempt like no other.
async fn hit_at(store: &Arc<dyn CounterStore>, counts: &[Count], now: Timestamp) -> Hit {
    static NEXT: AtomicU64 = AtomicU64::new(1_000);
    let standing = Standing::ForGood(AttemptId(NEXT.fetch_add(1, Relaxed)));
    store.hit(standing, counts, now).await.unwrap().hit
}

/// A hit of that attempt, which is under way.
async fn begin(store: &Arc<dyn CounterStore>, attempt: u8, counts: &[Count], now: Timestamp) -> Hit {
    store.hit(Standing::UnderWay(AttemptId(attempt.into())), counts, now).await.unwrap().hit
}
