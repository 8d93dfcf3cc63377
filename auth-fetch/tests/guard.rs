//! Each rule of the guard, shown at a site that notes who comes.
use auth_fetch::{
    AT_ONE_HOST, BadFetcher, GuardedFetcher, LARGEST,
    testing::{Site, answer},
};
use auth_oidc::fetch::{FetchError, Fetched, Fetcher};
use std::{env, fs, process::Command, time::Duration};
use tempfile::TempDir;
use url::Url;

/// A site, and a fetcher that trusts it and may ask it.
struct Asked {
    site: Site,
    fetcher: GuardedFetcher,
}

impl Asked {
    async fn site(script: impl FnMut(&str) -> Option<Vec<u8>> + Send + 'static) -> Self {
        let site = Site::start(script).await.unwrap();
        let fetcher = trusting(&site, &[&format!("localhost:{}", site.port())]);
        Self { site, fetcher }
    }

    async fn get(&self, path: &str) -> Result<Fetched, FetchError> {
        self.fetcher.get(&self.site.url(path).parse().unwrap()).await
    }
}

fn trusting(site: &Site, allowed: &[&str]) -> GuardedFetcher {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("ca.pem");
    site.write_authority(&file).unwrap();
    GuardedFetcher::new(allowed.iter().map(|host| host.parse().unwrap()).collect(), Some(&file)).unwrap()
}

fn says(body: &'static [u8]) -> impl FnMut(&str) -> Option<Vec<u8>> + Send {
    move |_| Some(answer(200, &["Content-Type: application/json", "Cache-Control: max-age=60"], body))
}

#[track_caller]
fn is_forbidden(result: &Result<Fetched, FetchError>) -> bool {
    matches!(result, Err(FetchError::Forbidden(_)))
}

#[track_caller]
fn has_failed(result: &Result<Fetched, FetchError>) -> bool {
    matches!(result, Err(FetchError::Failed(_)))
}

#[tokio::test]
async fn what_is_there_is_fetched() {
    let asked = Asked::site(says(b"{}")).await;
    let fetched = asked.get("/keys?of=app").await.unwrap();
    let content_type = Some("application/json".to_owned());
    assert_eq!(fetched, Fetched { body: b"{}".to_vec(), content_type, max_age: Some(Duration::from_mins(1)) });
    assert!(asked.site.requests()[0].starts_with("GET /keys?of=app HTTP/1.1\r\n"));
    let site = Site::start_as("127.0.0.1", says(b"{}")).await.unwrap();
    let by_address = format!("https://127.0.0.1:{}/", site.port()).parse().unwrap();
    assert!(trusting(&site, &["127.0.0.1"]).get(&by_address).await.is_ok(), "an address can be allowed");
}

#[tokio::test]
async fn a_form_is_posted_and_the_status_is_told() {
    let mut statuses = vec![500, 200];
    let asked = Asked::site(move |_| Some(answer(statuses.pop().unwrap(), &[], b"x"))).await;
    let url: Url = asked.site.url("/logout").parse().unwrap();
    for status in [200, 500] {
        assert_eq!(asked.fetcher.post(&url, &[("a", "b c"), ("d", "&")]).await, Ok(status));
    }
    let request = asked.site.requests()[0].to_ascii_lowercase();
    assert!(request.starts_with("post /logout http/1.1\r\n") && request.ends_with("\r\n\r\na=b+c&d=%26"), "{request}");
    assert!(request.contains("content-type: application/x-www-form-urlencoded\r\n"));
    let plain = Url::parse(&format!("http://localhost:{}/", asked.site.port())).unwrap();
    assert!(matches!(asked.fetcher.post(&plain, &[]).await, Err(FetchError::Forbidden(_))));
}

#[tokio::test] // O-23
async fn nothing_but_https_is_asked_even_of_a_host_that_is_allowed() {
    let asked = Asked::site(says(b"{}")).await;
    let port = asked.site.port();
    for bad in [
        format!("http://localhost:{port}/"),
        format!("ftp://localhost:{port}/"),
        "file:///etc/passwd".to_owned(),
        "data:text/plain,x".to_owned(),
        format!("https://user@localhost:{port}/"),
        format!("https://:password@localhost:{port}/"),
        format!("https://localhost:{port}/#fragment"),
    ] {
        assert!(is_forbidden(&asked.fetcher.get(&bad.parse().unwrap()).await), "{bad}");
    }
    assert_eq!(asked.site.connections(), 0);
}

#[tokio::test] // O-23
async fn an_address_that_is_not_global_is_not_connected_to_however_it_is_written() {
    let site = Site::start(says(b"{}")).await.unwrap();
    let (port, fetcher) = (site.port(), trusting(&site, &["localhost:1", "other.example"]));
    for host in [
        "localhost",
        "LOCALHOST",
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
    ] {
        let url = format!("https://{host}:{port}/").parse().unwrap();
        let result = fetcher.get(&url).await;
        assert!(is_forbidden(&result), "{host}: {result:?}");
        assert!(matches!(fetcher.post(&url, &[]).await, Err(FetchError::Forbidden(_))), "{host}");
    }
    assert_eq!(site.connections(), 0);
}

