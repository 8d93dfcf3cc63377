//! Choose an account: the one that is signed in, or another.
use super::{Step, visit::Visit};
use crate::pages::{Page, Told};
use auth_core::{accounts::Identity, ports::Outside};
use auth_oidc::authorize::{self, Done, Request, Ticket, Visitor};
use poem::Response;

/// What was chosen.
pub struct Account;

impl Step for Account {
    async fn answer(&self, visit: &Visit) -> Outside<Response> {
        let who = visit.who().await?;
        if !visit.is_ours() {
            return visit.next(Visitor { who, ..Visitor::default() }, Some(Told::Stale)).await;
        }
        if visit.form.get("choice") == Some("other") {
            // As if nobody were signed in: nobody is signed out by it.
            return visit.next(Visitor::default(), None).await;
        }
        let ticket = visit.form.get("ticket").and_then(Ticket::parse);
        let visitor = visit.provider.chosen(&visit.params, who, ticket.as_ref());
        let told = (!visitor.done.chosen).then_some(Told::Stale);
        visit.next(visitor, told).await
    }
}

/// The page, for whoever has done this much.
pub fn page(visit: &Visit, request: &Request, who: &Identity, done: Done) -> Page {
    let ticket = visit.provider.ticket(authorize::Page::Account, &visit.params, request, who, done);
    Page::Account {
        client: request.client.name().to_owned(),
        login: who.user.login.to_string(),
        email: who.user.email.to_string(),
        request: visit.params.to_string(),
        csrf: visit.csrf(),
        ticket: ticket.reveal(),
    }
}
