//! The pure transitions of a counter.
use super::*;
use crate::counter::*;
use proptest::prelude::*;

const NOW: Timestamp = Timestamp(1_000);
const MINUTE: Duration = Duration::from_mins(1);
const KEY: CounterKey = CounterKey { group: [1; 16], name: [2; 16] };
const THREE: Count = Count { key: KEY, rule: Rule::new(3, MINUTE), pause: None, crowd: Crowd::One };

fn limited(seconds: u64) -> Hit {
    Hit::Limited { retry_after: Duration::from_secs(seconds) }
}

/// A hit for good, of an attempt like no other.
fn hit(counter: &mut Counter, count: &Count, now: Timestamp) -> Hit {
    let next = counter.hits.iter().filter_map(|hit| hit.of).map(|of| of.attempt.0 + 1).max().unwrap_or(0);
    let seen = counter.judge(count, now);
    let answer = hit_of(counter, count, next, now);
    assert_eq!(seen, answer, "a look is as good as a hit");
    answer
}

fn hit_of(counter: &mut Counter, count: &Count, attempt: u64, now: Timestamp) -> Hit {
    stand(counter, count, Standing::ForGood(AttemptId(attempt)), now).hit
}

fn begin(counter: &mut Counter, count: &Count, attempt: u64, now: Timestamp) -> Hit {
    stand(counter, count, Standing::UnderWay(AttemptId(attempt)), now).hit
}

fn stand(counter: &mut Counter, count: &Count, standing: Standing, now: Timestamp) -> Counted {
    Counter::hit(std::slice::from_mut(counter), std::slice::from_ref(count), standing, now)
}

proptest! {
    #[test] // P-21, K-06
    fn in_no_span_as_long_as_the_window_are_more_than_the_limit(
        limit in 0..6_u32,
        window in 1..4_000_u64,
        pauses in prop::collection::vec(prop_oneof![3 => 0..4_u64, 1 => 0..1_500_u64], 0..120),
    ) {
        let window = Duration::from_secs(window);
        let count = Count { rule: Rule::new(limit, window), ..THREE };
        let (mut counter, mut now, mut allowed) = (Counter::default(), NOW, Vec::<Timestamp>::new());
        for pause in pauses {
            now = now + Duration::from_secs(pause);
            let within = |span: Duration| allowed.iter().filter(|at| **at + span > now).count();
            let (exactly, at_most) = (within(window), within(window + window / GRAIN));
            match hit(&mut counter, &count, now) {
                Hit::Allowed => {
                    prop_assert!(exactly < limit as usize);
                    allowed.push(now);
                }
                Hit::Limited { retry_after } => {
                    prop_assert!(at_most >= limit as usize);
                    prop_assert!(retry_after > Duration::ZERO && retry_after <= window);
                    let (mut waited, at) = (counter.clone(), now + retry_after);
                    prop_assert_eq!(limit > 0, hit(&mut waited, &count, at) == Hit::Allowed);
                }
            }
            prop_assert!(counter.hits.len() <= 2 * GRAIN as usize + limit as usize);
            prop_assert!(allowed.last().is_none_or(|last| counter.over_at >= *last + window));
        }
    }

    #[test]
    fn what_is_taken_back_is_as_if_it_had_never_been(attempts in prop::collection::vec((0..8_u64, any::<bool>()), 0..40)) {
        let count = Count { rule: Rule::new(4, MINUTE), ..THREE };
        let (mut counter, mut open) = (Counter::default(), Vec::new());
        for (attempt, counts) in attempts {
            if counts {
                let expected = open.len() < 4 || open.contains(&attempt);
                prop_assert_eq!(hit_of(&mut counter, &count, attempt, NOW) == Hit::Allowed, expected);
                if expected && !open.contains(&attempt) {
                    open.push(attempt);
                }
            } else {
                counter.undo(AttemptId(attempt));
                open.retain(|held| *held != attempt);
            }
            prop_assert_eq!(counter.hits.len(), open.len());
        }
    }
}

#[test]
fn a_hit_counts_for_the_whole_window_and_not_a_second_more() {
    let mut counter = Counter::default();
    for after in [0, 10, 20] {
        assert_eq!(hit(&mut counter, &THREE, NOW + Duration::from_secs(after)), Hit::Allowed);
    }
    assert_eq!(hit(&mut counter, &THREE, NOW + Duration::from_secs(59)), limited(1));
    assert_eq!(hit(&mut counter, &THREE, NOW + MINUTE), Hit::Allowed);
    assert_eq!(hit(&mut counter, &THREE, NOW + MINUTE), limited(10));
}

