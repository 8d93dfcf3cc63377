//! What a person has let clients do, on its page and by the API.
use super::*;

impl<E: Endpoint<Output = Response>> Browser<E> {
    /// Ann lets the client in.
    async fn agree(&mut self) {
        let page = self.sign_in(&[]).await.is(200, "consent-allow");
        assert!(self.fill(&page, "consent", &[("decision", "allow")]).await.told().contains_key("code"));
    }

    /// Ann withdraws, or does not, by this answer of hers.
    async fn withdraw(&mut self, page: &Answer, fields: &[(&str, &str)]) -> Answer {
        self.fill(page, "applications", &[&[("client_id", "app")], fields].concat()).await
    }

    /// An answer of the account API to Ann.
    async fn ask(&self, method: Method, path: &str, token: &Secret) -> (u16, Value) {
        let request = Request::builder().method(method).uri_str(format!("/api/v1/auth/{path}"));
        let request = request.header(header::AUTHORIZATION, format!("Bearer {}", token.expose())).finish();
        let mut response = self.server.get_response(request).await;
        let body = response.take_body().into_string().await.unwrap();
        (response.status().as_u16(), serde_json::from_str(&body).unwrap_or_default())
    }
}

#[tokio::test] // O-22
async fn a_person_sees_what_they_have_agreed_to_and_takes_it_back() {
    let world = World::default();
    let mut browser = browser(&world).await;
    browser.agree().await;
    let page = browser.get("applications").await.is(200, "Notes").is(200, "see your e-mail address");
    let page = page.is(200, "<time>2027-01-15</time>").is(200, "id=\"consent-withdraw\"");
    assert!(!page.body.contains("application-open"), "{}", page.body);
    for _ in 0..2 {
        let page = browser.withdraw(&page, &[]).await.is(200, "has no access to your account any more");
        assert!(page.body.contains("No application has access") && !page.body.contains("Notes"), "{}", page.body);
    }
    browser.authorize(&[]).await.is(200, "consent-allow");
}

#[tokio::test]
async fn whoever_comes_of_their_own_accord_signs_in_first() {
    let world = World::default();
    let mut browser = browser(&world).await;
    let page = browser.get("applications?ui_locales=ru").await.is(200, "login-submit").is(200, "Войти");
    let home = browser.fill(&page, "sign-in", &[("username", "ann"), ("password", PASSWORD)]).await;
    assert_eq!((home.status, home.header("location"), home.set_cookies().len()), (303, Some("applications"), 2));
    let page = browser.get("applications").await.is(200, "No application has access").is(200, "logout");
    browser.cookies.remove("session");
    browser.withdraw(&page, &[]).await.is(403, "login-submit");
}

#[tokio::test] // O-17
async fn a_form_of_another_page_withdraws_nothing() {
    let world = World::default();
    let mut browser = browser(&world).await;
    browser.agree().await;
    let page = browser.get("applications").await;
    for forged in [&[("csrf", "")][..], &[("csrf", "x")], &[("client_id", "a b")]] {
        browser.withdraw(&page, forged).await.is(403, "Nothing was done").is(403, "Notes");
    }
    assert!(browser.authorize(&[]).await.told().contains_key("code"));
}

#[tokio::test] // OpenID Connect Core, section 4; O-16
async fn a_client_that_can_begin_a_sign_in_is_opened() {
    for (uri, href) in [
        ("https://app.example/begin?at=home", Some("https://app.example/begin?at=home&iss=http%3A%2F%2F127.0.0.1")),
        ("https://app.example/\"'><script>", Some("https://app.example/%22'%3E%3Cscript%3E?iss=")),
        ("javascript:alert(1)", None),
    ] {
        let world = World::default();
        let client = json!({ "initiate_login_uri": uri, "client_name": "\"'><script>alert(1)</script>" });
        let mut browser = browser_with(&world, &client).await;
        browser.agree().await;
        let page = browser.get("applications").await.is(200, "&lt;script&gt;");
        assert!(!page.body.contains("<script") && !page.body.contains("javascript:"), "{}", page.body);
        let found =
            page.body.split_once("class=\"button\" href=\"").map(|(_, rest)| plain(rest.split('"').next().unwrap()));
        match href {
            Some(href) => assert!(found.as_ref().is_some_and(|found| found.starts_with(href)), "{found:?}"),
            None => assert_eq!(found, None),
        }
    }
}

#[tokio::test] // O-22
async fn the_api_tells_the_same_and_takes_it_back_too() {
    let world = World::default();
    let mut browser = browser(&world).await;
    browser.agree().await;
    let password = Password::parse(Secret::new(PASSWORD.to_owned())).unwrap();
    let attempt = LoginAttempt { identifier: Identifier::parse("ann"), password, device: None };
    let token = world.accounts().login(&World::caller(), attempt).await.unwrap().access_token;
    let given = json!({
        "client_id": "app",
        "client_name": "Notes",
        "granted": [{ "scope": "email openid" }],
        "given_at": "2027-01-15T08:00:00Z",
    });
    let told = browser.ask(Method::GET, "consents", &token).await;
    assert_eq!(told, (200, json!({ "consents": [given] })));
    for (client, status) in [("other", 404), ("a%20b", 404), ("app", 204), ("app", 404)] {
        assert_eq!(browser.ask(Method::DELETE, &format!("consents/{client}"), &token).await.0, status, "{client}");
    }
    assert_eq!(browser.ask(Method::GET, "consents", &token).await, (200, json!({ "consents": [] })));
    assert_eq!(browser.ask(Method::GET, "consents", &Secret::new("x".to_owned())).await.0, 401);
    browser.authorize(&[]).await.is(200, "consent-allow");
}
