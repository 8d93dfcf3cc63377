//! A provider with one person, and clients that know how to ask.
use auth_core::{accounts::*, testing::World, value::*};
use auth_oidc::{
    Params, Policy, Provider, Userinfo,
    authorize::*,
    client::Client,
    error::{Error, ErrorCode},
    fetch::{FetchError, Fetched, Fetcher},
    token::{ClientRequest, Tokens},
};
use base64::prelude::*;
use serde_json::{Map, Value, json};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use url::form_urlencoded::Serializer;

/// RFC 7636, appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// RFC 7636, appendix B.
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// Where answers go, unless a test says otherwise.
pub const CALLBACK: &str = "https://app.example/cb";
/// The one service, beside the provider.
pub const API: &str = "https://api.example";

/// A service that every client may ask tokens for.
pub const TOOLS: &str = "https://tools.example/mcp";

/// A provider with one person, `ann`.
pub struct House {
    pub world: World,
    pub provider: Provider,
    pub web: Arc<Web>,
}

/// What is at which URL of the net outside, and how often each was asked for.
#[derive(Default)]
pub struct Web(Mutex<HashMap<String, Place>>);

struct Place {
    answer: Result<Fetched, FetchError>,
    asked: u32,
}

impl Web {
    /// From now on this is there.
    pub fn put(&self, url: &str, document: &Value) {
        self.put_for(url, document.to_string().as_bytes(), None);
    }

    /// From now on this is there, and good for so long.
    pub fn put_for(&self, url: &str, body: &[u8], max_age: Option<Duration>) {
        let content_type = Some("application/json".to_owned());
        self.set(url, Ok(Fetched { body: body.to_vec(), content_type, max_age }));
    }

    /// From now on this is there, as of this type.
    pub fn put_as(&self, url: &str, body: &[u8], content_type: Option<&str>) {
        self.set(
            url,
            Ok(Fetched { body: body.to_vec(), content_type: content_type.map(str::to_owned), max_age: None }),
        );
    }

    /// From now on nothing answers there.
    pub fn take_down(&self, url: &str) {
        self.set(url, Err(FetchError::Failed("it answered 500".to_owned())));
    }

    fn set(&self, url: &str, answer: Result<Fetched, FetchError>) {
        let mut all = self.0.lock().unwrap();
        let asked = all.get(url).map_or(0, |place| place.asked);
        all.insert(url.to_owned(), Place { answer, asked });
    }

    /// How often a URL was asked for.
    pub fn asked(&self, url: &str) -> u32 {
        self.0.lock().unwrap().get(url).map_or(0, |place| place.asked)
    }
}

#[async_trait::async_trait]
impl Fetcher for Web {
    async fn get(&self, url: &url::Url) -> Result<Fetched, FetchError> {
        let mut all = self.0.lock().unwrap();
        let nothing = || Place { answer: Err(FetchError::Failed("it answered 404".to_owned())), asked: 0 };
        let place = all.entry(url.to_string()).or_insert_with(nothing);
        place.asked += 1;
        place.answer.clone()
    }

    async fn post(&self, _: &url::Url, _: &[(&str, &str)]) -> Result<u16, FetchError> {
        Ok(404)
    }
}

/// A registered client, with its secret.
#[derive(Clone)]
pub struct App {
    pub client: Client,
    pub secret: Option<Secret>,
}

impl House {
    /// With one service, [`API`], that has `read` and `write`.
    pub async fn new() -> Self {
        let world = World::default();
        let resources = json!([
            { "resource": API, "name": "The API", "scope": "read write" },
            { "resource": TOOLS, "scope": "tools", "any_client": true },
        ]);
        let resources = serde_json::from_value(resources).unwrap();
        let provider = Provider::new(world.accounts(), Policy { resources, ..Policy::default() });
        let web = Arc::<Web>::default();
        let house = Self { world, provider: provider.with_fetcher(web.clone()), web };
        let (login, email) = ("ann".parse().unwrap(), "ann@example.org".parse().unwrap());
        let accounts = house.provider.accounts();
        let registration = Registration { login, email, password: password() };
        let issued = accounts.register(&World::caller(), registration).await.unwrap();
        accounts.confirm(&World::caller(), issued.id, house.world.mailed_code()).await.unwrap();
        house
    }

    /// The same house, where the deployment has decided something else.
    pub fn with_policy(self, change: impl FnOnce(&mut Policy)) -> Self {
        let mut policy = self.provider.policy().clone();
        change(&mut policy);
        let provider = Provider::new(self.world.accounts(), policy).with_fetcher(self.web.clone());
        Self { provider, ..self }
    }

    /// A client that is ours, and so needs no consent; with these members, and what else it needs.
    pub async fn app(&self, members: Value) -> App {
        let mut all = json!({
            "client_id": "app",
            "redirect_uris": [CALLBACK],
            "grant_types": ["authorization_code", "refresh_token"],
            "scope": "openid profile email offline_access read write",
            "resources": [API],
            "first_party": true,
        });
        for (name, value) in members.as_object().unwrap() {
            all[name] = value.clone();
        }
        let (client, secret) = self.provider.add_client(serde_json::from_value(all).unwrap()).await.unwrap();
        App { client, secret }
    }

    /// A client that keeps no secret.
    pub async fn public_app(&self) -> App {
        self.app(json!({ "client_id": "spa", "token_endpoint_auth_method": "none" })).await
    }

    /// Ann signs in at her browser.
    pub async fn sign_in(&self) -> SignedIn {
        let attempt = LoginAttempt { identifier: Identifier::parse("ann"), password: password(), device: None };
        self.provider.accounts().sign_in(&World::caller(), attempt, None).await.unwrap()
    }

