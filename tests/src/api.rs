//! The HTTP API from a caller's side: one method a route, and what came back.
use crate::{Person, Value, json};
use reqwest::{Certificate, Client, Method, RequestBuilder, header::HeaderMap};
use std::{fmt, net::IpAddr};

/// A caller of one server.
#[derive(Clone)]
pub struct Api {
    base: String,
    http: Client,
}

/// What came back.
#[derive(Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it was sent.
    pub text: String,
    /// The body as JSON; `null` if it is none.
    pub body: Value,
}

impl Api {
    /// A caller from the loopback address, of the server at `base`.
    pub fn new(base: &str) -> Self {
        Self::from("127.0.0.1".parse().expect("an address"), base)
    }

    /// A caller of a server that speaks TLS, which trusts this certificate alone.
    pub fn trusting(certificate: &str, base: &str) -> Self {
        let pem = std::fs::read(certificate).expect("the certificate can be read");
        let certificate = Certificate::from_pem(&pem).expect("a certificate");
        let http = Client::builder().tls_certs_only([certificate]).build().expect("a client");
        Self { base: base.to_owned(), http }
    }

    /// A caller from another address of the loopback range, which to the server is another source.
    pub fn from(source: IpAddr, base: &str) -> Self {
        let http = Client::builder().local_address(source).build().expect("a client without TLS needs nothing");
        Self { base: base.to_owned(), http }
    }

    /// A request to any path, to be completed and [sent](Self::send).
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base))
    }

    /// Sends a request and reads all of the answer.
    ///
    /// # Errors
    /// If the server did not take the request, or did not answer it to the end.
    pub async fn try_send(&self, request: RequestBuilder) -> reqwest::Result<Answer> {
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await?;
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Ok(Answer { status, headers, text, body })
    }

    /// Sends a request that must be answered.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        self.try_send(request).await.unwrap_or_else(|error| panic!("no answer: {error:?}"))
    }

    /// `GET` of any path.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// A request to one of the account routes, with a JSON body.
    pub fn posting(&self, route: &str, body: &Value) -> RequestBuilder {
        self.request(Method::POST, &format!("/api/v1/auth/{route}")).json(body)
    }

    /// Sends a JSON body to one of the account routes.
    pub async fn post(&self, route: &str, body: &Value) -> Answer {
        self.send(self.posting(route, body)).await
    }

    /// `POST register`.
    pub async fn register(&self, person: &Person) -> Answer {
        let Person { login, email, password } = person;
        self.post("register", &json!({ "login": login, "email": email, "password": password })).await
    }

    /// `POST register/confirm`.
    pub async fn confirm(&self, registration: &str, code: &str) -> Answer {
        self.post("register/confirm", &json!({ "registration_id": registration, "code": code })).await
    }

    /// `POST register/resend`.
    pub async fn resend(&self, registration: &str) -> Answer {
        self.post("register/resend", &json!({ "registration_id": registration })).await
    }

    /// `POST login`, by a login or an e-mail.
    pub async fn login(&self, name: &str, password: &str) -> Answer {
        self.post("login", &json!({ "login": name, "password": password })).await
    }

    /// `POST refresh`.
    pub async fn refresh(&self, token: &str) -> Answer {
        self.post("refresh", &json!({ "refresh_token": token })).await
    }

    /// `POST logout`.
    pub async fn logout(&self, access: &str) -> Answer {
        self.send(self.request(Method::POST, "/api/v1/auth/logout").bearer_auth(access)).await
    }

    /// `POST logout/all`.
    pub async fn logout_all(&self, access: &str) -> Answer {
        self.send(self.request(Method::POST, "/api/v1/auth/logout/all").bearer_auth(access)).await
    }

    /// `GET me`.
    pub async fn me(&self, access: &str) -> Answer {
        self.send(self.request(Method::GET, "/api/v1/auth/me").bearer_auth(access)).await
    }

    /// `GET sessions`.
    pub async fn sessions(&self, access: &str) -> Answer {
        self.send(self.request(Method::GET, "/api/v1/auth/sessions").bearer_auth(access)).await
    }

    /// `DELETE sessions/{id}`.
    pub async fn end_session(&self, access: &str, id: &str) -> Answer {
        let path = format!("/api/v1/auth/sessions/{id}");
        self.send(self.request(Method::DELETE, &path).bearer_auth(access)).await
    }

    /// `POST password/forgot`.
    pub async fn forgot(&self, email: &str) -> Answer {
        self.post("password/forgot", &json!({ "email": email })).await
    }

    /// `POST password/reset`.
    pub async fn reset(&self, reset: &str, code: &str, new: &str) -> Answer {
        self.post("password/reset", &json!({ "reset_id": reset, "code": code, "new_password": new })).await
    }

    /// `POST password/change`.
    pub async fn change(&self, access: &str, current: &str, new: &str) -> Answer {
        let body = json!({ "current_password": current, "new_password": new });
        self.send(self.posting("password/change", &body).bearer_auth(access)).await
    }
}

impl Answer {
    /// The answer, if it has this status; the test's end if not.
    #[track_caller]
    #[must_use = "an answer is there to be looked at"]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self}");
        self
    }

    /// Ends the test unless this is a problem (RFC 9457) of this status and code.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) {
        assert_eq!((self.status, self.body["code"].as_str()), (status, Some(code)), "{self}");
    }

    /// A text of the body, which must have it.
    #[track_caller]
    pub fn word(&self, field: &str) -> String {
        self.body[field].as_str().unwrap_or_else(|| panic!("no text {field:?} in {self}")).to_owned()
    }

    /// A header, which must be there once and be text.
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next().unwrap_or_else(|| panic!("no header {name:?} in {self}"));
        assert!(values.next().is_none(), "{name:?} twice in {self}");
        value.to_str().expect("a header in ASCII")
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} {}", self.status, self.headers, self.text)
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
