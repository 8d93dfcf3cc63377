//! The provider's endpoint for browsers, and the pages on which a person signs up, signs in, chooses a new password, chooses
//! an account, agrees, takes that back and signs out. A step a file: each looks at one visit, and says what comes next.

mod account;
mod applications;
mod authorize;
mod browser_name;
mod confirm;
mod consent;
mod cookies;
pub mod described;
mod device;
mod forgot;
mod form;
mod logo;
mod logout;
mod next;
mod reset;
mod sign_in;
mod sign_up;
mod style;
mod told;
mod visit;

use self::visit::Visit;
use super::paths::Paths;
use crate::pages;
use auth_core::ports::Outside;
use auth_oidc::{authorize::Request as AuthorizationRequest, path};
use poem::{Endpoint, Request, Response, Result, endpoint::make, http::Method};

/// Adds them to the others.
pub fn add_to(paths: &mut Paths) {
    paths.add(Method::GET, path::AUTHORIZE, Page(authorize::Authorize));
    paths.add(Method::POST, path::AUTHORIZE, make(authorize::by_form));
    paths.add(Method::GET, "/oauth2/sign-in", Page(Ask(sign_in::page)));
    paths.add(Method::POST, "/oauth2/sign-in", Page(sign_in::SignIn));
    paths.add(Method::GET, "/oauth2/sign-up", Page(Ask(sign_up::page)));
    paths.add(Method::POST, "/oauth2/sign-up", Page(sign_up::SignUp));
    paths.add(Method::POST, "/oauth2/confirm", Page(confirm::Confirm));
    paths.add(Method::POST, "/oauth2/resend", Page(confirm::Resend));
    paths.add(Method::GET, "/oauth2/forgot", Page(Ask(forgot::page)));
    paths.add(Method::POST, "/oauth2/forgot", Page(forgot::Forgot));
    paths.add(Method::GET, "/oauth2/reset", Page(Ask(reset::page)));
    paths.add(Method::POST, "/oauth2/reset", Page(reset::Reset));
    paths.add(Method::POST, "/oauth2/account", Page(account::Account));
    paths.add(Method::POST, "/oauth2/consent", Page(consent::Consent));
    paths.add(Method::GET, path::DEVICE, Page(device::Ask));
    paths.add(Method::POST, path::DEVICE, Page(device::Typed));
    paths.add(Method::POST, "/oauth2/device-consent", Page(device::Answered));
    paths.add(Method::GET, "/oauth2/applications", Page(applications::Applications));
    paths.add(Method::POST, "/oauth2/applications", Page(applications::Withdraw));
    paths.add(Method::GET, "/oauth2/logout", Page(logout::Ask));
    paths.add(Method::POST, "/oauth2/logout", Page(logout::Logout));
    paths.add(Method::GET, "/oauth2/logo", Page(logo::Logo));
    paths.add(Method::GET, "/oauth2/style.css", make(style::style));
}

/// What is done on one visit.
trait Step: Send + Sync + 'static {
    /// Does it, and answers.
    fn answer(&self, visit: &Visit) -> impl Future<Output = Outside<Response>> + Send;
}

/// A page for whoever is yet to sign in, to be filled in.
struct Ask(fn(&Visit, Option<&AuthorizationRequest>) -> pages::Page);

impl Step for Ask {
    async fn answer(&self, visit: &Visit) -> Outside<Response> {
        visit.ask(self.0, None).await
    }
}

/// A step as the framework wants it.
struct Page<S>(S);

impl<S: Step> Endpoint for Page<S> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let visit = Visit::of(request).await?;
        Ok(visit.or_put_off(self.0.answer(&visit).await))
    }
}

#[cfg(test)]
mod tests;
