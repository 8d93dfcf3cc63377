//! Authorize: a person's leave for a code (RFC 6749, section 4.1.1; OpenID Connect Core, section 3.1.2).
//!
//! Who asks, and where the answer may go, is settled first: until then nobody is sent anywhere. Then come the
//! checks, a list; then the person's part, in `Provider::decide`.
mod addressee;
mod checks;
mod request;
mod request_object;
mod response;
mod ticket;

pub use self::{
    addressee::NotSent,
    request::{Prompt, Request},
    response::{Mode, Response},
    ticket::{Page, Ticket},
};

pub(crate) use self::request_object::TYPE as REQUEST_TYPE;

use crate::{Params, Provider, client::Client, error::*, hint::NoHint, par};
use auth_core::{
    accounts::Identity,
    grant::{CodeBinding, Grant},
    ports::*,
    session_token::{Purpose, SessionToken},
    value::*,
};
use std::time::Duration;

/// Who is in front of the browser, and what they have done about this request so far.
#[derive(Clone, Debug, Default)]
pub struct Visitor {
    /// The person's session in this browser.
    pub who: Option<Identity>,
    /// What they have done for this very request.
    pub done: Done,
    /// Whether they have agreed to it.
    pub decision: Option<Decision>,
    /// What the page said that they have decided on, if a [`Ticket`] tells.
    pub said: Option<String>,
    /// Whether a page for this request was shown in this browser: then a signed request is good for as long as the page, and
    /// need not have been signed a moment ago.
    pub returning: bool,
}

/// What a person has done for one request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// They have signed in.
    pub signed_in: bool,
    /// They have said which account it is to be.
    pub chosen: bool,
}

impl Visitor {
    /// Whoever this is, and has done nothing for this request.
    pub const fn of(who: Option<Identity>) -> Self {
        Self { who, done: Done { signed_in: false, chosen: false }, decision: None, said: None, returning: false }
    }

    /// A person who has just signed in for this request.
    pub const fn signed_in(who: Identity) -> Self {
        let done = Done { signed_in: true, chosen: true };
        Self { who: Some(who), done, decision: None, said: None, returning: true }
    }
}

/// What a person says to a client's request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Yes.
    Allow,
    /// No.
    Deny,
}

/// What comes next.
#[must_use]
#[derive(Debug)]
pub enum Authorization {
    /// The answer, yes or no, for the browser to take to the client.
    Answer(Response),
    /// The person must sign in; or open an account, if the request says so by its [`Prompt`].
    SignIn(Box<Request>),
    /// The person must say which account it is to be: the one that is signed in, or another.
    SelectAccount(Box<Request>, Box<Identity>),
    /// The person must say whether they agree.
    Consent(Box<Request>, Box<Identity>),
    /// A page must say what is wrong: nobody may be sent anywhere (O-03).
    NotSent(NotSent),
}

