//! A visit: one request of a browser. Who it is, what it brings, and how it is answered.
use super::{
    cookies::{Cookie, Cookies},
    device, form,
};
use crate::{
    http::{Context, caller::Asks, problem},
    pages::{Page, Reason, Rule, Told},
    settings::value::PublicUrl,
};
use auth_core::{
    accounts::{Caller, Identity},
    device_token::DeviceToken,
    ports::{Outside, Unavailable},
    value::{CodeId, Locale, OneTimeCode, Password, Secret},
};
use auth_oidc::{Params, Provider};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use poem::{
    FromRequest, IntoResponse, Request, Response, Result,
    http::{HeaderValue, Method, StatusCode, header},
};
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// One request of a browser.
pub struct Visit {
    pub context: Arc<Context>,
    pub provider: Provider,
    pub caller: Caller,
    pub cookies: Cookies,
    /// What the browser calls itself.
    pub user_agent: String,
    /// The authorization request that it is about.
    pub params: Params,
    /// What was filled in.
    pub form: Params,
    /// The value of the cookie, and whether the browser has it yet.
    csrf: (String, bool),
}

impl Visit {
    /// Reads a request. The authorization request is its query, or a field of the form that one of our pages is.
    pub async fn of(mut request: Request) -> Result<Self> {
        let context = Context::of(&request).clone();
        let provider = request.data::<Provider>().cloned().unwrap_or_else(|| context.provider.clone());
        let Asks(caller) = Asks::from_request_without_body(&request).await?;
        let secure = context.provider.issuer().starts_with("https://")
            || context.public_url.as_ref().is_some_and(PublicUrl::is_https);
        let cookies = Cookies::of(request.headers(), secure);
        let device = cookies.get(Cookie::Device);
        let device = device.and_then(|token| DeviceToken::parse(&Secret::new(token.to_owned())).ok());
        let user_agent = request.header(header::USER_AGENT).unwrap_or_default().to_owned();
        let csrf = match cookies.get(Cookie::Csrf) {
            Some(held) => (held.to_owned(), true),
            None => (drawn(&context), false),
        };
        let (params, form) = if request.method() == Method::POST {
            let form = form::read(&mut request).await?;
            (Params::parse(form.get("request").unwrap_or_default()), form)
        } else {
            let query = Params::parse(request.uri().query().unwrap_or_default());
            (device::marked(request.uri().path(), query), Params::default())
        };
        let caller = Caller { device, ..caller };
        Ok(Self { context, provider, caller, cookies, user_agent, params, form, csrf })
    }

    /// Who is signed in in this browser.
    pub async fn who(&self) -> Outside<Option<Identity>> {
        let Some(token) = self.cookies.get(Cookie::Session) else { return Ok(None) };
        self.provider.accounts().browser(&Secret::new(token.to_owned())).await
    }

    /// What was typed into a field, or nothing.
    pub fn typed(&self, name: &str) -> &str {
        self.form.get(name).unwrap_or_default()
    }

    /// The new password that was typed.
    ///
    /// # Errors
    /// The rule that it breaks, of those that hold for all passwords.
    pub fn new_password(&self) -> Result<Password, Rule> {
        let text = self.typed("password");
        let rule = match text {
            "" => Rule::PasswordShort(self.provider.accounts().policy().password.min_chars()),
            _ => Rule::PasswordLong(Password::MAX_CHARS),
        };
        Password::parse(Secret::new(text.to_owned())).map_err(|_| rule)
    }

    /// The mailed code that was typed, and what it is good for. What cannot be one is no other thing than a wrong one.
    pub fn code(&self) -> Option<(CodeId, OneTimeCode)> {
        let code = OneTimeCode::parse(&Secret::new(self.typed("code").trim().to_owned()));
        CodeId::parse(self.typed("id")).ok().zip(code.ok())
    }

    /// What a form of ours brings back: a MAC of this browser's cookie, which no other page knows (O-17).
    pub fn csrf(&self) -> String {
        let mac = self.provider.accounts().secret().index(&["csrf", &self.csrf.0]);
        format!("{:032x}", u128::from_be_bytes(mac))
    }

    /// Whether the form is one that was shown in this browser.
    pub fn is_ours(&self) -> bool {
        let (_, known) = &self.csrf;
        let brought = self.form.get("csrf").unwrap_or_default();
        *known && bool::from(self.csrf().as_bytes().ct_eq(brought.as_bytes()))
    }

    /// A page that tells what came of what was just tried.
    pub fn tell(&self, page: &Page, told: Option<Told>) -> Response {
        self.show(told.map_or(StatusCode::OK, Told::status), page, told)
    }

    /// A page.
    pub fn show(&self, status: StatusCode, page: &Page, told: Option<Told>) -> Response {
        let html = match self.context.pages.render(self.language(), page, told) {
            Ok(html) => html,
            Err(error) => {
                tracing::error!(reason = %error, "a page of AUTH_SERVICE_PAGES_DIR fails");
                return problem::Problem::new(problem::Code::Internal).into_response();
            }
        };
        let response = Response::builder().status(status).content_type("text/html; charset=utf-8");
        let mut response = response.header(header::CONTENT_SECURITY_POLICY, POLICY).body(html);
        let headers = response.headers_mut();
        if let Some(Told::Slow(wait) | Told::Busy(wait)) = told {
            let (name, value) = problem::retry_after(wait);
            headers.insert(name, value);
        }
        if !self.csrf.1 {
            headers.append(header::SET_COOKIE, self.cookies.set(Cookie::Csrf, &self.csrf.0, None));
        }
        response
    }

    /// The answer, or a page that says that there is none.
    pub fn or_put_off(&self, answer: Outside<Response>) -> Response {
        answer.unwrap_or_else(|unavailable: Unavailable| {
            let page = Page::Error { reason: Reason::Unavailable };
            let mut response = self.show(StatusCode::SERVICE_UNAVAILABLE, &page, None);
            let (name, value) = problem::retry_after(problem::put_off(unavailable));
            response.headers_mut().insert(name, value);
            response
        })
    }

    /// The client may know which languages the person reads (`OpenID` Connect Core, section 3.1.2.1); the browser does, too.
    fn language(&self) -> &str {
        let named = self.params.get("ui_locales").unwrap_or_default().split_ascii_whitespace();
        let named: Vec<_> = named.take(16).filter_map(|tag| Locale::parse(tag).ok()).collect();
        let known = [&self.caller.locale, &self.context.default_language];
        self.context.pages.language(named.iter().chain(known))
    }
}

/// O-15. Without `form-action`, by which Chrome would hold back the answer that a form leads to, wherever its client is.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'",
);

fn drawn(context: &Context) -> String {
    let mut bytes = [0; 32];
    context.rng.fill(&mut bytes);
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}
