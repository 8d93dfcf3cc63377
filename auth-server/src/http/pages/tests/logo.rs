//! The picture of a client, where a person decides.
use super::*;
use auth_oidc::fetch::{FetchError, Fetched, Fetcher};
use std::sync::Arc;
use url::Url;

/// A server that has this at each address, whatever it calls it.
struct Pictures(&'static [u8]);

#[async_trait]
impl Fetcher for Pictures {
    async fn get(&self, _: &Url) -> Result<Fetched, FetchError> {
        Ok(Fetched { body: self.0.to_vec(), content_type: Some("text/html".to_owned()), max_age: None })
    }

    async fn post(&self, url: &Url, _: &[(&str, &str)]) -> Result<u16, FetchError> {
        panic!("nobody posts to {url}")
    }
}

#[tokio::test] // O-16
async fn a_picture_is_shown_as_what_it_is_and_to_whoever_is_signed_in() {
    for (found, content_type) in [(&b"GIF89a"[..], Some("image/gif")), (b"<svg><script>alert(1)</script></svg>", None)]
    {
        let world = World::default();
        ann(&world).await;
        let client = app(&json!({ "client_id": "a&b\"", "logo_uri": "https://app.example/logo" }));
        let provider = provider(world.accounts(), client).with_fetcher(Arc::new(Pictures(found)));
        let mut browser = Browser::of(Context { provider, ..context(&world) });
        let address = "logo?client_id=a%26b%22";
        assert_eq!(browser.get(address).await.status, 404, "nobody is signed in");
        let page = browser.sign_in(&[("client_id", "a&b\"")]).await.is(200, "consent-allow");
        assert!(plain(&page.body).contains(&format!("<img class=\"logo\" src=\"{address}\"")), "{}", page.body);
        let answer = browser.get(address).await;
        assert_eq!((answer.status == 200, content_type), (content_type.is_some(), content_type));
        if content_type.is_some() {
            assert_eq!(answer.header("content-type"), content_type);
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
            assert!(answer.header("content-security-policy").unwrap().contains("sandbox"));
        }
        for other in ["logo", "logo?client_id=nobody", "logo?client_id="] {
            assert_eq!(browser.get(other).await.status, 404, "{other}");
        }
    }
}

#[tokio::test]
async fn where_nothing_is_fetched_no_picture_is_shown() {
    let world = World::default();
    let mut browser = browser_with(&world, &json!({ "logo_uri": "https://app.example/logo" })).await;
    let page = browser.sign_in(&[]).await.is(200, "consent-allow");
    assert!(!page.body.contains("<img"), "{}", page.body);
    assert_eq!(browser.get("logo?client_id=app").await.status, 404);
}