    /// Somebody who is signed in, and has done nothing for this request.
    pub async fn visitor(&self) -> Visitor {
        Visitor { who: Some(self.sign_in().await.who), ..Visitor::default() }
    }

    /// What comes of a request.
    pub async fn authorize(&self, params: &Params, visitor: &Visitor) -> Authorization {
        self.provider.authorize(params, visitor).await.unwrap()
    }

    /// The answer to a request that no page is needed for.
    #[track_caller]
    pub fn answered(authorization: Authorization) -> Response {
        match authorization {
            Authorization::Answer(answer) => answer,
            other => panic!("no answer: {other:?}"),
        }
    }

    /// The `error` that a request is answered with.
    pub async fn refusal(&self, app: &App, changes: &[(&str, Option<&str>)]) -> Option<String> {
        let (params, visitor) = (app.request(changes), self.visitor().await);
        let answer = Self::answered(self.authorize(&params, &visitor).await);
        answer.get("error").map(str::to_owned)
    }

    /// A code for a request with these changes, in a new session.
    pub async fn code(&self, app: &App, changes: &[(&str, Option<&str>)]) -> String {
        let (params, visitor) = (app.request(changes), self.visitor().await);
        let answer = Self::answered(self.authorize(&params, &visitor).await);
        answer.get("code").unwrap_or_else(|| panic!("{:?}", answer.get("error_description"))).to_owned()
    }

    /// A request to the token endpoint.
    pub async fn token(&self, app: &App, params: &[(&str, &str)]) -> Result<Tokens, Error> {
        self.provider.token(&app.asks(params)).await
    }

    /// The code for tokens, as an honest client shows it.
    pub async fn exchange(&self, app: &App, code: &str) -> Result<Tokens, Error> {
        self.token(app, &honest(code)).await
    }

    /// The tokens that a client gets by a whole code flow.
    pub async fn tokens(&self, app: &App, changes: &[(&str, Option<&str>)]) -> Tokens {
        let code = self.code(app, changes).await;
        self.exchange(app, &code).await.unwrap()
    }

    /// The tokens that a client gets by a whole code flow in this session.
    pub async fn tokens_of(&self, app: &App, signed_in: &SignedIn, scope: &str) -> Tokens {
        let visitor = Visitor { who: Some(signed_in.who.clone()), ..Visitor::default() };
        let params = app.request(&[("scope", Some(scope))]);
        let answer = Self::answered(self.authorize(&params, &visitor).await);
        self.exchange(app, answer.get("code").expect("a code")).await.unwrap()
    }

    /// The next tokens.
    pub async fn refresh(&self, app: &App, tokens: &Tokens) -> Result<Tokens, Error> {
        let token = tokens.refresh_token.as_ref().expect("a refresh token").expose();
        self.token(app, &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    /// What the userinfo endpoint tells.
    pub async fn told(&self, tokens: &Tokens) -> Map<String, Value> {
        match self.provider.userinfo(&tokens.access_token).await.unwrap() {
            Userinfo::Claims(told) => told,
            Userinfo::Signed(_) => panic!("it is signed"),
        }
    }

    /// Whether an access token opens the userinfo endpoint.
    pub async fn opens(&self, tokens: &Tokens) -> bool {
        self.provider.userinfo(&tokens.access_token).await.is_ok()
    }
}

/// What an honest client shows with a code.
pub fn honest(code: &str) -> [(&str, &str); 4] {
    [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", CALLBACK), ("code_verifier", VERIFIER)]
}

/// Ann's.
pub fn password() -> Password {
    Password::parse(Secret::new("a quiet green harbour".to_owned())).unwrap()
}

impl App {
    /// An honest request of this client, with some parameters changed, or taken away.
    pub fn request(&self, changes: &[(&str, Option<&str>)]) -> Params {
        let mut params = vec![
            ("client_id", self.client.client_id.as_str()),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", "openid email"),
            ("state", "a state"),
            ("nonce", "n-1"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        params.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
        params.extend(changes.iter().filter_map(|(name, value)| Some((*name, (*value)?))));
        form(&params)
    }

    /// A request that this client proves itself with, in the way that it was registered for.
    pub fn asks(&self, params: &[(&str, &str)]) -> ClientRequest {
        let id = self.client.client_id.as_str();
        let mut params = params.to_vec();
        let secret = self.secret.as_ref().map(Secret::expose);
        let authorization = match (self.client.token_endpoint_auth_method.as_str(), secret) {
            ("client_secret_basic", Some(secret)) => Some(basic(id, secret)),
            ("client_secret_post", Some(secret)) => {
                params.extend([("client_id", id), ("client_secret", secret)]);
                None
            }
            _ => {
                params.push(("client_id", id));
                None
            }
        };
        ClientRequest { params: form(&params), authorization, ..ClientRequest::default() }
    }
}

/// RFC 7617.
pub fn basic(id: &str, secret: &str) -> Secret {
    Secret::new(format!("Basic {}", BASE64_STANDARD.encode(format!("{id}:{secret}"))))
}

pub fn form(params: &[(&str, &str)]) -> Params {
    Params::parse(&Serializer::new(String::new()).extend_pairs(params).finish())
}

/// The code of a refusal.
#[track_caller]
pub fn code_of<T>(result: Result<T, Error>) -> ErrorCode {
    match result {
        Err(Error::Refused(refusal)) => refusal.code,
        Err(Error::NonceNeeded(_)) => ErrorCode::UseDpopNonce,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("not refused"),
    }
}

/// What a JWS says, whoever signed it.
pub fn claims(token: &Secret) -> Value {
    part(token, 1)
}

/// The header of a JWS.
pub fn header(token: &Secret) -> Value {
    part(token, 0)
}

fn part(token: &Secret, at: usize) -> Value {
    let part = token.expose().split('.').nth(at).expect("three parts");
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
}
