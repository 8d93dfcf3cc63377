//! Resources: the services that access tokens are for (RFC 8707).
use crate::{
    Params,
    client::{Client, GrantType},
    error::{
        ErrorCode::{InvalidScope, InvalidTarget},
        Refusal, refused,
    },
    policy::{AccessTokenFormat, Policy, own_scope},
};
use auth_core::value::Scope;
use std::collections::BTreeMap;

/// The resources that a request names, each once.
pub(crate) fn named(params: &Params) -> Vec<String> {
    let mut named: Vec<_> = params.all("resource").map(str::to_owned).collect();
    named.sort_unstable();
    named.dedup();
    named
}

/// The resources that a request names, each of which must be known, and one of `allowed`.
pub(crate) fn asked(policy: &Policy, params: &Params, allowed: &[String]) -> Result<Vec<String>, Refusal> {
    let named = named(params);
    if !named.iter().all(|named| may(policy, named, allowed)) {
        return refused(InvalidTarget, "a resource is one that is known here, and that this client may ask for");
    }
    Ok(named)
}

/// What a request for a person's leave asks for there, and here (RFC 6749, section 3.3; OpenID Connect Core, section
/// 3.1.2.1): words that are not understood are passed over, and so is what this client may not ask for.
pub(crate) fn asked_scope(
    policy: &Policy,
    params: &Params,
    client: &Client,
    resources: &[String],
) -> Result<Scope, Refusal> {
    let asked = Scope::parse(params.get("scope").unwrap_or_default());
    let asked = asked.map_err(|invalid| Refusal::new(InvalidScope, invalid.0))?;
    let known = own_scope().and(&scope(policy, resources));
    let granted = asked.common(&known).common(&client.scope);
    if granted.is_empty() {
        return refused(InvalidScope, "nothing of this scope can be given to this client");
    }
    // OpenID Connect Core, section 11: without a refresh token there is nothing that goes on.
    Ok(if client.may(GrantType::RefreshToken) { granted } else { granted.without("offline_access") })
}

/// Those that every client may ask tokens for.
pub(crate) fn of_every_client(policy: &Policy) -> impl Iterator<Item = &str> {
    policy.resources.iter().filter(|own| own.any_client).map(|own| own.resource.as_str())
}

/// What of a scope is meant at which of these services; at this one, under the empty name.
pub(crate) fn spread(policy: &Policy, scope: &Scope, resources: &[String]) -> BTreeMap<String, Scope> {
    let at = |resource: &String| (resource.clone(), scope.common(&self::scope(policy, std::slice::from_ref(resource))));
    resources.iter().map(at).chain([(String::new(), scope.common(&own_scope()))]).collect()
}

/// Whether a client may ask tokens for a service.
pub(crate) fn may(policy: &Policy, resource: &str, allowed: &[String]) -> bool {
    let known = policy.resources.iter().find(|own| own.resource == resource);
    known.is_some_and(|own| own.any_client || allowed.iter().any(|allowed| allowed == resource))
}

/// Whether one of these takes opaque tokens.
pub(crate) fn any_opaque(policy: &Policy, resources: &[String]) -> bool {
    let mut opaque = policy.resources.iter().filter(|own| own.access_token_format == AccessTokenFormat::Opaque);
    opaque.any(|own| resources.contains(&own.resource))
}

/// What can be asked for at these.
pub(crate) fn scope(policy: &Policy, resources: &[String]) -> Scope {
    let own = policy.resources.iter().filter(|own| resources.contains(&own.resource));
    own.fold(Scope::default(), |scope, own| scope.and(&own.scope))
}
