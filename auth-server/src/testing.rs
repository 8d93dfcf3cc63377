//! For tests (feature `testing`): the HTTP surface without a network, what is behind some of its doors, and pages that are
//! made from code and kept in the repository.
use crate::{
    http::{self, Bearer, Context, Probe, Proxies},
    pages::Pages,
    settings::ProxySettings,
};
use auth_core::{
    ports::{Outside, Unavailable, async_trait},
    testing::World,
    value::{Locale, Secret},
};
use auth_oidc::Provider;
use poem::{Endpoint, Response, http::HeaderMap};
use std::{env, fs, net::IpAddr, path::Path, sync::Arc, time::Duration};

/// The whole HTTP surface over a world whose store does not answer a ping.
pub fn endpoint(world: &World) -> impl Endpoint<Output = Response> + 'static {
    http::endpoint(context(world))
}

/// What the routes need, from a world.
pub(crate) fn context(world: &World) -> Context {
    Context {
        provider: Provider::new(world.accounts(), auth_oidc::Policy::default()),
        keyring: world.ports.keyring.clone(),
        room: Box::new(|| Ok(())),
        probe: Arc::new(Away),
        rng: world.ports.rng.clone(),
        default_language: Locale::default(),
        public_url: None,
        allowed_origins: Vec::new(),
        proxies: Proxies::default(),
        deadline: Duration::from_secs(15),
        store_deadline: Duration::from_secs(2),
        docs: true,
        pages: Pages::load(None, "Accounts").expect("the shipped pages are good"),
    }
}

struct Away;

#[async_trait]
impl Probe for Away {
    async fn ping(&self) -> Outside<()> {
        Err(Unavailable::failed("store", "away"))
    }
}

/// The access token that the headers hold, if they hold one.
pub fn bearer(headers: &HeaderMap) -> Option<Secret> {
    Bearer::of(headers).ok().map(|Bearer(token)| token)
}

/// Where a request with these headers comes from, when this is the other end of its connection.
pub fn source(settings: &ProxySettings, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    settings.proxies().behind(peer, headers)
}

/// Ends the test if a page of the repository does not say this. With `BLESS=1` in the environment, writes it.
#[track_caller]
pub fn assert_page(path: &str, expected: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    if env::var_os("BLESS").is_some() {
        fs::create_dir_all(file.parent().expect("a file is in a folder")).expect("the folder can be made");
        fs::write(&file, expected).expect("the page can be written");
    }
    let found = fs::read_to_string(&file).unwrap_or_default();
    assert!(found == expected, "{path} is not what the code says: write it with `BLESS=1 cargo test -p auth-server`");
}
