//! What is published, what signs, and what is written, by the set and the time alone.
use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

fn parse(text: &str) -> Result<KeySet, BadKeySet> {
    KeySet::from_secret(&Secret::new(text.to_owned()))
}

#[test]
fn what_was_written_is_read() {
    let mut set = KeySet::generate(Algorithm::Es256, Timestamp(7)).unwrap();
    for (algorithm, lead) in [(Algorithm::EdDsa, 60), (Algorithm::Rs256, 30), (Algorithm::Ps256, 40)] {
        set.rotate(algorithm, Timestamp(100), Duration::from_secs(lead)).unwrap();
    }
    let read = KeySet::from_secret(&set.to_secret()).unwrap();
    let shown = |set: &KeySet| format!("{:?}", set.keys());
    assert_eq!(shown(&read), shown(&set));
    let algorithms: Vec<_> = read.keys().iter().map(SigningKey::algorithm).collect();
    let in_order = [Algorithm::Es256, Algorithm::Rs256, Algorithm::Ps256, Algorithm::EdDsa];
    assert_eq!(algorithms, in_order, "in the order in which they sign");
}

#[test]
fn one_rsa_key_is_for_one_algorithm() {
    let set = KeySet::generate(Algorithm::Rs256, Timestamp(0)).unwrap().to_secret();
    let (begin, end) = (set.expose().find("    {").unwrap(), set.expose().find("\n  ]").unwrap());
    let key = &set.expose()[begin..end];
    let both = format!(r#"{{"keys":[{key},{}]}}"#, key.replace("RS256", "PS256"));
    assert_eq!(parse(&both).unwrap_err(), BadKeySet::Key { number: 2, rule: "it is in the set already" });
}

#[test]
fn what_may_be_signed_by_any_algorithm_is_signed_by_the_preferred_once_its_time_has_come() {
    use Algorithm::{EdDsa, Es256};
    let mut set = KeySet::generate(EdDsa, Timestamp(100)).unwrap();
    let mut rotate =
        |algorithm, now| set.rotate(algorithm, Timestamp(now), Duration::from_secs(50)).unwrap().kid().to_owned();
    let (es256, eddsa) = (rotate(Es256, 200), rotate(EdDsa, 250));
    let first = set.keys()[0].kid();
    for (preferred, now, signs) in [
        (EdDsa, 0, first),
        (Es256, 0, &es256),
        (Es256, 249, first),
        (Es256, 250, &es256),
        (EdDsa, 299, first),
        (EdDsa, 300, &eddsa),
        (Es256, 300, &es256),
        (Algorithm::Rs256, 0, first),
        (Algorithm::Rs256, 299, &es256),
        (Algorithm::Rs256, 300, &eddsa),
    ] {
        let key = set.preferred(preferred, Timestamp(now)).unwrap();
        assert_eq!(key.kid(), signs, "{preferred} at {now}");
    }
    assert!(KeySet::default().preferred(Es256, Timestamp(0)).is_none());
}

#[test]
fn a_line_is_removed_whole_and_alone() {
    let mut set = KeySet::generate(Algorithm::EdDsa, Timestamp(0)).unwrap();
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256] {
        set.rotate(algorithm, Timestamp(0), Duration::from_secs(50)).unwrap();
    }
    set.remove(Algorithm::EdDsa);
    assert!(set.current(Algorithm::EdDsa, Timestamp(0)).is_none());
    assert_eq!(set.keys().len(), 1);
    assert!(set.current(Algorithm::Es256, Timestamp(0)).is_some(), "before its time, since there is no other");
}

#[test] // S-28
fn debug_shows_no_private_key() {
    let set = KeySet::generate(Algorithm::EdDsa, Timestamp(0)).unwrap();
    let shown = format!("{set:?}");
    assert!(shown.contains(set.keys()[0].kid()) && !shown.contains("pkcs8") && shown.len() < 300, "{shown}");
}

