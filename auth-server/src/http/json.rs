//! Request bodies: one JSON object, of known fields, each given once, each a text; nothing else reaches a flow.
use super::problem::{Code, FieldError, Problem};
use auth_core::value::{Invalid, Secret};
use poem::{Request, RequestBody, http::header};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaMediaType, MetaRequest, MetaSchema, MetaSchemaRef, Registry},
    types::{ParseFromJSON, ParseResult, ToJSON, Type},
};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use std::{borrow::Cow, marker::PhantomData};
use zeroize::Zeroizing;

/// A request's body. What is not exactly a `T` is refused before the flow sees it.
pub struct StrictJson<T>(pub T);

impl<'a, T: DeserializeOwned + Type> ApiExtractor<'a> for StrictJson<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        let content = vec![MetaMediaType { content_type: "application/json", schema: T::schema_ref() }];
        Some(MetaRequest { description: None, content, required: true })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        if !is_json(request) {
            return Err(Problem::new(Code::UnsupportedMediaType).into());
        }
        // All of it is here already: the edge reads bodies, and bounds them.
        let bytes = body.take()?.into_bytes().await.map_err(|_| malformed("the body breaks off"))?;
        // Its passwords and codes are copied into secrets; what is left of it here is wiped.
        let bytes = Zeroizing::new(Vec::from(bytes));
        Ok(Self(parse(&bytes)?))
    }
}

/// Credentials come as JSON, not as what a form on another page can send (P-28, H-04).
fn is_json(request: &Request) -> bool {
    let mut types = request.headers().get_all(header::CONTENT_TYPE).iter();
    let (Some(first), None) = (types.next(), types.next()) else { return false };
    let Ok(text) = first.to_str() else { return false };
    let (essence, parameters) = text.split_once(';').unwrap_or((text, ""));
    let charset = parameters.trim();
    let utf8 = charset.is_empty()
        || charset.split_once('=').is_some_and(|(name, value)| {
            name.eq_ignore_ascii_case("charset") && value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        });
    essence.trim().eq_ignore_ascii_case("application/json")
        && utf8
        && !request.headers().contains_key(header::CONTENT_ENCODING)
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // serde reads a struct from an array as well.
    if !bytes.trim_ascii_start().starts_with(b"{") {
        return Err(malformed("it is not a JSON object"));
    }
    serde_json::from_slice(bytes).map_err(|error| malformed(&error.to_string()))
}

fn malformed(why: &str) -> Problem {
    Problem::new(Code::MalformedJson).detail(why)
}

/// A text of a body that will be read as a `V`. What it must look like is told in the `OpenAPI` document.
pub struct Text<V> {
    text: Secret,
    of: PhantomData<fn() -> V>,
}

/// What a text of a body can be read as.
pub trait Field: Sized {
    /// How the `OpenAPI` document describes it. What is longer than its `max_length` is refused without a look.
    fn schema() -> MetaSchema;
    /// Reads it.
    ///
    /// # Errors
    /// [`Invalid`] with the rule that it breaks.
    fn read(text: Secret) -> Result<Self, Invalid>;
}

/// What [`read_fields`] reads: a field, or one that may be left out.
pub trait Read {
    /// What comes out.
    type Value;
    /// Reads it as what it is for.
    ///
    /// # Errors
    /// The field's name and the rule that it breaks.
    fn read(self, field: &str) -> Result<Self::Value, FieldError>;
}

impl<V: Field> Read for Option<Text<V>> {
    type Value = Option<V>;
    fn read(self, field: &str) -> Result<Option<V>, FieldError> {
        self.map(|text| text.read(field)).transpose()
    }
}

impl<V: Field> Read for Text<V> {
    type Value = V;
    fn read(self, field: &str) -> Result<V, FieldError> {
        let error = |detail: String| FieldError { field: field.to_owned(), detail };
        match V::schema().max_length {
            Some(most) if self.text.expose().chars().take(most + 1).count() > most => {
                Err(error(format!("it has more than {most} characters")))
            }
            _ => V::read(self.text).map_err(|rule| error(rule.to_string())),
        }
    }
}

/// Reads the named fields of a body into a tuple; if some cannot be read, the problem names all of them.
macro_rules! read_fields {
    ($body:ident: $($field:ident),+) => {{
        use $crate::http::json::Read;
        let mut errors = Vec::new();
        $(let $field = $body.$field.read(stringify!($field)).map_err(|error| errors.push(error)).ok();)+
        match ($($field,)+) {
            ($(Some($field),)+) => Ok(($($field,)+)),
            _ => Err($crate::http::problem::Problem::fields(errors)),
        }
    }};
}
pub(crate) use read_fields;

impl<'de, V> Deserialize<'de> for Text<V> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        // serde's own message would repeat the value, and that may be a password.
        let text = String::deserialize(from).map_err(|error| {
            let missing = error.to_string().starts_with("missing field");
            if missing { error } else { serde::de::Error::custom("a field is not a text") }
        })?;
        Ok(Self { text: Secret::new(text), of: PhantomData })
    }
}

