//! Refresh: a token of the chain for the next, and the end of the chain for whoever shows an old one.
use tests::*;

#[tokio::test] // S-16
async fn a_token_is_turned_for_the_next() {
    let server = Server::start().await;
    let first = Person::new("ann").arrive(&server).await;
    let answer = server.api().refresh(&first.refresh).await.expect(200);
    assert_eq!(answer.header("cache-control"), "no-store");
    let second = Tokens::from(&answer);
    assert_ne!(first.refresh, second.refresh);
    let third = Tokens::from(&server.api().refresh(&second.refresh).await.expect(200));
    for access in [first.access, second.access, third.access] {
        let _ = server.api().me(&access).await.expect(200);
    }
}

#[tokio::test] // S-17, S-18
async fn a_lost_answer_can_be_had_again() {
    let server = Server::start().await;
    let first = Person::new("ann").arrive(&server).await;
    let lost = Tokens::from(&server.api().refresh(&first.refresh).await.expect(200));
    let again = Tokens::from(&server.api().refresh(&first.refresh).await.expect(200));
    assert_eq!(lost.refresh, again.refresh, "one successor");
    let _ = server.api().refresh(&again.refresh).await.expect(200);
}

#[tokio::test] // S-16
async fn a_replay_ends_the_session_for_its_thief_and_its_owner() {
    let server = Server::start().await;
    let ann = Person::new("ann");
    let (first, elsewhere) = (ann.arrive(&server).await, ann.sign_in(&server).await);
    let second = Tokens::from(&server.api().refresh(&first.refresh).await.expect(200));
    let third = Tokens::from(&server.api().refresh(&second.refresh).await.expect(200));
    server.api().refresh(&first.refresh).await.refused(401, "session_ended");
    server.api().refresh(&third.refresh).await.refused(401, "session_ended");
    let _ = server.api().me(&third.access).await.expect(401);
    let _ = server.api().refresh(&elsewhere.refresh).await.expect(200);
}

#[tokio::test] // S-14, S-15
async fn nothing_else_passes_for_a_refresh_token() {
    let server = Server::start().await;
    let tokens = Person::new("ann").arrive(&server).await;
    let good = &tokens.refresh;
    let cut = &good[..good.len() - 1];
    let longer = format!("{good}A");
    let bent = flip(good, good.len() - 2);
    let blank = format!(" {good}");
    for other in [cut, &longer, &bent, &blank, &tokens.access, "", ".", "🦦", &"A".repeat(4_000)] {
        server.api().refresh(other).await.refused(401, "session_ended");
    }
    // S-27: and none of it has ended the session.
    let _ = server.api().refresh(good).await.expect(200);
}

#[tokio::test] // the public name of a session gives no power over it
async fn a_stranger_who_reads_a_sid_cannot_set_off_the_alarm() {
    let server = Server::start().await;
    let tokens = Person::new("ann").arrive(&server).await;
    let second = Tokens::from(&server.api().refresh(&tokens.refresh).await.expect(200));
    for place in 0..second.refresh.len() {
        let _ = server.api().refresh(&flip(&second.refresh, place)).await.expect(401);
    }
    let _ = server.api().refresh(&second.refresh).await.expect(200);
}

/// The text with another letter at one place.
fn flip(text: &str, place: usize) -> String {
    let other = if text.as_bytes()[place] == b'A' { "B" } else { "A" };
    format!("{}{other}{}", &text[..place], &text[place + 1..])
}
