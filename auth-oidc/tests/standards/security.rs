//! What an attacker tries, beyond what each specification names.
use crate::house::*;
use auth_core::value::Secret;
use auth_oidc::{authorize::*, clients::AddClientError, error::ErrorCode::*};
use serde_json::json;
use std::time::Duration;

#[tokio::test] // O-27, S-15
async fn what_a_client_holds_opens_nothing_of_the_account_api() {
    let house = House::new().await;
    let app = house.app(json!({})).await;
    let tokens = house.tokens(&app, &[("scope", Some("openid email profile offline_access"))]).await;
    let code = house.code(&app, &[]).await;
    let accounts = house.provider.accounts();
    let refresh = tokens.refresh_token.as_ref().unwrap();
    for token in [&tokens.access_token, tokens.id_token.as_ref().unwrap(), refresh] {
        assert!(accounts.authenticate(token.expose()).await.is_err());
        assert!(accounts.logout(token.expose()).await.is_err());
        assert!(accounts.browser(token).await.unwrap().is_none());
    }
    for text in [refresh.expose(), &code, &code.replace("ac_", "rt_"), &code.replace("ac_", "bs_")] {
        let token = Secret::new(text.to_owned());
        assert!(accounts.refresh(&token).await.is_err());
        assert!(accounts.browser(&token).await.unwrap().is_none());
    }
    assert!(house.opens(&tokens).await, "and it has done no harm");
    assert!(house.refresh(&app, &tokens).await.is_ok());
}

#[tokio::test] // S-15
async fn what_a_person_holds_is_no_clients() {
    let house = House::new().await;
    let app = house.app(json!({})).await;
    let signed_in = house.sign_in().await;
    let cookie = signed_in.browser_token.expose();
    for text in [cookie, &cookie.replace("bs_", "ac_")] {
        assert_eq!(code_of(house.exchange(&app, text).await), InvalidGrant);
    }
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", cookie)];
    assert_eq!(code_of(house.token(&app, &refresh).await), InvalidGrant);
    let who = house.provider.accounts().browser(&signed_in.browser_token).await.unwrap();
    assert_eq!(who.unwrap().user.login.as_str(), "ann");
}

#[tokio::test]
async fn no_client_takes_the_name_of_another_or_of_the_account_api() {
    let house = House::new().await;
    let app = house.app(json!({})).await;
    let mut client = app.client.clone();
    client.id_token_signed_response_alg = Some(auth_core::keys::Algorithm::Ps256);
    client.client_id = "ps".parse().unwrap();
    assert!(matches!(house.provider.add_client(client).await, Err(AddClientError::Bad(_))), "nobody could sign for it");
    for id in ["app", "account"] {
        let mut client = app.client.clone();
        client.client_id = id.parse().unwrap();
        assert!(matches!(house.provider.add_client(client).await, Err(AddClientError::Taken)), "{id}");
    }
}

#[tokio::test] // S-05, O-09
async fn a_new_password_ends_what_clients_have_been_given_though_it_spares_the_browser() {
    let house = House::new().await;
    let app = house.app(json!({})).await;
    let signed_in = house.sign_in().await;
    let visitor = Visitor { who: Some(signed_in.who.clone()), ..Visitor::default() };
    let offline = app.request(&[("scope", Some("openid offline_access"))]);
    let answer = House::answered(house.authorize(&offline, &visitor).await);
    let tokens = house.exchange(&app, answer.get("code").unwrap()).await.unwrap();
    let password = |text: &str| auth_core::value::Password::parse(Secret::new(text.to_owned())).unwrap();
    let (old, new) = (password("a quiet green harbour"), password("seven slow river barges"));
    let accounts = house.provider.accounts();
    accounts.change_password(&signed_in.who, old, new).await.unwrap();
    assert!(!house.opens(&tokens).await);
    assert!(accounts.browser(&signed_in.browser_token).await.unwrap().is_some());
}

#[tokio::test] // S-03
async fn a_browser_that_is_used_stays_signed_in_until_its_longest_time() {
    let house = House::new().await;
    let accounts = house.provider.accounts();
    let day = Duration::from_hours(24);
    let used = house.sign_in().await.browser_token;
    for _ in 0..29 {
        assert!(accounts.browser(&used).await.unwrap().is_some());
        house.world.clock.advance(day);
    }
    assert!(accounts.browser(&used).await.unwrap().is_some());
    house.world.clock.advance(day);
    assert!(accounts.browser(&used).await.unwrap().is_none(), "30 days");
    let idle = house.sign_in().await.browser_token;
    house.world.clock.advance(day * 14);
    assert!(accounts.browser(&idle).await.unwrap().is_none(), "14 days");
}

#[tokio::test] // O-17
async fn a_ticket_is_good_for_its_page_request_session_and_time_alone() {
    let house = House::new().await;
    let app = house.app(json!({ "first_party": false })).await;
    let (params, who) = (app.request(&[]), house.sign_in().await.who);
    let allowed = async |params: &auth_oidc::Params, ticket: &str| {
        let ticket = Ticket::parse(ticket);
        let visitor = house.provider.decided(params, Some(who.clone()), ticket.as_ref(), Some(Decision::Allow));
        matches!(house.authorize(params, &visitor).await, Authorization::Answer(_))
    };
    let ticket = house.provider.ticket(Page::Consent, &params, &who, Done::default()).reveal();
    let other = app.request(&[("scope", Some("openid profile"))]);
    assert!(!allowed(&other, &ticket).await, "another request");
    let account = house.provider.ticket(Page::Account, &params, &who, Done::default()).reveal();
    assert!(!allowed(&params, &account).await, "another page");
    let stranger = house.provider.ticket(Page::Consent, &params, &house.sign_in().await.who, Done::default());
    assert!(!allowed(&params, &stranger.reveal()).await, "another session");
    let later = ticket.replacen('.', "0.", 1);
    for forged in ["", "x", "1.s.x", &later, &ticket.replacen("..", ".s.", 1), &format!("{ticket}.")] {
        assert!(!allowed(&params, forged).await, "{forged}");
    }
    house.world.clock.advance(Duration::from_mins(10));
    assert!(!allowed(&params, &ticket).await, "too late");
    let ticket = house.provider.ticket(Page::Consent, &params, &who, Done::default()).reveal();
    assert!(allowed(&params, &ticket).await);
}
