//! Proxies in front: which there are, and where they say whom they pass a request on for.
use super::value::{ForwardedHeader, whole};
use crate::http::Proxies;
use conf::Conf;
use ipnet::{IpNet, Ipv4Net};
use serde::{Serialize, Serializer};
use std::{
    fmt::{self, Display},
    net::IpAddr,
    str::FromStr,
};

/// Proxies in front.
#[derive(Clone, Debug, Conf, Serialize)]
#[conf(serde)]
pub struct ProxySettings {
    /// The proxies in front, by address or range, separated by commas, such as `127.0.0.1,10.0.0.0/8`. Whoever calls from
    /// one of them is believed about the source of its requests, so nobody else may call from there. Limits are kept per
    /// source; without proxies it is the address at the other end of the connection.
    #[conf(long, env, default_value = "", serde(use_value_parser))]
    pub trusted_proxies: Networks,
    /// The header in which the proxies name the source: forwarded (RFC 7239) or x-forwarded-for. They must add to it, or
    /// write it anew.
    #[conf(long, env, serde(use_value_parser))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forwarded_header: Option<ForwardedHeader>,
    /// How many proxies a request passes one after the other: so many entries from the right of the header is the source.
    /// One unless set. Where it is more, nobody may reach the nearer ones but through the farther.
    #[conf(long, env, value_parser = |text: &str| whole(text, 1_usize, 16), serde(use_value_parser))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forwarded_hops: Option<usize>,
}

impl ProxySettings {
    /// As what finds the source of a request.
    pub fn proxies(&self) -> Proxies {
        Proxies::new(self.trusted_proxies.0.clone(), self.forwarded_header, self.forwarded_hops.unwrap_or(1))
    }

    /// What is missing: proxies and their header go together.
    pub(super) fn incomplete(&self) -> Option<String> {
        const PROXIES: &str = "give the addresses or ranges of the proxies in AUTH_SERVICE_TRUSTED_PROXIES, for example 127.0.0.1,10.0.0.0/8";
        match (self.trusted_proxies.0.is_empty(), self.forwarded_header, self.forwarded_hops) {
            (false, None, _) => Some(
                "AUTH_SERVICE_TRUSTED_PROXIES is set, and AUTH_SERVICE_FORWARDED_HEADER is missing: give the header that the \
                 proxies write, forwarded or x-forwarded-for"
                    .to_owned(),
            ),
            (true, Some(_), _) => Some(format!("AUTH_SERVICE_FORWARDED_HEADER has no proxies to be read from: {PROXIES}, or leave it out")),
            (true, None, Some(_)) => {
                Some(format!("AUTH_SERVICE_FORWARDED_HOPS has no proxies to be counted among: {PROXIES}, or leave it out"))
            }
            (false, Some(_), _) | (true, None, None) => None,
        }
    }
}

/// Addresses and ranges of addresses (CIDR), separated by commas: `127.0.0.1,10.0.0.0/8,2001:db8::/32`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(pub Vec<IpNet>);

impl FromStr for Networks {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let rule = "expected addresses and ranges separated by commas, the bits behind a range's length zero, for example \
                    127.0.0.1,10.0.0.0/8,2001:db8::/32";
        let read = |item: &str| network(item).ok_or_else(|| rule.to_owned());
        text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(read).collect::<Result<_, _>>().map(Self)
    }
}

/// Of a range whose last bits are not zero it is not clear how much of it is meant.
fn network(text: &str) -> Option<IpNet> {
    let network = match text.parse::<IpAddr>() {
        Ok(address) => IpNet::from(address),
        Err(_) => text.parse().ok().filter(|network: &IpNet| network.addr() == network.network())?,
    };
    Some(canonical(network))
}

/// An IPv4 range that is mapped into IPv6 is the IPv4 range: so are the addresses that are looked for in it.
fn canonical(network: IpNet) -> IpNet {
    let IpNet::V6(mapped) = network else { return network };
    let v4 = mapped.addr().to_ipv4_mapped().zip(mapped.prefix_len().checked_sub(96));
    let v4 = v4.and_then(|(address, length)| Ipv4Net::new(address, length).ok());
    v4.map_or(network, IpNet::V4)
}

impl Display for Networks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&texts.join(","))
    }
}

impl Serialize for Networks {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    #[test] // P-24
    fn proxies_and_their_header_go_together() {
        let one: Networks = "127.0.0.1".parse().unwrap();
        let (some, none) = (Some(ForwardedHeader::Forwarded), Networks::default());
        for (trusted_proxies, forwarded_header, forwarded_hops, missing) in [
            (none.clone(), None, None, None),
            (one.clone(), some, None, None),
            (one.clone(), some, Some(2), None),
            (one, None, Some(1), Some("AUTH_SERVICE_FORWARDED_HEADER is missing")),
            (none.clone(), some, None, Some("AUTH_SERVICE_FORWARDED_HEADER has no proxies")),
            (none, None, Some(1), Some("AUTH_SERVICE_FORWARDED_HOPS has no proxies")),
        ] {
            let proxies = ProxySettings { trusted_proxies, forwarded_header, forwarded_hops };
            let settings = Settings { proxies, ..Settings::for_data_dir("data") };
            let report = settings.check().err().map(|error| error.to_string()).unwrap_or_default();
            assert!(report.contains(missing.unwrap_or_default()), "{report}");
            assert_eq!(report.is_empty(), missing.is_none(), "{report}");
        }
    }

    #[test]
    fn ranges_are_read_and_print_themselves_again() {
        for (text, printed) in [
            ("", ""),
            ("127.0.0.1", "127.0.0.1/32"),
            (" ::1 , 10.0.0.0/8,", "::1/128,10.0.0.0/8"),
            ("2001:DB8::/32", "2001:db8::/32"),
            ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
            ("::ffff:10.1.2.3", "10.1.2.3/32"),
            ("0.0.0.0/0,::/0", "0.0.0.0/0,::/0"),
        ] {
            let networks: Networks = text.parse().unwrap();
            assert_eq!(networks.to_string(), printed);
            assert_eq!(printed.parse(), Ok(networks));
        }
        for text in ["localhost", "10.0.0.1/8", "10.0.0.0/33", "10.0.0/8", "::1/-1", "1.2.3.4;5.6.7.8", "*", "[::1]"] {
            assert!(text.parse::<Networks>().unwrap_err().contains("10.0.0.0/8"), "{text}");
        }
    }
}
