//! The FAPI 2.0 Security Profile, for clients of that profile.
use crate::{house::*, signer::Signer};
use auth_core::{keys::Algorithm, value::Secret};
use auth_oidc::{
    authorize::Response,
    clients::AddClientError,
    error::{Error, ErrorCode::*},
    token::{ClientRequest, Tokens},
};
use aws_lc_rs::digest::{SHA256, digest};
use base64::prelude::*;
use serde_json::{Value, json};
use std::time::Duration;

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

fn members(key: &Signer) -> Value {
    json!({ "profile": "fapi2", "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": [key.jwk()] } })
}

/// A client of the profile: what it signs by, and the nonce that it was given last.
struct Bank {
    house: House,
    app: App,
    key: Signer,
    nonce: Option<String>,
}

impl Bank {
    async fn new() -> Self {
        let (house, key) = (House::new().await, Signer::new(Algorithm::Es256));
        let app = house.app(members(&key)).await;
        Self { house, app, key, nonce: None }
    }

    /// What every signature has: a name of its own, and its time.
    fn fresh(&self, mut claims: Value) -> Value {
        let mut jti = [0; 16];
        self.house.world.ports.rng.fill(&mut jti);
        let now = self.house.world.ports.clock.now().0;
        (claims["jti"], claims["iat"]) = (json!(BASE64_URL_SAFE_NO_PAD.encode(jti)), json!(now));
        claims
    }

    fn assertion(&self, aud: &Value) -> String {
        let exp = self.house.world.ports.clock.now().0 + 60;
        self.key.assertion(&self.fresh(json!({ "iss": "app", "sub": "app", "aud": aud, "exp": exp })))
    }

    fn proof(&self, method: &str, path: &str, token: Option<&Secret>) -> Secret {
        let htu = self.house.provider.endpoint(path);
        let mut claims = self.fresh(json!({ "htm": method, "htu": htu }));
        if let Some(nonce) = &self.nonce {
            claims["nonce"] = json!(nonce);
        }
        if let Some(token) = token {
            claims["ath"] = json!(BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, token.expose().as_bytes())));
        }
        let header = json!({ "typ": "dpop+jwt", "alg": self.key.alg(), "jwk": self.key.jwk() });
        Secret::new(self.key.sign(&header, &claims))
    }

    fn asks(&self, params: &str, dpop: Vec<Secret>) -> ClientRequest {
        let assertion = self.assertion(&json!(self.house.provider.issuer()));
        let params = auth_oidc::Params::parse(params);
        let params = params.with("client_assertion", &assertion).with("client_assertion_type", TYPE);
        ClientRequest { params, dpop, ..ClientRequest::default() }
    }

    async fn answer(&self, changes: &[(&str, Option<&str>)]) -> Result<Response, Error> {
        let pushed = self.house.provider.push(&self.asks(&self.app.request(changes).to_string(), Vec::new())).await?;
        let params = form(&[("client_id", "app"), ("request_uri", pushed.request_uri.expose())]);
        Ok(House::answered(self.house.authorize(&params, &self.house.visitor().await).await))
    }

    async fn exchange(&self, code: &str, dpop: Vec<Secret>) -> Result<Tokens, Error> {
        self.house.provider.token(&self.asks(&form(&honest(code)).to_string(), dpop)).await
    }

    /// Takes the nonce that a refusal brings.
    #[track_caller]
    fn take<T>(&mut self, refused: Result<T, Error>) {
        let Err(Error::NonceNeeded(nonce)) = refused else { panic!("no nonce") };
        self.nonce = Some(nonce);
    }
}

#[tokio::test] // O-28, O-33
async fn a_whole_flow() {
    let mut bank = Bank::new().await;
    let answer = bank.answer(&[]).await.unwrap();
    let code = answer.get("code").unwrap();
    let refused = bank.exchange(code, vec![bank.proof("POST", "/oauth2/token", None)]).await;
    bank.take(refused);
    let tokens = bank.exchange(code, vec![bank.proof("POST", "/oauth2/token", None)]).await.unwrap();
    assert_eq!(tokens.token_type, "DPoP");
    let token = &tokens.access_token;
    let proofs = [bank.proof("GET", "/oauth2/userinfo", Some(token))];
    let told = bank.house.provider.userinfo_by_proof(token, "GET", &proofs).await.unwrap();
    let auth_oidc::Userinfo::Claims(told) = told else { panic!("it is not to be signed") };
    assert_eq!(told["email"], "ann@example.org");
    assert_eq!(code_of(bank.house.provider.userinfo(token).await), InvalidToken);
}

