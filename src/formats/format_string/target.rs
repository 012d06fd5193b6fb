//! Who was asked, from a request line or a URL.

use crate::event::{Endpoint, address, number, split_authority};
use std::net::IpAddr;

/// The parts of `METHOD url PROTOCOL`; each is absent where the line is not of that shape (`-`, a TLS hello sent to a
/// plain port).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Request<'a> {
    /// `GET`.
    pub method: Option<&'a [u8]>,
    /// As the client wrote it.
    pub url: Option<&'a [u8]>,
}

/// Reads a request line. The protocol may be missing (HTTP/0.9) and the URL may hold blanks (a broken client).
pub fn request(line: &[u8]) -> Request<'_> {
    let Some(blank) = memchr::memchr(b' ', line) else { return Request::default() };
    let (method, rest) = line.split_at(blank);
    // The longest registered method is 17 letters (UPDATEREDIRECTREF); anything longer is noise.
    if !method.first().is_some_and(u8::is_ascii_alphabetic)
        || method.len() > 32
        || !method.iter().all(|b| b.is_ascii_alphabetic() || b"-_".contains(b))
    {
        return Request::default();
    }
    let rest = rest.trim_ascii();
    let url = match memchr::memrchr(b' ', rest) {
        Some(last) if rest.get(last + 1..).is_some_and(|tail| tail.starts_with(b"HTTP/")) => {
            rest.get(..last).unwrap_or_default().trim_ascii_end()
        }
        _ => rest,
    };
    Request { method: Some(method), url: (!url.is_empty()).then_some(url) }
}

/// Fills the server from an absolute URL (`scheme://user@host:port/path`) or from CONNECT's `host:port`. A path, `*`,
/// `-` and Squid's `error:…` name no server.
pub fn server<'a>(url: &'a [u8], end: &mut Endpoint<'a>) {
    match memchr::memchr(b':', url) {
        Some(colon) if url.get(colon..).is_some_and(|rest| rest.starts_with(b"://")) => {
            let (scheme, rest) =
                (url.get(..colon).unwrap_or_default(), url.get(colon + 3..).unwrap_or_default());
            let stop = rest.iter().position(|byte| matches!(byte, b'/' | b'?' | b'#')).unwrap_or(rest.len());
            let authority = rest.get(..stop).unwrap_or_default();
            let host =
                memchr::memrchr(b'@', authority).and_then(|at| authority.get(at + 1..)).unwrap_or(authority);
            if !matches!(host, b"" | b"-") {
                end.set_authority(host);
                end.port = end.port.or(default_port(scheme));
            }
        }
        Some(_) if !url.starts_with(b"error:") && !url.starts_with(b"/") => {
            // Some clients ask CONNECT for `host:port/`.
            let authority = url.strip_suffix(b"/").unwrap_or(url);
            if is_authority(authority) {
                end.set_authority(authority);
            }
        }
        _ => {}
    }
}

/// `host:port` and `[v6]:port`, so that `urn:isbn:1` is not taken for a server.
fn is_authority(text: &[u8]) -> bool {
    let (host, port) = split_authority(text);
    port.is_some() && !host.is_empty() && !host.iter().any(|byte| matches!(byte, b'/' | b' ' | b'?'))
}

fn default_port(scheme: &[u8]) -> Option<u16> {
    const PORTS: [(&[u8], u16); 5] =
        [(b"http", 80), (b"https", 443), (b"ftp", 21), (b"ws", 80), (b"wss", 443)];
    PORTS.iter().find(|(name, _)| scheme.eq_ignore_ascii_case(name)).map(|(_, port)| *port)
}

/// Address and port, parted by the last colon: HAProxy and others put no brackets around IPv6. In brackets, or without
/// a port behind that colon, the colons belong to the address.
pub fn last_colon(text: &[u8]) -> (&[u8], Option<u16>) {
    let colon = memchr::memrchr(b':', text).filter(|_| !text.starts_with(b"["));
    let parts = colon.and_then(|colon| {
        let host = text.get(..colon).filter(|host| !host.is_empty() && !host.ends_with(b":"))?;
        Some((host, number(text.get(colon + 1..)?)?))
    });
    match parts {
        Some((host, port)) => (host, Some(port)),
        None => split_authority(text),
    }
}

/// The client of an `X-Forwarded-For` list: its first public address, as what stands before that is the client's own network; the
/// first where none is public. `None` if the first entry is no address (`unknown`, `-`).
pub fn forwarded(list: &[u8]) -> Option<IpAddr> {
    // Some balancers write the port too.
    let read = |entry: &[u8]| address(entry).or_else(|| address(split_authority(entry).0));
    let end = memchr::memchr(b',', list).unwrap_or(list.len());
    let first = read(list.get(..end)?.trim_ascii())?;
    if end == list.len() || is_public(first) {
        return Some(first);
    }
    let mut later = list.get(end + 1..)?.split(|&byte| byte == b',').take(FORWARDED_MAX);
    Some(later.find_map(|entry| read(entry.trim_ascii()).filter(|ip| is_public(*ip))).unwrap_or(first))
}

