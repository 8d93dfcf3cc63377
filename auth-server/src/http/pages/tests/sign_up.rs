//! A stranger gets an account on the pages, and goes where a client has sent them.
use super::*;

const BOB: [(&str, &str); 3] = [("username", "bob"), ("email", "bob@example.org"), ("password", PASSWORD)];

impl<E: Endpoint<Output = Response>> Browser<E> {
    /// The page where the code is typed, for Bob who has come by this request.
    async fn sign_up(&mut self, more: &[(&str, &str)]) -> Answer {
        let page = self.authorize(more).await.is(200, "Create an account");
        let page = self.follow(&page, "sign-up").await.is(200, "register-submit");
        self.fill(&page, "sign-up", &BOB).await
    }
}

#[tokio::test] // O-18, O-19
async fn whoever_creates_an_account_on_the_way_ends_at_the_client() {
    let world = World::default();
    let mut browser = browser(&world).await;
    let page = browser.sign_up(&[]).await.is(200, "confirm-submit").is(200, "to continue to Notes");
    let page = page.is(200, "<bdi>bob@example.org</bdi>");
    assert!(!page.body.contains(PASSWORD) && page.set_cookies().is_empty(), "{}", page.body);
    let code = world.mailed_code();
    for wrong in ["", "12345", "x", "0000000000"] {
        let again = browser.fill(&page, "confirm", &[("code", wrong)]).await.is(422, "That code is not");
        assert_eq!((again.hidden("id"), again.hidden("email")), (page.hidden("id"), page.hidden("email")));
        assert!(!browser.cookies.contains_key("session"));
    }
    let typed = format!(" {} ", code.expose());
    let page = browser.fill(&page, "confirm", &[("code", &typed)]).await.is(200, "consent-allow").is(200, "bob");
    assert_eq!(page.set_cookies().len(), 2, "a session, and a device");
    let told = browser.fill(&page, "consent", &[("decision", "allow")]).await.told();
    assert!(told["state"] == "xyz" && told.contains_key("code"), "{told:?}");
}

#[tokio::test] // K-03
async fn a_code_that_is_shown_again_signs_nobody_in() {
    let world = World::default();
    let (mut browser, mut other) = (browser(&world).await, Browser::of(context(&world)));
    let page = browser.sign_up(&[]).await;
    let code = world.mailed_code();
    let typed = [("code", code.expose())];
    browser.fill(&page, "confirm", &typed).await.is(200, "consent-allow");
    let id = page.hidden("id").unwrap();
    let theirs = other.get("sign-up").await;
    other.fill(&theirs, "confirm", &[typed[0], ("id", &id)]).await.is(422, "That code is not");
    assert!(!other.cookies.contains_key("session"));
}

#[tokio::test] // P-08
async fn what_is_wrong_is_said_beside_the_field_and_the_rest_is_kept() {
    let world = World::default();
    let mut browser = browser(&world).await;
    let page = browser.get("sign-up").await.is(200, "At least 15 characters");
    let long = "x".repeat(257);
    let own = "bob@example.org 123456";
    for (username, email, password, said) in [
        ("b", "bob@example.org", PASSWORD, &["A login has 3 to 32"][..]),
        ("ann", "bob@example.org", PASSWORD, &["Somebody has that login"]),
        ("ANN", "bob@example.org", PASSWORD, &["Somebody has that login"]),
        ("bob", "bob", PASSWORD, &["not one e-mail address"]),
        ("bob", "bob@example.org", "short", &["at least 15 characters"]),
        ("bob", "bob@example.org", "", &["at least 15 characters"]),
        ("bob", "bob@example.org", &long, &["at most 256 characters"]),
        ("bob", "bob@example.org", "passwordpassword", &["first that anyone would try"]),
        ("bob", "bob@example.org", own, &["little more than your login"]),
        ("b", "", "", &["A login has 3 to 32", "not one e-mail address", "at least 15 characters"]),
    ] {
        let fields = [("username", username), ("email", email), ("password", password)];
        let again = browser.fill(&page, "sign-up", &fields).await.is(422, "look again at what is marked");
        for text in said {
            assert!(again.body.contains(text), "{text} in {}", again.body);
        }
        assert_eq!(again.body.matches("aria-invalid").count(), said.len(), "{}", again.body);
        let kept = [("username", username), ("email", email), ("password", "")];
        for (name, value) in kept {
            let (_, input) = again.body.split_once(&format!("<input id=\"{name}\"")).unwrap();
            let input = input.split('>').next().unwrap();
            assert!(input.contains(&format!("value=\"{value}\"")), "{value} in {input}");
        }
        assert!(world.post.take().is_empty());
    }
}

