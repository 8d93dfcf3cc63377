//! What each page holds: all that its template may speak of.
use minijinja::{Value, value::Serde};
use serde::Serialize;
use std::collections::BTreeSet;

/// A page, before it is put in words. `request` is the authorization request that it is about, `csrf` and `ticket` prove to
/// the next one that this one was shown.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Page {
    /// Name and password.
    SignIn { client: Option<String>, username: String, request: String, csrf: String },
    /// Who somebody wants to be.
    SignUp { client: Option<String>, username: String, email: String, min_length: usize, request: String, csrf: String },
    /// The code of a registration: `id` names that.
    Confirm { client: Option<String>, username: String, email: String, id: String, request: String, csrf: String },
    /// Whose password is forgotten.
    Forgot { email: String, request: String, csrf: String },
    /// The code of a reset, which `id` names, and the new password. Who comes by the mail's link has named no address.
    Reset { email: String, id: String, min_length: usize, request: String, csrf: String },
    /// The account that is signed in, or another.
    Account { client: String, login: String, email: String, request: String, csrf: String, ticket: String },
    /// Yes or no.
    Consent {
        client: String,
        login: String,
        /// Where the answer goes.
        host: String,
        asked: Vec<Asked>,
        /// Who the client is cannot be told.
        unverified: bool,
        /// The host that says who the client is, if nobody has registered it.
        publisher: Option<String>,
        /// Where its picture is.
        logo: Option<String>,
        policy_uri: Option<String>,
        tos_uri: Option<String>,
        request: String,
        csrf: String,
        ticket: String,
    },
    /// What a device shows, to be typed; or, if a link has `brought` it, to be compared.
    Device { login: String, user_code: String, brought: bool, request: String, csrf: String },
    /// Yes or no to a device.
    DeviceConsent {
        client: String,
        login: String,
        user_code: String,
        asked: Vec<Asked>,
        /// Nobody vouches for the client.
        unverified: bool,
        /// The host that says who the client is, if nobody has registered it.
        publisher: Option<String>,
        /// Where its picture is.
        logo: Option<String>,
        policy_uri: Option<String>,
        tos_uri: Option<String>,
        request: String,
        csrf: String,
        ticket: String,
    },
    /// What was said to it.
    DeviceDone { allowed: bool },
    /// What the person has let clients do.
    Applications { login: String, applications: Vec<Application>, csrf: String },
    /// Whether the person wants to sign out; that they have; or that there is nobody who could.
    Logout { login: Option<String>, done: bool, request: String, csrf: String },
    /// What is wrong, when nobody may be sent anywhere.
    Error { reason: Reason },
    /// The answer, as a form that the person sends on.
    FormPost { host: String, action: String, fields: Vec<Field> },
}

/// One thing that a client asks for.
#[derive(Clone, Debug, Serialize)]
pub struct Asked {
    /// Its scope: the words have a text for those that are known.
    pub scope: String,
    /// What the service is called at which it is asked for, if it is not this one.
    pub at: Option<String>,
}

/// A client that the person has let in.
#[derive(Clone, Debug, Serialize)]
pub struct Application {
    pub client_id: String,
    pub name: String,
    pub asked: Vec<Asked>,
    /// A date.
    pub since: String,
    /// Where it begins a sign-in, if it can.
    pub open: Option<String>,
}

/// One field of a form.
#[derive(Clone, Debug, Serialize)]
pub struct Field {
    pub name: String,
    pub value: String,
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Who asks.
    UnknownClient,
    /// Where the answer would go.
    BadRedirectUri,
    /// Whose session it is about.
    BadHint,
    /// What was asked: it was said beforehand, and is over.
    UnknownRequestUri,
    /// What was asked: its signature.
    BadRequestObject,
    /// The server itself.
    Unavailable,
}

