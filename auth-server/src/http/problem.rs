//! What is answered when the answer is no: one stable code each, in one table, as problem documents (RFC 9457).
use auth_core::{accounts::Slow, password::Weak, ports::Unavailable};
use poem::{
    IntoResponse, Response,
    http::{HeaderValue, StatusCode, header},
};
use poem_openapi::Object;
use serde::Serialize;
use std::{error::Error, time::Duration};

/// The table: status, code, title, and what a client's author should know. `docs/errors.md` is made from it.
macro_rules! codes {
    ($($variant:ident = $status:literal $name:literal $title:literal $about:literal;)*) => {
        /// Names a problem for ever: a program can rely on it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[expect(clippy::enum_variant_names, reason = "each is the name of its code")]
        pub enum Code { $(#[doc = $about] $variant),* }

        impl Code {
            /// All of them, by status.
            #[cfg(test)]
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The HTTP status.
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status),* }
            }
            /// The `code` in the document.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }
            /// The `title` in the document: the same for each problem of this code.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title),* }
            }
            /// When it is answered, and what to do about it.
            pub const fn about(self) -> &'static str {
                match self { $(Self::$variant => $about),* }
            }
        }
    };
}

codes! {
    MalformedJson = 400 "malformed_json" "The body is not what this route takes"
        "The body is no JSON object, or a field is missing, unknown, given twice or not a text. `detail` says which.";
    InvalidCode = 400 "invalid_code" "That code is not good"
        "The digits are wrong, or the code has expired, was used, was replaced by a newer one, ran out of tries, or never \
         was. One answer for all. Let the person type it again, or ask for a new one.";
    InvalidCredentials = 401 "invalid_credentials" "Wrong login or password"
        "The account is unknown, unconfirmed or disabled, or the password is wrong. One answer for all.";
    InvalidToken = 401 "invalid_token" "The access token opens nothing"
        "There is no access token in the Authorization header, or it has expired, or its session has ended. Refresh, or \
         log in again.";
    SessionEnded = 401 "session_ended" "The refresh token is good for nothing"
        "It is not one of ours, it was used before, or its session has ended. Log in again.";
    OriginRefused = 403 "origin_refused" "Requests of that web page are not taken"
        "The Origin header names another place than this server. If people reach it there, its operator can say so in \
         AUTH_SERVICE_ALLOWED_ORIGINS.";
    NotFound = 404 "not_found" "There is nothing here"
        "No route has this path, or no session of yours has this id.";
    MethodNotAllowed = 405 "method_not_allowed" "Not with this method"
        "The Allow header names the methods that this path takes.";
    RequestTimeout = 408 "request_timeout" "The body did not come in time"
        "Send it faster, or less of it.";
    LoginTaken = 409 "login_taken" "That login is taken"
        "Another account has this login, or one that looks like it. Choose another.";
    BodyTooLarge = 413 "body_too_large" "The body is too large"
        "No request of this API needs more than 64 KiB.";
    UnsupportedMediaType = 415 "unsupported_media_type" "Bodies are JSON"
        "Send the body as `Content-Type: application/json`, not compressed.";
    InvalidField = 422 "invalid_field" "A field breaks a rule"
        "`errors` names each field and its rule.";
    PasswordWeak = 422 "password_weak" "That password is too easy to guess"
        "`detail` names the rule that it breaks. No code was spent: send the request again with a better password.";
    TooManyRequests = 429 "too_many_requests" "Too many attempts"
        "Try again when the seconds in Retry-After have passed.";
    Internal = 500 "internal" "Something broke"
        "A defect of this server. Its log has the reason under the id in the answer's X-Request-Id header.";
    Unavailable = 503 "unavailable" "Not now"
        "The server is overloaded, or something that it depends on is away. Nothing was promised: try again when the \
         seconds in Retry-After have passed.";
}

/// A problem on its way to becoming an answer.
#[derive(Debug)]
pub struct Problem {
    code: Code,
    detail: Option<String>,
    errors: Vec<FieldError>,
    headers: Vec<(header::HeaderName, HeaderValue)>,
}

/// A problem document (RFC 9457).
#[derive(Debug, Object, Serialize)]
#[oai(rename = "Problem", skip_serializing_if_is_none, skip_serializing_if_is_empty)]
pub struct ProblemDocument {
    /// Where the code is explained.
    #[oai(rename = "type")]
    #[serde(rename = "type")]
    kind: String,
    /// What is wrong: the same words for each problem of this code.
    title: String,
    /// The HTTP status.
    status: u16,
    /// Stable: what a program should look at.
    code: String,
    /// What is wrong this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// Which fields break which rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<Vec<FieldError>>,
}

/// One field that breaks a rule.
#[derive(Clone, Debug, Object, Serialize)]
pub struct FieldError {
    /// The field's name.
    pub field: String,
    /// The rule.
    pub detail: String,
}

