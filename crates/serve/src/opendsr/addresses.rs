//! Where controllers may be told of changes: at public addresses by HTTPS, and at what the pipeline lists.
//!
//! Who hands over a request says where to tell them. That must not make this service ask machines that only it can
//! reach (CWE-918): what a name resolves to is checked each time, and the connection goes to what was checked.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Longer ones are no addresses of anybody.
const LONGEST: usize = 2048;

/// Where controllers may be told.
#[derive(Debug, Clone)]
pub(crate) struct Addresses {
    internal: BTreeSet<String>,
}

/// A resolver that knows public addresses only.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PublicOnly;

impl Addresses {
    pub(crate) fn new(internal: &BTreeSet<String>) -> Self {
        Self { internal: internal.clone() }
    }

    /// An address, unless nobody may be told there, whatever its name resolves to.
    pub(crate) fn parse(&self, text: &str) -> Option<Url> {
        let url = Url::parse(text).ok().filter(|_| text.len() <= LONGEST)?;
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return None;
        }
        if matches!(url.scheme(), "http" | "https") && self.is_internal(&url) {
            return Some(url);
        }
        let host = url.host_str().filter(|_| url.scheme() == "https")?;
        let literal: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
        literal.is_none_or(is_public).then_some(url)
    }

    /// Whether the pipeline lists it.
    pub(crate) fn is_internal(&self, url: &Url) -> bool {
        let place = url.host_str().zip(url.port_or_known_default());
        place.is_some_and(|(host, port)| self.internal.contains(&format!("{host}:{port}")))
    }
}

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_owned();
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((host, 0)).await?.collect();
            // One that is inside says what the others are for.
            match found.iter().all(|address| is_public(address.ip())) {
                true => Ok(Box::new(found.into_iter()) as Addrs),
                false => Err("an address that is not public".into()),
            }
        })
    }
}

/// Whether an address is one of the public Internet (IANA special-purpose address registries).
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        // This network; shared by carriers; protocol assignments and 6to4 relays; benchmarks; reserved.
        || a == 0
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (18..20).contains(&b))
        || a >= 240;
    !is_special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    // IPv4 in IPv6: mapped, translated (RFC 6052), 6to4 (RFC 3056). What is reached is the one inside.
    let inside = match segments {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some((high, low)),
        [0x2002, high, low, ..] => Some((high, low)),
        _ => None,
    };
    if let Some((high, low)) = inside {
        return is_public_v4(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)));
    }
    // Global unicast is 2000::/3; of it, protocol assignments and documentation are nobody's.
    segments[0] & 0xe000 == 0x2000
        && !(segments[0] == 0x2001 && (segments[1] < 0x200 || segments[1] == 0xdb8))
        && !(segments[0] == 0x3fff && segments[1] < 0x1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, may_be: bool) {
        let addresses =
            Addresses::new(&BTreeSet::from(["crm.internal:8443".to_owned(), "127.0.0.1:9".to_owned()]));
        assert_eq!(addresses.parse(text).is_some(), may_be, "{text}");
    }

    #[test]
    fn controllers_are_told_outside_and_where_the_pipeline_lists_it() {
        check("https://partner.example/told", true);
        check("https://93.184.216.34/told", true);
        check("https://[2606:2800:220:1::1]/told", true);
        check("http://127.0.0.1:9/told", true);
        check("https://crm.internal:8443/told", true);
        check("http://partner.example/told", false);
        check("https://ada@partner.example/told", false);
        check("ftp://partner.example/told", false);
        check("file:///etc/passwd", false);
        check("partner.example", false);
        check(&format!("https://partner.example/{}", "x".repeat(3000)), false);
    }

    #[test]
    fn what_is_inside_is_never_asked() {
        for host in [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f000001",
            "017700000001",
            "0.0.0.0",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.0.0.170",
            "198.18.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[::ffff:a9fe:a9fe]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
            "[fe80::1]",
            "[fd00::1]",
            "[fec0::1]",
            "[ff02::1]",
            "[2001:db8::1]",
        ] {
            check(&format!("https://{host}/told"), false);
        }
    }

    #[test]
    fn a_name_that_leads_inside_is_not_resolved() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let resolved = runtime.block_on(PublicOnly.resolve("localhost".parse().unwrap()));
        assert!(resolved.is_err());
    }
}
