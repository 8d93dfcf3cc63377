//! How an operation answers, yes or no, and how the `OpenAPI` document tells of it.
use super::problem::{CONTENT_TYPE, Code, Problem, ProblemDocument};
use poem::{IntoResponse, Response, http::StatusCode};
use poem_openapi::{
    ApiResponse,
    registry::{MetaHeader, MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry},
    types::{ToJSON, Type},
};
use std::{collections::BTreeMap, marker::PhantomData};

/// Yes, with this status and a JSON body.
pub struct Answer<const STATUS: u16, T>(pub T);

/// Yes, and nothing more to say.
pub struct Done;

/// No, by one of the ends of the flow `E`.
#[derive(Debug)]
pub struct Refusal<E> {
    problem: Problem,
    of: PhantomData<fn() -> E>,
}

/// The end of a flow that is answered with a problem.
pub trait Refuse {
    /// Every code that the operation may answer, besides those that any may: each group is a `const` of this file, or
    /// the flow's own.
    const CODES: &'static [&'static [Code]];
    /// The problem that this end is.
    fn problem(self) -> Problem;
}

/// What any operation may answer.
pub const ALWAYS: &[Code] = &[Code::RequestTimeout, Code::BodyTooLarge, Code::Internal, Code::Unavailable];
/// What an operation may answer that changes something.
pub const WRITES: &[Code] = &[Code::OriginRefused];
/// What an operation may answer that has a body.
pub const BODY: &[Code] = &[Code::OriginRefused, Code::MalformedJson, Code::UnsupportedMediaType, Code::InvalidField];
/// What an operation may answer that only a signed-in person may ask for.
pub const SIGNED_IN: &[Code] = &[Code::InvalidToken];

impl<E: Refuse> From<E> for Refusal<E> {
    fn from(end: E) -> Self {
        let problem = end.problem();
        debug_assert!(codes::<E>().any(|code| code == problem.code()), "{:?} is not declared", problem.code());
        Self { problem, of: PhantomData }
    }
}

impl<E> From<Problem> for Refusal<E> {
    fn from(problem: Problem) -> Self {
        Self { problem, of: PhantomData }
    }
}

impl<E> From<Refusal<E>> for poem::Error {
    fn from(refusal: Refusal<E>) -> Self {
        refusal.problem.into()
    }
}

fn codes<E: Refuse>() -> impl Iterator<Item = Code> {
    E::CODES.iter().chain(&[ALWAYS]).copied().flatten().copied()
}

impl<E: Refuse> ApiResponse for Refusal<E> {
    fn meta() -> MetaResponses {
        let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
        for code in codes::<E>() {
            by_status.entry(code.status()).or_default().push(code);
        }
        MetaResponses { responses: by_status.into_iter().map(|(status, codes)| refused(status, &codes)).collect() }
    }

    fn register(registry: &mut Registry) {
        ProblemDocument::register(registry);
    }
}

/// How the document tells of these codes, which have one status.
pub fn refused(status: u16, codes: &[Code]) -> MetaResponse {
    let one_of =
        MetaSchema { enum_items: codes.iter().map(|code| code.name().into()).collect(), ..MetaSchema::new("string") };
    let narrowed =
        MetaSchema { properties: vec![("code", MetaSchemaRef::Inline(Box::new(one_of)))], ..MetaSchema::new("object") };
    let schema = MetaSchema {
        all_of: vec![ProblemDocument::schema_ref(), MetaSchemaRef::Inline(Box::new(narrowed))],
        ..MetaSchema::ANY
    };
    let headers = match status {
        401 => vec![header("WWW-Authenticate", "How to sign in (RFC 6750).")],
        429 | 503 => vec![header("Retry-After", "When to try again, in seconds.")],
        _ => Vec::new(),
    };
    MetaResponse {
        description: match codes {
            [code] => code.about(),
            _ => "One of several problems: `code` says which.",
        },
        status: Some(status),
        status_range: None,
        content: vec![MetaMediaType { content_type: CONTENT_TYPE, schema: MetaSchemaRef::Inline(Box::new(schema)) }],
        headers,
    }
}

fn header(name: &str, description: &str) -> MetaHeader {
    MetaHeader {
        name: name.to_owned(),
        description: Some(description.to_owned()),
        required: true,
        deprecated: false,
        schema: String::schema_ref(),
    }
}

impl<const STATUS: u16, T: ToJSON> IntoResponse for Answer<STATUS, T> {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(STATUS).expect("an operation names a status");
        Response::builder().status(status).content_type("application/json").body(self.0.to_json_string())
    }
}

impl<const STATUS: u16, T: Type> ApiResponse for Answer<STATUS, T> {
    fn meta() -> MetaResponses {
        let content = vec![MetaMediaType { content_type: "application/json", schema: T::schema_ref() }];
        MetaResponses { responses: vec![granted(STATUS, content)] }
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl IntoResponse for Done {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

impl ApiResponse for Done {
    fn meta() -> MetaResponses {
        MetaResponses { responses: vec![granted(204, Vec::new())] }
    }

    fn register(_: &mut Registry) {}
}

/// How the document tells of a yes.
pub fn granted(status: u16, content: Vec<MetaMediaType>) -> MetaResponse {
    let description = match status {
        201 => "Created.",
        202 => "Taken. If there is a mail to send, it is on its way.",
        204 => "Done. Nothing more to say.",
        _ => "Done.",
    };
    MetaResponse { description, status: Some(status), status_range: None, content, headers: Vec::new() }
}
