//! Tokens: nothing is taken that our key did not sign, and what it signed is taken for what it says and no more.
use crate::text;
use auth_core::{
    device_token::DeviceToken,
    keys::{Algorithm, KeyRing, KeySet},
    ports::{Clock, Keyring},
    refresh_token::RefreshToken,
    secrets::{Mac, Seed, ServerSecret},
    session::{Session, Turn, Turned},
    testing::FixedClock,
    token::{AccessClaims, Expected, LEEWAY, sign, verify},
    value::*,
};
use std::{
    future::Future,
    sync::{Arc, LazyLock},
    time::Duration,
};

static CLOCK: LazyLock<Arc<FixedClock>> = LazyLock::new(Arc::default);

/// Ed25519: it signs the same text the same way, so that a finding can be run again.
static RING: LazyLock<KeyRing> = LazyLock::new(|| {
    let pkcs8 = "MFECAQEwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9ggSEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
    let text = format!(r#"{{"keys":[{{"algorithm":"EdDSA","published_at":0,"signs_from":0,"pkcs8":"{pkcs8}"}}]}}"#);
    let set = KeySet::from_secret(&Secret::new(text)).or_else(|_| KeySet::generate(Algorithm::EdDsa, Timestamp(0)));
    KeyRing::new(set.expect("a key"), Algorithm::EdDsa, CLOCK.clone(), Duration::from_hours(1))
});

fn now<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(work)
}

fn claims() -> AccessClaims {
    let (expected, sid) = (expected(), SessionId::from_bytes([7; 32]));
    AccessClaims {
        iss: expected.issuer,
        aud: expected.audience,
        sub: sid.user(),
        client_id: "web".to_owned(),
        sid,
        jti: "one".to_owned(),
        iat: CLOCK.now(),
        exp: CLOCK.now() + Duration::from_mins(10),
        auth_time: CLOCK.now(),
        roles: Vec::new(),
    }
}

fn expected() -> Expected {
    Expected { issuer: "https://auth.example.org".to_owned(), audience: "api".to_owned() }
}

#[test] // S-10, S-11, S-14, S-15, S-25
fn access_token() {
    let keys = RING.public_keys();
    let good = now(sign(&*RING, &claims())).expect("the ring signs").expose().to_owned();
    assert_eq!(verify(&good, &keys, &expected(), CLOCK.now()), Ok(claims()));
    bolero::check!().for_each(|bytes: &[u8]| {
        let typed = text(bytes);
        // By itself, and in the place of a part of a good one.
        let [header, payload, signature] = good.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
        let spliced = [
            typed.to_string(),
            format!("{typed}.{payload}.{signature}"),
            format!("{header}.{typed}.{signature}"),
            format!("{header}.{payload}.{typed}"),
            format!("{good}{typed}"),
            format!("{typed}{good}"),
        ];
        for token in spliced.into_iter().filter(|token| *token != good) {
            assert!(verify(&token, &keys, &expected(), CLOCK.now()).is_err(), "{token}");
        }
    });
}

#[test] // S-09, S-12, S-13
fn signed_claims() {
    let keys = RING.public_keys();
    bolero::check!().for_each(|payload: &[u8]| {
        let token = now(RING.sign(None, "at+jwt", payload)).expect("the ring signs");
        let Ok(read) = verify(&token, &keys, &expected(), CLOCK.now()) else { return };
        assert_eq!((&read.iss, &read.aud), (&expected().issuer, &expected().audience));
        assert!(CLOCK.now() < read.exp + LEEWAY && read.iat <= CLOCK.now() + LEEWAY, "{read:?}");
        let other = now(RING.sign(None, "JWT", payload)).expect("the ring signs");
        assert!(verify(&other, &keys, &expected(), CLOCK.now()).is_err(), "another kind of token");
        let again = now(sign(&*RING, &read)).expect("the ring signs");
        assert_eq!(verify(again.expose(), &keys, &expected(), CLOCK.now()), Ok(read));
    });
}

#[test] // S-01, S-14
fn refresh_token() {
    let secret = ServerSecret::new(&[7; 32]).expect("32 bytes");
    let begin = CLOCK.now();
    let session = Session {
        id: SessionId::from_bytes([1; 32]),
        epoch: 0,
        key: secret.id(),
        seed: Seed([2; 32]),
        generation: 3,
        turned_at: begin,
        started_at: begin,
        expires_at: begin + Duration::from_mins(1),
        ends_at: begin + Duration::from_mins(1),
        ended: false,
        device: None,
        grant: None,
    };
    let sealed = RefreshToken::current(&session, &secret).reveal(&secret);
    let genuine: Vec<Mac> = (0..=3).map(|number| secret.refresh_proof(session.id, number).mac(&[2; 32])).collect();
    bolero::check!().for_each(|bytes: &[u8]| {
        // Behind a name that is sealed by us, whatever comes: by chance nobody ever finds one.
        let typed = match bytes.strip_prefix(b"!") {
            Some(rest) => format!("{}{}", &sealed.expose()[..3 + 64], text(rest)),
            None => text(bytes).to_string(),
        };
        let Ok(token) = RefreshToken::parse(&Secret::new(typed.clone()), &secret) else { return };
        assert_eq!(token.reveal(&secret).expose(), typed, "one spelling each");
        assert!(!format!("{token:?}").contains(&typed[40..]), "its proof is not shown");
        let RefreshToken { session: id, generation, mac } = token;
        let (now, minute) = (begin, Duration::from_mins(1));
        let turn =
            Turn { generation, mac, proof: secret.refresh_proof(id, generation), now, idle: minute, grace: minute };
        let mut turned = session.clone();
        if turned.turn(&turn) == Turned::Refused {
            assert_eq!(turned, session, "what is refused changes nothing");
        } else {
            let number = usize::try_from(generation).expect("32 bits");
            assert!(id == session.id && genuine.get(number) == Some(&mac), "{typed}");
        }
    });
}

#[test] // S-14, P-25
fn device_token() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let typed = text(bytes);
        let Ok(token) = DeviceToken::parse(&Secret::new(typed.to_string())) else { return };
        assert_eq!(token.reveal().expose(), typed, "one spelling each");
    });
}
