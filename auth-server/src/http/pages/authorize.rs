//! Authorize: where clients send people (RFC 6749, section 3.1).
use super::{Step, form, visit::Visit};
use auth_core::ports::Outside;
use auth_oidc::authorize::Visitor;
use poem::{
    Request, Response, Result,
    http::{StatusCode, header},
};

/// The request as a query.
pub struct Authorize;

impl Step for Authorize {
    async fn answer(&self, visit: &Visit) -> Outside<Response> {
        let who = visit.who().await?;
        visit.next(Visitor { who, ..Visitor::default() }, None).await
    }
}

/// The request as a form (`OpenID` Connect Core, section 3.1.2.1): shown the way to the query. What another site posts comes
/// without our cookies, and what follows a redirect with them.
pub async fn by_form(mut request: Request) -> Result<Response> {
    let params = form::read(&mut request).await?;
    let response = Response::builder().status(StatusCode::SEE_OTHER);
    Ok(response.header(header::LOCATION, format!("authorize?{params}")).finish())
}