/// A field that may be left out, but not be `null`.
pub fn present<'de, V, D: Deserializer<'de>>(from: D) -> Result<Option<Text<V>>, D::Error> {
    Text::deserialize(from).map(Some)
}

impl<V: Field> Type for Text<V> {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "string".into()
    }
    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(V::schema()))
    }
    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

// `derive(Object)` asks for these two, and nothing calls them: bodies are read above, and never written.
impl<V: Field> ParseFromJSON for Text<V> {
    fn parse_from_json(value: Option<serde_json::Value>) -> ParseResult<Self> {
        let value = value.unwrap_or_default();
        serde_json::from_value(value).map_err(poem_openapi::types::ParseError::custom)
    }
}
impl<V: Field> ToJSON for Text<V> {
    fn to_json(&self) -> Option<serde_json::Value> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use auth_core::value::{Email, Login};
    use poem_openapi::Object;

    #[derive(Deserialize, Object)]
    #[serde(deny_unknown_fields)]
    struct Body {
        login: Text<Login>,
        email: Text<Email>,
        #[serde(default, deserialize_with = "present")]
        other: Option<Text<Login>>,
    }

    fn refused(body: &[u8]) -> String {
        match parse::<Body>(body) {
            Ok(_) => panic!("{}", String::from_utf8_lossy(body)),
            Err(problem) => format!("{problem:?}"),
        }
    }

    #[test] // H-01, H-03, K-17, K-23
    fn only_an_object_of_known_texts_each_given_once_is_a_body() {
        for body in [
            &b""[..],
            b"null",
            b"[]",
            b"\"a\"",
            b"{}",
            b"{",
            b"{\"login\":\"ann\",\"email\":\"a@x.org\"} x",
            br#"["ann","a@x.org"]"#,
            br#"{"login":"ann"}"#,
            br#"{"login":"ann","email":["a@x.org"]}"#,
            br#"{"login":"ann","email":{"a":1}}"#,
            br#"{"login":1,"email":"a@x.org"}"#,
            br#"{"login":null,"email":"a@x.org"}"#,
            br#"{"login":"ann","login":"bob","email":"a@x.org"}"#,
            br#"{"login":"ann","email":"a@x.org","role":"admin"}"#,
            br#"{"login":"ann","email":"a@x.org","other":null}"#,
            b"{\"login\":\"\xff\xfe\",\"email\":\"a@x.org\"}",
            br#"{"login":"\ud800","email":"a@x.org"}"#,
        ] {
            assert!(refused(body).contains("MalformedJson"));
        }
        let deep = [r#"{"login":"#.repeat(20_000), "}".repeat(20_000)].concat();
        assert!(refused(deep.as_bytes()).contains("MalformedJson"));
        assert!(parse::<Body>(br#" {"login":"ann","email":"a@x.org"} "#).is_ok());
        assert!(refused(br#"{"login":"ann"}"#).contains("missing field `email`"));
        let wrong = refused(br#"{"login":"ann","email":20260101}"#);
        assert!(wrong.contains("a field is not a text") && !wrong.contains("20260101"), "{wrong}");
    }

    #[test] // H-11
    fn what_is_refused_is_not_repeated() {
        assert!(!refused(br#"{"login":123456,"email":"a@x.org"}"#).contains("123456"));
    }

    #[test]
    fn every_field_that_breaks_a_rule_is_named() {
        let body = parse::<Body>(br#"{"login":"a b","email":"nobody","other":"?"}"#).ok().unwrap();
        let read: Result<(Login, Email, Option<Login>), Problem> = read_fields!(body: login, email, other);
        let problem = format!("{:?}", read.unwrap_err());
        assert!(["\"login\"", "\"email\"", "\"other\""].iter().all(|name| problem.contains(name)), "{problem}");
    }

    #[test]
    fn what_is_longer_than_the_document_says_is_refused_unread() {
        let long = format!(r#"{{"login":"{}ann","email":"a@x.org"}}"#, " ".repeat(1_000));
        let body = parse::<Body>(long.as_bytes()).ok().unwrap();
        let read: Result<(Login,), Problem> = read_fields!(body: login);
        assert!(read.is_err());
    }

    #[test] // P-28, H-04
    fn bodies_are_declared_as_json_and_as_nothing_else() {
        let json = |values: &[&str]| {
            let mut request = Request::builder().finish();
            for value in values {
                request.headers_mut().append(header::CONTENT_TYPE, value.parse().unwrap());
            }
            is_json(&request)
        };
        for value in [
            "application/json",
            "Application/JSON",
            "application/json; charset=utf-8",
            "application/json;charset=\"UTF-8\"",
        ] {
            assert!(json(&[value]), "{value}");
        }
        for value in [
            "",
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/jsonp",
            "application/json; charset=utf-16",
            "text/plain; application/json",
            "application/problem+json",
            "application/json; a=b",
        ] {
            assert!(!json(&[value]), "{value}");
        }
        assert!(!json(&[]));
        assert!(!json(&["application/json", "application/json"]));
    }
}
