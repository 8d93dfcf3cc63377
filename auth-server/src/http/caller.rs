//! Who asks, as far as the connection and the proxies in front can tell.
use super::{Context, field::Device};
use auth_core::{accounts::Caller, value::Locale};
use poem::{FromRequest, Request, RequestBody, http::header};

/// Who asks.
pub struct Asks(pub Caller);

impl<'a> FromRequest<'a> for Asks {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let source = Context::of(request).proxies.source(request);
        let named = request.header(header::ACCEPT_LANGUAGE).and_then(Locale::from_accept_language);
        let locale = named.unwrap_or_else(|| Context::of(request).default_language.clone());
        Ok(Self(Caller { source, locale, device: None }))
    }
}

/// The same, on the device that a body names.
pub fn on(device: Option<Device>, caller: Caller) -> Caller {
    Caller { device: device.and_then(|Device(token)| token), ..caller }
}
