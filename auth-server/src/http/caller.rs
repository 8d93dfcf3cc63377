//! Who asks, as far as the connection can tell.
use super::Context;
use auth_core::{accounts::Caller, value::Locale};
use poem::{FromRequest, Request, RequestBody, http::header};

/// Who asks.
pub struct Asks(pub Caller);

impl<'a> FromRequest<'a> for Asks {
    /// The source is the peer of the connection: what headers say of it, anybody can write (P-24).
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let source = request.remote_addr().as_socket_addr().map(std::net::SocketAddr::ip);
        let named = request.header(header::ACCEPT_LANGUAGE).and_then(Locale::from_accept_language);
        let locale = named.unwrap_or_else(|| Context::of(request).default_language.clone());
        Ok(Self(Caller { source, locale }))
    }
}
