//! The words of a log line: who opened a transfer towards whom, and how many bytes each end sent.
//!
//! Formats fill these neutral fields (named after ECS) and know nothing of "egress"; [`direction`] alone decides what
//! left which of our hosts. A field is `None` where the line does not say, never 0 or empty.

pub mod direction;
pub mod reject;
pub mod tool;

use crate::units::{Span, Timestamp};
use std::net::IpAddr;

/// One transfer as a log line tells it. Text borrows from the line, or from the chunk's scratch where it had to be
/// decoded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Event<'a> {
    /// Which format read it (`event.dataset`): `squid`, `zeek.conn`.
    pub dataset: &'static str,
    /// What kind of log this is; decides the side on which egress is read.
    pub role: Role,
    /// As logged, in UTC.
    pub timestamp: Timestamp,
    /// How long the transfer took, where the log says.
    pub duration: Option<Span>,
    /// Which end of the transfer `timestamp` marks.
    pub stamped: Stamped,
    /// Who opened the connection.
    pub source: Endpoint<'a>,
    /// Who was asked.
    pub destination: Endpoint<'a>,
    /// The record tells one direction only and the reply is another record (VPC flow, NetFlow): an absent count on the
    /// other side means "told elsewhere", not "blind".
    pub one_way: bool,
    /// A byte count that the log itself contradicts was lowered to what the log proves (Zeek: payload above the bytes of
    /// the IP packets that carried it, after a jump in sequence numbers). To be counted per source.
    pub clamped: bool,
    /// `user.name`.
    pub user: Option<&'a [u8]>,
    /// `http.request.method`.
    pub method: Option<&'a [u8]>,
    /// `http.response.status_code`, 100 to 999.
    pub status: Option<u16>,
    /// `url.original`: as logged, absolute or only a path.
    pub url: Option<&'a [u8]>,
    /// `user_agent.original`.
    pub user_agent: Option<&'a [u8]>,
    /// `network.transport`: `tcp`, `udp`, `icmp`.
    pub transport: Option<&'a [u8]>,
    /// `network.protocol`: `http`, `ssl`, `dns`.
    pub protocol: Option<&'a [u8]>,
    /// `dns.question`.
    pub question: Option<Question<'a>>,
    /// `observer.name`: the sensor or server that wrote the line.
    pub observer: Option<&'a [u8]>,
}

/// One end of a transfer.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Endpoint<'a> {
    /// Its address.
    pub ip: Option<IpAddr>,
    /// Its name, without port and brackets, as logged.
    pub domain: Option<&'a [u8]>,
    /// Its port.
    pub port: Option<u16>,
    /// Bytes that this end sent.
    pub bytes: Option<u64>,
}

/// What a DNS client asked.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Question<'a> {
    /// The full name asked for.
    pub name: &'a [u8],
    /// `A`, `TXT`, …
    pub record_type: Option<&'a [u8]>,
}

/// What kind of log a line comes from; see the table in FORMATS: it says which host is watched and where egress stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Role {
    /// Watches clients: what the source sends leaves it.
    #[default]
    Proxy,
    /// Watches the server that logged: what the destination sends (the response) leaves it.
    Server,
    /// Watches whichever end is inside.
    Flow,
    /// Watches a bucket: what the destination serves leaves it.
    Store,
    /// Watches the asking client: bytes in query names leave it.
    Dns,
}

/// Which end of a transfer its time stamp marks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Stamped {
    /// The line carries the time at which the transfer was over (Squid, nginx, IIS).
    #[default]
    End,
    /// The line carries the time at which the transfer began, though it is written at the end (Zeek, Apache).
    Start,
}

impl<'a> Endpoint<'a> {
    /// Reads a bare address or name (no port), such as Squid's `%>a` or Apache's `%h`: an address where it reads as one,
    /// otherwise a name. `-` and the empty text mean absent.
    pub fn set_host(&mut self, text: &'a [u8]) {
        match address(text) {
            Some(ip) => self.ip = Some(ip),
            None if !matches!(text, b"" | b"-") => self.domain = Some(text),
            None => {}
        }
    }

    /// Reads `host:port`, `[v6]:port`, `host` or `[v6]`. A port that does not read as one is left out.
    pub fn set_authority(&mut self, text: &'a [u8]) {
        let (host, port) = split_authority(text);
        self.set_host(host);
        self.port = port.or(self.port);
    }
}