#[tokio::test]
async fn a_certificate_must_be_trusted_and_of_the_host() {
    let asked = Asked::site(says(b"{}")).await;
    let url: Url = asked.site.url("/").parse().unwrap();
    let system = GuardedFetcher::new(vec!["localhost".parse().unwrap()], None).unwrap();
    assert!(has_failed(&system.get(&url).await), "nobody has vouched for that authority");
    let other = trusting(&Site::start(says(b"{}")).await.unwrap(), &["localhost"]);
    assert!(has_failed(&other.get(&url).await), "nor has another authority");
    let misnamed = Site::start_as("other.example", says(b"{}")).await.unwrap();
    let result = trusting(&misnamed, &["localhost"]).get(&misnamed.url("/").parse().unwrap()).await;
    assert!(has_failed(&result), "the certificate is of another host");
    assert_eq!((misnamed.connections(), asked.site.connections()), (1, 2));
    assert_eq!(misnamed.requests(), Vec::<String>::new());
    assert_eq!(asked.site.requests(), Vec::<String>::new());
}

#[tokio::test] // O-23
async fn no_redirect_is_followed() {
    for status in [301, 302, 303, 307, 308] {
        let asked = Asked::site(move |request| {
            let there = request.starts_with("GET /there");
            Some(if there { answer(200, &[], b"{}") } else { answer(status, &["Location: /there"], b"{}") })
        })
        .await;
        assert!(has_failed(&asked.get("/here").await), "{status}");
        assert_eq!(asked.site.requests().len(), 1);
    }
}

#[tokio::test]
async fn nothing_but_200_is_an_answer() {
    for status in [201, 204, 206, 304, 400, 404, 500] {
        let asked = Asked::site(move |_| Some(answer(status, &[], if status == 304 { b"" } else { b"{}" }))).await;
        assert!(has_failed(&asked.get("/").await), "{status}");
    }
}

#[tokio::test] // O-23
async fn an_answer_is_read_to_its_bound_whatever_it_says_of_its_length() {
    let full = vec![b'x'; LARGEST];
    let long = vec![b'x'; LARGEST + 1];
    let unsaid = |body: &[u8]| [b"HTTP/1.1 200 x\r\nConnection: close\r\n\r\n".as_slice(), body].concat();
    let chunked = |body: &[u8]| {
        let head = format!("HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n", body.len());
        [head.as_bytes(), body, b"\r\n0\r\n\r\n"].concat()
    };
    for (bytes, taken) in [
        (answer(200, &[], &full), true),
        (answer(200, &[], &long), false),
        (chunked(&full), true),
        (chunked(&long), false),
        (unsaid(&long), false),
        (answer(200, &[], &full)[..LARGEST].to_vec(), false),
    ] {
        let asked = Asked::site(move |_| Some(bytes.clone())).await;
        let result = asked.get("/").await;
        assert_eq!(result.as_ref().is_ok_and(|fetched| fetched.body.len() == LARGEST), taken);
        assert!(taken || has_failed(&result));
    }
}

#[tokio::test(start_paused = true)] // O-23
async fn a_site_that_never_answers_is_given_up() {
    let asked = Asked::site(|_| None).await;
    assert_eq!(asked.get("/").await, Err(FetchError::Failed("it did not answer in time".to_owned())));
}

#[tokio::test(start_paused = true)] // O-23
async fn one_host_is_asked_by_no_more_than_some_at_once() {
    let asked = Asked::site(|_| None).await;
    let all = (0..=AT_ONE_HOST).map(|_| asked.get("/"));
    let all = futures_util::future::join_all(all).await;
    assert_eq!(all.iter().filter(|one| **one == Err(FetchError::Busy)).count(), 1);
    assert!(asked.get("/").await != Err(FetchError::Busy), "and there is room again");
}

#[tokio::test] // O-23
async fn nothing_is_carried_from_one_request_to_the_next_and_nothing_compressed_is_asked_for() {
    let asked = Asked::site(|_| Some(answer(200, &["Set-Cookie: a=b; Path=/"], b"{}"))).await;
    for _ in 0..2 {
        let _ = asked.get("/").await.unwrap();
    }
    for request in asked.site.requests() {
        let request = request.to_ascii_lowercase();
        for header in ["cookie", "accept-encoding", "referer", "authorization"] {
            assert!(!request.contains(&format!("\r\n{header}:")), "{request}");
        }
    }
    assert_eq!(asked.site.connections(), 2);
}

#[tokio::test] // O-23
async fn no_proxy_of_the_environment_is_asked() {
    const NAME: &str = "no_proxy_of_the_environment_is_asked";
    if env::var_os("HTTPS_PROXY").is_none() {
        let mut again = Command::new(env::current_exe().unwrap());
        again.args(["--exact", NAME]).env("HTTPS_PROXY", "http://127.0.0.1:9").env("ALL_PROXY", "http://127.0.0.1:9");
        assert!(again.status().unwrap().success());
        return;
    }
    assert!(Asked::site(says(b"{}")).await.get("/").await.is_ok());
}

#[test]
fn a_file_of_certificates_that_is_none_is_named() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("ca.pem");
    let made = || GuardedFetcher::new(Vec::new(), Some(&file));
    assert!(matches!(made(), Err(BadFetcher::Unreadable { .. })));
    fs::write(&file, "nothing").unwrap();
    assert!(matches!(made(), Err(BadFetcher::NoCertificate { .. })));
}
