//! Claims: what a client is told of a person (OpenID Connect Core, section 5).
mod standard;

pub use self::standard::{Address, BadClaims, StandardClaims};

use crate::{
    Provider,
    records::{self, key, read, written},
};
use auth_core::{document::*, ports::*, user::User, value::*};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

const KIND: &str = "claims";

/// How every person has signed in: by a password, over a connection that nobody else reads (`acr`; the class is of SAML 2.0
/// Authentication Context, section 3.4.4).
pub(crate) const ACR: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";

/// What every ID token says of a person's sign-in.
pub(crate) const OF_SIGN_IN: [&str; 5] = ["sub", "sid", "auth_time", "acr", "amr"];

/// The claims that there are, beside those of the sign-in, and the scope that each comes with (OpenID Connect Core,
/// section 5.4).
pub(crate) const KNOWN: [(&str, &str); 19] = [
    ("preferred_username", "profile"),
    ("name", "profile"),
    ("given_name", "profile"),
    ("family_name", "profile"),
    ("middle_name", "profile"),
    ("nickname", "profile"),
    ("profile", "profile"),
    ("picture", "profile"),
    ("website", "profile"),
    ("gender", "profile"),
    ("birthdate", "profile"),
    ("zoneinfo", "profile"),
    ("locale", "profile"),
    ("updated_at", "profile"),
    ("email", "email"),
    ("email_verified", "email"),
    ("address", "address"),
    ("phone_number", "phone"),
    ("phone_number_verified", "phone"),
];

/// Whether there is such a claim.
pub(crate) fn is_known(name: &str) -> bool {
    KNOWN.iter().any(|(known, _)| *known == name)
}

/// Of claims that were asked for one by one, those that a client of this scope may have: an operator may have taken some.
pub(crate) fn within(scope: &Scope, asked: &[String]) -> Vec<String> {
    asked.iter().filter(|name| scope_of(name).is_within(scope)).cloned().collect()
}

/// The scope that a claim comes with.
pub(crate) fn scope_of(name: &str) -> Scope {
    let of = KNOWN.iter().find(|(known, _)| *known == name).map_or("", |(_, of)| of);
    Scope::parse(of).expect("a word, or none")
}

/// What is kept of a person's claims.
#[derive(Serialize, Deserialize)]
struct Kept {
    claims: StandardClaims,
    updated_at: Timestamp,
}

/// The other ends of [`Provider::set_claims`].
#[derive(Debug, thiserror::Error)]
pub enum SetClaimsError {
    /// One of them breaks a rule.
    #[error(transparent)]
    Bad(#[from] BadClaims),
    /// There is no such account.
    #[error("there is no such account")]
    NotFound,
    /// The outside failed. The same request again does it, or does it once more without harm.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Provider {
    /// Keeps what else is known of a person, in the place of all that was.
    ///
    /// # Errors
    /// [`SetClaimsError`].
    pub async fn set_claims(&self, user: UserId, claims: &StandardClaims) -> Result<(), SetClaimsError> {
        let Ports { users, documents, events, clock, .. } = self.ports();
        claims.check()?;
        let key = of_user(user)?;
        let body = written(&Kept { claims: claims.clone(), updated_at: clock.now() })?;
        records::put(documents.as_ref(), &Document { key: key.clone(), expires_at: None, body }).await?;
        // Looked at afterwards: nothing is kept of an account that was deleted meanwhile.
        if users.by_id(user).await?.is_none() {
            records::remove(documents.as_ref(), &key).await?;
            return Err(SetClaimsError::NotFound);
        }
        events.record(&Event::ClaimsSet(user));
        Ok(())
    }

    /// What else is known of a person.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn standard_claims(&self, user: UserId) -> Outside<StandardClaims> {
        Ok(self.kept_claims(user).await?.map(|kept| kept.claims).unwrap_or_default())
    }

    /// What is told of this person within a scope, and of the claims that were asked for one by one.
    pub(crate) async fn claims_of(&self, user: &User, scope: &Scope, asked: &[String]) -> Outside<Map<String, Value>> {
        let wanted = KNOWN.iter().filter(|(name, of)| scope.has(of) || asked.iter().any(|asked| asked == name));
        let wanted: Vec<_> = wanted.map(|(name, _)| *name).collect();
        let mut told = own(user);
        // Most ask for no more than the account itself knows.
        if wanted.iter().any(|name| !told.contains_key(*name))
            && let Some(Kept { claims, updated_at }) = self.kept_claims(user.id).await?
        {
            let Value::Object(claims) = written(&claims)? else { unreachable!("they are members") };
            told.extend(claims);
            told.insert("updated_at".to_owned(), json!(updated_at));
        }
        told.retain(|name, _| wanted.contains(&name.as_str()));
        Ok(told)
    }

    async fn kept_claims(&self, user: UserId) -> Outside<Option<Kept>> {
        let found = self.ports().documents.find(&of_user(user)?).await?;
        found.map(|stored| read(&stored.value)).transpose()
    }
}

/// What the account itself knows.
fn own(user: &User) -> Map<String, Value> {
    let own = [
        ("preferred_username", json!(user.login.as_str())),
        ("locale", json!(user.locale.to_string())),
        ("email", json!(user.email.as_str())),
        // An account exists only once its address is proved.
        ("email_verified", json!(true)),
    ];
    own.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The account's own, so that they are forgotten with it.
fn of_user(user: UserId) -> Outside<DocumentKey> {
    let owner = user.to_string();
    key(KIND, &owner, "standard")
}
