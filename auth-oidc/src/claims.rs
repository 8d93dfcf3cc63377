//! Claims: what a client is told of a person (OpenID Connect Core, section 5).
use auth_core::{user::User, value::Scope};
use serde_json::{Map, Value, json};

/// The claims that there are, beside `sub`, and the scope that each comes with (OpenID Connect Core, section 5.4).
pub(crate) const KNOWN: [(&str, &str); 4] =
    [("preferred_username", "profile"), ("locale", "profile"), ("email", "email"), ("email_verified", "email")];

/// Whether there is such a claim.
pub(crate) fn is_known(name: &str) -> bool {
    KNOWN.iter().any(|(known, _)| *known == name)
}

/// The scope that a claim comes with.
pub(crate) fn scope_of(name: &str) -> Scope {
    let of = KNOWN.iter().find(|(known, _)| *known == name).map_or("", |(_, of)| of);
    Scope::parse(of).expect("a word, or none")
}

/// What is told of this person within a scope, and of the claims that were asked for one by one.
pub(crate) fn of(user: &User, scope: &Scope, asked: &[String]) -> Map<String, Value> {
    let told = KNOWN.iter().filter(|(name, of)| scope.has(of) || asked.iter().any(|asked| asked == name));
    told.map(|(name, _)| ((*name).to_owned(), value(user, name))).collect()
}

fn value(user: &User, name: &str) -> Value {
    match name {
        "preferred_username" => json!(user.login.as_str()),
        "locale" => json!(user.locale.to_string()),
        "email" => json!(user.email.as_str()),
        // An account exists only once its address is proved.
        "email_verified" => json!(true),
        _ => Value::Null,
    }
}
