//! Behind proxies: whatever a client has written, the source is whom the proxies named.
use crate::lines;
use auth_server::{
    settings::{Networks, ProxySettings, value::ForwardedHeader},
    testing::source,
};
use poem::http::{HeaderMap, HeaderName, HeaderValue};
use std::net::IpAddr;

const PROXY: &str = "10.0.0.9";

fn settings(forwarded_header: ForwardedHeader, hops: usize) -> ProxySettings {
    let trusted_proxies: Networks = "10.0.0.0/8".parse().expect("a range");
    ProxySettings { trusted_proxies, forwarded_header: Some(forwarded_header), forwarded_hops: Some(hops) }
}

/// A request's headers: the lines, as far as lines can hold them.
fn headers(header: ForwardedHeader, lines: &[Vec<u8>]) -> HeaderMap {
    let name: HeaderName = header.to_string().parse().expect("a name");
    lines.iter().filter_map(|line| Some((name.clone(), HeaderValue::from_bytes(line).ok()?))).collect()
}

#[test] // P-24
fn what_a_client_wrote() {
    let address = |text: &str| text.parse::<IpAddr>().expect("an address");
    let cases = [
        (ForwardedHeader::XForwardedFor, ["192.0.2.1", "10.0.0.8"]),
        (ForwardedHeader::XForwardedFor, ["192.0.2.1:80", "unknown"]),
        (ForwardedHeader::Forwarded, ["for=192.0.2.1;host=\"a, \\\"b\\\";for=192.0.2.66\"", "for=_hidden"]),
        (ForwardedHeader::Forwarded, ["proto=https;For=\"[::ffff:192.0.2.1]:80\"", ""]),
    ];
    bolero::check!().for_each(|bytes: &[u8]| {
        let written: Vec<Vec<u8>> = lines::<3>(bytes).into_iter().map(<[u8]>::to_vec).collect();
        // A field that holds what no field can hold is refused by the HTTP library.
        if written.iter().any(|line| HeaderValue::from_bytes(line).is_err()) {
            return;
        }
        for (header, added) in cases {
            for hops in 1..=2 {
                for own_line in [true, false] {
                    let mut lines = written.clone();
                    for entry in &added[..hops] {
                        match lines.last_mut() {
                            Some(last) if !own_line => last.extend([b", ", entry.as_bytes()].concat()),
                            _ => lines.push(entry.as_bytes().to_vec()),
                        }
                    }
                    let (settings, headers) = (settings(header, hops), headers(header, &lines));
                    assert_eq!(source(&settings, address(PROXY), &headers), address("192.0.2.1"), "{headers:?}");
                    let stranger = address("192.0.2.99");
                    assert_eq!(source(&settings, stranger, &headers), stranger);
                }
            }
        }
    });
}

#[test] // P-24
fn what_a_proxy_wrote() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let lines = lines::<3>(bytes).map(<[u8]>::to_vec);
        for header in [ForwardedHeader::XForwardedFor, ForwardedHeader::Forwarded] {
            let headers = headers(header, &lines);
            for hops in [1, 2, 16] {
                let peer: IpAddr = format!("::ffff:{PROXY}").parse().expect("an address");
                let source = source(&settings(header, hops), peer, &headers);
                assert_eq!(source, source.to_canonical(), "IPv4 is IPv4");
                let named = headers
                    .values()
                    .any(|line| line.as_bytes().iter().any(u8::is_ascii_hexdigit) || line.as_bytes().contains(&b':'));
                assert!(named || source.to_string() == PROXY, "{source} out of {headers:?}");
            }
        }
    });
}
