//! Pages of other origins, and what they may ask: the endpoints that take no cookie, and so lend nobody's standing to
//! whoever asks. A single-page application asks them from its own origin (H-05: everything else sends no CORS header).
use super::oauth::discovery;
use auth_oidc::path;
use poem::{
    IntoResponse, Request, Response,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
};

const OPEN: [&str; 6] = [path::TOKEN, path::PAR, path::DEVICE_AUTHORIZATION, path::USERINFO, path::REVOKE, path::JWKS];

/// Whether every origin may ask this.
pub fn is_open(path: &str) -> bool {
    OPEN.contains(&path) || discovery::PATHS.iter().any(|known| path.strip_prefix(known).is_some_and(is_suffix))
}

/// What may follow a well-known path: nothing, or the path of the issuer.
fn is_suffix(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with('/')
}

/// What a browser is told before it asks (Fetch, section 3.3.3).
pub fn preflight(request: &Request) -> Option<Response> {
    let asks = *request.method() == Method::OPTIONS && request.header(header::ACCESS_CONTROL_REQUEST_METHOD).is_some();
    (asks && is_open(request.uri().path())).then(|| {
        let mut response = StatusCode::NO_CONTENT.into_response();
        for (name, value) in [
            (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type, dpop"),
            (header::ACCESS_CONTROL_MAX_AGE, "3600"),
        ] {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    })
}

/// Lets the page read the answer. Without credentials: the browser sends and keeps no cookie.
pub fn open(headers: &mut HeaderMap) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    let exposed = HeaderValue::from_static("www-authenticate, retry-after, dpop-nonce");
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
}
