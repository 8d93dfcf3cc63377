//! A test for each requirement, named by its specification and section: a file each.

mod fapi2;
mod house;
mod oidc_claims;
mod oidc_core;
mod oidc_discovery;
mod oidc_logout;
mod pairwise;
mod races;
mod rfc6749;
mod rfc6750;
mod rfc7009;
mod rfc7523;
mod rfc7591;
mod rfc7592;
mod rfc7636;
mod rfc7662;
mod rfc8707;
mod rfc9068;
mod rfc9126;
mod rfc9207;
mod rfc9449;
mod security;
mod signer;
