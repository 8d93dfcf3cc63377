//! Resources: the services that access tokens are for (RFC 8707).
use crate::{
    Params,
    error::{ErrorCode::InvalidTarget, Refusal, refused},
    policy::Policy,
};
use auth_core::value::Scope;

/// The resources that a request names, each of which must be known, and one of `allowed`.
pub(crate) fn asked(policy: &Policy, params: &Params, allowed: &[String]) -> Result<Vec<String>, Refusal> {
    let mut named: Vec<_> = params.all("resource").map(str::to_owned).collect();
    named.sort_unstable();
    named.dedup();
    let may = |named: &String| {
        policy.resources.iter().any(|own| own.resource == *named && (own.any_client || allowed.contains(named)))
    };
    if !named.iter().all(may) {
        return refused(InvalidTarget, "a resource is one that is known here, and that this client may ask for");
    }
    Ok(named)
}

/// Those that every client may ask tokens for.
pub(crate) fn of_every_client(policy: &Policy) -> impl Iterator<Item = &str> {
    policy.resources.iter().filter(|own| own.any_client).map(|own| own.resource.as_str())
}

/// What can be asked for at these.
pub(crate) fn scope(policy: &Policy, resources: &[String]) -> Scope {
    let own = policy.resources.iter().filter(|own| resources.contains(&own.resource));
    own.fold(Scope::default(), |scope, own| scope.and(&own.scope))
}
