//! Whoever has forgotten a password chooses a new one on the pages.
use super::*;

const NEW: &str = "seven slow river barges";

impl<E: Endpoint<Output = Response>> Browser<E> {
    /// The page where the new password is chosen, for whoever has come by this request.
    async fn forget(&mut self, email: &str) -> Answer {
        let page = self.authorize(&[]).await.is(200, "Forgot your password?");
        let page = self.follow(&page, "forgot").await.is(200, "forgot-submit");
        self.fill(&page, "forgot", &[("email", email)]).await
    }
}

#[tokio::test] // K-25, O-18
async fn whoever_has_forgotten_the_password_ends_at_the_client() {
    let world = World::default();
    let mut browser = browser(&world).await;
    let page = browser.forget("ann@example.org").await.is(200, "reset-submit").is(200, "<bdi>ann@example.org</bdi>");
    let code = world.mailed_code();
    let typed = |code, password| [("code", code), ("password", password)];
    for (wrong, password, said) in [
        ("12345", NEW, "That code is not"),
        ("0000000000", NEW, "That code is not"),
        (code.expose(), "short", "at least 15 characters"),
        (code.expose(), "", "at least 15 characters"),
        (code.expose(), "ann@example.org 123456", "little more than your login"),
    ] {
        let again = browser.fill(&page, "reset", &typed(wrong, password)).await.is(422, said).is(422, "reset-submit");
        assert_eq!(again.hidden("id"), page.hidden("id"));
        assert!(!again.body.contains(NEW) && !again.body.contains("123456"), "{}", again.body);
    }
    let page = browser.fill(&page, "reset", &typed(code.expose(), NEW)).await;
    let page = page.is(200, "Your password is changed").is(200, "login-submit").is(200, "to continue to Notes");
    assert!(!browser.cookies.contains_key("session") && page.body.contains("value=\"ann@example.org\""));
    browser.fill(&page, "sign-in", &[("username", "ann"), ("password", PASSWORD)]).await.is(422, "Wrong login");
    let page = browser.fill(&page, "sign-in", &[("username", "ann@example.org"), ("password", NEW)]).await;
    let page = page.is(200, "consent-allow");
    assert!(browser.fill(&page, "consent", &[("decision", "allow")]).await.told().contains_key("code"));
}

#[tokio::test] // K-10
async fn an_address_without_an_account_is_answered_as_any_other() {
    let world = World::default();
    let mut browser = browser(&world).await;
    let mut answers = Vec::new();
    for email in ["ann@example.org", "nobody@example.org"] {
        let page = browser.forget(email).await.is(200, email);
        let wrong = browser.fill(&page, "reset", &[("code", "0000000000"), ("password", NEW)]).await;
        let own = [email.to_owned(), page.hidden("id").unwrap()];
        let both = page.body + &wrong.is(422, "That code is not").body;
        answers.push(own.iter().fold(both, |body, text| body.replace(text.as_str(), "")));
    }
    assert_eq!(answers[0], answers[1]);
    let page = browser.get("forgot").await;
    browser.fill(&page, "forgot", &[("email", "ann")]).await.is(422, "not one e-mail address").is(422, "value=\"ann\"");
}

#[tokio::test]
async fn the_link_of_the_mail_leads_to_the_page_and_the_page_home() {
    let world = World::default();
    let (mut browser, mut other) = (browser(&world).await, Browser::of(context(&world)));
    let id = browser.forget("ann@example.org").await.hidden("id").unwrap();
    let code = world.mailed_code();
    let page = other.get(&format!("reset?id={id}")).await.is(200, "Enter the code from the mail");
    let page = other.fill(&page, "reset", &[("code", code.expose()), ("password", NEW)]).await;
    let page = page.is(200, "Your password is changed");
    let home = other.fill(&page, "sign-in", &[("username", "ann"), ("password", NEW)]).await;
    assert_eq!((home.status, home.set_cookies().len()), (303, 2));
    let home = home.header("location").unwrap().to_owned();
    other.get(&home).await.is(200, "ann");
}

#[tokio::test] // P-26
async fn whoever_asks_for_too_many_codes_is_told_when_to_come_back() {
    let world = World::default();
    let limits = Limits { mail_per_source: Rule::new(1, Duration::from_mins(10)), ..World::policy().limits };
    let accounts = world.accounts_with(Policy { limits, ..World::policy() });
    let mut browser = Browser::of(Context { provider: provider(accounts, app(&json!({}))), ..context(&world) });
    browser.forget("ann@example.org").await.is(200, "reset-submit");
    let slow = browser.forget("ann@example.org").await.is(429, "Too many attempts").is(429, "forgot-submit");
    assert!(slow.header("retry-after").is_some() && slow.body.contains("value=\"ann@example.org\""));
}
