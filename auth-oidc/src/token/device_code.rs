//! A device code for tokens, once a person has let the device in (RFC 8628, section 3.4).
use super::{Tokens, required};
use crate::{
    Params, Provider,
    client::Client,
    device::DeviceCode,
    dpop::Thumbprint,
    error::{
        Error,
        ErrorCode::{AccessDenied, ExpiredToken, InvalidGrant, SlowDown},
        refused,
    },
};
use auth_core::{
    ports::*,
    session_token::{Purpose, SessionToken},
};

/// One answer for every device code that is good for nothing.
const BAD_CODE: &str = "the device_code is none of this client's";
const TOO_LATE: &str = "the person did not let the device in, or the device did not come, in time";

impl Provider {
    /// Tells the device what its person has said. The credential that turns the chain is made here, from the session that the
    /// person has let it have: so of any number of questions one gets tokens, and one that comes after ends them, as with an
    /// authorization code.
    pub(super) async fn exchange_device_code(
        &self,
        client: &Client,
        params: &Params,
        key: Option<Thumbprint>,
    ) -> Result<Tokens, Error> {
        let Ports { sessions, clock, .. } = self.ports();
        let code = DeviceCode::parse(required(params, "device_code", "device_code is missing")?);
        let Some(code) = code else { return refused(InvalidGrant, BAD_CODE) };
        let Some(kept) = self.polled(client, &code).await? else { return refused(InvalidGrant, BAD_CODE) };
        let id = match kept.told(clock.now()) {
            Ok(id) => id,
            Err(ExpiredToken) => return refused(ExpiredToken, TOO_LATE),
            Err(AccessDenied) => return refused(AccessDenied, "the person has said no"),
            Err(SlowDown) => return refused(SlowDown, "wait five seconds longer between two questions from now on"),
            Err(pending) => return refused(pending, "the person has not answered yet"),
        };
        let Some(session) = sessions.by_id(id).await? else { return refused(InvalidGrant, BAD_CODE) };
        if session.generation == 0 && kept.is_over(clock.now()) {
            return refused(ExpiredToken, TOO_LATE);
        }
        self.redeem(client, params, key, &SessionToken::of(&session, Purpose::Code, self.accounts.secret())).await
    }
}
