//! The checks of an authorization request, in order. Each reads its parameters into the request, or says what is wrong;
//! the client hears of the first.
use super::{Mode, Request};
use crate::{
    Params,
    error::{
        ErrorCode::{
            InvalidRequest, RegistrationNotSupported, UnmetAuthenticationRequirements, UnsupportedResponseType,
        },
        Refusal, refused,
    },
    policy::Policy,
};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

pub(super) type Check = fn(&Policy, &Params, &mut Request) -> Result<(), Refusal>;

pub(super) const CHECKS: &[Check] = &[
    each_parameter_once,
    no_registration,
    response_type,
    response_mode,
    texts,
    pkce,
    dpop_jkt,
    resource,
    scope,
    prompt,
    max_age,
    claims,
];

/// What is longer is no state, nonce or hint of an honest client; both are kept or sent back.
const LONGEST: usize = 2048;

/// RFC 6749, section 3.1: no parameter more than once.
fn each_parameter_once(_: &Policy, params: &Params, _: &mut Request) -> Result<(), Refusal> {
    if params.repeats_any() {
        return refused(InvalidRequest, "a parameter is there more than once");
    }
    Ok(())
}

/// OpenID Connect Core, section 7.2.1: what is not supported is refused, and not overlooked.
fn no_registration(_: &Policy, params: &Params, _: &mut Request) -> Result<(), Refusal> {
    if params.get("registration").is_some() {
        return refused(RegistrationNotSupported, "registration is not supported");
    }
    Ok(())
}

/// RFC 6749, section 3.1.1: a code, and nothing by the front channel (RFC 9700, section 2.1.2; O-10).
fn response_type(_: &Policy, params: &Params, _: &mut Request) -> Result<(), Refusal> {
    match params.get("response_type") {
        Some("code") => Ok(()),
        Some(_) => refused(UnsupportedResponseType, "response_type is code"),
        None => refused(InvalidRequest, "response_type is missing: it is code"),
    }
}

/// OAuth 2.0 Multiple Response Types, section 2.1.
fn response_mode(_: &Policy, params: &Params, request: &mut Request) -> Result<(), Refusal> {
    if params.get("response_mode").is_some_and(|mode| Mode::parse(mode).is_none()) {
        return refused(InvalidRequest, "response_mode is query or form_post");
    }
    // An application's own scheme takes no body.
    if params.get("response_mode") == Some("form_post") && !request.redirect_uri.starts_with("http") {
        return refused(InvalidRequest, "response_mode=form_post needs a redirect_uri with http or https");
    }
    Ok(())
}

/// OpenID Connect Core, section 3.1.2.1: what is kept or sent back, and what helps and binds nobody; within bounds (O-34).
fn texts(_: &Policy, params: &Params, request: &mut Request) -> Result<(), Refusal> {
    let long = |name| params.get(name).is_some_and(|text| text.len() > LONGEST);
    if ["state", "nonce", "login_hint", "ui_locales", "acr_values"].into_iter().any(long) {
        return refused(InvalidRequest, "state, nonce, login_hint, ui_locales and acr_values have at most 2048 bytes");
    }
    request.nonce = params.get("nonce").map(str::to_owned);
    request.login_hint = params.get("login_hint").map(str::to_owned);
    let locales = params.get("ui_locales").unwrap_or_default().split_ascii_whitespace();
    request.ui_locales = locales.take(16).map(str::to_owned).collect();
    Ok(())
}

/// RFC 7636, section 4.3: S256 alone. By RFC 9700, section 2.1.1 every client comes with it, but one of the profile
/// `oidc_compat`.
fn pkce(_: &Policy, params: &Params, request: &mut Request) -> Result<(), Refusal> {
    let (challenge, method) = (params.get("code_challenge"), params.get("code_challenge_method"));
    match (challenge, method) {
        (Some(challenge), Some("S256")) => {
            if !is_sha256(challenge) {
                return refused(InvalidRequest, "code_challenge is a SHA-256 in base64url without padding");
            }
            request.challenge = Some(challenge.to_owned());
            Ok(())
        }
        (Some(_), _) => refused(InvalidRequest, "code_challenge_method is S256"),
        (None, Some(_)) => refused(InvalidRequest, "code_challenge is missing"),
        (None, None) if request.client.profile.spares_pkce() => Ok(()),
        (None, None) => refused(InvalidRequest, "code_challenge is missing: PKCE with S256 is required"),
    }
}

/// RFC 9449, section 10.
fn dpop_jkt(_: &Policy, params: &Params, request: &mut Request) -> Result<(), Refusal> {
    request.dpop_jkt = params.get("dpop_jkt").map(str::to_owned);
    if request.dpop_jkt.as_deref().is_some_and(|jkt| !is_sha256(jkt)) {
        return refused(InvalidRequest, "dpop_jkt is a SHA-256 in base64url without padding");
    }
    Ok(())
}

