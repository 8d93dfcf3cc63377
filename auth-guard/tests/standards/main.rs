//! What the guard takes and refuses: each file is a specification, each test one of its sections.
mod house;
mod jwks;
mod rfc6750;
mod rfc9068;
mod rfc9728;
