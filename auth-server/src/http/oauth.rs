//! The endpoints that programs ask: OAuth 2.0 and OpenID Connect. Each parses, calls one method of the provider, and
//! answers.

mod device;
pub mod discovery;
mod form;
mod introspect;
mod par;
mod refusal;
mod register;
mod revoke;
#[cfg(test)]
mod tests;
mod token;
mod userinfo;

use poem_openapi::{
    OpenApi, Tags,
    registry::{MetaSchema, MetaSchemaRef},
    types::{ToJSON, Type},
};
use serde::Serialize;
use serde_json::Value;
use std::borrow::Cow;

/// All of them.
pub fn routes() -> impl OpenApi {
    (
        token::Token,
        par::Par,
        device::Device,
        userinfo::Userinfo,
        introspect::Introspect,
        revoke::Revoke,
        register::Register,
        discovery::Discovery,
    )
}

/// How the document groups its routes.
#[derive(Tags)]
enum Tag {
    /// For programs that ask for tokens, and services that are shown them: OAuth 2.0 and OpenID Connect.
    #[oai(rename = "OAuth")]
    OAuth,
}

/// Whatever is one JSON object, with the members that its specification names.
struct Members<T>(T);

impl<T: Send + Sync> Type for Members<T> {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "object".into()
    }
    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema::new("object")))
    }
    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl<T: Serialize + Send + Sync> ToJSON for Members<T> {
    fn to_json(&self) -> Option<Value> {
        serde_json::to_value(&self.0).ok()
    }
}
