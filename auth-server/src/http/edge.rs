//! What holds for every request: an id, a deadline, no panic gets out, no stranger's page gets in; and for every answer:
//! headers, and a problem document instead of the framework's own words.
use super::{
    Context, body, cors,
    problem::{Code, Problem},
};
use crate::settings::value::PublicUrl;
use auth_oidc::path;
use futures_util::FutureExt;
use poem::{
    Endpoint, IntoResponse, Middleware, Request, Response, Result,
    error::NotFoundError,
    http::{HeaderMap, HeaderName, HeaderValue, Method, header},
};
use std::{fmt::Write, panic::AssertUnwindSafe, sync::Arc};
use tokio::time::timeout;
use tracing::Instrument;

/// Wraps the routes.
pub struct Edge(pub Arc<Context>);

impl<E: Endpoint<Output = Response>> Middleware<E> for Edge {
    type Output = Edged<E>;

    fn transform(&self, routes: E) -> Edged<E> {
        Edged { routes, context: self.0.clone() }
    }
}

/// The routes, wrapped.
pub struct Edged<E> {
    routes: E,
    context: Arc<Context>,
}

impl<E: Endpoint<Output = Response>> Endpoint for Edged<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let id = self.request_id();
        let method = request.method().clone();
        // Neither the path as it was written nor the query: people paste tokens into both.
        let source = self.context.proxies.source(&request).map(tracing::field::display);
        let (route, overloaded) = (tracing::field::Empty, tracing::field::Empty);
        let span = tracing::info_span!("request", %id, %method, source, route, overloaded);
        let open = cors::is_open(request.uri().path());
        let mut response = self.answer(request).instrument(span.clone()).await;
        span.in_scope(|| tracing::info!(status = response.status().as_u16(), "answered"));
        self.dress(response.headers_mut());
        if open {
            cors::open(response.headers_mut());
        }
        response.headers_mut().insert(REQUEST_ID, id.parse().expect("hex digits make a header"));
        Ok(response)
    }
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

impl<E: Endpoint<Output = Response>> Edged<E> {
    async fn answer(&self, mut request: Request) -> Response {
        // A body that comes slowly is the client's doing, and has the deadline for itself.
        match timeout(self.context.deadline, body::read(&mut request)).await {
            Ok(Ok(())) => {}
            Ok(Err(problem)) => return problem.into_response(),
            Err(_late) => return Problem::new(Code::RequestTimeout).into_response(),
        }
        if let Some(response) = cors::preflight(&request) {
            return response;
        }
        if !cors::is_open(request.uri().path()) && !self.trusts(&request) {
            return Problem::new(Code::OriginRefused).into_response();
        }
        let provider = self.context.provider.within(self.context.store_deadline);
        request.set_data(provider.accounts().clone());
        request.set_data(provider);
        let work = AssertUnwindSafe(self.routes.call(request)).catch_unwind();
        match timeout(self.context.deadline, work).await {
            Ok(Ok(Ok(response))) => response,
            Ok(Ok(Err(error))) => explain(error),
            // The hook has logged it.
            Ok(Err(_panic)) => Problem::new(Code::Internal).into_response(),
            Err(_late) => {
                tracing::warn!("the request took too long");
                Problem::new(Code::Unavailable).into_response()
            }
        }
    }

    /// A browser says which page a request comes from; what changes something is not taken from a stranger's (P-28).
    fn trusts(&self, request: &Request) -> bool {
        if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
            return true;
        }
        // Any site may send a person here by a form (OpenID Connect Core, section 3.1.2.1), which changes nothing.
        if [path::AUTHORIZE, path::LOGOUT].contains(&request.uri().path()) {
            return true;
        }
        // Our pages have the referrer policy no-referrer, under which browsers write `Origin: null` (Fetch, section 3.1).
        // This header they write themselves, and no page can.
        let mut sites = request.headers().get_all(SEC_FETCH_SITE).iter();
        if sites.next().is_some_and(|site| site == "same-origin") && sites.next().is_none() {
            return true;
        }
        let mut origins = request.headers().get_all(header::ORIGIN).iter();
        let Some(origin) = origins.next() else { return true };
        let Some(origin) = origin.to_str().ok().filter(|_| origins.next().is_none()) else { return false };
        let own = match &self.context.public_url {
            Some(url) => origin == url.origin(),
            // Nobody has said where people reach the server: then it is wherever they do.
            None => request.header(header::HOST).is_some_and(|host| {
                origin
                    .split_once("://")
                    .is_some_and(|(scheme, rest)| matches!(scheme, "http" | "https") && rest == host)
            }),
        };
        own || self.context.allowed_origins.iter().any(|allowed| allowed == origin)
    }

    fn dress(&self, headers: &mut HeaderMap) {
        let fixed = [
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::X_FRAME_OPTIONS, "DENY"),
        ];
        let unless_set = [
            (header::CACHE_CONTROL, "no-store"),
            (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        ];
        for (name, value) in fixed {
            headers.insert(name, HeaderValue::from_static(value));
        }
        for (name, value) in unless_set {
            headers.entry(name).or_insert(HeaderValue::from_static(value));
        }
        if self.context.public_url.as_ref().is_some_and(PublicUrl::is_https) {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
        }
    }

    fn request_id(&self) -> String {
        let mut bytes = [0; 8];
        self.context.rng.fill(&mut bytes);
        bytes.iter().fold(String::with_capacity(16), |mut id, byte| {
            write!(id, "{byte:02x}").expect("a text takes all that is written to it");
            id
        })
    }
}