impl Page {
    /// The file that it is made of.
    pub const fn template(&self) -> &'static str {
        match self {
            Self::SignIn { .. } => "sign_in.html",
            Self::SignUp { .. } => "sign_up.html",
            Self::Confirm { .. } => "confirm.html",
            Self::Forgot { .. } => "forgot.html",
            Self::Reset { .. } => "reset.html",
            Self::Account { .. } => "account.html",
            Self::Consent { .. } => "consent.html",
            Self::Device { .. } => "device.html",
            Self::DeviceConsent { .. } => "device_consent.html",
            Self::DeviceDone { .. } => "device_done.html",
            Self::Applications { .. } => "applications.html",
            Self::Logout { .. } => "logout.html",
            Self::Error { .. } => "error.html",
            Self::FormPost { .. } => "form_post.html",
        }
    }

    /// What the page of this template holds, by name.
    pub(super) fn names(template: &str) -> BTreeSet<String> {
        let page = Self::samples().into_iter().find(|page| page.template() == template);
        let names = page.and_then(|page| Value::from(Serde(page)).try_iter().ok());
        names.into_iter().flatten().map(|name| name.to_string()).collect()
    }

    /// Some of each kind, with and without what may be missing.
    pub(super) fn samples() -> Vec<Self> {
        let text = || "sample".to_owned();
        let link = || "https://sample.example/".to_owned();
        let consent = |asked, unverified, policy_uri, tos_uri| Self::Consent {
            client: text(),
            login: text(),
            host: text(),
            asked,
            unverified,
            publisher: unverified.then(text),
            logo: unverified.then(|| "logo?client_id=sample".to_owned()),
            policy_uri,
            tos_uri,
            request: text(),
            csrf: text(),
            ticket: text(),
        };
        let asked = ["email", "sample"]
            .into_iter()
            .flat_map(|scope| [None, Some("sample".to_owned())].map(|at| Asked { scope: scope.to_owned(), at }));
        let asked: Vec<_> = asked.collect();
        let application =
            |open| Application { client_id: text(), name: text(), asked: asked.clone(), since: text(), open };
        let applications = |applications| Self::Applications { login: text(), applications, csrf: text() };
        let logout = |login, done| Self::Logout { login, done, request: text(), csrf: text() };
        let sign_in = |client| Self::SignIn { client, username: text(), request: text(), csrf: text() };
        let device =
            |brought| Self::Device { login: text(), user_code: text(), brought, request: text(), csrf: text() };
        let device_consent = |asked, uri: Option<String>| Self::DeviceConsent {
            client: text(),
            login: text(),
            user_code: text(),
            asked,
            unverified: uri.is_some(),
            publisher: uri.as_ref().map(|_| text()),
            logo: uri.as_ref().map(|_| "logo?client_id=sample".to_owned()),
            policy_uri: uri.clone(),
            tos_uri: uri,
            request: text(),
            csrf: text(),
            ticket: text(),
        };
        let sign_up = |client| Self::SignUp {
            client,
            username: text(),
            email: text(),
            min_length: 15,
            request: text(),
            csrf: text(),
        };
        let confirm = |client| Self::Confirm {
            client,
            username: text(),
            email: text(),
            id: text(),
            request: text(),
            csrf: text(),
        };
        let reset = |email| Self::Reset { email, id: text(), min_length: 15, request: text(), csrf: text() };
        vec![
            sign_in(Some(text())),
            sign_in(None),
            Self::Account {
                client: text(),
                login: text(),
                email: text(),
                request: text(),
                csrf: text(),
                ticket: text(),
            },
            consent(asked.clone(), true, Some(link()), Some(link())),
            consent(Vec::new(), false, None, None),
            logout(Some(text()), false),
            logout(None, false),
            logout(None, true),
            Self::Error { reason: Reason::UnknownClient },
            Self::Error { reason: Reason::BadRedirectUri },
            Self::Error { reason: Reason::BadHint },
            Self::Error { reason: Reason::UnknownRequestUri },
            Self::Error { reason: Reason::Unavailable },
            Self::FormPost { host: text(), action: link(), fields: vec![Field { name: text(), value: text() }] },
            Self::Error { reason: Reason::BadRequestObject },
            device(false),
            device(true),
            device_consent(asked.clone(), Some(link())),
            device_consent(Vec::new(), None),
            Self::DeviceDone { allowed: true },
            Self::DeviceDone { allowed: false },
            sign_up(Some(text())),
            sign_up(None),
            confirm(Some(text())),
            confirm(None),
            Self::Forgot { email: text(), request: text(), csrf: text() },
            reset(text()),
            reset(String::new()),
            applications(vec![application(Some(link())), application(None)]),
            applications(Vec::new()),
        ]
    }
}
