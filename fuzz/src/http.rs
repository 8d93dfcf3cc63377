//! Requests: whatever is sent, the answer is a small one of ours, and neither it nor the log repeats a secret.
use crate::{lines, text};
use auth_core::testing::World;
use auth_server::testing::{bearer, endpoint};
use poem::{
    Endpoint, EndpointExt, Request, Response,
    endpoint::BoxEndpoint,
    http::{HeaderMap, HeaderValue, Method, Uri, header},
};
use std::{
    cell::RefCell,
    io,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::runtime::{self, Runtime};
use tracing::{Dispatch, instrument::WithSubscriber};
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

#[test] // S-22, S-24
fn authorization() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let values: Vec<_> = bytes.split(|byte| *byte == b'\n').map(HeaderValue::from_bytes).collect();
        let headers: HeaderMap = values.iter().flatten().map(|value| (header::AUTHORIZATION, value.clone())).collect();
        let Some(token) = bearer(&headers) else { return };
        let (token, sent) = (token.expose(), text(headers[header::AUTHORIZATION].as_bytes()).into_owned());
        assert_eq!(headers.len(), 1, "two are none");
        assert!(
            !token.is_empty() && token.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b)),
            "{token:?}"
        );
        assert!(sent[..6].eq_ignore_ascii_case("bearer") && sent[6..].trim_start_matches(' ') == token, "{sent:?}");
    });
}

/// What nobody may find again: the targets' seeds have it where passwords, codes and tokens go.
const SECRET: &str = "hunter2hunter2";

const ROUTES: [(Method, &str); 13] = [
    (Method::POST, "register"),
    (Method::POST, "register/confirm"),
    (Method::POST, "register/resend"),
    (Method::POST, "login"),
    (Method::POST, "refresh"),
    (Method::POST, "logout"),
    (Method::POST, "logout/all"),
    (Method::GET, "me"),
    (Method::GET, "sessions"),
    (Method::DELETE, "sessions/{}"),
    (Method::POST, "password/forgot"),
    (Method::POST, "password/reset"),
    (Method::POST, "password/change"),
];

#[test] // H-01, H-02, H-03, H-11, K-23
fn request() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let Some(request) = request_of(bytes) else { return };
        let Answer { status, kind, body, log, events } = HOUSE.with_borrow_mut(|house| house.answer(request));
        assert!(status < 500, "{status} {body}");
        assert!(body.len() < 4_096, "{status}, {} bytes", body.len());
        assert!(status < 400 || kind == "application/problem+json", "{status} {kind} {body}");
        // The name of a field that there is not is told to whoever sent it.
        let (before, after) = body.split_once("unknown field `").unwrap_or((&body, ""));
        let after = after.rsplit_once("`, expected").map_or(after, |(_, after)| after);
        assert!(!before.contains(SECRET) && !after.contains(SECRET), "{body}");
        assert!(!log.contains(SECRET) && !events.contains(SECRET), "{log}\n{events}");
    });
}

/// What came of one request.
struct Answer {
    status: u16,
    kind: String,
    body: String,
    log: String,
    events: String,
}

/// The server, without a network, and all that it says.
struct House {
    world: World,
    api: BoxEndpoint<'static, Response>,
    log: Log,
    listener: Dispatch,
    runtime: Runtime,
    asked: u32,
}

thread_local! {
    static HOUSE: RefCell<House> = RefCell::default();
}

impl Default for House {
    fn default() -> Self {
        let (world, log) = (World::default(), Log::default());
        let lines = tracing_subscriber::fmt().with_ansi(false).with_writer(log.clone());
        let lines = lines.with_env_filter(EnvFilter::new("warn,auth_core=trace,auth_server=trace")).finish();
        let runtime = runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        Self { api: endpoint(&world).boxed(), world, log, listener: lines.into(), runtime, asked: 0 }
    }
}

impl House {
    fn answer(&mut self, request: Request) -> Answer {
        // What the world keeps of the requests would fill the memory in time.
        self.asked += 1;
        if self.asked.is_multiple_of(10_000) {
            *self = Self::default();
        }
        let mut response = self.runtime.block_on(self.api.get_response(request).with_subscriber(self.listener.clone()));
        let (status, kind) = (response.status().as_u16(), response.content_type().unwrap_or_default().to_owned());
        let body = self.runtime.block_on(response.take_body().into_string()).expect("answers are text");
        self.world.post.take();
        Answer { status, kind, body, log: self.log.take(), events: format!("{:?}", self.world.ledger.take()) }
    }
}

/// A route by the first byte, what follows it in the path, an Authorization header, and the body, one a line.
fn request_of(bytes: &[u8]) -> Option<Request> {
    let [route, authorization, body] = lines::<3>(bytes);
    let (number, path) = route.split_first()?;
    let (method, name) = &ROUTES[usize::from(*number) % ROUTES.len()];
    let uri: Uri = format!("/api/v1/auth/{}", name.replace("{}", &text(path))).parse().ok()?;
    let request = Request::builder().method(method.clone()).uri(uri).content_type("application/json");
    let request = match authorization {
        [] => request,
        _ => request.header(header::AUTHORIZATION, HeaderValue::from_bytes(authorization).ok()?),
    };
    Some(request.body(body.to_vec()))
}

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn take(&self) -> String {
        text(&std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))).into_owned()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
