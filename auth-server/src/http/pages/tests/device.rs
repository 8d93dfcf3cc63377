//! A device and its person, from the code on its screen to the last page.
use super::*;

const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A television, which is ours and would be asked nothing anywhere else.
fn tv() -> Value {
    json!({
        "client_id": "tv",
        "client_name": "The television",
        "redirect_uris": [],
        "grant_types": [DEVICE_CODE, "refresh_token"],
        "first_party": true,
    })
}

impl<E: Endpoint<Output = Response>> Browser<E> {
    /// What the device, which has no cookies, is told.
    async fn device(&mut self, path: &str, fields: &[(&str, &str)]) -> Value {
        let cookies = std::mem::take(&mut self.cookies);
        let answer = self.send(Method::POST, path, form(&[&[("client_id", "tv")], fields].concat())).await;
        self.cookies = cookies;
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        serde_json::from_str(&answer.body).unwrap()
    }

    async fn starts(&mut self) -> Value {
        self.device("device_authorization", &[("scope", "openid email")]).await
    }

    async fn polls(&mut self, device: &Value) -> Value {
        let code = device["device_code"].as_str().unwrap();
        self.device("token", &[("grant_type", DEVICE_CODE), ("device_code", code)]).await
    }

    async fn signed_in(&mut self) -> Answer {
        let page = self.get("device").await.is(200, "login-submit");
        self.fill(&page, "sign-in", &[("username", "ann"), ("password", PASSWORD)]).await.is(200, "device-submit")
    }
}

fn code(device: &Value) -> &str {
    device["user_code"].as_str().unwrap()
}

#[tokio::test] // O-30
async fn a_person_signs_in_types_the_code_and_lets_the_device_in() {
    let world = World::default();
    let mut browser = browser_with(&world, &tv()).await;
    let device = browser.starts().await;
    assert_eq!((&device["expires_in"], &device["interval"]), (&json!(600), &json!(5)));
    assert_eq!(browser.polls(&device).await["error"], "authorization_pending");
    assert_eq!(browser.polls(&device).await["error"], "slow_down");
    let page = browser.signed_in().await.is(200, "Type the code that your device shows.");
    let typed = code(&device).to_lowercase().replace('-', " ");
    let page = browser.fill(&page, "device", &[("user_code", &typed)]).await;
    for text in ["The television asks", "see your e-mail address", "Go on only if you started this", code(&device)] {
        assert!(page.body.contains(text), "{text} in {}", page.body);
    }
    let page = page.is(200, "consent-allow").is(200, "consent-deny");
    browser
        .fill(&page, "device-consent", &[("user_code", code(&device)), ("decision", "allow")])
        .await
        .is(200, "Return");
    let tokens = browser.polls(&device).await;
    assert!(tokens["access_token"].is_string() && tokens["id_token"].is_string(), "{tokens}");
    // Whatever was agreed to before, the next device is asked about again.
    let device = browser.starts().await;
    let page = browser.get("device").await.is(200, "device-submit");
    browser.fill(&page, "device", &[("user_code", code(&device))]).await.is(200, "consent-allow");
}

#[tokio::test] // O-30
async fn a_link_brings_the_code_and_does_nothing_by_itself() {
    let world = World::default();
    let mut browser = browser_with(&world, &tv()).await;
    let device = browser.starts().await;
    let (_, link) = device["verification_uri_complete"].as_str().unwrap().split_once("/oauth2/").unwrap();
    let page = browser.get(link).await.is(200, "login-submit");
    let page =
        browser.fill(&page, "sign-in", &[("username", "ann"), ("password", "wrong")]).await.is(422, "Wrong login");
    let page = browser.fill(&page, "sign-in", &[("username", "ann"), ("password", PASSWORD)]).await;
    let page = page.is(200, "Does your device show this very code?").is(200, code(&device));
    assert!(!page.body.contains("television"), "{}", page.body);
    assert_eq!(browser.polls(&device).await["error"], "authorization_pending");
    let other = browser.fill(&page, "account", &[("choice", "other")]).await.is(200, "login-submit");
    let page = browser.fill(&other, "sign-in", &[("username", "ann"), ("password", PASSWORD)]).await;
    let page = browser.fill(&page, "device", &[("user_code", code(&device))]).await.is(200, "The television asks");
    let fields = [("user_code", code(&device)), ("decision", "deny")];
    browser.fill(&page, "device-consent", &fields).await.is(200, "The device gets no access");
    assert_eq!(browser.polls(&device).await["error"], "access_denied");
    browser.fill(&page, "device-consent", &fields).await.is(422, "No device waits with this code.");
}