#[test]
fn above_the_limit_each_pause_is_twice_the_one_before_and_quiet_ends_them() {
    let pause = Pause { first: Duration::from_secs(1), longest: Duration::from_secs(5) };
    let count = Count { pause: Some(pause), ..THREE };
    let (mut counter, mut now) = (Counter::default(), NOW);
    for _ in 0..3 {
        assert_eq!(hit(&mut counter, &count, now), Hit::Allowed);
    }
    for seconds in [1, 2, 4, 5, 5, 5] {
        assert_eq!(hit(&mut counter, &count, now), limited(seconds));
        now = now + Duration::from_secs(seconds);
        assert_eq!(hit(&mut counter, &count, now), Hit::Allowed);
    }
    assert_eq!(counter.over_at, now + MINUTE + Duration::from_secs(5));
    now = counter.over_at;
    for _ in 0..3 {
        assert_eq!(hit(&mut counter, &count, now), Hit::Allowed);
    }
    assert_eq!(hit(&mut counter, &count, now), limited(1));
}

#[test] // P-19
fn a_pause_that_has_grown_to_its_longest_stays_there_and_the_record_stays_small() {
    let quarter = Duration::from_mins(15);
    let pause = Pause { first: Duration::from_secs(1), longest: quarter };
    let count = Count { rule: Rule::new(10, quarter), pause: Some(pause), ..THREE };
    let (mut counter, mut now, mut allowed) = (Counter::default(), NOW, 0);
    while now < NOW + Duration::from_hours(24) {
        match hit_of(&mut counter, &count, allowed, now) {
            Hit::Allowed => allowed += 1,
            Hit::Limited { retry_after } => now = now + retry_after,
        }
    }
    assert!(allowed <= 10 + 10 + 96, "{allowed} in a day");
    assert_eq!(counter.hits.len(), 2, "all that is settled, and the newest");
}

#[test]
fn a_rule_or_a_pause_of_less_than_a_second_is_not_off() {
    let short = Duration::from_millis(500);
    let pause = Some(Pause { first: short, longest: MINUTE });
    for count in [
        Count { rule: Rule::new(1, short), ..THREE },
        Count { rule: Rule::new(1, MINUTE), pause, ..THREE },
        Count { rule: Rule::new(1, short), pause: Some(Pause { first: short, longest: short }), ..THREE },
    ] {
        let mut counter = Counter::default();
        assert_eq!(hit(&mut counter, &count, NOW), Hit::Allowed);
        assert_eq!(hit(&mut counter, &count, NOW), limited(1), "{count:?}");
        assert_eq!(hit(&mut counter, &count, NOW + Duration::from_secs(1)), Hit::Allowed);
    }
}

#[test]
fn where_none_is_allowed_none_is_whatever_the_window_and_whatever_was_counted_before() {
    let mut counter = Counter::default();
    assert_eq!(hit(&mut counter, &THREE, NOW), Hit::Allowed);
    for pause in [None, Some(Pause { first: Duration::ZERO, longest: Duration::ZERO })] {
        for window in [Duration::ZERO, MINUTE] {
            let none = Count { rule: Rule::new(0, window), pause, ..THREE };
            for now in [NOW, NOW + MINUTE * 2] {
                assert!(matches!(hit(&mut counter, &none, now), Hit::Limited { .. }), "{none:?}");
                assert!(matches!(hit(&mut Counter::default(), &none, now), Hit::Limited { .. }), "{none:?}");
            }
        }
    }
}

#[test]
fn what_a_clock_that_is_ahead_counted_counts_from_now() {
    let (mut counter, a_day_ahead) = (Counter::default(), NOW + Duration::from_hours(24));
    for _ in 0..3 {
        assert_eq!(hit(&mut counter, &THREE, a_day_ahead), Hit::Allowed);
    }
    assert_eq!(hit(&mut counter, &THREE, NOW), limited(60));
    assert_eq!(hit(&mut counter, &THREE, NOW + Duration::from_secs(59)), limited(1));
    assert!(counter.over_at <= NOW + MINUTE * 2);
    assert_eq!(hit(&mut counter, &THREE, NOW + MINUTE), Hit::Allowed);
}

#[test]
fn all_are_counted_or_none() {
    let mut counters = [Counter::default(), Counter::default()];
    let once = Count { rule: Rule::new(1, MINUTE), ..THREE };
    for (attempt, answer) in [(1, Hit::Allowed), (1, Hit::Allowed), (2, limited(60))] {
        let standing = Standing::ForGood(AttemptId(attempt));
        assert_eq!(Counter::hit(&mut counters, &[THREE, once], standing, NOW).hit, answer);
        assert_eq!(counters.each_ref().map(|counter| counter.hits.len()), [1, 1]);
    }
}

#[test]
fn a_tighter_rule_holds_for_the_hits_that_were_counted_under_the_looser() {
    let mut counter = Counter::default();
    for _ in 0..3 {
        assert_eq!(hit(&mut counter, &THREE, NOW), Hit::Allowed);
    }
    assert_eq!(hit(&mut counter, &Count { rule: Rule::new(1, MINUTE), ..THREE }, NOW), limited(60));
}

#[test]
fn an_attempt_that_is_settled_is_not_taken_back() {
    let day = Count { rule: Rule::new(3, Duration::from_hours(24)), ..THREE };
    let mut counter = Counter::default();
    assert_eq!(hit_of(&mut counter, &day, 7, NOW), Hit::Allowed);
    for late in [8, 9] {
        assert_eq!(hit_of(&mut counter, &day, late, NOW + MINUTE), Hit::Allowed);
    }
    counter.undo(AttemptId(7));
    assert!(matches!(hit(&mut counter, &day, NOW + MINUTE), Hit::Limited { .. }));
}