fn is_sha256(text: &str) -> bool {
    BASE64_URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == 32)
}

/// RFC 8707, section 2.1.
fn resource(policy: &Policy, params: &Params, request: &mut Request) -> Result<(), Refusal> {
    request.resources = crate::resource::asked(policy, params, &request.client.resources)?;
    Ok(())
}

/// RFC 6749, section 3.3.
fn scope(policy: &Policy, params: &Params, request: &mut Request) -> Result<(), Refusal> {
    request.scope = crate::resource::asked_scope(policy, params, &request.client, &request.resources)?;
    Ok(())
}

/// OpenID Connect Core, section 3.1.2.1: words are known, and `none` stands alone.
fn prompt(_: &Policy, params: &Params, request: &mut Request) -> Result<(), Refusal> {
    for word in params.get("prompt").unwrap_or_default().split_ascii_whitespace() {
        match word {
            "none" => request.prompt.none = true,
            "login" => request.prompt.login = true,
            "consent" => request.prompt.consent = true,
            "select_account" => request.prompt.select_account = true,
            "create" => request.prompt.create = true,
            _ => {
                return refused(InvalidRequest, "prompt is none, or some of login, consent, select_account and create");
            }
        }
    }
    let super::Prompt { none, login, consent, select_account, create } = request.prompt;
    if none && (login || consent || select_account || create) {
        return refused(InvalidRequest, "prompt=none stands alone");
    }
    Ok(())
}

/// OpenID Connect Core, section 3.1.2.1.
fn max_age(_: &Policy, params: &Params, request: &mut Request) -> Result<(), Refusal> {
    if let Some(text) = params.get("max_age") {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let Some(seconds) = text.parse().ok().filter(|_| digits) else {
            return refused(InvalidRequest, "max_age is a number of seconds");
        };
        request.max_age = Some(seconds);
    }
    Ok(())
}

/// OpenID Connect Core, section 5.5: which claims, by their names, in whatever language (section 5.2); whether one is
/// essential, or is to have some value, changes nothing. A `sub` with a value is the person that it must be.
fn claims(_: &Policy, params: &Params, request: &mut Request) -> Result<(), Refusal> {
    type Names = BTreeMap<String, Option<Value>>;
    #[derive(Default, Deserialize)]
    struct Asked {
        #[serde(default)]
        id_token: Option<Names>,
        #[serde(default)]
        userinfo: Option<Names>,
    }
    const MOST: usize = 32;
    let Some(text) = params.get("claims") else { return Ok(()) };
    // serde reads a struct from an array as well.
    let object = text.trim_ascii_start().starts_with('{');
    let Some(asked) = serde_json::from_str::<Asked>(text).ok().filter(|_| object) else {
        return refused(InvalidRequest, "claims is an object with id_token, userinfo, or both, each an object");
    };
    let (id_token, userinfo) = (asked.id_token.unwrap_or_default(), asked.userinfo.unwrap_or_default());
    if id_token.len() > MOST || userinfo.len() > MOST {
        return refused(InvalidRequest, "claims names at most 32 claims in each place");
    }
    if id_token.get("acr").and_then(Option::as_ref).is_some_and(demands_another_acr) {
        return refused(UnmetAuthenticationRequirements, "acr is essential, and nobody signs in here as it says");
    }
    let subject = |names: &Names| Some(names.get("sub")?.as_ref()?.get("value")?.as_str()?.to_owned());
    request.subject_hint = subject(&id_token).or_else(|| subject(&userinfo));
    // Only what there is, and what this client may ask for in any way.
    let may = &request.client.scope;
    let known = |name: &&str| crate::claims::is_known(name) && crate::claims::scope_of(name).is_within(may);
    let known = |names: Names| {
        let untagged = names.keys().map(|name| name.split('#').next().unwrap_or_default());
        let known: BTreeSet<_> = untagged.filter(known).collect();
        known.into_iter().map(str::to_owned).collect()
    };
    (request.id_token_claims, request.userinfo_claims) = (known(id_token), known(userinfo));
    Ok(())
}

/// OpenID Connect Core, section 5.5.1.1: an essential `acr` is one of the values that are named, or the sign-in has failed.
fn demands_another_acr(acr: &Value) -> bool {
    let is_ours = |value: &Value| value.as_str() == Some(crate::claims::ACR);
    let of_values = acr.get("values").map(|values| values.as_array().is_some_and(|all| all.iter().any(is_ours)));
    let named = acr.get("value").map(is_ours).or(of_values);
    acr.get("essential") == Some(&Value::Bool(true)) && named == Some(false)
}