#[tokio::test] // O-30
async fn a_wrong_code_is_told_and_too_many_are_put_off() {
    let world = World::default();
    ann(&world).await;
    let limits = Limits { user_code_per_account: Rule::new(2, Duration::from_mins(10)), ..World::policy().limits };
    let accounts = world.accounts_with(Policy { limits, ..World::policy() });
    let mut browser = Browser::of(Context { provider: provider(accounts, app(&tv())), ..context(&world) });
    let page = browser.signed_in().await;
    for _ in 0..3 {
        let again = browser.fill(&page, "device", &[("user_code", "no code")]).await.is(422, "No device waits");
        assert!(again.body.contains("value=\"no code\"") && again.body.contains("aria-invalid"), "{}", again.body);
    }
    for _ in 0..2 {
        browser.fill(&page, "device", &[("user_code", "BBBB-BBBB")]).await.is(422, "No device waits");
    }
    let slow = browser.fill(&page, "device", &[("user_code", "BBBB-BBBB")]).await.is(429, "Too many attempts");
    assert!(slow.header("retry-after").is_some());
}

#[tokio::test] // O-17
async fn a_form_of_another_browser_lets_no_device_in() {
    let world = World::default();
    let mut browser = browser_with(&world, &tv()).await;
    let device = browser.starts().await;
    let page = browser.signed_in().await;
    let typed = [("user_code", code(&device))];
    browser.fill(&page, "device", &[typed[0], ("csrf", "x")]).await.is(403, "Nothing was done");
    let page = browser.fill(&page, "device", &typed).await.is(200, "consent-allow");
    let allow = [typed[0], ("decision", "allow")];
    for forged in [("csrf", "x"), ("ticket", ""), ("ticket", "1..x.y"), ("user_code", "BBBB-BBBB"), ("decision", "")] {
        let fields: BTreeMap<_, _> = allow.iter().chain([&forged]).copied().collect();
        let fields: Vec<_> = fields.into_iter().collect();
        browser.fill(&page, "device-consent", &fields).await.is(403, "Nothing was done");
    }
    browser.headers = vec![("origin", "https://evil.example".to_owned())];
    browser.fill(&page, "device-consent", &allow).await.is(403, "origin_refused");
    browser.headers.clear();
    let session = browser.cookies.remove("session").unwrap();
    browser.fill(&page, "device-consent", &allow).await.is(403, "login-submit");
    browser.fill(&page, "device", &typed).await.is(200, "login-submit");
    browser.cookies.insert("session".to_owned(), session);
    browser.headers.clear();
    assert_eq!(browser.polls(&device).await["error"], "authorization_pending");
    browser.fill(&page, "device-consent", &allow).await.is(200, "Return to your device");
}

#[tokio::test] // O-16
async fn nothing_on_the_way_is_more_than_text_and_no_client_can_send_people_there() {
    let world = World::default();
    let hostile = "\"'><script>alert(1)</script>";
    let mut client = tv();
    client["client_name"] = hostile.into();
    let mut browser = browser_with(&world, &client).await;
    let device = browser.starts().await;
    browser.signed_in().await;
    let page = browser.get(&format!("device?{}", form(&[("user_code", hostile), ("client_id", "tv")]))).await;
    let page = page.is(200, "&lt;script&gt;").is(200, "device-submit");
    let page = browser.fill(&page, "device", &[("user_code", code(&device))]).await.is(200, "&lt;script&gt;");
    assert!(!page.body.contains("<script"), "{}", page.body);
    browser.authorize(&[("page", "device"), ("client_id", "tv")]).await.is(400, "This cannot go on");
}

#[tokio::test] // O-24
async fn a_person_is_told_that_nobody_vouches_for_a_device_that_has_registered_itself() {
    let nobodys = "sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    for (members, told) in [(json!({}), false), (json!({ "first_party": false, "registration_token": nobodys }), true)]
    {
        let (world, mut client) = (World::default(), tv());
        for (name, value) in members.as_object().unwrap() {
            client[name] = value.clone();
        }
        let mut browser = browser_with(&world, &client).await;
        let device = browser.starts().await;
        let page = browser.signed_in().await;
        let page = browser.fill(&page, "device", &[("user_code", code(&device))]).await.is(200, "consent-allow");
        assert_eq!(page.body.contains("Nobody here vouches that The television"), told, "{}", page.body);
    }
}
