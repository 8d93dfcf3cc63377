//! What comes next for whoever brings an authorization request: a page, or the way back to the client.
use super::{account, consent, device, sign_in, sign_up, visit::Visit};
use crate::pages::{Field, Page, Reason, Told};
use auth_core::{accounts::Identity, ports::Outside};
use auth_oidc::authorize::{Authorization, Mode, NotSent, Request, Response as Answer, Visitor};
use poem::{
    Response,
    http::{StatusCode, header},
};
use url::Url;

/// Where a person is who has come of their own accord.
const HOME: &str = "applications";

impl Visit {
    /// Asks the provider, and answers as it says; with what there is to tell of what was just tried.
    pub async fn next(&self, visitor: Visitor, told: Option<Told>) -> Outside<Response> {
        if device::is_meant(&self.params) {
            return Ok(device::ask(self, visitor.who.as_ref(), told));
        }
        let first = |visit: &Self, request: Option<&Request>| match request {
            Some(request) if request.prompt.create => sign_up::page(visit, Some(request)),
            _ => sign_in::page(visit, request),
        };
        self.next_or(visitor, first, told, false).await
    }

    /// What comes next for whoever has just signed in: what a request says, or else their own page.
    pub async fn go_on(&self, who: Identity) -> Outside<Response> {
        if self.is_of_nobody() && !device::is_meant(&self.params) {
            return Ok(Response::builder().status(StatusCode::SEE_OTHER).header(header::LOCATION, HOME).finish());
        }
        self.next(Visitor::signed_in(who), None).await
    }

    /// This page, for whoever is yet to sign in: because of a request, or of their own accord.
    pub async fn ask(
        &self,
        page: impl FnOnce(&Self, Option<&Request>) -> Page,
        told: Option<Told>,
    ) -> Outside<Response> {
        // Whoever is busy does not ask the store for the client's name: there is no time for anything.
        if self.is_of_nobody() || matches!(told, Some(Told::Busy(_))) {
            return Ok(self.tell(&page(self, None), told));
        }
        // What has been done for it stands, though the request may be over by now.
        self.next_or(Visitor::default(), page, told, self.is_ours()).await
    }

    async fn next_or(
        &self,
        visitor: Visitor,
        first: impl FnOnce(&Self, Option<&Request>) -> Page,
        told: Option<Told>,
        at_least_first: bool,
    ) -> Outside<Response> {
        let visitor = Visitor { returning: self.is_ours(), ..visitor };
        let done = visitor.done;
        let (page, told) = match self.provider.authorize(&self.params, &visitor).await? {
            Authorization::Answer(answer) => return Ok(self.deliver(&answer)),
            Authorization::NotSent(_) if at_least_first => (first(self, None), told),
            Authorization::NotSent(why) => return Ok(self.not_sent(why)),
            // Whoever has just signed in is not whom the client expects.
            Authorization::SignIn(request) => {
                (first(self, Some(&request)), told.or(done.signed_in.then_some(Told::OtherAccount)))
            }
            Authorization::SelectAccount(request, who) => (account::page(self, &request, &who, done), told),
            Authorization::Consent(request, who) => (consent::page(self, &request, &who, done), told),
        };
        Ok(self.tell(&page, told))
    }

    /// Whether no client has sent the person here.
    fn is_of_nobody(&self) -> bool {
        self.params.get("client_id").is_none()
    }

    /// Back to the client. Never by a 307, which would take along what the person has typed (O-18).
    pub fn deliver(&self, answer: &Answer) -> Response {
        match answer.mode {
            Mode::Query => {
                let response = Response::builder().status(StatusCode::SEE_OTHER);
                response.header(header::LOCATION, answer.location()).finish()
            }
            Mode::FormPost => {
                let field = |(name, value): &(&str, auth_core::value::Secret)| Field {
                    name: (*name).to_owned(),
                    value: value.expose().to_owned(),
                };
                let page = Page::FormPost {
                    host: host(&answer.redirect_uri),
                    action: answer.redirect_uri.clone(),
                    fields: answer.parameters.iter().map(field).collect(),
                };
                self.show(StatusCode::OK, &page, None)
            }
        }
    }

    /// Nowhere: nothing that the request named is a link on this page (O-03).
    fn not_sent(&self, why: NotSent) -> Response {
        let reason = match why {
            NotSent::UnknownClient => Reason::UnknownClient,
            NotSent::BadRedirectUri => Reason::BadRedirectUri,
            NotSent::UnknownRequestUri => Reason::UnknownRequestUri,
            NotSent::BadRequestObject => Reason::BadRequestObject,
        };
        self.show(StatusCode::BAD_REQUEST, &Page::Error { reason }, None)
    }
}

/// What a person is told of where an answer goes: the host, or the scheme of an application of theirs.
pub fn host(redirect_uri: &str) -> String {
    let Ok(url) = Url::parse(redirect_uri) else { return String::new() };
    match (url.scheme(), url.host_str()) {
        ("http" | "https", Some(host)) => host.to_owned(),
        (scheme, _) => format!("{scheme}:"),
    }
}