impl Provider {
    /// Looks at a request, and at whoever brings it, and says what comes next. The parameters are those of the query, or of
    /// the body. Asked again after each page, with what the person has done there.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn authorize(&self, params: &Params, visitor: &Visitor) -> Outside<Authorization> {
        let asked = match self.asking(params).await? {
            Ok(client) => {
                let grace = if visitor.returning { self.policy.page_ttl } else { Duration::ZERO };
                self.asked(client, params, grace).await?
            }
            Err(not_sent) => Err(not_sent.into()),
        };
        match asked {
            Ok(request) => self.decide(request, visitor).await,
            Err(Objection::NotSent(not_sent)) => Ok(Authorization::NotSent(not_sent)),
            Err(Objection::Refused(request, refusal)) => Ok(Authorization::Answer(self.refuse(&request, &refusal))),
        }
    }

    /// What this client asks: in these parameters, in those that it has pushed, or in those that it has signed.
    async fn asked(&self, client: Client, params: &Params, grace: Duration) -> Outside<Result<Request, Objection>> {
        if let Some(key) = par::key_of(&client.client_id, params)? {
            let Some(pushed) = self.pushed(&key).await? else { return Ok(Err(NotSent::UnknownRequestUri.into())) };
            return Ok(self.checked(client, &pushed).map(|request| Request { pushed: Some(key), ..request }));
        }
        let params = match self.resolved(&client, params, grace).await {
            Ok(params) => params,
            Err(refusal) => return Ok(Err(Objection::unresolved(client, params, refusal))),
        };
        Ok(self.checked(client, &params).and_then(|request| {
            if request.client.must_push() {
                let refusal = Refusal::new(ErrorCode::InvalidRequest, "this client pushes its requests (RFC 9126)");
                return Err(Objection::Refused(Box::new(request), refusal));
            }
            Ok(request)
        }))
    }

    /// The request that these parameters make, if it passes the checks.
    pub(crate) fn checked(&self, client: Client, params: &Params) -> Result<Request, Objection> {
        let mut request = Request::new(Addressee::of(client, params)?, params);
        let mut checks = checks::CHECKS.iter();
        let passed = checks.try_for_each(|check| check(&self.policy, params, &mut request));
        match passed.and_then(|()| self.id_token_hint(params, &mut request)) {
            Ok(()) => Ok(request),
            Err(refusal) => Err(Objection::Refused(Box::new(request), refusal)),
        }
    }

    /// OpenID Connect Core, section 3.1.2.1: an ID token of ours says whom the person must be.
    fn id_token_hint(&self, params: &Params, request: &mut Request) -> Result<(), Refusal> {
        let Some(text) = params.get("id_token_hint") else { return Ok(()) };
        match self.hint(text) {
            Ok(Some(hint)) => request.subject_hint = Some(hint.sub),
            // Nobody can tell: the person is to say who they are.
            Ok(None) if request.prompt.none => {
                return refused(ErrorCode::LoginRequired, "id_token_hint is too old to be read");
            }
            Ok(None) => {}
            Err(NoHint) => return refused(ErrorCode::InvalidRequest, "id_token_hint is no ID token of this server"),
        }
        Ok(())
    }

    /// The person's part (OpenID Connect Core, sections 3.1.2.3 and 3.1.2.4).
    async fn decide(&self, request: Request, visitor: &Visitor) -> Outside<Authorization> {
        let who = visitor.who.as_ref().filter(|who| self.is_good_enough(&request, who, visitor.done));
        let Some(who) = who else {
            return Ok(self.unless_silent(request, ErrorCode::LoginRequired, Authorization::SignIn));
        };
        if request.prompt.select_account && !visitor.done.chosen {
            let ask = |request| Authorization::SelectAccount(request, Box::new(who.clone()));
            return Ok(self.unless_silent(request, ErrorCode::AccountSelectionRequired, ask));
        }
        // Of a page that said something else they have not decided on this.
        let decision = visitor.decision.filter(|_| visitor.said.as_ref().is_none_or(|said| *said == request.said()));
        let asks = self.needs_consent(&request, who).await?;
        if asks && decision.is_none() {
            let ask = |request| Authorization::Consent(request, Box::new(who.clone()));
            return Ok(self.unless_silent(request, ErrorCode::ConsentRequired, ask));
        }
        // From here on it is answered, and once.
        if !self.spend(&request).await? {
            return Ok(Authorization::NotSent(NotSent::UnknownRequestUri));
        }
        match decision {
            Some(Decision::Deny) => {
                let refusal = Refusal::new(ErrorCode::AccessDenied, "the person has said no");
                return Ok(Authorization::Answer(self.refuse(&request, &refusal)));
            }
            Some(Decision::Allow) if asks => {
                self.remember_consent(&request.client, &self.asked_by(&request), who).await?;
            }
            Some(Decision::Allow) | None => {}
        }
        let code = self.grant(&request, who).await?;
        Ok(Authorization::Answer(self.accept(&request, &code)))
    }

    /// Whether the session that the browser has answers the request (OpenID Connect Core, section 3.1.2.1).
    fn is_good_enough(&self, request: &Request, who: &Identity, done: Done) -> bool {
        let age = self.ports().clock.now().since(who.session.started_at).as_secs();
        let Prompt { login, create, .. } = request.prompt;
        let recent = request.max_age.is_none_or(|most| age <= most) && !login && !create;
        let hinted =
            request.subject_hint.as_ref().is_none_or(|subject| *subject == self.subject(who.user.id, &request.client));
        (recent || done.signed_in) && hinted
    }

    /// `prompt=none`: no page, but an error that says which it would have been.
    fn unless_silent(
        &self,
        request: Request,
        code: ErrorCode,
        page: impl FnOnce(Box<Request>) -> Authorization,
    ) -> Authorization {
        if request.prompt.none {
            let refusal = Refusal::new(code, "prompt=none, and a page would be needed");
            return Authorization::Answer(self.refuse(&request, &refusal));
        }
        page(Box::new(request))
    }

    /// Makes the grant. Its code is the first credential of its chain, so there is no moment between a code that is spent
    /// and what it buys.
    async fn grant(&self, request: &Request, who: &Identity) -> Outside<Secret> {
        let grant = Grant {
            client: request.client.client_id.clone(),
            scope: request.scope.clone(),
            resources: request.resources.clone(),
            given_in: who.session.id,
            offline: request.scope.has("offline_access"),
            auth_time: who.session.started_at,
            code: Some(CodeBinding {
                redirect_uri: request.redirect_uri.clone(),
                challenge: request.challenge.clone(),
                dpop_jkt: request.dpop_jkt.clone(),
            }),
            nonce: request.nonce.clone(),
            id_token_claims: request.id_token_claims.clone(),
            userinfo_claims: request.userinfo_claims.clone(),
        };
        let good_until = self.ports().clock.now() + self.policy.code_ttl;
        let session = self.give(&request.client, who, grant, good_until).await?;
        let secret = self.accounts.secret();
        Ok(SessionToken::of(&session, Purpose::Code, secret).reveal(Purpose::Code, secret))
    }
}

/// What is wrong with a request.
pub(crate) enum Objection {
    /// There is nobody to tell it to.
    NotSent(NotSent),
    /// The client is told.
    Refused(Box<Request>, Refusal),
}

impl Objection {
    /// What is signed says nothing until its signature holds. What is beside it may say where the client is told so.
    fn unresolved(client: Client, beside: &Params, refusal: Refusal) -> Self {
        match Addressee::of(client, beside) {
            Ok(addressee) => Self::Refused(Box::new(Request::new(addressee, beside)), refusal),
            Err(_) => Self::NotSent(NotSent::BadRequestObject),
        }
    }
}

impl From<NotSent> for Objection {
    fn from(not_sent: NotSent) -> Self {
        Self::NotSent(not_sent)
    }
}

/// Who asks and where the answer goes: settled before all else.
#[derive(Clone, Debug)]
pub struct Addressee {
    client: Client,
    redirect_uri: String,
    state: Option<String>,
    mode: Mode,
}
