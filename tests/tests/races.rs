//! Races: callers let go together, over real connections. Each of them is answered, and one of them wins.
use tests::*;

const RACERS: usize = 16;
const NEW: &str = "eight dry badgers in a boat";

#[tokio::test(flavor = "multi_thread")] // R2, K-03, K-22
async fn of_many_confirmations_one_makes_the_account() {
    let server = Server::start().await;
    let ann = Person::new("ann");
    let (id, code) = ann.ask_to_register(&server).await;
    let answers = together(RACERS, |_| {
        let (api, id, code) = (server.another_api(), id.clone(), code.clone());
        async move { api.confirm(&id, &code).await }
    });
    assert_eq!(statuses(&answers.await), [vec![201], vec![400; RACERS - 1]].concat());
    let _ = ann.sign_in(&server).await;
    server.postbox().next_for(&ann.email).await;
    server.no_mail_for(&ann.email).await; // one welcome
}

#[tokio::test(flavor = "multi_thread")] // R2, K-03
async fn of_many_resets_one_sets_the_password() {
    let server = Server::start().await;
    let ann = Person::new("ann");
    let _ = ann.join(&server).await;
    let (id, code) = ann.forget_password(&server).await;
    let answers = together(RACERS, |number| {
        let (api, id, code) = (server.another_api(), id.clone(), code.clone());
        async move { (number, api.reset(&id, &code, &format!("{NEW} {number}")).await) }
    });
    let (numbers, answers): (Vec<_>, Vec<_>) = answers.await.into_iter().unzip();
    assert_eq!(statuses(&answers), [vec![200], vec![400; RACERS - 1]].concat());
    for (number, answer) in numbers.into_iter().zip(&answers) {
        let login = server.api().login(&ann.login, &format!("{NEW} {number}")).await;
        assert_eq!(login.status, if answer.status == 200 { 200 } else { 401 }, "the winner's password, and no other");
    }
}

#[tokio::test(flavor = "multi_thread")] // R2, S-17
async fn of_many_refreshes_all_get_the_one_successor() {
    let server = Server::start().await;
    let tokens = Person::new("ann").arrive(&server).await;
    let answers = together(RACERS, |_| {
        let (api, token) = (server.another_api(), tokens.refresh.clone());
        async move { Tokens::from(&api.refresh(&token).await.expect(200)).refresh }
    });
    let mut successors = answers.await;
    successors.dedup();
    let [successor] = &successors[..] else { panic!("{} successors", successors.len()) };
    let _ = server.api().refresh(successor).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")] // R2, K-22
async fn of_many_who_confirm_one_login_one_gets_it() {
    let server = Server::start().await;
    let mut asked = Vec::new();
    for number in 0..RACERS {
        let person = Person { email: format!("person{number}@example.org"), ..Person::new("ann") };
        asked.push(person.ask_to_register(&server).await);
    }
    let answers = together(RACERS, |number| {
        let (api, (id, code)) = (server.another_api(), asked[number].clone());
        async move { api.confirm(&id, &code).await }
    });
    assert_eq!(statuses(&answers.await), [vec![201], vec![409; RACERS - 1]].concat());
}

#[tokio::test(flavor = "multi_thread")] // R2, K-21, K-22
async fn of_many_registrations_of_one_address_one_code_is_good() {
    let server = Server::start().await;
    let ann = Person::new("ann");
    let answers = together(RACERS, |_| {
        let (api, ann) = (server.another_api(), ann.clone());
        async move { api.register(&ann).await.expect(202).word("registration_id") }
    });
    let ids = answers.await;
    let mut codes = Vec::new();
    for _ in &ids {
        codes.push(server.postbox().code_for(&ann.email).await);
    }
    // Which mail belongs to which answer is not said: the live slot is one of them, and its digits one of those.
    let mut confirmed = 0;
    for id in &ids {
        for code in codes.iter().take(5) {
            confirmed += usize::from(server.api().confirm(id, code).await.status == 201);
        }
    }
    assert!(confirmed <= 1, "{confirmed} accounts of one address");
}

#[tokio::test(flavor = "multi_thread")] // R2, K-04
async fn however_many_guess_at_once_five_are_answered() {
    let server = Server::start().await;
    let (id, code) = Person::new("ann").ask_to_register(&server).await;
    let wrong = other_than(&code);
    let answers = together(RACERS, |_| {
        let (api, id, wrong) = (server.another_api(), id.clone(), wrong.clone());
        async move { api.confirm(&id, &wrong).await }
    });
    assert_eq!(statuses(&answers.await), vec![400; RACERS]);
    server.api().confirm(&id, &code).await.refused(400, "invalid_code");
}

#[tokio::test(flavor = "multi_thread")] // P-21
async fn however_many_log_in_at_once_the_limit_holds() {
    let server = Settings::default().set("LIMIT_LOGIN_PER_ACCOUNT_AND_SOURCE", "3/15m").start().await;
    let ann = Person::new("ann");
    let _ = ann.join(&server).await;
    let answers = together(RACERS, |_| {
        let api = server.another_api();
        async move { api.login("ann", "another good password").await }
    });
    assert_eq!(statuses(&answers.await), [vec![401; 3], vec![429; RACERS - 3]].concat());
}

#[tokio::test(flavor = "multi_thread")] // I4
async fn a_logout_beats_every_refresh_that_starts_after_it() {
    let server = Server::start().await;
    let tokens = Person::new("ann").arrive(&server).await;
    let answers = together(RACERS, |number| {
        let (api, tokens) = (server.another_api(), tokens.clone());
        async move {
            match number {
                0 => api.logout(&tokens.access).await.expect(200).status,
                _ => api.refresh(&tokens.refresh).await.status,
            }
        }
    });
    assert!(answers.await.iter().all(|status| [200, 401].contains(status)));
    let _ = server.api().refresh(&tokens.refresh).await.expect(401);
    let _ = server.api().me(&tokens.access).await.expect(401);
}

/// The statuses in rising order.
fn statuses(answers: &[Answer]) -> Vec<u16> {
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    statuses
}