#[tokio::test] // K-10
async fn an_address_that_has_an_account_is_answered_as_any_other() {
    let world = World::default();
    let mut browser = browser(&world).await;
    let page = browser.get("sign-up").await;
    let mut answers = Vec::new();
    for email in ["ann@example.org", "bob@example.org"] {
        let answer = browser.fill(&page, "sign-up", &[BOB[0], ("email", email), BOB[2]]).await.is(200, email);
        let own = [email.to_owned(), answer.hidden("id").unwrap()];
        answers.push(own.iter().fold(answer.body, |body, text| body.replace(text.as_str(), "")));
    }
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn a_login_that_is_taken_meanwhile_is_told_where_another_can_be_chosen() {
    let world = World::default();
    let mut browser = browser(&world).await;
    let page = browser.sign_up(&[]).await;
    let code = world.mailed_code();
    let (accounts, caller) = (world.accounts(), World::caller());
    let password = Password::parse(Secret::new(PASSWORD.to_owned())).unwrap();
    let (login, email) = ("bob".parse().unwrap(), "other@example.org".parse().unwrap());
    let issued = accounts.register(&caller, Registration { login, email, password }).await.unwrap();
    accounts.confirm(&caller, issued.id, world.mailed_code()).await.unwrap();
    let again = browser.fill(&page, "confirm", &[("code", code.expose())]).await;
    let again = again.is(422, "Somebody has that login").is(422, "register-submit").is(422, "to continue to Notes");
    assert!(again.body.contains("value=\"bob@example.org\""), "{}", again.body);
}

#[tokio::test]
async fn another_code_takes_the_place_of_the_one_before() {
    let world = World::default();
    let mut browser = browser(&world).await;
    let page = browser.sign_up(&[]).await;
    let old = world.mailed_code();
    let again = browser.fill(&page, "resend", &[]).await.is(200, "another code is on its way");
    let new = world.mailed_code();
    let unknown = browser.fill(&page, "resend", &[("id", "x")]).await.is(200, "another code is on its way");
    assert!(world.post.take().is_empty() && unknown.body.contains("confirm-submit"));
    assert_ne!(old.expose(), new.expose());
    browser.fill(&again, "confirm", &[("code", old.expose())]).await.is(422, "That code is not");
    browser.fill(&again, "confirm", &[("code", new.expose())]).await.is(200, "consent-allow");
}

#[tokio::test] // Initiating User Registration via OpenID Connect, section 4.1
async fn a_client_may_want_a_new_account_and_the_person_may_have_one() {
    let world = World::default();
    let mut browser = browser(&world).await;
    let create = [("prompt", "create"), ("login_hint", "bob@example.org")];
    let page = browser.authorize(&create).await.is(200, "register-submit").is(200, "value=\"bob@example.org\"");
    let page = browser.follow(&page, "sign-in").await.is(200, "login-submit");
    let again = browser.fill(&page, "sign-in", &[("username", "ann"), ("password", "wrong")]).await;
    let page = again.is(422, "login-submit");
    browser.fill(&page, "sign-in", &[("username", "ann"), ("password", PASSWORD)]).await.is(200, "consent-allow");
    browser.authorize(&create).await.is(200, "register-submit");
}

#[tokio::test] // P-26
async fn whoever_asks_for_too_many_codes_is_told_when_to_come_back() {
    let world = World::default();
    let limits = Limits { mail_per_source: Rule::new(1, Duration::from_mins(10)), ..World::policy().limits };
    let accounts = world.accounts_with(Policy { limits, ..World::policy() });
    let mut browser = Browser::of(Context { provider: provider(accounts, app(&json!({}))), ..context(&world) });
    let page = browser.sign_up(&[]).await.is(200, "confirm-submit");
    let slow = browser.fill(&page, "resend", &[]).await.is(429, "Too many attempts").is(429, "confirm-submit");
    assert!(slow.header("retry-after").is_some() && slow.hidden("id") == page.hidden("id"));
    browser.sign_up(&[]).await.is(429, "Too many attempts").is(429, "value=\"bob\"");
}

#[tokio::test] // O-16
async fn nothing_that_a_person_types_is_more_than_text() {
    let world = World::default();
    let mut browser = browser(&world).await;
    let hostile = "\"'><script>alert(1)</script>";
    let safe = |page: Answer| {
        for text in ["<script", "\"'>"] {
            assert!(!page.body.contains(text), "{text} in {}", page.body);
        }
        assert!(page.body.contains("&lt;script&gt;"), "{}", page.body);
        page
    };
    let names = ["username", "email", "password", "code", "id", "request"];
    let fields = names.map(|name| (name, if name == "request" { "" } else { hostile }));
    for path in ASKING {
        let page = browser.get(&format!("{path}?{}", form(&[("id", hostile), (hostile, hostile)]))).await;
        assert!(!page.body.contains("<script"), "{}", page.body);
        safe(browser.fill(&page, path, &fields).await.is(422, "<form"));
    }
    let page = browser.get("sign-up").await;
    for path in ["confirm", "resend"] {
        safe(browser.fill(&page, path, &fields).await);
    }
    let own = [("username", "bob"), ("email", "\"<b>'\"@example.org"), ("password", PASSWORD)];
    assert!(!browser.fill(&page, "sign-up", &own).await.body.contains("<b>"));
}

/// A pushed request is over some time, and a signed one; whoever types meanwhile has an account all the same.
#[tokio::test]
async fn what_is_typed_for_a_request_that_is_over_is_not_lost() {
    let world = World::default();
    ann(&world).await;
    let provider = provider(world.accounts(), app(&json!({ "client_id": "other" })));
    provider.add_client(app(&json!({}))).await.unwrap();
    let mut browser = Browser::of(Context { provider: provider.clone(), ..context(&world) });
    let page = browser.authorize(&[]).await.is(200, "Create an account");
    let page = browser.follow(&page, "sign-up").await.is(200, "register-submit");
    provider.remove_client(&"app".parse().unwrap()).await.unwrap();
    let page = browser.fill(&page, "sign-up", &BOB).await.is(200, "confirm-submit");
    assert!(page.hidden("id").is_some() && !page.body.contains("Notes"), "{}", page.body);
    browser.get(&format!("sign-up?{}", query(&[]))).await.is(400, "not known");
}
