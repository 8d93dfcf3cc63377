//! RFC 7592: dynamic client registration management.
use crate::house::*;
use auth_core::value::Secret;
use auth_oidc::{
    error::ErrorCode::*,
    register::{Metadata, Registered},
};
use serde_json::{Value, json};
use std::time::Duration;

fn metadata(members: Value) -> Metadata {
    serde_json::from_value(members).unwrap()
}

async fn registered(house: &House) -> (Registered, Secret, String) {
    let token = house.provider.invite(1, Duration::from_hours(1)).await.unwrap();
    let members = metadata(json!({ "redirect_uris": [CALLBACK], "client_name": "One" }));
    let registered = house.provider.register(Some(&token), &members).await.unwrap();
    let manager = registered.registration_access_token.clone().unwrap();
    let id = registered.metadata.client_id.to_string();
    (registered, manager, id)
}

#[tokio::test]
async fn section_2_a_client_reads_changes_and_ends_its_registration() {
    let house = House::new().await;
    let (first, manager, id) = registered(&house).await;
    assert_eq!(first.metadata.registration_client_uri, house.provider.endpoint(&format!("/oauth2/register/{id}")));
    let read = house.provider.registration(&manager, &id).await.unwrap();
    assert_eq!(read.metadata, first.metadata);
    assert!(read.client_secret.is_none(), "it was shown once");

    let members = json!({ "client_id": id, "redirect_uris": ["https://app.example/other"] });
    let changed = house.provider.update_registration(&manager, &id, &metadata(members)).await.unwrap();
    assert_eq!(changed.metadata.redirect_uris[0].as_str(), "https://app.example/other");
    assert_eq!(changed.metadata.client_name, None, "what is left out is as if it had never been said");
    let client = house.provider.client(&first.metadata.client_id).await.unwrap().unwrap();
    let app = App { client, secret: first.client_secret };
    let asked = house.token(&app, &[("grant_type", "client_credentials")]).await;
    assert_eq!(code_of(asked), UnauthorizedClient, "the secret is as it was");

    house.provider.end_registration(&manager, &id).await.unwrap();
    assert!(house.provider.client(&first.metadata.client_id).await.unwrap().is_none());
    assert_eq!(code_of(house.provider.registration(&manager, &id).await), InvalidToken);
}

#[tokio::test] // O-12
async fn section_2_2_neither_name_nor_the_keeping_of_a_secret_changes() {
    let house = House::new().await;
    let (_, manager, id) = registered(&house).await;
    for members in [
        json!({ "redirect_uris": [CALLBACK] }),
        json!({ "client_id": "another", "redirect_uris": [CALLBACK] }),
        json!({ "client_id": id, "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none" }),
        json!({ "client_id": id, "redirect_uris": [] }),
    ] {
        let refused = house.provider.update_registration(&manager, &id, &metadata(members.clone())).await;
        assert_eq!(code_of(refused), InvalidClientMetadata, "{members}");
    }
}

#[tokio::test]
async fn section_3_a_token_is_for_its_own_client_alone() {
    let house = House::new().await;
    let ((_, manager, id), (_, other, _)) = (registered(&house).await, registered(&house).await);
    let by_hand = house.app(json!({})).await;
    let secret = by_hand.secret.unwrap();
    for (token, id) in
        [(&other, id.as_str()), (&secret, "app"), (&manager, "app"), (&manager, "nobody"), (&manager, "")]
    {
        assert_eq!(code_of(house.provider.registration(token, id).await), InvalidToken, "{id}");
        assert_eq!(code_of(house.provider.end_registration(token, id).await), InvalidToken, "{id}");
    }
    assert!(house.provider.registration(&manager, &id).await.is_ok());
}
