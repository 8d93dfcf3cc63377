//! Consent: yes or no to what a client asks for.
use super::{Step, logo, next::host, visit::Visit};
use crate::pages::{Asked, Page, Told};
use auth_core::{accounts::Identity, ports::Outside};
use auth_oidc::{
    authorize::{self, Decision, Done, Request, Ticket, Visitor},
    client::Client,
    consent,
};
use poem::Response;
use url::Url;

/// What was said.
pub struct Consent;

impl Step for Consent {
    async fn answer(&self, visit: &Visit) -> Outside<Response> {
        let who = visit.who().await?;
        if !visit.is_ours() {
            return visit.next(Visitor { who, ..Visitor::default() }, Some(Told::Stale)).await;
        }
        let ticket = visit.form.get("ticket").and_then(Ticket::parse);
        let visitor = visit.provider.decided(&visit.params, who, ticket.as_ref(), decision(visit));
        let told = visitor.decision.is_none().then_some(Told::Stale);
        visit.next(visitor, told).await
    }
}

/// What the button says that was pressed.
pub fn decision(visit: &Visit) -> Option<Decision> {
    match visit.form.get("decision") {
        Some("allow") => Some(Decision::Allow),
        Some("deny") => Some(Decision::Deny),
        _ => None,
    }
}

/// The page, for whoever has done this much.
pub fn page(visit: &Visit, request: &Request, who: &Identity, done: Done) -> Page {
    let client = &request.client;
    let ticket = visit.provider.ticket(authorize::Page::Consent, &visit.params, request, who, done);
    Page::Consent {
        client: client.name().to_owned(),
        login: who.user.login.to_string(),
        host: host(&request.redirect_uri),
        asked: asked(visit, &visit.provider.asked_by(request)),
        unverified: client.registration_token.is_some() || !client.is_recognised_at(&request.redirect_uri),
        publisher: publisher(client),
        logo: logo::link(visit, client),
        policy_uri: link(client.policy_uri.as_ref()),
        tos_uri: link(client.tos_uri.as_ref()),
        request: visit.params.to_string(),
        csrf: visit.csrf(),
        ticket: ticket.reveal(),
    }
}

/// The host that says who a client is, if nobody has registered it.
pub fn publisher(client: &Client) -> Option<String> {
    client.document().map(|document| host(document.as_str()))
}

/// The scopes of this server, from what every client wants to what goes furthest; then those of others.
const ORDER: [&str; 6] = ["openid", "profile", "email", "address", "phone", "offline_access"];

/// Each thing that is asked for at each service, with what the service is called, if it is not this one; and each service
/// at which nothing in particular is.
pub fn asked(visit: &Visit, asked: &consent::Asked) -> Vec<Asked> {
    let name = |id: &str| {
        let known = visit.provider.policy().resources.iter().find(|own| own.resource == id);
        known.and_then(|own| own.name.clone()).unwrap_or_else(|| id.to_owned())
    };
    let mut all = Vec::new();
    for (id, scope) in asked {
        let at = (!id.is_empty()).then(|| name(id));
        let words: Vec<_> = scope.words().collect();
        all.extend(words.iter().map(|word| Asked { scope: (*word).to_owned(), at: at.clone() }));
        if let (Some(at), true) = (at, words.is_empty()) {
            all.push(Asked { scope: at, at: None });
        }
    }
    all.sort_by_key(|asked| ORDER.iter().position(|known| *known == asked.scope).unwrap_or(ORDER.len()));
    all
}

/// A client that was checked has no other; but whatever is in a store, no link runs a script (O-16).
pub fn link(page: Option<&Url>) -> Option<String> {
    page.filter(|page| page.scheme() == "https").map(Url::to_string)
}
