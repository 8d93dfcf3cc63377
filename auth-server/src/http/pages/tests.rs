//! Whole visits, from request to answer, without a network.
use crate::{
    http::{Context, endpoint},
    testing::context,
};
use auth_core::{
    accounts::*,
    counter::Rule,
    policy::{Limits, Policy},
    ports::*,
    testing::*,
    value::*,
};
use auth_oidc::{Provider, client::Client};
use poem::{
    Endpoint, Request, Response,
    http::{Method, header},
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};
use url::form_urlencoded;

mod applications;
mod device;
mod logo;
mod reset;
mod sign_up;

const PASSWORD: &str = "a quiet green harbour";
const CALLBACK: &str = "https://app.example/cb";

/// A browser in front of a server.
struct Browser<E> {
    server: E,
    cookies: BTreeMap<String, String>,
    headers: Vec<(&'static str, String)>,
}

/// What it was answered.
struct Answer {
    status: u16,
    response: Response,
    body: String,
}

fn app(members: &Value) -> Client {
    let mut client = json!({
        "client_id": "app",
        "client_name": "Notes",
        "token_endpoint_auth_method": "none",
        "redirect_uris": [CALLBACK],
    });
    for (name, value) in members.as_object().unwrap() {
        client[name] = value.clone();
    }
    serde_json::from_value(client).unwrap()
}

fn provider(accounts: Accounts, client: Client) -> Provider {
    let api = json!({ "resource": "https://api.example", "name": "The archive", "scope": "read:all" });
    let resources = vec![serde_json::from_value(api).unwrap()];
    Provider::new(accounts, auth_oidc::Policy { clients: vec![client], resources, ..auth_oidc::Policy::default() })
}

/// Ann has an account; this browser is nobody's yet.
async fn ann(world: &World) {
    let (accounts, caller) = (world.accounts(), World::caller());
    let password = Password::parse(Secret::new(PASSWORD.to_owned())).unwrap();
    let (login, email) = ("ann".parse().unwrap(), "ann@example.org".parse().unwrap());
    let issued = accounts.register(&caller, Registration { login, email, password }).await.unwrap();
    accounts.confirm(&caller, issued.id, world.mailed_code()).await.unwrap();
    world.post.take();
}

async fn browser_with(world: &World, client: &Value) -> Browser<impl Endpoint<Output = Response> + use<>> {
    ann(world).await;
    let provider = provider(world.accounts(), app(client));
    Browser::of(Context { provider, ..context(world) })
}

async fn browser(world: &World) -> Browser<impl Endpoint<Output = Response> + use<>> {
    browser_with(world, &json!({})).await
}

/// A good request, with more, or other, parameters.
fn query(more: &[(&str, &str)]) -> String {
    let mut params = BTreeMap::from([
        ("client_id", "app"),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid email"),
        ("state", "xyz"),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
    ]);
    params.extend(more.iter().copied());
    form(&params.into_iter().collect::<Vec<_>>())
}

fn form(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// The text that a page has written so.
fn plain(html: &str) -> String {
    html.replace("&#x2f;", "/").replace("&quot;", "\"").replace("&#x27;", "'").replace("&amp;", "&")
}

/// The pages for whoever is yet to sign in, which are there for any request.
const ASKING: [&str; 4] = ["sign-in", "sign-up", "forgot", "reset"];

impl Browser<()> {
    fn of(context: Context) -> Browser<impl Endpoint<Output = Response> + use<>> {
        Browser { server: endpoint(context), cookies: BTreeMap::new(), headers: Vec::new() }
    }
}

impl<E: Endpoint<Output = Response>> Browser<E> {
    async fn send(&mut self, method: Method, path: &str, body: String) -> Answer {
        let mut request = Request::builder().method(method.clone()).uri_str(format!("/oauth2/{path}"));
        if !self.cookies.is_empty() {
            let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        if method == Method::POST {
            request = request.content_type("application/x-www-form-urlencoded");
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let mut response = self.server.get_response(request.body(body)).await;
        for line in response.headers().get_all(header::SET_COOKIE) {
            let line = line.to_str().unwrap();
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            if line.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let body = response.take_body().into_string().await.unwrap();
        Answer { status: response.status().as_u16(), response, body }
    }

    async fn get(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, String::new()).await
    }

    async fn authorize(&mut self, more: &[(&str, &str)]) -> Answer {
        self.get(&format!("authorize?{}", query(more))).await
    }

    /// Sends the form of a page, with this filled in and pressed.
    async fn fill(&mut self, page: &Answer, path: &str, fields: &[(&str, &str)]) -> Answer {
        let names = ["request", "csrf", "ticket", "id", "username", "email"];
        let hidden = names.map(|name| (name, page.hidden(name).unwrap_or_default()));
        let hidden = hidden.iter().map(|(name, value)| (*name, value.as_str()));
        let fields: BTreeMap<_, _> = hidden.chain(fields.iter().copied()).collect();
        let fields: Vec<_> = fields.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        self.send(Method::POST, path, form(&fields)).await
    }

    /// Goes where a link of a page leads.
    async fn follow(&mut self, page: &Answer, path: &str) -> Answer {
        let (_, rest) = page.body.split_once(&format!("<a href=\"{path}?")).unwrap();
        let query = plain(rest.split('"').next().unwrap());
        self.get(&format!("{path}?{query}")).await
    }

    async fn sign_in(&mut self, more: &[(&str, &str)]) -> Answer {
        let page = self.authorize(more).await.is(200, "login-submit");
        self.fill(&page, "sign-in", &[("username", "ann"), ("password", PASSWORD)]).await
    }
}

impl Answer {
    #[track_caller]
    fn is(self, status: u16, text: &str) -> Self {
        assert_eq!(self.status, status, "{}", self.body);
        assert!(self.body.contains(text), "{text} in {}", self.body);
        self
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.response.header(name)
    }

    /// What the callback is told.
    #[track_caller]
    fn told(&self) -> BTreeMap<String, String> {
        assert_eq!(self.status, 303, "{}", self.body);
        let location = self.header("location").unwrap();
        let (callback, query) = location.split_once('?').unwrap();
        assert_eq!(callback, CALLBACK);
        form_urlencoded::parse(query.as_bytes()).into_owned().collect()
    }

    /// The value of a hidden field.
    fn hidden(&self, name: &str) -> Option<String> {
        let (_, rest) = self.body.split_once(&format!("name=\"{name}\" value=\""))?;
        rest.split('"').next().map(plain)
    }

    fn set_cookies(&self) -> Vec<&str> {
        self.response.headers().get_all(header::SET_COOKIE).iter().map(|line| line.to_str().unwrap()).collect()
    }
}

#[tokio::test] // O-18, O-22
async fn a_person_signs_in_agrees_and_goes_back_with_a_code() {
    let world = World::default();
    let mut browser = browser(&world).await;
    let page = browser.sign_in(&[]).await.is(200, "consent-allow").is(200, "Notes asks for access");
    let page = page.is(200, "see your e-mail address").is(200, "app.example");
    let told = browser.fill(&page, "consent", &[("decision", "allow")]).await.told();
    assert_eq!(told["state"], "xyz");
    assert!(told.contains_key("code") && told.contains_key("iss"), "{told:?}");
    let told = browser.authorize(&[]).await.told();
    assert!(told.contains_key("code"), "once is enough: {told:?}");
}

#[tokio::test]
async fn whoever_says_no_goes_back_with_that() {
    let world = World::default();
    let mut browser = browser(&world).await;
    let page = browser.sign_in(&[]).await;
    let told = browser.fill(&page, "consent", &[("decision", "deny")]).await.told();
    assert_eq!(told["error"], "access_denied");
}

#[tokio::test] // O-03
async fn a_request_of_nobody_ends_here() {
    let world = World::default();
    let mut browser = browser(&world).await;
    for (name, value) in [
        ("client_id", "<script>alert(1)</script>"),
        ("client_id", "evil"),
        ("redirect_uri", "https://evil.example/cb"),
        ("redirect_uri", "javascript:alert(1)"),
    ] {
        for path in ASKING.iter().chain(&["authorize"]) {
            let page = browser.get(&format!("{path}?{}", query(&[(name, value)]))).await.is(400, "This cannot go on");
            assert_eq!(page.header("location"), None);
            for text in ["evil.example", "<script", "javascript:", "<a ", "<form", "app.example"] {
                assert!(!page.body.contains(text), "{text} in {}", page.body);
            }
        }
    }
}

#[tokio::test] // O-16
async fn nothing_that_a_request_names_is_more_than_text() {
    let world = World::default();
    let hostile = "\"'><script>alert(1)</script>";
    let client = json!({
        "client_name": hostile,
        "resources": ["https://api.example"],
        "policy_uri": "javascript:alert(1)",
        "tos_uri": "https://app.example/%22%3E%3Cscript%3E",
        "scope": "openid email read:all",
    });
    let mut browser = browser_with(&world, &client).await;
    let more = [
        ("state", hostile),
        ("nonce", hostile),
        ("login_hint", hostile),
        ("ui_locales", hostile),
        ("acr_values", hostile),
        (hostile, hostile),
        ("resource", "https://api.example"),
        ("scope", "openid email read:all"),
    ];
    let safe = |page: &Answer| {
        for text in ["<script", "\"'>", "javascript:"] {
            assert!(!page.body.contains(text), "{text} in {}", page.body);
        }
    };
    let page = browser.authorize(&more).await.is(200, "login-submit").is(200, "&quot;&#x27;&gt;&lt;script&gt;");
    safe(&page);
    let wrong = browser.fill(&page, "sign-in", &[("username", hostile), ("password", hostile)]).await;
    safe(&wrong.is(422, "&lt;script&gt;"));
    let page = browser.fill(&page, "sign-in", &[("username", "ann"), ("password", PASSWORD)]).await;
    safe(&page);
    let page = page.is(200, "read:all (at The archive)").is(200, "Its terms of service");
    assert!(!page.body.contains("Its privacy policy"), "{}", page.body);
    let page = browser.authorize(&[&more[..], &[("prompt", "select_account")]].concat()).await;
    safe(&page.is(200, "account-continue"));
    let page =
        browser.authorize(&[&more[..], &[("response_mode", "form_post"), ("prompt", "nonsense")]].concat()).await;
    safe(&page.is(200, "id=\"continue\"").is(200, "name=\"state\" value=\"&quot;&#x27;&gt;&lt;script&gt;"));
}

#[tokio::test] // P-17
async fn a_wrong_password_is_told_in_one_way() {
    let world = World::default();
    let mut browser = browser(&world).await;
    let page = browser.authorize(&[]).await;
    let long = "x".repeat(5_000);
    for (username, password) in [("ann", "wrong"), ("nobody", PASSWORD), ("ann", ""), ("", ""), ("ann", &long)] {
        let again = browser.fill(&page, "sign-in", &[("username", username), ("password", password)]).await;
        let again = again.is(422, "Wrong login or password.").is(422, "to continue to Notes");
        assert!(again.body.contains("aria-describedby=\"told\"") && again.body.contains("role=\"alert\""));
        assert_eq!(again.hidden("request"), page.hidden("request"));
        assert!(again.body.contains(&format!("type=\"text\" value=\"{username}\"")), "{}", again.body);
        assert!(again.set_cookies().is_empty() && !again.body.contains("xxx"), "{}", again.body);
    }
}

#[tokio::test] // P-19, P-26
async fn too_many_attempts_are_told_with_a_time() {
    let world = World::default();
    ann(&world).await;
    let limits =
        Limits { login_per_account_and_source: Rule::new(2, Duration::from_mins(10)), ..World::policy().limits };
    let accounts = world.accounts_with(Policy { limits, ..World::policy() });
    let mut browser = Browser::of(Context { provider: provider(accounts, app(&json!({}))), ..context(&world) });
    let page = browser.authorize(&[]).await;
    let fields = [("username", "ann"), ("password", "wrong")];
    let slow = loop {
        let answer = browser.fill(&page, "sign-in", &fields).await;
        if answer.status != 422 {
            break answer.is(429, "Too many attempts");
        }
    };
    assert!(slow.header("retry-after").is_some_and(|seconds| seconds.parse::<u64>().unwrap() > 0));
    assert!(slow.body.contains("value=\"ann\""), "{}", slow.body);
}

#[tokio::test] // R6, P-16, P-26
async fn without_room_or_without_a_store_a_page_says_so() {
    let world = World::default();
    ann(&world).await;
    let overloaded = || Err(Unavailable::Overloaded { service: "test", retry_after: Duration::from_secs(2) });
    let (calls, faulty) = (Recorder::default(), Faulty::default());
    let over = |ports| provider(Accounts::new(ports, world.secret.clone(), World::policy()), app(&json!({})));
    let recorded = over(world.ports.around(&calls));
    let mut browser = Browser::of(Context { provider: recorded, room: Box::new(overloaded), ..context(&world) });
    let page = browser.authorize(&[]).await;
    calls.take();
    let fields = [("username", "ann"), ("password", PASSWORD)];
    let busy = browser.fill(&page, "sign-in", &fields).await.is(503, "busy").is(503, "value=\"ann\"");
    assert_eq!((busy.header("retry-after"), calls.take()), (Some("2"), vec![]));
    for path in ["sign-up", "reset"] {
        let busy = browser.fill(&page, path, &fields).await.is(503, "busy").is(503, "<form");
        assert_eq!((busy.header("retry-after"), calls.take()), (Some("2"), vec![]), "{path}");
    }

    let ports = Ports { hasher: world.ports.hasher.clone(), ..world.ports.around(&faulty) };
    let mut browser = Browser::of(Context { provider: over(ports), ..context(&world) });
    let page = browser.sign_in(&[]).await.is(200, "consent-allow");
    let (email, password) = (("email", "bob@example.org"), ("password", PASSWORD));
    let id =
        world.secret.code_id("register", world.secret.subject(&"bob@example.org".parse().unwrap()), &*world.ports.rng);
    let id = id.to_string();
    let code = [("id", id.as_str()), ("code", "123456"), password];
    for (path, fields) in [
        ("sign-in", &fields[..]),
        ("sign-up", &[("username", "bob"), email, password]),
        ("confirm", &code),
        ("resend", &code),
        ("forgot", &[email]),
        ("reset", &code),
        ("consent", &[("decision", "allow")]),
        ("applications", &[("client_id", "app")]),
        ("logout", &[]),
    ] {
        faulty.arm(Plan { at: 1, mishap: Mishap::Fails, lasting: true });
        let away = browser.fill(&page, path, fields).await.is(503, "ry again shortly");
        assert!(!faulty.disarm().is_empty(), "{path} asks nothing of the stores");
        assert_eq!((away.header("retry-after"), away.set_cookies().len()), (Some("1"), 0), "{path}");
    }
    browser.authorize(&[]).await.is(200, "consent-allow");
}

#[tokio::test] // O-17
async fn a_form_of_another_browser_does_nothing() {
    let world = World::default();
    let (mut browser, provider) = (browser(&world).await, provider(world.accounts(), app(&json!({}))));
    let mut other = Browser::of(Context { provider, ..context(&world) });
    let (page, theirs) = (browser.authorize(&[]).await, other.authorize(&[]).await);
    let fields = [("username", "ann"), ("password", PASSWORD)];
    let csrf = |csrf| [&fields[..], &[("csrf", csrf)]].concat();
    for forged in ["", "x", &theirs.hidden("csrf").unwrap(), &page.hidden("csrf").unwrap()[1..]] {
        let stale = browser.fill(&page, "sign-in", &csrf(forged)).await.is(403, "Nothing was done");
        assert!(stale.body.contains("value=\"ann\"") && stale.hidden("csrf") == page.hidden("csrf"));
        assert!(!browser.cookies.contains_key("session"));
    }
    world.post.take();
    let (email, code) = (("email", "bob@example.org"), ("code", "123456"));
    for (path, fields) in [
        ("sign-up", &[("username", "bob"), email, fields[1]][..]),
        ("confirm", &[code, email]),
        ("resend", &[code, email]),
        ("forgot", &[email]),
        ("reset", &[code, email, fields[1]]),
    ] {
        for forged in ["", "x", &theirs.hidden("csrf").unwrap()] {
            let fields = [fields, &[("csrf", forged)]].concat();
            let stale = browser.fill(&page, path, &fields).await.is(403, "Nothing was done").is(403, "<form");
            assert!(stale.body.contains("bob@example.org") && !stale.body.contains(PASSWORD), "{}", stale.body);
        }
        assert!(world.post.take().is_empty(), "{path}");
    }
    let held = browser.cookies.remove("csrf").unwrap();
    let stale = browser.fill(&page, "sign-in", &fields).await.is(403, "Nothing was done");
    assert!(browser.cookies["csrf"] != held && stale.hidden("csrf") != page.hidden("csrf"), "a fresh one");
    let page = browser.fill(&stale, "sign-in", &fields).await.is(200, "consent-allow");
    for (path, fields) in [("consent", ("decision", "allow")), ("account", ("choice", "other")), ("logout", ("", ""))] {
        let stale = browser.fill(&page, path, &[("csrf", "x"), fields]).await.is(403, "Nothing was done");
        assert!(stale.set_cookies().is_empty() && browser.cookies.contains_key("session"), "{path}");
    }
    browser.authorize(&[]).await.is(200, "consent-allow");
}

#[tokio::test] // O-17
async fn a_ticket_is_good_for_its_page_its_request_and_a_while() {
    let world = World::default();
    let mut browser = browser(&world).await;
    let page = browser.sign_in(&[]).await;
    let other = query(&[("scope", "openid email profile")]);
    for (name, value) in [("ticket", "x"), ("ticket", ""), ("request", &other), ("decision", "perhaps")] {
        let fields = if name == "decision" { vec![(name, value)] } else { vec![("decision", "allow"), (name, value)] };
        browser.fill(&page, "consent", &fields).await.is(403, "Nothing was done").is(403, "consent-allow");
    }
    world.clock.advance(Duration::from_mins(11));
    let again = browser.fill(&page, "consent", &[("decision", "allow")]).await.is(403, "Nothing was done");
    assert!(browser.fill(&again, "consent", &[("decision", "allow")]).await.told().contains_key("code"));
}

#[tokio::test]
async fn an_account_is_chosen_or_another() {
    let world = World::default();
    let mut browser = browser(&world).await;
    let select = [("prompt", "select_account")];
    browser.sign_in(&[]).await;
    let page = browser.authorize(&select).await.is(200, "Continue as ann").is(200, "ann@example.org");
    browser.fill(&page, "account", &[("choice", "continue")]).await.is(200, "consent-allow");
    browser.fill(&page, "account", &[("choice", "continue"), ("ticket", "x")]).await.is(403, "account-continue");
    let page = browser.fill(&page, "account", &[("choice", "other")]).await.is(200, "login-submit");
    assert!(browser.cookies.contains_key("session"), "nobody is signed out");
    browser.fill(&page, "sign-in", &[("username", "ann"), ("password", PASSWORD)]).await.is(200, "consent-allow");
}

#[tokio::test] // OpenID Connect Core, section 3.1.2.1
async fn a_request_comes_as_a_form_from_any_site() {
    let world = World::default();
    let mut browser = browser(&world).await;
    browser.headers = vec![("origin", "https://evil.example".to_owned()), ("sec-fetch-site", "cross-site".to_owned())];
    let answer = browser.send(Method::POST, "authorize", query(&[])).await;
    assert_eq!((answer.status, answer.set_cookies().len()), (303, 0));
    let location = answer.header("location").unwrap().to_owned();
    browser.get(&location).await.is(200, "login-submit").is(200, "to continue to Notes");
    for path in ["sign-in", "sign-up", "confirm", "resend", "forgot", "reset", "account", "consent", "applications"] {
        browser.send(Method::POST, path, query(&[])).await.is(403, "origin_refused");
    }
    browser.headers = vec![("origin", "null".to_owned()), ("sec-fetch-site", "same-origin".to_owned())];
    browser.sign_in(&[]).await.is(200, "consent-allow");
}

#[tokio::test]
async fn what_is_no_form_is_refused() {
    let world = World::default();
    let browser = browser(&world).await;
    for path in ["authorize", "sign-in"] {
        for (media_type, body, status) in [
            ("application/json", &b"{}"[..], 415),
            ("application/x-www-form-urlencoded", b"\xff", 400),
            ("Application/X-WWW-Form-Urlencoded; charset=UTF-8", b"a=b", if path == "authorize" { 303 } else { 403 }),
        ] {
            let request = Request::builder().method(Method::POST).uri_str(format!("/oauth2/{path}"));
            let answer = browser.server.get_response(request.content_type(media_type).body(body.to_vec())).await;
            assert_eq!(answer.status(), status, "{path} {media_type}");
        }
    }
}

#[tokio::test]
async fn an_answer_goes_by_a_form_with_a_button() {
    let world = World::default();
    let mut browser = browser_with(&world, &json!({ "first_party": true })).await;
    let page = browser.sign_in(&[("response_mode", "form_post")]).await.is(200, "id=\"continue\"");
    assert!(page.hidden("code").is_some() && page.hidden("state").as_deref() == Some("xyz"), "{}", page.body);
    assert!(page.body.contains("action=\"https:&#x2f;&#x2f;app.example&#x2f;cb\""), "{}", page.body);
    assert!(!page.header("content-security-policy").unwrap().contains("form-action"));
}

#[tokio::test] // O-20
async fn signing_out_is_asked_first_and_ends_the_session_for_good() {
    let world = World::default();
    let mut browser = browser(&world).await;
    browser.get("logout").await.is(200, "You are not signed in");
    browser.sign_in(&[]).await;
    browser.get("logout?post_logout_redirect_uri=https://evil.example").await.is(400, "not registered");
    browser.get("logout?id_token_hint=a.b.c").await.is(400, "did not say which session");
    let page = browser.get("logout?ui_locales=ru").await.is(200, "ann");
    let session = browser.cookies["session"].clone();
    let done = browser.fill(&page.is(200, "logout-confirm"), "logout", &[]).await.is(200, "Вы вышли из аккаунта");
    assert_eq!((done.header("location"), browser.cookies.contains_key("session")), (None, false));
    assert!(browser.cookies.contains_key("device"), "the device is still known");
    browser.cookies.insert("session".to_owned(), session);
    browser.get("logout").await.is(200, "You are not signed in");
    browser.authorize(&[]).await.is(200, "login-submit");
}

#[tokio::test] // S-23
async fn cookies_are_as_the_public_url_says() {
    let world = World::default();
    ann(&world).await;
    let public_url = Some("https://auth.example".parse().unwrap());
    let provider = provider(world.accounts(), app(&json!({})));
    let mut browser = Browser::of(Context { provider, public_url, ..context(&world) });
    browser.headers = vec![("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Firefox/145.0".to_owned())];
    let page = browser.sign_in(&[]).await.is(200, "consent-allow");
    for (line, name) in page.set_cookies().iter().zip(["__Host-session=", "__Host-device="]) {
        assert!(line.starts_with(name) && line.contains("Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age="), "{line}");
    }
    assert_eq!(page.set_cookies().len(), 2);
    let accounts = world.accounts();
    let who = accounts.browser(&Secret::new(browser.cookies["__Host-session"].clone())).await.unwrap().unwrap();
    assert_eq!(who.session.device.unwrap().as_str(), "Firefox on Linux");
}

#[tokio::test] // P-25
async fn a_browser_that_is_known_is_not_slowed_down_by_others() {
    let world = World::default();
    ann(&world).await;
    let limits = Limits { login_per_account: Rule::new(3, Duration::from_mins(10)), ..World::policy().limits };
    let accounts = world.accounts_with(Policy { limits, ..World::policy() });
    let context = |accounts| Context { provider: provider(accounts, app(&json!({}))), ..context(&world) };
    let (mut owner, mut stranger) = (Browser::of(context(accounts.clone())), Browser::of(context(accounts)));
    owner.sign_in(&[]).await.is(200, "consent-allow");
    let page = stranger.authorize(&[]).await;
    while stranger.fill(&page, "sign-in", &[("username", "ann"), ("password", "wrong")]).await.status == 422 {}
    stranger.sign_in(&[]).await.is(429, "Too many attempts");
    owner.cookies.remove("session");
    owner.sign_in(&[]).await.is(200, "consent-allow");
}

#[tokio::test]
async fn a_page_is_in_the_language_of_its_reader() {
    let world = World::default();
    let mut browser = browser(&world).await;
    browser.authorize(&[]).await.is(200, "<html lang=\"en\">");
    browser.headers = vec![("accept-language", "ru-RU, en;q=0.5".to_owned())];
    browser.authorize(&[]).await.is(200, "<html lang=\"ru\">").is(200, "Войти");
    browser.authorize(&[("ui_locales", "fr en-GB ru")]).await.is(200, "<html lang=\"en\">");
    browser.authorize(&[("client_id", "evil"), ("ui_locales", "en")]).await.is(400, "<html lang=\"en\">");
    browser.authorize(&[("ui_locales", "fr \" ../")]).await.is(200, "<html lang=\"ru\">");
}

#[tokio::test] // O-15
async fn every_page_has_its_headers_and_its_style_may_be_kept() {
    let world = World::default();
    let mut browser = browser(&world).await;
    for path in ASKING.iter().chain(&["authorize", "applications", "logout"]) {
        let page = browser.get(&format!("{path}?{}", query(&[]))).await.is(200, "<link rel");
        for (name, value) in [
            ("content-type", "text/html; charset=utf-8"),
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            (
                "content-security-policy",
                "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'",
            ),
        ] {
            assert_eq!(page.header(name), Some(value), "{path}");
        }
    }
    let page = browser.authorize(&[]).await;
    let (_, rest) = page.body.split_once("<link rel=\"stylesheet\" href=\"").unwrap();
    let style = browser.get(rest.split('"').next().unwrap()).await.is(200, "prefers-color-scheme");
    assert_eq!(style.header("content-type"), Some("text/css; charset=utf-8"));
    assert_eq!(style.header("cache-control"), Some("public, max-age=31536000, immutable"));
    assert_eq!(browser.get("style.css?v=other").await.header("cache-control"), Some("no-store"));
}

#[tokio::test] // RFC 8252, section 8.6
async fn whoever_cannot_be_told_from_others_comes_with_a_warning() {
    let world = World::default();
    let local = "http://127.0.0.1/cb";
    let mut browser = browser_with(&world, &json!({ "redirect_uris": [local, CALLBACK] })).await;
    let warning = "pass itself off";
    assert!(!browser.sign_in(&[]).await.is(200, "consent-allow").body.contains(warning));
    browser.authorize(&[("redirect_uri", "http://127.0.0.1:4711/cb")]).await.is(200, warning).is(200, "127.0.0.1");
}

#[tokio::test] // OpenID Connect Core, section 3.1.2.4
async fn whoever_is_not_expected_is_told_so() {
    let world = World::default();
    let mut browser = browser(&world).await;
    let claims = json!({ "id_token": { "sub": { "value": "somebody else" } } }).to_string();
    browser.sign_in(&[("claims", &claims)]).await.is(200, "another account").is(200, "login-submit");
    assert!(browser.cookies.contains_key("session"));
}