#[test] // S-28
fn errors_say_where_and_show_no_material() {
    let good = KeySet::generate(Algorithm::EdDsa, Timestamp(0)).unwrap().to_secret();
    let good = good.expose();
    let pkcs8 = good.split('"').find(|part| part.len() > 40).unwrap();
    let key = |number, rule| BadKeySet::Key { number, rule };
    let twice = good.replace("\n  ]", &format!(", {}]", good[good.find("    {").unwrap()..].replace("\n  ]\n}", "")));
    for (text, error) in [
        (r#"{"keys":[]}"#.to_owned(), BadKeySet::Empty),
        (good.replace("EdDSA", "ES256"), key(1, "pkcs8 is not a P-256 private key in PKCS#8")),
        (good.replace("EdDSA", "RS256"), key(1, "pkcs8 is not an RSA private key in PKCS#8")),
        (good.replace(pkcs8, &pkcs8[4..]), key(1, "pkcs8 is not an Ed25519 private key in PKCS#8")),
        (good.replace(pkcs8, &pkcs8.replace('=', "-").replace('M', "_")), key(1, "pkcs8 is not base64")),
        (twice, key(2, "it is in the set already")),
        (good.replace("EdDSA", pkcs8), BadKeySet::Malformed { line: 4, column: 85 }),
        (good.replace("\"pkcs8\"", "\"kcs8\""), BadKeySet::Malformed { line: 7, column: 12 }),
        (String::new(), BadKeySet::Malformed { line: 1, column: 0 }),
    ] {
        let found = parse(&text).unwrap_err();
        assert_eq!(found, error);
        assert!(!format!("{found} {found:?}").contains(&pkcs8[..20]));
    }
}

#[test] // H-19
fn a_short_rsa_key_is_refused() {
    use aws_lc_rs::{encoding::AsDer, rsa::KeySize, signature::RsaKeyPair};
    let short = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let pkcs8 = STANDARD.encode(short.as_der().unwrap().as_ref());
    let text = format!(r#"{{"keys":[{{"algorithm":"RS256","published_at":0,"signs_from":0,"pkcs8":"{pkcs8}"}}]}}"#);
    assert_eq!(parse(&text).unwrap_err(), BadKeySet::Key { number: 1, rule: "an RSA key has at least 3072 bits" });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test] // S-21
    fn whoever_signed_within_the_keep_is_published(
        rotations in prop::collection::vec((any::<bool>(), 0..100_i64, 0..50_u64), 0..6), keep in 0..40_u64,
    ) {
        let (keep, algorithms) = (Duration::from_secs(keep), [Algorithm::EdDsa, Algorithm::Es256]);
        let mut set = KeySet::generate(Algorithm::EdDsa, Timestamp(0)).unwrap();
        for (line, now, lead) in rotations {
            set.rotate(algorithms[usize::from(line)], Timestamp(now), Duration::from_secs(lead)).unwrap();
        }
        let signers = |set: &KeySet, now| {
            let signers = algorithms.map(|algorithm| {
                [set.current(algorithm, Timestamp(now)), set.preferred(algorithm, Timestamp(now))]
            });
            signers.into_iter().flatten().flatten().map(|key| key.kid().to_owned()).collect::<BTreeSet<_>>()
        };
        for now in 0..200 {
            let published: Vec<_> = set.published(Timestamp(now), keep).map(SigningKey::kid).collect();
            let earliest = now - i64::try_from(keep.as_secs()).unwrap();
            for then in earliest.max(0)..=now {
                prop_assert!(signers(&set, then).iter().all(|kid| published.contains(&&**kid)));
            }
        }
        let signing = signers(&set, 200);
        set.prune(Timestamp(1_000), keep);
        prop_assert_eq!(set.keys().iter().map(|key| key.kid().to_owned()).collect::<BTreeSet<_>>(), signing);
    }

    #[test] // S-21
    fn a_line_is_as_it_would_be_alone(
        rotations in prop::collection::vec((any::<bool>(), 0..100_i64, 0..50_u64), 0..6), keep in 0..40_u64,
    ) {
        let keep = Duration::from_secs(keep);
        let mut set = KeySet::generate(Algorithm::EdDsa, Timestamp(0)).unwrap();
        for (other, now, lead) in rotations {
            let algorithm = if other { Algorithm::Es256 } else { Algorithm::EdDsa };
            set.rotate(algorithm, Timestamp(now), Duration::from_secs(lead)).unwrap();
        }
        let mut alone = KeySet::from_secret(&set.to_secret()).unwrap();
        alone.remove(Algorithm::Es256);
        for now in 0..200 {
            let published = |set: &KeySet| {
                let line = set.published(Timestamp(now), keep).filter(|key| key.algorithm() == Algorithm::EdDsa);
                line.map(|key| key.kid().to_owned()).collect::<Vec<_>>()
            };
            prop_assert_eq!(published(&set), published(&alone));
            let current = |set: &KeySet| set.current(Algorithm::EdDsa, Timestamp(now)).unwrap().kid().to_owned();
            prop_assert_eq!(current(&set), current(&alone));
        }
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,200}") {
        prop_assert!(parse(&text).is_err());
    }
}
