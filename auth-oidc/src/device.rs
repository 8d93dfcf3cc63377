//! Devices without a browser, or without keys to type on: a person lets one in on another (RFC 8628).
//!
//! All that is kept of a request is one document, under a keyed hash of its user code. The device code says the same hash,
//! and only its digest is kept. So there is one thing to race for: whoever polls or answers decides on what was written last.
mod answer;
mod codes;
mod kept;

pub use self::{
    answer::{DeviceAnswer, DeviceRequest},
    codes::UserCode,
};

pub(crate) use self::codes::DeviceCode;

use self::kept::Kept;
use crate::{
    Provider,
    client::{Client, GrantType},
    error::{Error, ErrorCode::UnauthorizedClient, refused},
    path,
    provider::hex,
    records::{self, written},
    resource,
    token::ClientRequest,
};
use auth_core::{document::*, ports::*, value::*};
use std::time::Duration;

const KIND: &str = "device";

/// What a device is given, to show and to wait with (RFC 8628, section 3.2).
#[derive(Clone, Debug)]
pub struct DeviceAuthorization {
    /// What it shows at the token endpoint.
    pub device_code: Secret,
    /// What its person types.
    pub user_code: UserCode,
    /// Where.
    pub verification_uri: String,
    /// The same place with the code filled in: for a picture that a telephone reads.
    pub verification_uri_complete: String,
    /// For how long both codes are good.
    pub expires_in: Duration,
    /// How long it waits between two questions.
    pub interval: Duration,
}

impl Provider {
    /// Takes a device's request (RFC 8628, section 3.1).
    ///
    /// # Errors
    /// [`Error`], with the codes of RFC 6749, section 5.2.
    pub async fn authorize_device(&self, request: &ClientRequest) -> Result<DeviceAuthorization, Error> {
        let Ports { documents, clock, rng, .. } = self.ports();
        let client = self.authenticated(request, path::DEVICE_AUTHORIZATION).await?;
        self.accounts.limit_requests(&request.caller).await??;
        if !client.may(GrantType::DeviceCode) {
            return refused(UnauthorizedClient, "this client is not registered for device codes");
        }
        let resources = resource::asked(&self.policy, &request.params, &client.resources)?;
        let scope = resource::asked_scope(&self.policy, &request.params, &client, &resources)?;
        let (now, expires_in, interval) = (clock.now(), self.policy.device_ttl, self.policy.device_interval);
        let user_code = UserCode::draw(rng.as_ref());
        let name = self.name_of(&user_code);
        let device_code = DeviceCode::draw(name, rng.as_ref());
        let kept = Kept::new(client.client_id, &device_code, (scope, resources), (now, now + expires_in), interval);
        let document = Document {
            key: key(name)?,
            // As long again: a device that comes late is told so.
            expires_at: Some(now + expires_in * 2),
            body: written(&kept)?,
        };
        match documents.insert(&document).await? {
            Inserted::Done => {}
            Inserted::Exists => {
                return Err(Unavailable::failed("documents", "a device shows this user code already").into());
            }
        }
        let verification_uri = self.endpoint(path::DEVICE);
        Ok(DeviceAuthorization {
            device_code: device_code.reveal(),
            verification_uri_complete: format!("{verification_uri}?user_code={user_code}"),
            user_code,
            verification_uri,
            expires_in,
            interval,
        })
    }

    /// What is kept of the request of this client's that has this device code, once it was noted that the device asks.
    pub(crate) async fn polled(&self, client: &Client, device_code: &DeviceCode) -> Outside<Option<Kept>> {
        let Ports { documents, clock, .. } = self.ports();
        let (key, now) = (key(device_code.name)?, clock.now());
        let polled = records::change(documents.as_ref(), &key, |kept: &mut Kept| {
            if kept.is_of(client, device_code) { kept.poll(now) } else { Change::Leave }
        });
        Ok(polled.await?.filter(|kept| kept.is_of(client, device_code)))
    }

    /// Under which name a request is kept. There are few user codes, and a plain digest would tell them.
    fn name_of(&self, user_code: &UserCode) -> [u8; 16] {
        self.accounts.secret().index(&["user code", user_code.expose()])
    }
}

fn key(name: [u8; 16]) -> Outside<DocumentKey> {
    records::key(KIND, &hex(name), "request")
}
