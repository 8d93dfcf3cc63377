//! What proxies write is read, and what strangers write is not.
use super::*;
use ForwardedHeader::{Forwarded, XForwardedFor};
use poem::http::HeaderName;

const PROXY: &str = "10.0.0.9";

/// The source of a request from `peer` with these lines, where 10.0.0.0/8 and one IPv6 address are proxies.
fn source_of(peer: &str, header: ForwardedHeader, hops: usize, lines: &[&[u8]]) -> String {
    let networks = vec!["10.0.0.0/8".parse().unwrap(), "2001:db8::9/128".parse().unwrap()];
    let proxies = Proxies::new(networks, Some(header), hops);
    proxies.behind(peer.parse().unwrap(), &headers(header, lines)).to_string()
}

fn headers(header: ForwardedHeader, lines: &[&[u8]]) -> HeaderMap {
    let name = HeaderName::from_bytes(header.to_string().as_bytes()).unwrap();
    lines.iter().map(|line| (name.clone(), HeaderValue::from_bytes(line).unwrap())).collect()
}

/// The source of what our proxy passes on with one line.
fn through(header: ForwardedHeader, line: &str) -> String {
    source_of(PROXY, header, 1, &[line.as_bytes()])
}

#[test] // P-24
fn a_node_is_read_in_every_form() {
    for (node, source) in [
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.1:443", "192.0.2.1"),
        ("192.0.2.1:_p.-_0", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:DB8::1]:443", "2001:db8::1"),
        ("[2001:db8:0:0::1]:_hidden", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("[fe80::1%25eth0]:443", "fe80::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("[::ffff:c000:201]:1", "192.0.2.1"),
        ("::1", "::1"),
    ] {
        assert_eq!(through(XForwardedFor, &format!(" \t{node} ")), source, "{node}");
        assert_eq!(through(Forwarded, &format!("proto=https; For=\"{node}\" ;by=_us")), source, "{node}");
        assert_eq!(through(Forwarded, &format!("for={node}")), source, "{node}, as some write it");
    }
}

#[test] // P-24
fn where_no_address_is_named_the_source_is_the_proxy() {
    for node in [
        "",
        "unknown",
        "UNKNOWN",
        "_hidden",
        "_",
        "example.org",
        "192.0.2",
        "192.0.2.256",
        "192.0.2.01",
        "192.0.2.1.1",
        "3221225985",
        "0xc0000201",
        "192.0.2.1:",
        "192.0.2.1:x",
        "192.0.2.1:123456",
        "192.0.2.1:1:1",
        "192.0.2.1 192.0.2.2",
        "192.0.2.1/32",
        "[192.0.2.1]",
        "[2001:db8::1",
        "2001:db8::1]",
        "[2001:db8::1]443",
        "[2001:db8::1]:",
        "[[2001:db8::1]]",
        "2001:db8::1::1",
        "unix:",
        "é",
    ] {
        for before in ["", "192.0.2.66, "] {
            assert_eq!(through(XForwardedFor, &format!("{before}{node}")), PROXY, "{before}{node}");
        }
        for before in ["", "for=192.0.2.66, ", "for=192.0.2.66;host=\"a\", "] {
            assert_eq!(through(Forwarded, &format!("{before}for=\"{node}\"")), PROXY, "{before}{node}");
        }
    }
    for element in [
        "",
        ";",
        "for",
        "by=192.0.2.1",
        "fore=192.0.2.1",
        "for=192.0.2.1;for=192.0.2.2",
        "for=192.0.2.1;FOR=192.0.2.1",
        "for=\"192.0.2.1",
        "for=192.0.2.1\"",
        "for=\"192.0.2.1\\\"",
        "for=\"\\192.0.2.1\"",
        "for=\"192.0.2.66, for=192.0.2.1\"",
        "for=\"\"192.0.2.1\"\"",
        "host=\"for=192.0.2.1\"",
        "host=\";for=192.0.2.1\"",
    ] {
        assert_eq!(through(Forwarded, element), PROXY, "{element}");
    }
}

#[test] // P-24
fn what_stands_within_quotes_separates_nothing() {
    for element in [
        r#"for=192.0.2.1;host="a, for=192.0.2.66""#,
        r#"host="a\", for=192.0.2.66;";for=192.0.2.1"#,
        r#"host="a\\";for=192.0.2.1"#,
        r#"host="\\\"";for=192.0.2.1;ext="\"\\,""#,
    ] {
        assert_eq!(through(Forwarded, &format!("for=192.0.2.66,{element}")), "192.0.2.1", "{element}");
    }
}

#[test] // P-24
fn entries_are_counted_from_the_right_over_all_lines() {
    let lines: [&[u8]; 3] = [b"192.0.2.4,\xff,,192.0.2.3", b"", b"[2001:db8::2], 192.0.2.1:80"];
    let sources = ["192.0.2.1", "2001:db8::2", PROXY, "192.0.2.3", PROXY, PROXY, "192.0.2.4", PROXY];
    for (hops, source) in (1..).zip(sources) {
        assert_eq!(source_of(PROXY, XForwardedFor, hops, &lines), source, "{hops}");
    }
    let lines: [&[u8]; 3] =
        [b"for=192.0.2.4,\xff=\",\",,For=192.0.2.3", b"", b"for=\"[2001:db8::2]\", for=\"192.0.2.1:80\""];
    for (hops, source) in (1..).zip(sources) {
        assert_eq!(source_of(PROXY, Forwarded, hops, &lines), source, "{hops}");
    }
    assert_eq!(source_of(PROXY, Forwarded, 1, &[]), PROXY);
    assert_eq!(source_of(PROXY, Forwarded, 0, &[b"for=192.0.2.1"]), PROXY, "nobody counts so");
}

#[test] // P-24
fn only_a_proxy_is_believed_in_whatever_form_its_address_comes() {
    for (peer, source) in [
        ("10.255.0.1", "192.0.2.1"),
        ("::ffff:10.0.0.9", "192.0.2.1"),
        ("2001:db8::9", "192.0.2.1"),
        ("11.0.0.9", "11.0.0.9"),
        ("::ffff:11.0.0.9", "11.0.0.9"),
        ("::10.0.0.9", "::a00:9"),
        ("2001:db8::8", "2001:db8::8"),
    ] {
        assert_eq!(source_of(peer, Forwarded, 1, &[b"for=192.0.2.1"]), source, "{peer}");
        assert_eq!(source_of(peer, XForwardedFor, 1, &[b"192.0.2.1"]), source, "{peer}");
    }
    assert_eq!(through(XForwardedFor, "for=192.0.2.1"), PROXY, "the other header's form");
    let (proxy, named) = (PROXY.parse().unwrap(), headers(Forwarded, &[b"for=192.0.2.1"]));
    let other = Proxies::new(vec!["10.0.0.0/8".parse().unwrap()], Some(XForwardedFor), 1);
    assert_eq!(other.behind(proxy, &named), proxy, "the header that was not chosen");
    assert_eq!(Proxies::default().behind(proxy, &named), proxy);
}