/// Entries of such a list that are looked at: clients may write any number.
const FORWARDED_MAX: usize = 16;

fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => !(ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_unspecified()),
        IpAddr::V6(ip) => {
            !(ip.is_unique_local() || ip.is_loopback() || ip.is_unicast_link_local() || ip.is_unspecified())
        }
    }
}

/// Squid's hierarchy codes under which the other end is a cache and not the server that was asked.
pub fn is_peer(code: &[u8]) -> bool {
    code != b"HIER_DIRECT"
        && [&b"PARENT"[..], b"SIBLING", b"CARP", b"DIGEST"]
            .iter()
            .any(|mark| memchr::memmem::find(code, mark).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(url: &str) -> String {
        let mut end = Endpoint::default();
        server(url.as_bytes(), &mut end);
        let host = end.domain.map(|name| String::from_utf8_lossy(name).into_owned());
        let host = host.or(end.ip.map(|ip| ip.to_string())).unwrap_or("-".into());
        end.port.map_or(host.clone(), |port| format!("{host} {port}"))
    }

    #[test]
    fn servers_in_every_spelling() {
        for (url, expected) in [
            ("http://files.example/a:b@c", "files.example 80"),
            ("HTTPS://files.example", "files.example 443"),
            ("ftp://me@files.example/x", "files.example 21"),
            ("http://user:secret@files.example:8080/?q", "files.example 8080"),
            ("http://[2001:db8::1]:81/", "2001:db8::1 81"),
            ("http://192.0.2.7?x", "192.0.2.7 80"),
            ("files.example:443", "files.example 443"),
            ("files.example:443/", "files.example 443"),
            ("[2001:db8::1]:443", "2001:db8::1 443"),
            ("gopher://files.example/", "files.example"),
            ("error:invalid-request", "-"),
            ("error:80", "-"),
            ("urn:isbn:1", "-"),
            ("/path", "-"),
            ("/a:80", "-"),
            ("*", "-"),
            ("-", "-"),
            ("", "-"),
            ("http://", "-"),
            ("http:///x", "-"),
        ] {
            assert_eq!(shown(url), expected, "{url}");
        }
    }

    #[test]
    fn request_lines_good_and_bad() {
        let read = |line: &'static str| {
            let Request { method, url } = request(line.as_bytes());
            [method, url]
                .map(|part| part.map_or("-".into(), |text| String::from_utf8_lossy(text).into_owned()))
        };
        assert_eq!(read("GET /a HTTP/1.1"), ["GET", "/a"]);
        assert_eq!(read("GET /a b HTTP/1.1"), ["GET", "/a b"]);
        assert_eq!(read("GET /a"), ["GET", "/a"]);
        assert_eq!(read("VERSION-CONTROL /a HTTP/1.1"), ["VERSION-CONTROL", "/a"]);
        for bad in ["- - -", "-", "", "GET", "\\x16\\x03\\x01 a", "\u{16}\u{3}\u{1} x", " /a HTTP/1.1"] {
            assert_eq!(read(bad), ["-", "-"], "{bad}");
        }
        assert_eq!(read("GET "), ["GET", "-"]);
    }

    #[test]
    fn authorities_without_brackets() {
        for (text, host, port) in [
            ("192.0.2.7:50123", "192.0.2.7", Some(50123)),
            ("2001:db8::7:50123", "2001:db8::7", Some(50123)),
            ("::ffff:192.0.2.7:80", "::ffff:192.0.2.7", Some(80)),
            ("[2001:db8::7]:50123", "2001:db8::7", Some(50123)),
            ("2001:db8::", "2001:db8::", None),
            ("192.0.2.7", "192.0.2.7", None),
            ("-", "-", None),
            ("", "", None),
        ] {
            assert_eq!(last_colon(text.as_bytes()), (host.as_bytes(), port), "{text}");
        }
    }

    #[test]
    fn lists_and_codes() {
        assert_eq!(forwarded(b"192.0.2.1, 10.0.0.1"), Some([192, 0, 2, 1].into()));
        assert_eq!(forwarded(b"10.0.0.1, 192.0.2.1, 192.0.2.2"), Some([192, 0, 2, 1].into()));
        assert_eq!(forwarded(b"10.0.0.1,fc00::1, ::1"), Some([10, 0, 0, 1].into()));
        assert_eq!(forwarded(b"127.0.0.1, unknown, [2001:db8::7]:80"), "2001:db8::7".parse().ok());
        assert_eq!(forwarded(b"192.0.2.1:4711"), Some([192, 0, 2, 1].into()));
        assert_eq!(forwarded(b"unknown, 192.0.2.1"), None);
        assert_eq!(forwarded(b"-"), None);
        assert!(is_peer(b"FIRSTUP_PARENT") && is_peer(b"CD_SIBLING_HIT"));
        assert!(!is_peer(b"HIER_DIRECT") && !is_peer(b"ORIGINAL_DST") && !is_peer(b"PINNED"));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in proptest::collection::vec(any::<u8>(), 0..60)) {
            let mut end = Endpoint::default();
            server(&text, &mut end);
            let _ = (request(&text), forwarded(&text), is_peer(&text), last_colon(&text));
        }
    }
}
