//! What the fields of request bodies are: how the `OpenAPI` document describes them, and how they become values of the core.
use super::json::Field;
use auth_core::{device_token::DeviceToken, value::*};
use poem_openapi::registry::MetaSchema;

/// A text with bounds that hold whatever the core makes of it.
fn text(format: Option<&'static str>, max_length: Option<usize>, pattern: Option<&str>, example: &str) -> MetaSchema {
    MetaSchema {
        format,
        max_length,
        pattern: pattern.map(str::to_owned),
        example: Some(example.into()),
        ..MetaSchema::new("string")
    }
}

impl Field for Login {
    fn schema() -> MetaSchema {
        MetaSchema { min_length: Some(1), ..text(None, Some(128), None, "ann") }
    }
    fn read(text: Secret) -> Result<Self, Invalid> {
        Self::parse(text.expose())
    }
}

impl Field for Email {
    fn schema() -> MetaSchema {
        MetaSchema { min_length: Some(3), ..text(Some("email"), Some(320), None, "ann@example.org") }
    }
    fn read(text: Secret) -> Result<Self, Invalid> {
        Self::parse(text.expose())
    }
}

impl Field for Identifier {
    fn schema() -> MetaSchema {
        text(None, None, None, "ann")
    }
    fn read(text: Secret) -> Result<Self, Invalid> {
        Ok(Self::parse(text.expose()))
    }
}

impl Field for Password {
    /// P-02
    fn schema() -> MetaSchema {
        let most = Some(Self::MAX_CHARS);
        MetaSchema { min_length: Some(1), ..text(Some("password"), most, None, "correct horse battery staple") }
    }
    fn read(text: Secret) -> Result<Self, Invalid> {
        Self::parse(text)
    }
}

impl Field for DeviceName {
    fn schema() -> MetaSchema {
        MetaSchema { min_length: Some(1), ..text(None, Some(64), None, "Ann's phone") }
    }
    fn read(text: Secret) -> Result<Self, Invalid> {
        Self::parse(text.expose())
    }
}

impl Field for CodeId {
    fn schema() -> MetaSchema {
        text(None, None, Some("^[0-9a-f]{64}$"), &"5f".repeat(32))
    }
    fn read(text: Secret) -> Result<Self, Invalid> {
        Self::parse(text.expose())
    }
}

/// The name of a code, beside its digits. What is no name names no code, and is answered as a wrong code is.
pub struct CodeName(pub Option<CodeId>);

impl Field for CodeName {
    fn schema() -> MetaSchema {
        CodeId::schema()
    }
    fn read(text: Secret) -> Result<Self, Invalid> {
        Ok(Self(CodeId::read(text).ok()))
    }
}

/// A code that was mailed (K-09). What cannot be one is answered as a wrong one is.
pub struct Typed(pub Option<OneTimeCode>);

impl Field for Typed {
    fn schema() -> MetaSchema {
        text(None, None, Some("^([0-9]{6}|[0-9A-Za-z]{5}-?[0-9A-Za-z]{5})$"), "012345")
    }
    fn read(text: Secret) -> Result<Self, Invalid> {
        Ok(Self(OneTimeCode::parse(&text).ok()))
    }
}

/// A device token. What cannot be one tells nothing, as one that has lapsed does.
pub struct Device(pub Option<DeviceToken>);

impl Field for Device {
    fn schema() -> MetaSchema {
        text(Some("password"), None, None, "the device_token of the last login")
    }
    fn read(text: Secret) -> Result<Self, Invalid> {
        Ok(Self(DeviceToken::parse(&text).ok()))
    }
}

/// A refresh token: what it looks like is nobody's business.
pub struct RefreshToken(pub Secret);

impl Field for RefreshToken {
    fn schema() -> MetaSchema {
        text(Some("password"), None, None, "the refresh_token of the last answer")
    }
    fn read(text: Secret) -> Result<Self, Invalid> {
        Ok(Self(text))
    }
}
