//! The answer that a browser takes to the client.
use super::Request;
use crate::{Provider, error::Refusal};
use auth_core::value::Secret;
use url::form_urlencoded;

/// How an answer goes to the client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// In the query of the redirect URI (OAuth 2.0 Multiple Response Types, section 2.1).
    #[default]
    Query,
    /// In the body of a form that the browser posts there (OAuth 2.0 Form Post Response Mode).
    FormPost,
}

impl Mode {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Query, Self::FormPost];

    /// Its registered name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::FormPost => "form_post",
        }
    }

    /// The one that has this name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == text)
    }
}

/// An answer to an authorization request, yes or no.
#[derive(Clone, Debug)]
pub struct Response {
    /// How it goes.
    pub mode: Mode,
    /// Where it goes.
    pub redirect_uri: String,
    /// What it says. A code is a secret until it is spent.
    pub parameters: Vec<(&'static str, Secret)>,
}

impl Response {
    /// The redirect URI with the answer in its query.
    pub fn location(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in &self.parameters {
            query.append_pair(name, value.expose());
        }
        if self.parameters.is_empty() {
            return self.redirect_uri.clone();
        }
        // What the client has registered stays as it is, its own query too (RFC 6749, section 3.1.2).
        let joint = if self.redirect_uri.contains('?') { '&' } else { '?' };
        format!("{}{joint}{}", self.redirect_uri, query.finish())
    }

    /// The value of one parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(own, _)| *own == name).map(|(_, value)| value.expose())
    }
}

impl Provider {
    /// Yes: here is the code (RFC 6749, section 4.1.2).
    pub(super) fn accept(&self, request: &Request, code: &Secret) -> Response {
        self.respond(request, vec![("code", code.clone())])
    }

    /// No: here is why (RFC 6749, section 4.1.2.1).
    pub(super) fn refuse(&self, request: &Request, refusal: &Refusal) -> Response {
        let text = |text: &str| Secret::new(text.to_owned());
        self.respond(
            request,
            vec![("error", text(refusal.code.as_str())), ("error_description", text(&refusal.description))],
        )
    }

    fn respond(&self, request: &Request, mut parameters: Vec<(&'static str, Secret)>) -> Response {
        if let Some(state) = &request.state {
            parameters.push(("state", Secret::new(state.clone())));
        }
        // Of two servers that a client asks, it knows which one answers (RFC 9207).
        parameters.push(("iss", Secret::new(self.issuer().to_owned())));
        Response { mode: request.mode, redirect_uri: request.redirect_uri.clone(), parameters }
    }
}
