//! RFC 9207: the issuer in every authorization response, against mix-up.
use crate::house::*;
use serde_json::json;

#[tokio::test] // O-13
async fn section_2_every_answer_names_the_issuer_and_discovery_says_so() {
    let house = House::new().await;
    let app = house.app(json!({})).await;
    let visitor = house.visitor().await;
    for changes in [&[][..], &[("response_type", Some("token"))], &[("prompt", Some("none login"))]] {
        let answer = House::answered(house.authorize(&app.request(changes), &visitor).await);
        assert_eq!(answer.get("iss"), Some(house.provider.issuer()), "{changes:?}");
    }
    assert!(house.provider.metadata(&[]).authorization_response_iss_parameter_supported);
}