impl Problem {
    /// A problem of this code, with nothing to add.
    pub fn new(code: Code) -> Self {
        let mut headers = Vec::new();
        if code.status() == 401 {
            headers.push((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")));
        }
        if code == Code::Unavailable {
            headers.push(retry_after(Duration::from_secs(1)));
        }
        Self { code, detail: None, errors: Vec::new(), headers }
    }

    /// Its code.
    pub fn code(&self) -> Code {
        self.code
    }

    /// Says what is wrong this time.
    pub fn detail(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    /// Names the fields that break a rule.
    pub fn fields(errors: Vec<FieldError>) -> Self {
        Self { errors, ..Self::new(Code::InvalidField) }
    }

    /// Adds a header, in place of one of the same name.
    pub fn header(mut self, name: header::HeaderName, value: HeaderValue) -> Self {
        self.headers.retain(|(other, _)| *other != name);
        self.headers.push((name, value));
        self
    }
}

/// Whole seconds, and at least one: whoever comes back then has waited long enough.
pub fn retry_after(wait: Duration) -> (header::HeaderName, HeaderValue) {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    (header::RETRY_AFTER, seconds.max(1).into())
}

impl From<Slow> for Problem {
    fn from(slow: Slow) -> Self {
        let (name, value) = retry_after(slow.retry_after);
        Self::new(Code::TooManyRequests).header(name, value)
    }
}

impl From<Weak> for Problem {
    fn from(weak: Weak) -> Self {
        Self::new(Code::PasswordWeak).detail(weak.to_string())
    }
}

impl From<Unavailable> for Problem {
    fn from(unavailable: Unavailable) -> Self {
        let (name, value) = retry_after(put_off(unavailable));
        Self::new(Code::Unavailable).header(name, value)
    }
}

/// When to come back. The reason is for the log, not for the caller (H-02).
pub fn put_off(unavailable: Unavailable) -> Duration {
    match unavailable {
        Unavailable::Failed { service, source } => {
            tracing::error!(service, reason = %reasons(source.as_ref()), "a part of the outside failed");
            Duration::from_secs(1)
        }
        Unavailable::Overloaded { service, retry_after } => {
            // In the line of the answer: a line of its own for each would be load on top.
            tracing::Span::current().record("overloaded", service);
            retry_after
        }
    }
}

/// An error and what lies beneath it, in one line.
pub fn reasons(error: &dyn Error) -> String {
    let (mut text, mut source) = (error.to_string(), error.source());
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let document = ProblemDocument {
            kind: format!("{}/blob/main/docs/errors.md#{}", env!("CARGO_PKG_REPOSITORY"), self.code.name()),
            title: self.code.title().to_owned(),
            status: self.code.status(),
            code: self.code.name().to_owned(),
            detail: self.detail,
            errors: (!self.errors.is_empty()).then_some(self.errors),
        };
        let body = serde_json::to_vec(&document).expect("a problem document is plain data");
        let status = StatusCode::from_u16(self.code.status()).expect("the table holds statuses");
        let mut response = Response::builder().status(status).content_type(CONTENT_TYPE).body(body);
        response.headers_mut().extend(self.headers);
        response
    }
}

/// The media type of a problem document.
pub const CONTENT_TYPE: &str = "application/problem+json";

impl From<Problem> for poem::Error {
    fn from(problem: Problem) -> Self {
        Self::from_response(problem.into_response())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table as a page. To write it: `BLESS=1 cargo test -p auth-server`.
    #[test]
    fn the_page_of_errors_says_what_the_table_says() {
        let mut page = String::from(
            "# Errors\n\nEvery answer that is no answer to the request is a problem document (RFC 9457),\n\
             `application/problem+json`. `code` is stable: look at it, not at the words. Only bytes that are no HTTP\n\
             request at all are answered 400, 414 or 431 without one. Made from `auth-server/src/http/problem.rs`.\n",
        );
        page += "\n| status | code | title |\n| --- | --- | --- |\n";
        for code in Code::ALL {
            let (name, status, title) = (code.name(), code.status(), code.title());
            page = format!("{page}| {status} | [`{name}`](#{name}) | {title} |\n");
        }
        for code in Code::ALL {
            let (name, status, title, about) = (code.name(), code.status(), code.title(), code.about());
            page = format!("{page}\n## {name}\n\n{status} — {title}.\n\n{about}\n");
        }
        crate::testing::assert_page("docs/errors.md", &page);
    }

    #[test]
    fn codes_are_unique_and_ordered_by_status() {
        let mut names: Vec<_> = Code::ALL.iter().map(|code| code.name()).collect();
        assert!(Code::ALL.is_sorted_by_key(|code| code.status()));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Code::ALL.len());
    }

    #[tokio::test]
    async fn a_problem_is_a_small_document_with_its_headers() {
        let slow = Slow { retry_after: Duration::from_millis(1_200) };
        let response = Problem::from(slow).into_response();
        assert_eq!(response.status(), 429);
        assert_eq!(response.header("retry-after"), Some("2"));
        assert_eq!(response.content_type(), Some(CONTENT_TYPE));
        let body: serde_json::Value = serde_json::from_slice(&response.into_body().into_vec().await.unwrap()).unwrap();
        assert_eq!(body["code"], "too_many_requests");
        assert_eq!(body.get("errors"), None);
    }

    #[tokio::test] // H-02
    async fn a_failure_of_the_outside_is_not_explained_to_the_caller() {
        let response = Problem::from(Unavailable::failed("users", "disk on fire at /var/data")).into_response();
        assert_eq!(response.status(), 503);
        assert_eq!(response.header("retry-after"), Some("1"), "P-26");
        let body = response.into_body().into_string().await.unwrap();
        assert!(!body.contains("fire") && !body.contains("users"), "{body}");
    }
}
