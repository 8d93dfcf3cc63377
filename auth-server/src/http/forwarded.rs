//! Where a request comes from (P-24): the peer of its connection, or, if that is one of our proxies, whom it names.
//!
//! Anybody can write a header. What a proxy of ours adds stands to the right of all that was there, so lists are read from
//! the right: no text of a stranger's can move what is counted. Where the entry that counts names no address, the source
//! is the proxy: never another entry, which a stranger may have written.
use crate::settings::value::ForwardedHeader;
use ipnet::IpNet;
use poem::{
    Request,
    http::{HeaderMap, HeaderValue},
};
use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str,
};

/// The proxies in front, and where they say whom they pass a request on for.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    networks: Vec<IpNet>,
    header: Option<ForwardedHeader>,
    hops: usize,
}

impl Proxies {
    /// Whoever calls from `networks` is believed: the source is the entry of `header` that is so many `hops` from the
    /// right, the nearest proxy's being 1.
    pub const fn new(networks: Vec<IpNet>, header: Option<ForwardedHeader>, hops: usize) -> Self {
        Self { networks, header, hops }
    }

    /// Where a request comes from; `None` where there is no network between, in tests for instance.
    pub fn source(&self, request: &Request) -> Option<IpAddr> {
        let peer = request.remote_addr().as_socket_addr()?.ip();
        Some(self.behind(peer, request.headers()))
    }

    /// Whom a peer passes a request on for; the peer itself unless it is a proxy that says so.
    pub fn behind(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        let trusted = self.networks.iter().any(|network| network.contains(&peer));
        trusted.then(|| self.named(headers)).flatten().unwrap_or(peer)
    }

    /// The address that the entry so many hops from the right names, if it names one.
    fn named(&self, headers: &HeaderMap) -> Option<IpAddr> {
        // Lines of one name are one list, in order (RFC 9110, section 5.3).
        let lines = |name| headers.get_all(name).iter().rev().map(HeaderValue::as_bytes);
        let nearer = self.hops.checked_sub(1)?;
        let node = match self.header? {
            ForwardedHeader::XForwardedFor => {
                lines("x-forwarded-for").flat_map(|line| line.rsplit(|byte| *byte == b',')).nth(nearer)
            }
            ForwardedHeader::Forwarded => lines("forwarded")
                .flat_map(|line| FromTheRight { rest: Some(line), at: b',' })
                .nth(nearer)
                .and_then(node_of),
        };
        // In bytes so far: one that is no text, somewhere to the left, must not hide what a proxy added.
        address(str::from_utf8(node?.trim_ascii()).ok()?)
    }
}

/// The parts of a line between separators that stand outside of quotes, the last one first. A quote that has no other end
/// takes along all that is left of it.
struct FromTheRight<'a> {
    rest: Option<&'a [u8]>,
    at: u8,
}

impl<'a> Iterator for FromTheRight<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest.take()?;
        let mut quoted = false;
        for (index, byte) in rest.iter().enumerate().rev() {
            // Behind an odd number of backslashes a quote is a part of the quoted text.
            let escaped = || rest[..index].iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1;
            if *byte == b'"' && !(quoted && escaped()) {
                quoted = !quoted;
            } else if *byte == self.at && !quoted {
                self.rest = Some(&rest[..index]);
                return Some(&rest[index + 1..]);
            }
        }
        Some(rest)
    }
}

/// The node that the one `for` of an element names (RFC 7239, section 4).
fn node_of(element: &[u8]) -> Option<&[u8]> {
    let pairs = FromTheRight { rest: Some(element), at: b';' };
    let mut nodes = pairs.filter_map(|pair| {
        let (name, value) = pair.split_at_checked(pair.iter().position(|byte| *byte == b'=')?)?;
        name.trim_ascii().eq_ignore_ascii_case(b"for").then(|| value[1..].trim_ascii())
    });
    let node = nodes.next().filter(|_| nodes.next().is_none())?;
    // No address needs an escape within its quotes: a node that holds one reads as none.
    Some(node.strip_prefix(b"\"").and_then(|node| node.strip_suffix(b"\"")).unwrap_or(node))
}

/// The address of a node: with or without a port, IPv6 with or without brackets and zone. `unknown`, and names that hide
/// who it is, are none.
fn address(node: &str) -> Option<IpAddr> {
    let (address, port) = if let Some(bracketed) = node.strip_prefix('[') {
        let (host, port) = bracketed.split_once(']')?;
        (ipv6(host)?, port)
    } else if let Some(address) = ipv6(node) {
        (address, "")
    } else {
        let (host, port) = node.split_at(node.find(':').unwrap_or(node.len()));
        (host.parse::<Ipv4Addr>().ok()?.into(), port)
    };
    let fits = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
    fits.then(|| address.to_canonical())
}

fn ipv6(text: &str) -> Option<IpAddr> {
    // The zone is a matter between the proxy and its own network.
    let address = text.split_once('%').map_or(text, |(address, _)| address);
    address.parse::<Ipv6Addr>().ok().map(IpAddr::V6)
}

/// Up to five digits, or a name that hides them (RFC 7239, section 6).
fn is_port(text: &str) -> bool {
    let hidden =
        |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    let digits = (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    digits || text.strip_prefix('_').is_some_and(hidden)
}

#[cfg(test)]
mod tests;
