//! An OAuth 2.0 authorization server and OpenID Provider as a library: for the people of some
//! [`Accounts`](auth_core::accounts::Accounts), over the same stores, and inside whatever HTTP framework its host has.
//!
//! | what | where |
//! | --- | --- |
//! | its parts, and what they share | [`Provider`] |
//! | a person's leave for a code: who asks, the checks, the person's part, the answer | [`authorize`] |
//! | the same request, brought by the client itself beforehand | [`par`] |
//! | a device that has no browser: a person lets it in on another | [`device`] |
//! | tokens: the steps that all share, and one file for each grant type | [`token`] |
//! | tokens that are bound to a key of the client | [`dpop`] |
//! | what a person has agreed to, and with whom | [`consent`], [`applications`] |
//! | what clients are told of a person, and who that is to each | [`claims`], `subject` |
//! | what tokens are worth: to a client, to a resource, and how they are given back | [`access_token`], `userinfo`, [`introspect`], `revoke` |
//! | the picture that a client is recognised by | [`logo`] |
//! | a client sends a person to sign out | [`logout`] |
//! | clients are told that a session has ended | `backchannel`, by the [outbox](auth_core::outbox) |
//! | clients that register themselves | [`register`] |
//! | clients that say who they are at an address that is their name | `client_documents` |
//! | clients, their secrets and where their answers may go | [`client`], [`clients`] |
//! | services that tokens are for | [`policy`], `resource` |
//! | servers that clients have named are asked | [`fetch`] |
//! | what all of it is, told to programs | [`discovery`] |
//! | what a client is told when the answer is no | [`error`] |
//!
//! The host brings the pages on which a person signs in and agrees; `auth-server` has some. A whole code flow:
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use auth_core::{accounts::*, testing::World, value::*};
//! use auth_oidc::{Params, Policy, Provider, Userinfo, authorize::*, token::ClientRequest};
//! # let world = World::default();
//! # let accounts = world.accounts();
//! # let password = Password::parse(Secret::new("a quiet green harbour".into()))?;
//! # let ask = Registration { login: "ann".parse()?, email: "a@example.org".parse()?, password: password.clone() };
//! # let issued = accounts.register(&World::caller(), ask).await?;
//! # accounts.confirm(&World::caller(), issued.id, world.mailed_code()).await?;
//! # let attempt = LoginAttempt { identifier: Identifier::parse("ann"), password, device: None };
//!
//! let provider = Provider::new(accounts, Policy::default());
//! let (client, secret) = provider.add_client(serde_json::from_str(
//!     r#"{ "client_id": "app", "redirect_uris": ["https://app.example/cb"], "first_party": true }"#,
//! )?).await?;
//!
//! // A browser brings a request of the client. The person signs in, and the answer goes back.
//! let request = Params::parse("client_id=app&redirect_uri=https%3A%2F%2Fapp.example%2Fcb&response_type=code\
//!     &scope=openid%20email&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256");
//! let Authorization::SignIn(_) = provider.authorize(&request, &Visitor::default()).await? else { panic!() };
//! let signed_in = provider.accounts().sign_in(&World::caller(), attempt, None).await?;
//! let visitor = Visitor::signed_in(signed_in.who);
//! let Authorization::Answer(answer) = provider.authorize(&request, &visitor).await? else { panic!() };
//!
//! // The client shows the code.
//! let code = answer.get("code").expect("a code");
//! let params = Params::parse(&format!("grant_type=authorization_code&code={code}&\
//!     redirect_uri=https%3A%2F%2Fapp.example%2Fcb&code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
//! # use base64::prelude::*;
//! let basic = format!("app:{}", secret.expect("it is shown once").expose());
//! let authorization = Some(Secret::new(format!("Basic {}", BASE64_STANDARD.encode(basic))));
//! let tokens = provider.token(&ClientRequest { params, authorization, ..ClientRequest::default() }).await?;
//! assert!(tokens.id_token.is_some());
//! let Userinfo::Claims(told) = provider.userinfo(&tokens.access_token).await? else { panic!() };
//! assert_eq!(told["email"], "a@example.org");
//! # Ok(())
//! # }
//! ```

pub mod access_token;
pub mod applications;
pub mod authorize;
mod backchannel;
pub mod claims;
pub mod client;
mod client_documents;
mod client_keys;
pub mod clients;
pub mod consent;
pub mod device;
pub mod discovery;
pub mod dpop;
pub mod error;
pub mod fetch;
mod grant;
mod hint;
pub mod introspect;
pub mod logo;
pub mod logout;
mod once;
pub mod par;
mod params;
pub mod policy;
mod provider;
mod records;
pub mod register;
mod resource;
mod revoke;
mod subject;
pub mod token;
mod userinfo;

pub use self::{
    params::Params,
    policy::{AccessTokenFormat, Policy, Resource},
    provider::{Provider, Standing, path},
    userinfo::Userinfo,
};
