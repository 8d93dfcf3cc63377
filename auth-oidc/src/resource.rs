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
    let known = |named: &String| policy.resources.iter().any(|own| own.resource == *named);
    if !named.iter().all(|named| known(named) && allowed.contains(named)) {
        return refused(InvalidTarget, "a resource is one that is known here, and that this client may ask for");
    }
    Ok(named)
}

/// What can be asked for at these.
pub(crate) fn scope(policy: &Policy, resources: &[String]) -> Scope {
    let own = policy.resources.iter().filter(|own| resources.contains(&own.resource));
    own.fold(Scope::default(), |scope, own| scope.and(&own.scope))
}
