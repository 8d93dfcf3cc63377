//! RFC 7009: token revocation.
use crate::house::*;
use auth_oidc::error::ErrorCode::*;
use serde_json::json;

#[tokio::test] // O-26
async fn section_2_1_what_is_given_back_ends_with_all_of_its_grant() {
    let house = House::new().await;
    let app = house.app(json!({})).await;
    for hint in ["access_token", "refresh_token", "nonsense"] {
        for which in ["access", "refresh", "older refresh"] {
            let tokens = house.tokens(&app, &[]).await;
            let kept = house.tokens(&app, &[]).await;
            let next = house.refresh(&app, &tokens).await.unwrap();
            let token = match which {
                "access" => &tokens.access_token,
                "refresh" => next.refresh_token.as_ref().unwrap(),
                _ => tokens.refresh_token.as_ref().unwrap(),
            };
            let request = app.asks(&[("token", token.expose()), ("token_type_hint", hint)]);
            house.provider.revoke(&request).await.unwrap();
            assert!(!house.opens(&tokens).await && !house.opens(&next).await, "{which}");
            assert_eq!(code_of(house.refresh(&app, &next).await), InvalidGrant);
            assert!(house.opens(&kept).await);
            house.provider.revoke(&request).await.unwrap();
        }
    }
}

#[tokio::test] // O-26
async fn section_2_1_what_is_another_clients_or_nobodys_is_let_be_and_the_answer_is_the_same() {
    let house = House::new().await;
    let app = house.app(json!({})).await;
    let other = house.public_app().await;
    let tokens = house.tokens(&app, &[]).await;
    let refresh = tokens.refresh_token.as_ref().unwrap();
    let forged = format!("{}A", &refresh.expose()[..refresh.expose().len() - 1]);
    for (who, token) in [
        (&other, tokens.access_token.expose()),
        (&other, refresh.expose()),
        (&app, "unknown"),
        (&app, forged.as_str()),
        (&app, tokens.id_token.as_ref().unwrap().expose()),
    ] {
        house.provider.revoke(&who.asks(&[("token", token)])).await.unwrap();
        assert!(house.opens(&tokens).await);
    }
    assert!(house.refresh(&app, &tokens).await.is_ok());
    assert_eq!(code_of(house.provider.revoke(&app.asks(&[])).await), InvalidRequest);
}

#[tokio::test]
async fn a_token_that_no_grant_is_behind_is_worth_nothing_once_it_is_given_back() {
    let house = House::new().await;
    let members = json!({ "client_id": "machine", "grant_types": ["client_credentials"], "redirect_uris": [] });
    let machine = house.app(members).await;
    let grant = [("grant_type", "client_credentials")];
    let (gone, kept) = (house.token(&machine, &grant).await.unwrap(), house.token(&machine, &grant).await.unwrap());
    for _ in 0..2 {
        house.provider.revoke(&machine.asks(&[("token", gone.access_token.expose())])).await.unwrap();
    }
    for (tokens, active) in [(&gone, false), (&kept, true)] {
        let asked = machine.asks(&[("token", tokens.access_token.expose())]);
        assert_eq!(house.provider.introspect(&asked).await.unwrap().active, active);
    }
}
