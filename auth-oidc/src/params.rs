//! Parameters of a request: a query, or the body of a form.
use std::{collections::HashSet, fmt};
use url::form_urlencoded;

/// The parameters of one request, in their order. One without a value is none (RFC 6749, section 3.1).
///
/// ```
/// use auth_oidc::Params;
/// let params = Params::parse("scope=openid%20email&state=&resource=a&resource=b");
/// assert_eq!((params.get("scope"), params.get("state")), (Some("openid email"), None));
/// assert_eq!(params.all("resource").collect::<Vec<_>>(), ["a", "b"]);
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Params(Vec<(String, String)>);

/// What has more is no honest request.
const MOST: usize = 100;

impl Params {
    /// Reads `application/x-www-form-urlencoded`. Every text is one.
    pub fn parse(text: &str) -> Self {
        let pairs = form_urlencoded::parse(text.as_bytes()).into_owned();
        Self(pairs.filter(|(_, value)| !value.is_empty()).take(MOST + 1).collect())
    }

    /// The value of a parameter: the first, if it is there more than once.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// The value of a parameter that is there once.
    pub fn once(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|_| !self.repeats(name))
    }

    /// Every value of a parameter.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// All but these.
    #[must_use]
    pub fn without(mut self, names: &[&str]) -> Self {
        self.0.retain(|(own, _)| !names.contains(&own.as_str()));
        self
    }

    /// And this.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Whether a parameter is there more than once.
    pub fn repeats(&self, name: &str) -> bool {
        self.all(name).nth(1).is_some()
    }

    /// Whether any parameter is there more than once that may not be (RFC 6749, sections 3.1 and 3.2; RFC 8707 lets
    /// `resource` be); or there are more of them than any honest request has.
    pub fn repeats_any(&self) -> bool {
        let mut seen = HashSet::new();
        let mut once = self.0.iter().filter(|(name, _)| name != "resource");
        self.0.len() > MOST || !once.all(|(name, _)| seen.insert(name))
    }
}

/// As a query, or the body of a form.
impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.0).finish())
    }
}

/// Their names alone: among the values are passwords, codes and assertions.
impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}
