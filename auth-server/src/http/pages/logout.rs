//! Sign out: the end of the session of this browser, by the person's own wish or a client's (RP-Initiated Logout).
use super::{Step, cookies::Cookie, visit::Visit};
use crate::pages::{Page, Reason, Told};
use auth_core::{
    accounts::{EndSessionError, Identity},
    ports::Outside,
};
use auth_oidc::{
    authorize::Response as Answer,
    logout::{BadLogout, LogoutRequest},
};
use poem::{
    Response,
    http::{StatusCode, header},
};

/// Whether the person wants to, unless the client has shown that it means this session (O-20).
pub struct Ask;

impl Step for Ask {
    async fn answer(&self, visit: &Visit) -> Outside<Response> {
        let who = visit.who().await?;
        match visit.provider.logout_request(&visit.params, who.as_ref()).await? {
            Ok(LogoutRequest { is_proven: true, then }) => end(visit, who, then).await,
            Ok(_) => Ok(ask(visit, who.as_ref(), None)),
            Err(bad) => Ok(refuse(visit, bad)),
        }
    }
}

/// They do; or a client has sent its request as a form, which is shown the way to the query.
pub struct Logout;

impl Step for Logout {
    async fn answer(&self, visit: &Visit) -> Outside<Response> {
        if visit.form.get("csrf").is_none() {
            let response = Response::builder().status(StatusCode::SEE_OTHER);
            return Ok(response.header(header::LOCATION, format!("logout?{}", visit.form)).finish());
        }
        let who = visit.who().await?;
        if !visit.is_ours() {
            return Ok(ask(visit, who.as_ref(), Some(Told::Stale)));
        }
        match visit.provider.logout_request(&visit.params, who.as_ref()).await? {
            Ok(request) => end(visit, who, request.then).await,
            Err(bad) => Ok(refuse(visit, bad)),
        }
    }
}

/// Ends the session, and sends the person where the client has registered, or says that it is done.
async fn end(visit: &Visit, who: Option<Identity>, then: Option<Answer>) -> Outside<Response> {
    if let Some(who) = who {
        match visit.provider.accounts().end_session(&who, who.session.id).await {
            Ok(()) | Err(EndSessionError::NotFound) => {}
            Err(EndSessionError::Unavailable(unavailable)) => return Err(unavailable),
        }
    }
    let mut response = match then {
        Some(answer) => visit.deliver(&answer),
        None => visit.show(StatusCode::OK, &page(visit, None, true), None),
    };
    response.headers_mut().append(header::SET_COOKIE, visit.cookies.clear(Cookie::Session));
    Ok(response)
}

/// Nobody is sent anywhere, and nothing is done (O-19).
fn refuse(visit: &Visit, bad: BadLogout) -> Response {
    let reason = match bad {
        BadLogout::BadHint => Reason::BadHint,
        BadLogout::BadRedirectUri => Reason::BadRedirectUri,
    };
    visit.show(StatusCode::BAD_REQUEST, &Page::Error { reason }, None)
}

fn ask(visit: &Visit, who: Option<&Identity>, told: Option<Told>) -> Response {
    visit.tell(&page(visit, who, false), told)
}

fn page(visit: &Visit, who: Option<&Identity>, done: bool) -> Page {
    Page::Logout {
        login: who.map(|who| who.user.login.to_string()),
        done,
        request: visit.params.to_string(),
        csrf: visit.csrf(),
    }
}