#[tokio::test]
async fn section_5_3_2_1_only_a_client_that_signs_and_is_sent_answers_by_https_goes_with_it() {
    let house = House::new().await;
    let key = Signer::new(Algorithm::Es256);
    for (changes, member) in [
        (json!({ "token_endpoint_auth_method": "client_secret_basic", "jwks": null }), "token_endpoint_auth_method"),
        (json!({ "token_endpoint_auth_method": "none", "jwks": null }), "token_endpoint_auth_method"),
        (json!({ "redirect_uris": ["com.example.app:/cb"] }), "redirect_uris"),
        (json!({ "id_token_signed_response_alg": "RS256" }), "id_token_signed_response_alg"),
    ] {
        let mut all = json!({ "client_id": "app", "redirect_uris": [CALLBACK] });
        for (name, value) in members(&key).as_object().unwrap().iter().chain(changes.as_object().unwrap()) {
            all[name] = value.clone();
        }
        match house.provider.add_client(serde_json::from_value(all).unwrap()).await {
            Err(AddClientError::Bad(bad)) => assert_eq!(bad.member, member),
            other => panic!("{member}: {other:?}"),
        }
    }
    let mut local = members(&key);
    local["redirect_uris"] = json!([CALLBACK, "http://127.0.0.1/cb"]);
    house.app(local).await;
}

#[tokio::test] // O-28
async fn section_5_3_2_1_the_audience_of_an_assertion_is_the_issuer_alone_as_one_text() {
    let bank = Bank::new().await;
    let provider = &bank.house.provider;
    for (aud, taken) in [
        (json!(provider.issuer()), true),
        (json!([provider.issuer()]), false),
        (json!(provider.endpoint("/oauth2/token")), false),
        (json!(provider.endpoint("/oauth2/par")), false),
    ] {
        let request = bank.asks(&bank.app.request(&[]).to_string(), Vec::new());
        let params = request.params.without(&["client_assertion"]).with("client_assertion", &bank.assertion(&aud));
        let pushed = provider.push(&ClientRequest { params, ..ClientRequest::default() }).await;
        assert!(taken && pushed.is_ok() || code_of(pushed) == InvalidClient, "{aud}");
    }
}

#[tokio::test]
async fn section_5_3_2_2_a_request_is_pushed_with_pkce() {
    let bank = Bank::new().await;
    assert_eq!(bank.house.refusal(&bank.app, &[]).await.as_deref(), Some("invalid_request"));
    let without = [("code_challenge", None), ("code_challenge_method", None)];
    assert_eq!(code_of(bank.answer(&without).await), InvalidRequest);
    assert_eq!(code_of(bank.answer(&[("code_challenge_method", Some("plain"))]).await), InvalidRequest);
}

#[tokio::test] // O-33
async fn section_5_3_2_1_no_token_is_given_without_a_proof() {
    let bank = Bank::new().await;
    let answer = bank.answer(&[]).await.unwrap();
    let bare = bank.exchange(answer.get("code").unwrap(), Vec::new()).await;
    assert_eq!(code_of(bare), InvalidDpopProof);
}

#[tokio::test]
async fn rfc_9449_section_8_a_nonce_is_good_for_a_while_and_here_alone() {
    let mut bank = Bank::new().await;
    let tried = async |bank: &Bank| bank.exchange("x", vec![bank.proof("POST", "/oauth2/token", None)]).await;
    let refused = tried(&bank).await;
    bank.take(refused);
    for minutes in [0, 5] {
        bank.house.world.clock.advance(Duration::from_mins(minutes));
        assert_eq!(code_of(tried(&bank).await), InvalidGrant, "the nonce is good");
    }
    bank.house.world.clock.advance(Duration::from_mins(5));
    let (old, refused) = (bank.nonce.clone(), tried(&bank).await);
    bank.take(refused);
    assert_ne!(bank.nonce, old);
    assert_eq!(code_of(tried(&bank).await), InvalidGrant);
    bank.nonce = Some("00000000000000000000000000000000".to_owned());
    let refused = tried(&bank).await;
    bank.take(refused);
}

#[tokio::test]
async fn section_5_4_1_a_client_signs_by_what_is_strong() {
    let house = House::new().await;
    for (algorithm, taken) in [(Algorithm::Rs256, false), (Algorithm::Ps256, true), (Algorithm::EdDsa, true)] {
        let key = Signer::new(algorithm);
        let mut members = members(&key);
        members["client_id"] = json!(algorithm);
        let app = house.app(members).await;
        let now = house.world.ports.clock.now().0;
        let claims =
            json!({ "iss": algorithm, "sub": algorithm, "aud": house.provider.issuer(), "exp": now + 60, "jti": "1" });
        let params =
            app.request(&[]).with("client_assertion_type", TYPE).with("client_assertion", &key.assertion(&claims));
        let pushed = house.provider.push(&ClientRequest { params, ..ClientRequest::default() }).await;
        assert!(taken && pushed.is_ok() || code_of(pushed) == InvalidClient, "{algorithm}");
    }
    let bank = Bank::new().await;
    let other = Bank { key: Signer::new(Algorithm::Rs256), ..Bank::new().await };
    let proof = other.proof("POST", "/oauth2/token", None);
    assert_eq!(code_of(bank.exchange("x", vec![proof]).await), InvalidDpopProof, "a proof, too");
}
