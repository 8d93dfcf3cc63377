//! A device: a person types what it shows, sees who asks for what, and lets it in or not (RFC 8628, section 3.3).
use super::{Step, consent, logo, sign_in, visit::Visit};
use crate::pages::{Page, Told};
use auth_core::{accounts::Identity, ports::Outside};
use auth_oidc::{
    Params,
    authorize::{Decision, Ticket},
    device::{DeviceAnswer, DeviceRequest, UserCode},
    path,
};
use poem::{Response, http::StatusCode};

/// Marks what stands for an authorization request in the forms on the way to a device's page: every one of those has a
/// `client_id`, and this has none.
const MARK: (&str, &str) = ("page", "device");

/// The query, marked if it is that of a device's page.
pub fn marked(path: &str, query: Params) -> Params {
    if path == path::DEVICE { query.without(&["client_id", MARK.0]).with(MARK.0, MARK.1) } else { query }
}

/// Whether this leads to a device's page.
pub fn is_meant(params: &Params) -> bool {
    params.get("client_id").is_none() && params.get(MARK.0) == Some(MARK.1)
}

/// Which device, please.
pub struct Ask;

impl Step for Ask {
    async fn answer(&self, visit: &Visit) -> Outside<Response> {
        Ok(ask(visit, visit.who().await?.as_ref(), None))
    }
}

/// What was typed.
pub struct Typed;

impl Step for Typed {
    async fn answer(&self, visit: &Visit) -> Outside<Response> {
        let who = visit.who().await?;
        if !visit.is_ours() {
            return Ok(ask(visit, who.as_ref(), Some(Told::Stale)));
        }
        let Some(who) = who else { return Ok(ask(visit, None, None)) };
        // What can be no code is no guess at one.
        let Some(code) = typed(visit) else { return Ok(ask(visit, Some(&who), Some(Told::NoDevice))) };
        Ok(match visit.provider.device_request(&visit.caller, &who, &code).await? {
            Ok(Some(request)) => visit.show(StatusCode::OK, &page(visit, &request, &who), None),
            Ok(None) => ask(visit, Some(&who), Some(Told::NoDevice)),
            Err(slow) => ask(visit, Some(&who), Some(Told::Slow(slow.retry_after))),
        })
    }
}

/// What was said to it.
pub struct Answered;

impl Step for Answered {
    async fn answer(&self, visit: &Visit) -> Outside<Response> {
        let who = visit.who().await?;
        let ticket = visit.form.get("ticket").and_then(Ticket::parse);
        let (Some(who), Some(code), Some(decision), true) =
            (&who, typed(visit), consent::decision(visit), visit.is_ours())
        else {
            return Ok(ask(visit, who.as_ref(), Some(Told::Stale)));
        };
        Ok(match visit.provider.answer_device(who, &code, ticket.as_ref(), decision).await? {
            DeviceAnswer::Taken => {
                let page = Page::DeviceDone { allowed: decision == Decision::Allow };
                visit.show(StatusCode::OK, &page, None)
            }
            DeviceAnswer::Unseen => ask(visit, Some(who), Some(Told::Stale)),
            DeviceAnswer::Gone => ask(visit, Some(who), Some(Told::NoDevice)),
        })
    }
}

/// The page to type the code on, or before it the one to sign in.
pub fn ask(visit: &Visit, who: Option<&Identity>, told: Option<Told>) -> Response {
    let page = match who {
        None => sign_in::page(visit, None),
        Some(who) => Page::Device {
            login: who.user.login.to_string(),
            user_code: visit.form.get("user_code").or(visit.params.get("user_code")).unwrap_or_default().to_owned(),
            // A link has brought the code: the person has not read it off anything yet.
            brought: visit.form.get("user_code").is_none() && visit.params.get("user_code").is_some(),
            request: visit.params.to_string(),
            csrf: visit.csrf(),
        },
    };
    visit.tell(&page, told)
}

/// Who asks for what.
fn page(visit: &Visit, request: &DeviceRequest, who: &Identity) -> Page {
    let client = &request.client;
    Page::DeviceConsent {
        client: client.name().to_owned(),
        login: who.user.login.to_string(),
        user_code: request.user_code.to_string(),
        asked: consent::asked(visit, &request.asked),
        unverified: client.registration_token.is_some() || client.document().is_some(),
        publisher: consent::publisher(client),
        logo: logo::link(visit, client),
        policy_uri: consent::link(client.policy_uri.as_ref()),
        tos_uri: consent::link(client.tos_uri.as_ref()),
        request: visit.params.to_string(),
        csrf: visit.csrf(),
        ticket: visit.provider.device_ticket(request, who).reveal(),
    }
}

fn typed(visit: &Visit) -> Option<UserCode> {
    visit.form.get("user_code").and_then(|text| UserCode::parse(text).ok())
}
