//! Discovery, code with PKCE, the ID token's signature and nonce, userinfo, refresh, introspection and revocation, by
//! openidconnect. It prints where the browser is to go, and reads where the browser came back to.
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndUserEmail, HttpRequest, HttpResponse,
    IntrospectionUrl, IssuerUrl, Nonce, OAuth2TokenResponse, PkceCodeChallenge, RedirectUrl, RevocationUrl, Scope,
    TokenIntrospectionResponse, TokenResponse,
    core::{
        CoreAuthPrompt, CoreAuthenticationFlow, CoreClient, CoreJwsSigningAlgorithm, CoreProviderMetadata,
        CoreRevocableToken, CoreUserInfoClaims,
    },
    http::{Method, Response},
};
use std::{
    env,
    error::Error,
    fs,
    io::{self, BufRead},
};
use ureq::{
    Agent,
    tls::{Certificate, RootCerts, TlsConfig},
};

fn main() -> Result<(), Box<dyn Error>> {
    let [issuer, id, secret, login] =
        ["ISSUER", "CLIENT_ID", "CLIENT_SECRET", "LOGIN"].map(|name| env::var(name).expect(name));
    let [introspect, revoke] = ["INTROSPECT", "REVOKE"].map(|name| env::var(name).expect(name));
    let metadata = CoreProviderMetadata::discover(&IssuerUrl::new(issuer.clone())?, &ask)?;
    let client = CoreClient::from_provider_metadata(metadata, ClientId::new(id), Some(ClientSecret::new(secret)))
        .set_redirect_uri(RedirectUrl::new("https://app.example/callback".to_owned())?)
        .set_introspection_url(IntrospectionUrl::new(introspect)?)
        .set_revocation_url(RevocationUrl::new(revoke)?);

    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (url, state, nonce) = client
        .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
        .add_scopes(["email", "offline_access"].map(|scope| Scope::new(scope.to_owned())))
        .add_prompt(CoreAuthPrompt::Consent)
        .set_pkce_challenge(challenge)
        .url();
    println!("{url}");
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    let answer = openidconnect::url::Url::parse(answer.trim())?;
    let param = |name: &str| answer.query_pairs().find(|(own, _)| own == name).map(|(_, value)| value.into_owned());
    assert_eq!(param("state").as_ref(), Some(state.secret()));
    assert_eq!(param("iss"), Some(issuer));

    let code = AuthorizationCode::new(param("code").expect("a code"));
    let tokens = client.exchange_code(code)?.set_pkce_verifier(verifier).request(&ask)?;
    let id_token = tokens.id_token().expect("an ID token");
    assert_eq!(*id_token.signing_alg()?, CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256);
    let verifier = client.id_token_verifier();
    let claims = id_token.claims(&verifier, &nonce)?;
    if let Some(expected) = claims.access_token_hash() {
        let alg = id_token.signing_alg()?;
        let own = AccessTokenHash::from_token(tokens.access_token(), alg, id_token.signing_key(&verifier)?)?;
        assert_eq!(own, *expected);
    }
    assert!(id_token.claims(&verifier, &Nonce::new_random()).is_err(), "it is of this request alone");

    let email = EndUserEmail::new(format!("{login}@example.org"));
    let subject = claims.subject().clone();
    let told: CoreUserInfoClaims =
        client.user_info(tokens.access_token().clone(), Some(subject.clone()))?.request(&ask)?;
    assert_eq!(told.email(), Some(&email));

    let refresh_token = tokens.refresh_token().expect("a refresh token");
    let next = client.exchange_refresh_token(refresh_token)?.request(&ask)?;
    let worth = client.introspect(next.access_token()).request(&ask)?;
    assert!(worth.active() && worth.sub() == Some(subject.as_str()));

    let next = next.refresh_token().expect("the next refresh token").clone();
    client.revoke_token(CoreRevocableToken::RefreshToken(next.clone()))?.request(&ask)?;
    assert!(client.exchange_refresh_token(&next)?.request(&ask).is_err());
    eprintln!("openidconnect: ok");
    Ok(())
}

/// What the crate asks, by the net: of whoever has the certificate that this test trusts.
fn ask(request: HttpRequest) -> Result<HttpResponse, ureq::Error> {
    let trusted = fs::read(env::var("NODE_EXTRA_CA_CERTS").expect("a file"))?;
    let trusted = RootCerts::new_with_certs(&[Certificate::from_pem(&trusted)?]);
    let tls = TlsConfig::builder().root_certs(trusted).build();
    let agent = Agent::config_builder().http_status_as_error(false).max_redirects(0).tls_config(tls);
    let agent: Agent = agent.build().into();
    let answer = match *request.method() {
        Method::POST => agent.run(request)?,
        _ => agent.run(request.map(|_| ()))?,
    };
    let (head, mut body) = answer.into_parts();
    Ok(Response::from_parts(head, body.read_to_vec()?))
}
