//! Applications: what a person has let clients do, to look at and to take back.
use super::{Step, consent, sign_in, visit::Visit};
use crate::{
    http::accounts::date,
    pages::{self, Page, Told},
};
use auth_core::{accounts::Identity, ports::Outside, value::ClientId};
use auth_oidc::applications::Application;
use poem::Response;

/// What they are.
pub struct Applications;

impl Step for Applications {
    async fn answer(&self, visit: &Visit) -> Outside<Response> {
        match visit.who().await? {
            Some(who) => show(visit, &who, None).await,
            None => visit.ask(sign_in::page, None).await,
        }
    }
}

/// One of them is not to have access any more.
pub struct Withdraw;

impl Step for Withdraw {
    async fn answer(&self, visit: &Visit) -> Outside<Response> {
        let Some(who) = visit.who().await? else { return visit.ask(sign_in::page, Some(Told::Stale)).await };
        let client = ClientId::parse(visit.typed("client_id"));
        let (true, Ok(client)) = (visit.is_ours(), client) else { return show(visit, &who, Some(Told::Stale)).await };
        // It may have been taken back before, and is so either way.
        let _ = visit.provider.withdraw_consent(who.user.id, &client).await?;
        show(visit, &who, Some(Told::Withdrawn)).await
    }
}

async fn show(visit: &Visit, who: &Identity, told: Option<Told>) -> Outside<Response> {
    let applications = visit.provider.applications(who.user.id).await?;
    let page = Page::Applications {
        login: who.user.login.to_string(),
        applications: applications.iter().map(|application| shown(visit, application)).collect(),
        csrf: visit.csrf(),
    };
    Ok(visit.tell(&page, told))
}

fn shown(visit: &Visit, Application { client, consent }: &Application) -> pages::Application {
    pages::Application {
        client_id: client.client_id.to_string(),
        name: client.name().to_owned(),
        asked: consent::asked(visit, &consent.granted),
        since: date(consent.given_at).date().to_string(),
        open: consent::link(visit.provider.initiate_login(client).as_ref()),
    }
}
