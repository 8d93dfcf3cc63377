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
    let visitor = Visitor { who: Some(who.clone()), ..Visitor::default() };
    let Authorization::Consent(request, _) = house.authorize(&params, &visitor).await else { panic!("no page") };
    let allowed = async |params: &auth_oidc::Params, ticket: &str| {
        let ticket = Ticket::parse(ticket);
        let visitor = house.provider.decided(params, Some(who.clone()), ticket.as_ref(), Some(Decision::Allow));
        matches!(house.authorize(params, &visitor).await, Authorization::Answer(_))
    };
    let ticket = house.provider.ticket(Page::Consent, &params, &request, &who, Done::default()).reveal();
    let other = app.request(&[("scope", Some("openid profile"))]);
    assert!(!allowed(&other, &ticket).await, "another request");
    let account = house.provider.ticket(Page::Account, &params, &request, &who, Done::default()).reveal();
    assert!(!allowed(&params, &account).await, "another page");
    let stranger = house.provider.ticket(Page::Consent, &params, &request, &house.sign_in().await.who, Done::default());
    assert!(!allowed(&params, &stranger.reveal()).await, "another session");
    let later = ticket.replacen('.', "0.", 1);
    for forged in ["", "x", "1.s.x.y", &later, &ticket.replacen("..", ".s.", 1), &format!("{ticket}.")] {
        assert!(!allowed(&params, forged).await, "{forged}");
    }
    house.world.clock.advance(Duration::from_mins(10));
    assert!(!allowed(&params, &ticket).await, "too late");
    let ticket = house.provider.ticket(Page::Consent, &params, &request, &who, Done::default()).reveal();
    assert!(allowed(&params, &ticket).await);
}

#[tokio::test]
async fn what_a_person_has_seen_is_what_they_agree_to_though_the_client_is_registered_anew_meanwhile() {
    let house = House::new().await;
    let token = house.provider.invite(1, Duration::from_hours(1)).await.unwrap();
    let says = |members| serde_json::from_value::<auth_oidc::register::Metadata>(members).unwrap();
    let narrow = says(json!({ "redirect_uris": [CALLBACK], "scope": "openid" }));
    let registered = house.provider.register(Some(&token), &narrow).await.unwrap();
    let (id, manager) = (registered.metadata.client_id.to_string(), registered.registration_access_token.unwrap());
    let client = house.provider.client(&registered.metadata.client_id).await.unwrap().unwrap();
    let params = App { client, secret: None }.request(&[("scope", Some("openid email"))]);
    let known = house.visitor().await;
    let Authorization::Consent(request, who) = house.authorize(&params, &known).await else { panic!("no page") };
    assert_eq!(request.asks_for().to_string(), "openid");
    let ticket = house.provider.ticket(Page::Consent, &params, &request, &who, Done::default());
    let wide = says(json!({ "client_id": id, "redirect_uris": [CALLBACK], "scope": "openid email" }));
    house.provider.update_registration(&manager, &id, &wide).await.unwrap();
    let visitor = house.provider.decided(&params, Some(*who), Some(&ticket), Some(Decision::Allow));
    let Authorization::Consent(request, _) = house.authorize(&params, &visitor).await else {
        panic!("not asked again")
    };
    assert_eq!(request.asks_for().to_string(), "email openid");
}

#[tokio::test] // R3
async fn a_client_that_is_removed_and_added_again_has_nothing_of_before() {
    let house = House::new().await;
    let members = json!({ "first_party": false });
    let app = house.app(members.clone()).await;
    let known = house.visitor().await;
    let says = Visitor { decision: Some(Decision::Allow), ..known.clone() };
    let params = app.request(&[("scope", Some("openid offline_access"))]);
    let answer = House::answered(house.authorize(&params, &says).await);
    let tokens = house.exchange(&app, answer.get("code").unwrap()).await.unwrap();
    house.world.clock.advance(Duration::from_secs(1));
    assert!(house.provider.remove_client(&app.client.client_id).await.unwrap());
    let again = house.app(members).await;
    assert!(!house.opens(&tokens).await);
    assert_eq!(code_of(house.refresh(&again, &tokens).await), InvalidGrant);
    assert!(matches!(house.authorize(&params, &known).await, Authorization::Consent(..)), "asked anew");
}

#[tokio::test] // S-04
async fn signing_in_again_ends_the_session_that_the_browser_had() {
    let house = House::new().await;
    let app = house.app(json!({})).await;
    let first = house.sign_in().await;
    let tokens = house.tokens_of(&app, &first, "openid").await;
    let attempt = auth_core::accounts::LoginAttempt {
        identifier: auth_core::value::Identifier::parse("ann"),
        password: auth_core::value::Password::parse(Secret::new("a quiet green harbour".to_owned())).unwrap(),
        device: None,
    };
    let caller = auth_core::testing::World::caller();
    let accounts = house.provider.accounts();
    accounts.sign_in(&caller, attempt, Some(&first.who)).await.unwrap();
    assert!(accounts.browser(&first.browser_token).await.unwrap().is_none());
    assert!(!house.opens(&tokens).await);
}

#[tokio::test] // O-21, O-34
async fn more_parameters_than_any_honest_request_has_are_refused() {
    let house = House::new().await;
    let app = house.app(json!({})).await;
    let more = (0..100).fold(String::new(), |more, n| format!("{more}&p{n}=1"));
    let params = auth_oidc::Params::parse(&format!("{}{more}", app.request(&[])));
    let answer = House::answered(house.authorize(&params, &house.visitor().await).await);
    assert_eq!(answer.get("error"), Some("invalid_request"));
}

#[tokio::test] // O-16
async fn a_name_that_hides_or_turns_round_what_people_see_is_none() {
    let house = House::new().await;
    let app = house.app(json!({})).await;
    for name in ["a\u{202e}b", "a\u{2066}b", "a\u{200b}b", "\u{feff}a", "\u{200b}", " . ", "a\u{7}"] {
        let mut client = app.client.clone();
        client.client_name = Some(name.to_owned());
        assert_eq!(client.check().unwrap_err().member, "client_name", "{name:?}");
    }
}
