//! What goes together in a client, and what does not.
use super::*;
use serde_json::{Value, json};

/// A client with these members, and what it needs.
pub(crate) fn client(members: &Value) -> Client {
    let mut all = json!({
        "client_id": "app",
        "client_secrets": [SecretDigest::of(&ClientSecret::from_bytes([5; 32]).reveal())],
        "redirect_uris": ["https://app.example/cb"],
        "grant_types": ["authorization_code", "refresh_token"],
    });
    for (name, value) in members.as_object().unwrap() {
        all[name] = value.clone();
    }
    serde_json::from_value(all).unwrap()
}

/// RFC 8037, appendix A.2.
fn key() -> Value {
    json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" })
}

#[test] // O-12
fn what_does_not_go_together_is_refused_by_name() {
    assert_eq!(client(&json!({})).check(), Ok(()));
    let signing = |mut members: Value| {
        (members["token_endpoint_auth_method"], members["client_secrets"]) = (json!("private_key_jwt"), json!([]));
        members
    };
    for keys in [json!({ "jwks": { "keys": [key()] } }), json!({ "jwks_uri": "https://app.example/keys?of=app" })] {
        assert_eq!(client(&signing(keys)).check(), Ok(()));
    }
    let requests = json!({ "jwks_uri": "https://app.example/keys", "request_uris": ["https://app.example/request#x"] });
    assert_eq!(client(&requests).check(), Ok(()), "a client with a secret may sign its requests");
    let public = json!({ "token_endpoint_auth_method": "none", "client_secrets": [] });
    assert_eq!(client(&public).check(), Ok(()));
    let device = "urn:ietf:params:oauth:grant-type:device_code";
    assert_eq!(client(&json!({ "grant_types": [device, "refresh_token"], "redirect_uris": [] })).check(), Ok(()));
    assert_eq!(client(&json!({ "grant_types": ["authorization_code", device] })).check(), Ok(()));
    let pairwise = json!({ "subject_type": "pairwise" });
    assert_eq!((client(&pairwise).check(), client(&pairwise).sector().as_deref()), (Ok(()), Some("app.example")));
    let local = json!({ "subject_type": "pairwise", "redirect_uris": ["com.example.app:/cb"],
        "sector_identifier_uri": "https://sector.example/app.json" });
    assert_eq!((client(&local).check(), client(&local).sector().as_deref()), (Ok(()), Some("sector.example")));
    for (members, member) in [
        (json!({ "grant_types": [device] }), "redirect_uris"),
        (json!({ "client_id": "https://app.example/" }), "client_id"),
        (json!({ "client_id": "a/b" }), "client_id"),
        (json!({ "client_id": ".." }), "client_id"),
        (json!({ "client_name": "a\nb" }), "client_name"),
        (json!({ "client_name": " " }), "client_name"),
        (json!({ "tos_uri": "javascript:alert(1)" }), "client_uri, logo_uri, policy_uri, tos_uri"),
        (json!({ "sector_identifier_uri": "http://app.example/" }), "sector_identifier_uri"),
        (
            json!({ "subject_type": "pairwise", "redirect_uris": ["https://app.example/cb", "https://app.test/cb"] }),
            "sector_identifier_uri",
        ),
        (json!({ "subject_type": "pairwise", "redirect_uris": ["http://127.0.0.1/cb"] }), "sector_identifier_uri"),
        (json!({ "subject_type": "pairwise", "redirect_uris": ["com.example.app:/cb"] }), "sector_identifier_uri"),
        (json!({ "redirect_uris": [] }), "redirect_uris"),
        (json!({ "grant_types": ["client_credentials"] }), "redirect_uris"),
        (json!({ "grant_types": ["refresh_token"], "redirect_uris": [] }), "grant_types"),
        (json!({ "grant_types": [], "redirect_uris": [] }), "grant_types"),
        (json!({ "client_secrets": [] }), "client_secrets"),
        (json!({ "token_endpoint_auth_method": "private_key_jwt", "client_secrets": [] }), "jwks"),
        (json!({ "token_endpoint_auth_method": "private_key_jwt" }), "client_secrets"),
        (json!({ "request_uris": ["https://app.example/request"] }), "require_signed_request_object, request_uris"),
        (json!({ "require_signed_request_object": true }), "require_signed_request_object, request_uris"),
        (
            signing(json!({ "jwks": { "keys": [key()] }, "request_uris": ["http://app.example/request"] })),
            "request_uris",
        ),
        (
            signing(json!({ "jwks": { "keys": [key()] }, "request_object_signing_alg": "RS256", "profile": "fapi2" })),
            "request_object_signing_alg",
        ),
        (signing(json!({ "jwks": { "keys": [key()] }, "jwks_uri": "https://app.example/keys" })), "jwks"),
        (signing(json!({ "jwks_uri": "http://app.example/keys" })), "jwks_uri"),
        (signing(json!({ "jwks_uri": "https://user@app.example/keys" })), "jwks_uri"),
        (signing(json!({ "jwks_uri": "https://app.example/keys#fragment" })), "jwks_uri"),
        (signing(json!({ "jwks_uri": format!("https://app.example/{}", "x".repeat(2048)) })), "jwks_uri"),
        (json!({ "token_endpoint_auth_method": "none" }), "client_secrets"),
        (
            json!({
                "token_endpoint_auth_method": "none",
                "client_secrets": [],
                "grant_types": ["authorization_code", "client_credentials"],
            }),
            "grant_types",
        ),
        (
            json!({ "token_endpoint_auth_method": "none", "client_secrets": [], "serves": ["https://api.example"] }),
            "serves",
        ),
        (json!({ "token_endpoint_auth_method": "none", "client_secrets": [], "profile": "oidc_compat" }), "profile"),
    ] {
        assert_eq!(client(&members).check().unwrap_err().member, member, "{members}");
    }
}
