//! Enumeration: nobody learns from an answer whether an address has an account.
//!
//! That known and unknown take the same calls is shown over recording ports in `auth-core/tests/flows/enumeration.rs`;
//! how long they take is measured by `cargo run --release -p tests --bin enumeration-timing`.
use std::collections::BTreeMap;
use tests::*;

const NEW: &str = "eight dry badgers in a boat";

/// All of an answer that may not differ: the status, the headers but for those that are new each time, and the shape of
/// the body, letter for letter where it is no id.
fn what_shows(answer: &Answer) -> (u16, BTreeMap<String, Vec<u8>>, usize, Value) {
    let headers = answer.headers.iter().filter(|(name, _)| !["date", "x-request-id"].contains(&name.as_str()));
    let headers = headers.map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect();
    let mut body = answer.body.clone();
    for id in ["registration_id", "reset_id"] {
        if let Some(id) = body.get_mut(id) {
            *id = id.as_str().expect("a text").len().into();
        }
    }
    (answer.status, headers, answer.text.len(), body)
}

#[tokio::test] // K-10, K-11, P-17, H-02
async fn the_answers_show_nothing() {
    let server = Server::start().await;
    let (api, ann) = (server.api(), Person::new("ann"));
    let _ = ann.join(&server).await;
    let (known, unknown) = ("ann@example.org", "eve@example.org");

    let asks = |email: &str, login: &str| Person { email: email.to_owned(), ..Person::new(login) };
    let pairs = [
        ("register", api.register(&asks(known, "bob")).await, api.register(&asks(unknown, "bob")).await),
        ("forgot", api.forgot(known).await, api.forgot(unknown).await),
        ("login", api.login(known, NEW).await, api.login(unknown, NEW).await),
        ("login by name", api.login("ann", NEW).await, api.login("eve", NEW).await),
    ];
    for (what, known, unknown) in &pairs {
        assert_eq!(what_shows(known), what_shows(unknown), "{what}");
    }
    let reset_ids = [&pairs[1].1, &pairs[1].2].map(|answer| answer.word("reset_id"));
    let registrations = [&pairs[0].1, &pairs[0].2].map(|answer| answer.word("registration_id"));
    for _ in 0..6 {
        let [known, unknown] = &reset_ids;
        let (known, unknown) = (api.reset(known, "000000", NEW).await, api.reset(unknown, "000000", NEW).await);
        assert_eq!(what_shows(&known), what_shows(&unknown), "reset");
        let [known, unknown] = &registrations;
        let (known, unknown) = (api.confirm(known, "000000").await, api.confirm(unknown, "000000").await);
        assert_eq!(what_shows(&known), what_shows(&unknown), "confirm");
    }
    let (known, unknown) = (api.resend(&registrations[0]).await, api.resend(&registrations[1]).await);
    assert_eq!(what_shows(&known), what_shows(&unknown), "resend");
}

#[tokio::test] // K-11: to the last throttle
async fn nor_do_the_limits() {
    let limits = [
        ("LIMIT_LOGIN_PER_ACCOUNT_AND_SOURCE", "3/1h"),
        ("LIMIT_CODE_PER_ADDRESS", "3/1h"),
        ("LIMIT_MAIL_PER_ADDRESS", "2/1h"),
    ];
    let settings = limits.iter().fold(Settings::default(), |settings, (name, value)| settings.set(name, value));
    let server = settings.start().await;
    let api = server.api();
    assert!(server.create_user(&Person::new("ann"), &[]).await.status.success());
    let statuses = async |email: &str| {
        let mut seen = Vec::new();
        for _ in 0..5 {
            seen.push(what_shows(&api.login(email, NEW).await).0);
            let reset = api.forgot(email).await;
            seen.push(reset.status);
            seen.push(api.reset(&reset.word("reset_id"), "000000", NEW).await.status);
        }
        seen
    };
    let (known, unknown) = (statuses("ann@example.org").await, statuses("eve@example.org").await);
    assert_eq!(known, unknown);
    assert!(known.contains(&429), "the limits were met: {known:?}");
}
