//! The pure transitions of a counter.
use super::*;
use proptest::prelude::*;

const NOW: Timestamp = Timestamp(1_000);
const MINUTE: Duration = Duration::from_mins(1);
const THREE: Count = Count { key: CounterKey([1; 16]), rule: Rule::new(3, MINUTE), pause: None };

fn limited(seconds: u64) -> Hit {
    Hit::Limited { retry_after: Duration::from_secs(seconds) }
}

/// A hit of an attempt like no other.
fn hit(counter: &mut Counter, count: &Count, now: Timestamp) -> Hit {
    let attempt = Some(AttemptId(counter.hits.iter().filter_map(|hit| hit.of).map(|of| of.0 + 1).max().unwrap_or(0)));
    let seen = counter.judge(count, now);
    let answer = hit_of(counter, count, attempt, now);
    assert_eq!(seen, answer, "a look is as good as a hit");
    answer
}

fn hit_of(counter: &mut Counter, count: &Count, attempt: Option<AttemptId>, now: Timestamp) -> Hit {
    Counter::hit(std::slice::from_mut(counter), std::slice::from_ref(count), attempt, now)
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
                prop_assert_eq!(hit_of(&mut counter, &count, Some(AttemptId(attempt)), NOW) == Hit::Allowed, expected);
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
        match hit_of(&mut counter, &count, Some(AttemptId(allowed)), now) {
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
        assert_eq!(Counter::hit(&mut counters, &[THREE, once], Some(AttemptId(attempt)), NOW), answer);
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
    assert_eq!(hit_of(&mut counter, &day, Some(AttemptId(7)), NOW), Hit::Allowed);
    for late in [AttemptId(8), AttemptId(9)] {
        assert_eq!(hit_of(&mut counter, &day, Some(late), NOW + SETTLED), Hit::Allowed);
    }
    counter.undo(AttemptId(7));
    assert!(matches!(hit(&mut counter, &day, NOW + SETTLED), Hit::Limited { .. }));
}

#[test]
fn a_quarter_of_a_rule_is_never_nothing_unless_it_was() {
    let quarter = |limit| Rule::new(limit, MINUTE).divided(4).limit;
    assert_eq!([0, 1, 3, 4, 10, 40].map(quarter), [0, 1, 1, 1, 2, 10]);
}
