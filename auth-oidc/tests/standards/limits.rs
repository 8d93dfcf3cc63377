//! How much anybody may ask for: the limits of `auth-core`, where the provider counts.
use crate::{house::*, rfc8628::*};
use auth_core::{accounts::*, counter::Rule, policy::Limits, testing::World};
use auth_oidc::{Policy, Provider, device::UserCode, error::Error, token::ClientRequest};
use std::time::Duration;

/// The provider of this house, with these limits.
fn limited(house: &House, limits: Limits) -> Provider {
    Provider::new(house.world.accounts_with(auth_core::policy::Policy { limits, ..World::policy() }), Policy::default())
}

#[tokio::test] // O-30
async fn rfc8628_section_5_1_wrong_user_codes_are_counted_and_right_ones_are_not() {
    let house = House::new().await;
    let tv = tv(&house).await;
    let limits = Limits {
        user_code_per_account: Rule::new(2, Duration::from_mins(10)),
        user_code_per_source: Rule::new(3, Duration::from_mins(10)),
        ..World::policy().limits
    };
    let provider = limited(&house, limits);
    let (ann, device) = (house.sign_in().await.who, ask(&house, &tv).await);
    let wrong = UserCode::parse("BBBB-BBBB").unwrap();
    let (here, there) = (World::caller(), Caller { source: Some([198, 51, 100, 1].into()), ..Caller::default() });
    for right in [false, true, true, true, false] {
        let code = if right { &device.user_code } else { &wrong };
        assert_eq!(provider.device_request(&here, &ann, code).await.unwrap().unwrap().is_some(), right);
    }
    for (caller, code) in [(&here, &wrong), (&here, &device.user_code), (&there, &device.user_code)] {
        assert!(provider.device_request(caller, &ann, code).await.unwrap().is_err(), "wherever she is");
    }
    house.world.clock.advance(Duration::from_mins(10));
    assert!(provider.device_request(&there, &ann, &wrong).await.unwrap().unwrap().is_none());
}

#[tokio::test]
async fn a_source_asks_for_so_many_devices_and_no_more() {
    let house = House::new().await;
    let limits = Limits { request_per_source: Rule::new(2, Duration::from_mins(10)), ..World::policy().limits };
    let provider = limited(&house, limits);
    let (tv, spa) = (tv(&house).await, house.public_app().await);
    let request = tv.asks(&[("scope", "openid")]);
    for _ in 0..2 {
        provider.authorize_device(&request).await.unwrap();
    }
    let slow = |error| matches!(error, Error::Slow(Slow { retry_after }) if retry_after > Duration::ZERO);
    assert!(slow(provider.authorize_device(&request).await.unwrap_err()));
    // Of what nobody proves, it is one count.
    let pushed = ClientRequest { params: spa.request(&[]), ..Default::default() };
    assert!(slow(provider.push(&pushed).await.unwrap_err()));
}
