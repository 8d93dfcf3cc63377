//! RFC 9728: what a service says of itself, and where.
use crate::house::*;
use auth_guard::{Guard, ProtectedResource};
use serde_json::json;

fn described(resource: &str) -> ProtectedResource {
    ProtectedResource::new(resource, ISSUER).unwrap()
}

#[test]
fn section_2_it_says_who_it_is_and_whose_tokens_it_takes() {
    let mut document = described(API);
    let least = json!({ "resource": API, "authorization_servers": [ISSUER], "bearer_methods_supported": ["header"] });
    assert_eq!(serde_json::to_value(&document).unwrap(), least);
    document.scopes_supported = vec!["read".to_owned()];
    document.resource_name = Some("The API".to_owned());
    document.resource_documentation = Some("https://api.example/docs".to_owned());
    let said = serde_json::to_value(&document).unwrap();
    assert_eq!((&said["scopes_supported"], &said["resource_name"]), (&json!(["read"]), &json!("The API")));
    assert_eq!(said["resource_documentation"], "https://api.example/docs");
    // Letter for letter, as it is compared (section 3.3).
    assert_eq!(serde_json::to_value(described("https://api.example")).unwrap()["resource"], "https://api.example");
}

#[test]
fn section_3_1_the_document_is_between_host_and_path() {
    const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";
    for (resource, path, rest) in [
        ("https://api.example", "", ""),
        ("https://api.example/", "", ""),
        ("https://api.example/v1", "/v1", ""),
        ("https://api.example/v1/", "/v1/", ""),
        ("https://api.example/a%20b?tenant=1", "/a%20b", "?tenant=1"),
        ("https://api.example?tenant=1", "", "?tenant=1"),
        ("https://api.example:8443/v1", "/v1", ""),
    ] {
        let document = described(resource);
        assert_eq!(document.well_known_path(), format!("{WELL_KNOWN}{path}"), "{resource}");
        let host = if resource.contains(":8443") { "https://api.example:8443" } else { "https://api.example" };
        assert_eq!(document.well_known_url(), format!("{host}{WELL_KNOWN}{path}{rest}"), "{resource}");
    }
}

#[test]
fn section_1_2_it_is_called_by_an_https_url() {
    for bad in [
        "api",
        "urn:example:api",
        "http://api.example",
        "http://127.0.0.1.example",
        "https://api.example/#v1",
        "https://ann@api.example",
        "https://:secret@api.example",
        "ftp://localhost",
        "",
    ] {
        assert!(ProtectedResource::new(bad, ISSUER).is_err(), "{bad}");
    }
    for local in ["http://localhost:3000/mcp", "http://127.0.0.1:3000", "http://[::1]:3000"] {
        assert!(ProtectedResource::new(local, ISSUER).is_ok(), "{local}");
    }
}

#[tokio::test]
async fn section_5_1_whoever_is_refused_is_told_where_it_is() {
    let house = House::new();
    let guard = Guard::described_by(&described(API), house.issuer.clone(), house.clock.clone());
    let at = r#"resource_metadata="https://api.example/.well-known/oauth-protected-resource/v1""#;
    let shown = async |token: String| guard.check(Some(&format!("Bearer {token}"))).await;

    let nobody = guard.check(None).await.unwrap_err().www_authenticate().unwrap();
    assert_eq!(nobody, format!("Bearer {at}"));
    let refused = shown("a.b.c".to_owned()).await.unwrap_err().www_authenticate().unwrap();
    assert!(
        refused.starts_with("Bearer error=\"invalid_token\", ") && refused.ends_with(&format!(", {at}")),
        "{refused}"
    );
    let access = shown(house.token(&json!({})).await).await.unwrap();
    let refused = access.requires(&["delete"]).unwrap_err().www_authenticate().unwrap();
    assert!(refused.ends_with(&format!(", scope=\"delete\", {at}")), "{refused}");
}
