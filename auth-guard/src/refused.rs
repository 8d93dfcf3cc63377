//! What a caller is told who does not come in (RFC 6750, section 3).
use auth_core::token::TokenRefused;
use std::sync::Arc;

/// Why a request is refused, and how.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Refused {
    why: Why,
    metadata: Option<Arc<str>>,
}

/// Why a request is refused: for the log. The caller is told what helps an honest one, and no more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// There is none, or it comes by another scheme.
    #[error("there is no bearer token")]
    NoToken,
    /// It is none of the issuer's for this service, or its time is over.
    #[error("the token is refused: {0}")]
    Token(TokenRefused),
    /// It is bound to a key.
    #[error("the token is for the owner of a key alone")]
    SenderConstrained,
    /// It does not reach to all of this.
    #[error("the token does not have the scope {0}")]
    Scope(String),
    /// The issuer cannot be asked for its keys.
    #[error("the issuer's keys cannot be fetched")]
    NoKeys,
}

impl Refused {
    pub(crate) const fn new(why: Why, metadata: Option<Arc<str>>) -> Self {
        Self { why, metadata }
    }

    /// Why.
    pub const fn why(&self) -> &Why {
        &self.why
    }

    /// The status of the answer: 401, 403 or 503.
    pub const fn status(&self) -> u16 {
        match self.why {
            Why::NoToken | Why::Token(_) | Why::SenderConstrained => 401,
            Why::Scope(_) => 403,
            Why::NoKeys => 503,
        }
    }

    /// The value of the answer's `WWW-Authenticate` header, if it has one. Without a token it names no error (section 3.1);
    /// it says where the service is described, if it is (RFC 9728, section 5.1).
    pub fn www_authenticate(&self) -> Option<String> {
        let mut parameters = match &self.why {
            Why::NoKeys => return None,
            Why::NoToken => Vec::new(),
            Why::Token(_) | Why::SenderConstrained => vec![
                ("error", "invalid_token"),
                ("error_description", "the token is not for this service, or its time is over"),
            ],
            Why::Scope(needed) => vec![
                ("error", "insufficient_scope"),
                ("error_description", "the token does not reach so far"),
                ("scope", needed),
            ],
        };
        parameters.extend(self.metadata.as_deref().map(|at| ("resource_metadata", at)));
        let parameters: Vec<_> =
            parameters.into_iter().map(|(name, value)| format!("{name}={}", quoted(value))).collect();
        Some(format!("Bearer {}", parameters.join(", ")).trim_end().to_owned())
    }
}

/// A quoted string (RFC 9110, section 5.6.4) in ASCII.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            ' '..='~' => quoted.push(letter),
            _ => quoted.push('?'),
        }
    }
    quoted + "\""
}