/// Splits `host:port`, `[v6]:port`, `host`, `[v6]` or a bare IPv6 address into host and port.
pub fn split_authority(text: &[u8]) -> (&[u8], Option<u16>) {
    if let Some(rest) = text.strip_prefix(b"[") {
        let Some(end) = memchr::memchr(b']', rest) else { return (text, None) };
        let (host, tail) = rest.split_at(end);
        return (host, tail.strip_prefix(b"]:").and_then(number));
    }
    match memchr::memchr(b':', text) {
        Some(colon) if memchr::memchr(b':', text.get(colon + 1..).unwrap_or_default()).is_none() => {
            (text.get(..colon).unwrap_or_default(), text.get(colon + 1..).and_then(number))
        }
        _ => (text, None),
    }
}

/// An unsigned decimal number that fills the whole text; `None` for anything else, including overflow.
pub fn number<T: TryFrom<u64>>(text: &[u8]) -> Option<T> {
    if text.is_empty() || text.len() > 20 {
        return None;
    }
    // Nineteen digits always fit; only a twentieth can overflow.
    let (sure, last) = text.split_at(text.len().min(19));
    let mut value: u64 = 0;
    for &digit in sure {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + u64::from(digit);
    }
    for &digit in last {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value.checked_mul(10)?.checked_add(u64::from(digit))?;
    }
    T::try_from(value).ok()
}

/// An address in text: IPv4, IPv6 with or without brackets and zone id; a v4-mapped IPv6 address is the IPv4 address, so
/// that one host has one name in every log.
pub fn address(text: &[u8]) -> Option<IpAddr> {
    if let Some(v4) = ipv4(text) {
        return Some(IpAddr::V4(v4));
    }
    // Shorter than "::" or longer than the longest IPv6 text with zone and brackets: a name.
    if text.len() < 2 || text.len() > 64 || memchr::memchr(b':', text).is_none() {
        return None;
    }
    let bare = text.strip_prefix(b"[").and_then(|t| t.strip_suffix(b"]")).unwrap_or(text);
    let end = memchr::memchr(b'%', bare).unwrap_or(bare.len());
    let v6: std::net::Ipv6Addr = std::str::from_utf8(bare.get(..end)?).ok()?.parse().ok()?;
    Some(v6.to_ipv4_mapped().map_or(IpAddr::V6(v6), IpAddr::V4))
}

/// A dotted quad that fills the whole text; leading zeros are refused, as they are octal to some readers.
fn ipv4(text: &[u8]) -> Option<std::net::Ipv4Addr> {
    if text.len() < 7 || text.len() > 15 {
        return None;
    }
    let (mut quad, mut octet, mut digits, mut dots) = (0u32, 0u32, 0, 0);
    for &byte in text {
        let digit = u32::from(byte.wrapping_sub(b'0'));
        if digit <= 9 {
            if digits == 3 || (digits == 1 && octet == 0) {
                return None;
            }
            octet = octet * 10 + digit;
            digits += 1;
        } else if byte == b'.' && digits > 0 && octet <= 255 && dots < 3 {
            quad = quad << 8 | octet;
            (octet, digits, dots) = (0, 0, dots + 1);
        } else {
            return None;
        }
    }
    (dots == 3 && digits > 0 && octet <= 255).then(|| (quad << 8 | octet).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_in_every_spelling() {
        let ip = |text: &str| address(text.as_bytes()).map(|ip| ip.to_string());
        assert_eq!(ip("10.1.2.3"), Some("10.1.2.3".into()));
        assert_eq!(ip("::ffff:10.1.2.3"), Some("10.1.2.3".into()));
        assert_eq!(ip("[2001:db8::1]"), Some("2001:db8::1".into()));
        assert_eq!(ip("fe80::1%eth0"), Some("fe80::1".into()));
        for wrong in
            ["", "-", "10.1.2", "10.1.2.3.4", "10.1.2.256", "010.1.2.3", "1.2.3.", "files.example", ":"]
        {
            assert_eq!(ip(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn authorities_in_every_spelling() {
        assert_eq!(split_authority(b"files.example:443"), (&b"files.example"[..], Some(443)));
        assert_eq!(split_authority(b"[2001:db8::1]:443"), (&b"2001:db8::1"[..], Some(443)));
        assert_eq!(split_authority(b"2001:db8::1"), (&b"2001:db8::1"[..], None));
        assert_eq!(split_authority(b"files.example"), (&b"files.example"[..], None));
        assert_eq!(split_authority(b"files.example:99999"), (&b"files.example"[..], None));
    }

    proptest! {
        #[test]
        fn ipv4_agrees_with_the_standard_library(text in "[0-9.]{0,17}|\\PC{0,20}") {
            prop_assert_eq!(ipv4(text.as_bytes()), text.parse::<std::net::Ipv4Addr>().ok());
        }

        #[test]
        fn numbers_agree_with_the_standard_library(text in "[0-9]{0,22}") {
            prop_assert_eq!(number::<u64>(text.as_bytes()), text.parse::<u64>().ok().filter(|_| text.len() <= 20));
        }
    }
}
