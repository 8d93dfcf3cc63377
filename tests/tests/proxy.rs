//! Behind proxies: limits are kept for whoever stands behind them, and for nobody that a stranger invents.
use reqwest::RequestBuilder;
use tests::*;

/// From where the proxy of these tests calls.
const PROXY: u8 = 9;
const WRONG: &str = "another good password";

/// A server behind one proxy at 127.0.0.9, which takes two wrong passwords from one source.
async fn server(header: &str) -> Server {
    let settings = Settings::default().set("LIMIT_LOGIN_PER_SOURCE", "2/15m").set("LOG_FORMAT", "json");
    settings.set("TRUSTED_PROXIES", "10.0.0.0/8,127.0.0.9").set("FORWARDED_HEADER", header).start().await
}

/// A guess at a password, as it leaves its author.
fn guess(api: &Api) -> RequestBuilder {
    api.posting("login", &json!({ "login": "ann", "password": WRONG }))
}

/// What a proxy makes of the lines that a client wrote: it adds whom it passes the request on for, to the last line or in
/// a line of its own.
fn passed_on(server: &Server, header: &str, written: &[&str], entry: &str, own_line: bool) -> RequestBuilder {
    let mut lines: Vec<String> = written.iter().map(|line| (*line).to_owned()).collect();
    match lines.last_mut() {
        Some(last) if !own_line => *last = format!("{last}, {entry}"),
        _ => lines.push(entry.to_owned()),
    }
    let request = guess(&server.api_from(PROXY));
    lines.into_iter().fold(request, |request, line| request.header(header, line))
}

#[tokio::test] // P-24
async fn what_a_client_writes_that_is_no_proxy_is_not_looked_at() {
    for header in ["forwarded", "x-forwarded-for"] {
        let mut server = server(header).await;
        let api = server.api_from(2);
        let spoofed = |address: &str| {
            let both = guess(&api).header("x-forwarded-for", address).header("forwarded", format!("for={address}"));
            both.header("x-real-ip", address).header("via", "1.1 127.0.0.9")
        };
        for (address, status) in [("192.0.2.1", 401), ("192.0.2.2", 401), ("192.0.2.3", 429), ("127.0.0.9", 429)] {
            let _ = api.send(spoofed(address)).await.expect(status);
        }
        let _ = server.api_from(PROXY).send(guess(&server.api_from(PROXY))).await.expect(401);
        server.stop().await;
        let log = server.log();
        assert!(log.contains(r#""source":"127.0.0.2""#) && !log.contains("192.0.2."), "{log}");
    }
}

#[tokio::test] // P-24
async fn behind_a_proxy_each_source_has_its_own_limit() {
    let forms = [
        ("x-forwarded-for", "192.0.2.1", "192.0.2.1:5555", "[::ffff:192.0.2.1]:80", "192.0.2.2"),
        (
            "forwarded",
            "for=192.0.2.1",
            "proto=https;For=\"192.0.2.1:5555\"",
            "for=\"[::ffff:192.0.2.1]\"",
            "for=192.0.2.2",
        ),
    ];
    for (header, plain, with_port, mapped, neighbour) in forms {
        let mut server = server(header).await;
        for (entry, status) in [(plain, 401), (with_port, 401), (mapped, 429), (plain, 429), (neighbour, 401)] {
            let _ = server.api().send(passed_on(&server, header, &[], entry, true)).await.expect(status);
        }
        let _ = server.api().send(guess(server.api())).await.expect(401);
        server.stop().await;
        let audited = server.log();
        let audited = audited.lines().filter(|line| line.contains("login_refused"));
        let sources: Vec<_> = audited
            .filter_map(|line| serde_json::from_str::<Value>(line).ok()?["span"]["source"].as_str().map(str::to_owned))
            .collect();
        assert_eq!(sources, ["192.0.2.1", "192.0.2.1", "192.0.2.2", "127.0.0.1"], "H-12: the log and the limits agree");
    }
}

#[tokio::test] // P-24
async fn nobody_behind_a_proxy_escapes_a_limit_by_what_they_send() {
    let server_of = ["x-forwarded-for", "forwarded"];
    for (header, entry) in server_of.into_iter().zip(["192.0.2.1", "for=192.0.2.1"]) {
        let server = server(header).await;
        let written: [&[&str]; 10] = [
            &["192.0.2.77"],
            &["for=192.0.2.77"],
            &["192.0.2.77", "for=192.0.2.78"],
            &["for=192.0.2.77, 127.0.0.9"],
            &[","],
            &[""],
            &["for=\""],
            &["for=\"192.0.2.77\\"],
            &["\u{ff}"],
            &["unknown;for=192.0.2.77;"],
        ];
        let tries = written.into_iter().flat_map(|lines| [(lines, true), (lines, false)]);
        for (number, (lines, own_line)) in tries.enumerate() {
            let answer = server.api().send(passed_on(&server, header, lines, entry, own_line)).await;
            assert_eq!(answer.status, if number < 2 { 401 } else { 429 }, "{lines:?}, a line of its own: {own_line}");
        }
    }
}

#[tokio::test] // P-24
async fn whom_the_proxy_does_not_name_is_the_proxy_and_never_somebody_else() {
    let server = server("forwarded").await;
    let named_by_nobody = ["for=unknown", "for=_hidden", "for=unix:", "proto=https", ""];
    for (number, entry) in named_by_nobody.into_iter().enumerate() {
        let request = passed_on(&server, "forwarded", &["for=192.0.2.1"], entry, number % 2 == 0);
        let _ = server.api().send(request).await.expect(if number < 2 { 401 } else { 429 });
    }
    let _ = server.api().send(passed_on(&server, "forwarded", &[], "for=192.0.2.1", true)).await.expect(401);
}

#[tokio::test] // P-24
async fn behind_two_proxies_the_farther_one_names_the_source() {
    let settings = Settings::default().set("LIMIT_LOGIN_PER_SOURCE", "2/15m").set("TRUSTED_PROXIES", "127.0.0.9/32");
    let server = settings.set("FORWARDED_HEADER", "x-forwarded-for").set("FORWARDED_HOPS", "2").start().await;
    let lines = ["6.6.6.6, 192.0.2.1, 10.0.0.1", "192.0.2.1, 10.0.0.2", "192.0.2.1, unknown", "192.0.2.1,"];
    for (number, line) in lines.into_iter().enumerate() {
        let answer = server.api().send(passed_on(&server, "x-forwarded-for", &[], line, true)).await;
        assert_eq!(answer.status, if number < 2 { 401 } else { 429 }, "{line}");
    }
    let _ = server.api().send(passed_on(&server, "x-forwarded-for", &[], "10.0.0.1", true)).await.expect(401);
}