/// The framework's own errors, in our words.
fn explain(error: poem::Error) -> Response {
    if error.is_from_response() {
        return error.into_response();
    }
    let problem = match error.status().as_u16() {
        _ if error.is::<NotFoundError>() => Problem::new(Code::NotFound),
        // A part of a path that is not UTF-8 names nothing.
        400..500 => Problem::new(Code::NotFound),
        _ => {
            tracing::error!(reason = %error, "an operation failed");
            Problem::new(Code::Internal)
        }
    };
    problem.into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::context;
    use auth_core::testing::World;
    use poem::{EndpointExt, endpoint::make};
    use std::time::Duration;

    async fn ask<E: Endpoint<Output = Response>>(context: Context, routes: E, headers: &[(&str, &str)]) -> Response {
        let request = Request::builder().method(Method::POST);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        routes.with(Edge(Arc::new(context))).get_response(request.finish()).await
    }

    fn fine() -> impl Endpoint<Output = Response> {
        make(|_| async { Ok::<_, poem::Error>(Response::default()) })
    }

    #[tokio::test] // H-01
    async fn a_panic_is_answered_and_the_server_goes_on() {
        fn defect() -> Result<Response> {
            let digits = "123456";
            panic!("a secret: {digits}")
        }
        let world = World::default();
        let response = ask(context(&world), make(|_| async { defect() }), &[]).await;
        assert_eq!(response.status(), 500);
        let body = response.into_body().into_string().await.unwrap();
        assert!(body.contains("\"internal\"") && !body.contains("123456"), "{body}");
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_takes_too_long_is_answered_for() {
        let world = World::default();
        let context = Context { deadline: Duration::from_secs(1), ..context(&world) };
        let response = ask(context, make(|_| std::future::pending::<Result<Response>>()), &[]).await;
        assert_eq!((response.status().as_u16(), response.header("retry-after")), (503, Some("1")));
    }

    #[tokio::test] // P-28, H-05
    async fn what_a_strangers_page_sends_is_refused() {
        let world = World::default();
        let public: Option<PublicUrl> = Some("https://a.example/auth".parse().unwrap());
        let (host, origin) = (("host", "a.example"), |origin| ("origin", origin));
        for (public_url, headers, status) in [
            (None, &[host][..], 200),
            (None, &[host, origin("http://a.example")], 200),
            (None, &[host, origin("https://app.example")], 200),
            (None, &[host, origin("http://evil.example")], 403),
            (None, &[host, origin("null")], 403),
            (None, &[host, origin("http://a.example"), origin("http://evil.example")], 403),
            (public.clone(), &[host, origin("https://a.example")], 200),
            (public.clone(), &[host, origin("https://app.example")], 200),
            (public.clone(), &[host, origin("http://a.example")], 403),
            (public.clone(), &[host, origin("https://a.example.evil.example")], 403),
        ] {
            let allowed_origins = vec!["https://app.example".to_owned()];
            let context = Context { public_url, allowed_origins, ..context(&world) };
            let response = ask(context, fine(), headers).await;
            assert_eq!(response.status().as_u16(), status, "{headers:?}");
            assert_eq!(response.header(header::ACCESS_CONTROL_ALLOW_ORIGIN), None);
        }
    }

    #[tokio::test] // P-28, O-17
    async fn what_a_browser_says_of_its_own_page_is_taken() {
        let world = World::default();
        let public: Option<PublicUrl> = Some("https://a.example".parse().unwrap());
        let (null, site) = (("origin", "null"), |site| ("sec-fetch-site", site));
        for (headers, status) in [
            (&[null, site("same-origin")][..], 200),
            (&[null, site("same-site")], 403),
            (&[null, site("cross-site")], 403),
            (&[null, site("none")], 403),
            (&[null, site("Same-Origin")], 403),
            (&[null, site("same-origin"), site("cross-site")], 403),
            (&[null], 403),
        ] {
            let context = Context { public_url: public.clone(), ..context(&world) };
            assert_eq!(ask(context, fine(), headers).await.status().as_u16(), status, "{headers:?}");
        }
    }

    #[tokio::test] // P-31, H-02, H-13
    async fn every_answer_has_its_headers() {
        let world = World::default();
        let response = ask(context(&world), fine(), &[]).await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ] {
            assert_eq!(response.header(name), Some(value));
        }
        assert_eq!(response.header("x-request-id").map(str::len), Some(16));
        assert_eq!((response.header("server"), response.header("strict-transport-security")), (None, None));
        let public_url = Some("https://a.example".parse().unwrap());
        let response = ask(Context { public_url, ..context(&world) }, fine(), &[]).await;
        assert_eq!(response.header("strict-transport-security"), Some("max-age=31536000"));
    }
}