proptest! {
    #[test] // P-21
    fn what_lapses_counts_for_a_minute_and_what_is_confirmed_for_the_window(
        steps in prop::collection::vec((0..40_u64, any::<bool>(), 0..90_u64), 0..60),
    ) {
        let hour = Duration::from_hours(1);
        let count = Count { rule: Rule::new(5, hour), ..THREE };
        let (mut counter, mut now) = (Counter::default(), NOW);
        // From when it counts, how long, and when it is confirmed, if it is.
        let mut model: Vec<(u64, Timestamp, Option<Timestamp>, bool)> = Vec::new();
        for (attempt, (pause, is_wrong, takes)) in (0..).zip(steps) {
            now = now + Duration::from_secs(pause);
            for (attempt, since, wrong_at, confirmed) in &mut model {
                if let Some(at) = wrong_at.filter(|at| *at <= now && !*confirmed) {
                    counter.confirm(&count, AttemptId(*attempt), at);
                    *confirmed = true;
                    if *since + MINUTE <= at {
                        *since = at;
                    }
                }
            }
            let counts = |confirmed, since| since + (if confirmed { hour } else { MINUTE }) > now;
            let live = model.iter().filter(|(_, since, _, confirmed)| counts(*confirmed, *since)).count();
            let answer = begin(&mut counter, &count, attempt, now);
            // What is kept as one may count a little longer.
            if live >= 5 {
                prop_assert!(answer != Hit::Allowed, "{live} count");
            } else if now < NOW + hour {
                prop_assert_eq!(answer, Hit::Allowed, "only {} count", live);
            }
            prop_assert_eq!(counter.is_quiet(&count, now), live == 0 && answer != Hit::Allowed);
            if answer == Hit::Allowed {
                model.push((attempt, now, is_wrong.then_some(now + Duration::from_secs(takes)), false));
            }
        }
    }
}

#[test]
fn with_a_pause_the_newest_is_the_newest_that_counts() {
    let pause = Pause { first: Duration::from_secs(10), longest: Duration::from_secs(10) };
    let count = Count { pause: Some(pause), ..THREE };
    let (mut counter, quiet) = (Counter::default(), NOW + MINUTE + Duration::from_secs(10));
    for attempt in [1, 2] {
        assert_eq!(hit_of(&mut counter, &count, attempt, NOW), Hit::Allowed);
    }
    let late = NOW + Duration::from_secs(50);
    assert_eq!(begin(&mut counter, &count, 3, late), Hit::Allowed);
    assert_eq!(counter.judge(&count, late), limited(10));
    assert!(!counter.is_quiet(&count, quiet), "what is under way holds the others");
    assert_eq!(counter.over_at, late + MINUTE);
    assert!(counter.is_quiet(&count, late + MINUTE));
    counter.confirm(&count, AttemptId(3), late);
    assert!(!counter.is_quiet(&count, late + MINUTE));
    assert_eq!(counter.over_at, late + MINUTE + Duration::from_secs(10));
}

#[test]
fn what_is_under_way_by_a_clock_that_is_ahead_lapses_in_a_minute() {
    let hour = Count { rule: Rule::new(3, Duration::from_hours(1)), ..THREE };
    let (mut counter, a_day_ahead) = (Counter::default(), NOW + Duration::from_hours(24));
    for attempt in 0..3 {
        assert_eq!(begin(&mut counter, &hour, attempt, a_day_ahead), Hit::Allowed);
    }
    assert_eq!(begin(&mut counter, &hour, 3, NOW), limited(60));
    assert_eq!(begin(&mut counter, &hour, 3, NOW + Duration::from_secs(59)), limited(1));
    assert_eq!(begin(&mut counter, &hour, 3, NOW + MINUTE), Hit::Allowed);
    assert_eq!(counter.hits.len(), 1, "what has lapsed is dropped");
}

#[test]
fn a_counter_with_nothing_for_good_in_it_is_over_in_a_minute() {
    let month = Count { rule: Rule::new(3, Duration::from_hours(24 * 30)), ..THREE };
    let mut counter = Counter::default();
    assert_eq!(begin(&mut counter, &month, 1, NOW), Hit::Allowed);
    assert_eq!(counter.over_at, NOW + MINUTE);
    counter.confirm(&month, AttemptId(1), NOW);
    let confirmed = counter.clone();
    assert_eq!(counter.over_at, NOW + month.rule.window);
    counter.confirm(&month, AttemptId(1), NOW + Duration::from_secs(30));
    assert_eq!(counter, confirmed, "a second time there is nothing to write");
}

#[test]
fn a_quarter_of_a_rule_is_never_nothing_unless_it_was() {
    let quarter = |limit| Rule::new(limit, MINUTE).divided(4).limit;
    assert_eq!([0, 1, 3, 4, 10, 40].map(quarter), [0, 1, 1, 1, 2, 10]);
}
