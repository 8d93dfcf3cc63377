//! The logo of a client, for whoever is signed in and may have to decide.
use super::{Step, visit::Visit};
use crate::http::problem::{Code, Problem};
use auth_core::{ports::Outside, value::ClientId};
use auth_oidc::client::Client;
use poem::{
    IntoResponse, Response,
    http::{HeaderValue, header},
};
use url::form_urlencoded::Serializer;

/// Nothing in it is run, wherever it is looked at.
const POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; sandbox; frame-ancestors 'none'");

/// Where a page finds it, if there is one.
pub fn link(visit: &Visit, client: &Client) -> Option<String> {
    let query = Serializer::new(String::new()).append_pair("client_id", client.client_id.as_str()).finish();
    visit.provider.has_logo(client).then(|| format!("logo?{query}"))
}

/// The picture.
pub struct Logo;

impl Step for Logo {
    async fn answer(&self, visit: &Visit) -> Outside<Response> {
        let nothing = || Problem::new(Code::NotFound).into_response();
        // Nobody else has this server fetch anything.
        let named = visit.params.get("client_id").and_then(|id| ClientId::parse(id).ok());
        let (Some(_), Some(id)) = (visit.who().await?, named) else { return Ok(nothing()) };
        let Some(client) = visit.provider.client(&id).await? else { return Ok(nothing()) };
        let Some(logo) = visit.provider.logo(&client).await else { return Ok(nothing()) };
        let response = Response::builder().content_type(logo.content_type);
        Ok(response.header(header::CONTENT_SECURITY_POLICY, POLICY).body(logo.bytes.clone()))
    }
}
