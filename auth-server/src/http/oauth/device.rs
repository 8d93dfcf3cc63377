//! A device asks for its person (RFC 8628, section 3.1).
use super::{Tag, form::Form, refusal::OAuthRefusal};
use crate::http::answer::Answer;
use auth_oidc::{Provider, device::DeviceAuthorization};
use poem::web::Data;
use poem_openapi::{Object, OpenApi};

pub struct Device;

/// What a device asks for.
#[derive(Object)]
#[oai(rename = "DeviceAuthorizationRequest")]
struct Body {
    /// What is asked for.
    scope: Option<String>,
    /// The service that the token is for; may be repeated (RFC 8707).
    resource: Option<String>,
    /// The client, unless the Authorization header names it.
    client_id: Option<String>,
    /// Its secret, if it is registered for `client_secret_post`.
    client_secret: Option<String>,
    /// What it signs, if it is registered for `private_key_jwt` (RFC 7523).
    client_assertion: Option<String>,
    /// `urn:ietf:params:oauth:client-assertion-type:jwt-bearer`.
    client_assertion_type: Option<String>,
}

/// What a device shows, and what it waits with (RFC 8628, section 3.2).
#[derive(Object)]
#[oai(rename = "DeviceAuthorizationResponse")]
struct View {
    /// For the token endpoint.
    device_code: String,
    /// What the person types, such as `WDJB-MJHT`.
    user_code: String,
    /// Where.
    verification_uri: String,
    /// The same place with the code filled in.
    verification_uri_complete: String,
    /// For how many seconds both codes are good.
    expires_in: u64,
    /// How many seconds to wait between two questions at the token endpoint.
    interval: u64,
}

#[OpenApi(tag = "Tag::OAuth")]
impl Device {
    /// A device asks for its person
    ///
    /// The client proves who it is as at the token endpoint. It shows the person the code and where to type it, and asks at
    /// the token endpoint until they have answered.
    #[oai(path = "/oauth2/device_authorization", method = "post", operation_id = "oauth2_device_authorization")]
    async fn device_authorization(
        &self,
        Data(provider): Data<&Provider>,
        form: Form<Body>,
    ) -> Result<Answer<200, View>, OAuthRefusal> {
        Ok(Answer(provider.authorize_device(&form.request).await?.into()))
    }
}

impl From<DeviceAuthorization> for View {
    fn from(given: DeviceAuthorization) -> Self {
        Self {
            device_code: given.device_code.expose().to_owned(),
            user_code: given.user_code.to_string(),
            verification_uri: given.verification_uri,
            verification_uri_complete: given.verification_uri_complete,
            expires_in: given.expires_in.as_secs(),
            interval: given.interval.as_secs(),
        }
    }
}
