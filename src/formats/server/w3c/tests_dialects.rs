//! Rows of IIS, CloudFront, ProxySG and others, with the event that each must give.

use super::tests::{read, read_one};
use super::*;
use crate::event::{Endpoint, Stamped};
use crate::units::{Span, Timestamp};

/// 2023-03-29T01:02:03Z.
const AT: Timestamp = Timestamp(1_680_051_723_000_000);

fn end(
    ip: Option<&str>,
    domain: Option<&'static str>,
    port: Option<u16>,
    bytes: Option<u64>,
) -> Endpoint<'static> {
    Endpoint { ip: ip.map(|ip| ip.parse().unwrap()), domain: domain.map(str::as_bytes), port, bytes }
}

pub(super) const IIS: [&str; 4] = [
    "#Software: Microsoft Internet Information Services 10.0",
    "#Version: 1.0",
    "#Date: 2023-03-29 01:00:00",
    "#Fields: date time s-computername s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) cs-host sc-status sc-substatus sc-win32-status sc-bytes cs-bytes time-taken",
];
pub(super) const IIS_ROW: &str = "2023-03-29 01:02:03 WEB-01 10.0.0.5 GET /files/plan.pdf id=7&v=2 443 DOMAIN\\jdoe 203.0.113.9 Mozilla/5.0+(X11;+Linux)+\"x - files.example 200 0 0 10000184 512 1250";

#[test]
fn iis() {
    let expected = Event {
        dataset: "w3c",
        role: Role::Server,
        timestamp: AT,
        duration: Some(Span(1_250_000)),
        stamped: Stamped::End,
        source: end(Some("203.0.113.9"), None, None, Some(512)),
        destination: end(Some("10.0.0.5"), Some("files.example"), Some(443), Some(10_000_184)),
        user: Some(b"DOMAIN\\jdoe"),
        method: Some(b"GET"),
        status: Some(200),
        url: Some(b"/files/plan.pdf?id=7&v=2"),
        user_agent: Some(b"Mozilla/5.0 (X11; Linux) \"x"),
        observer: Some(b"WEB-01"),
        ..Event::default()
    };
    assert_eq!(read_one(&IIS, IIS_ROW), Ok(expected.clone()));
    // The stem alone needs no joining, and stays a slice of the line.
    let stem = read_one(&IIS, &IIS_ROW.replace("id=7&v=2", "-")).unwrap();
    assert_eq!(stem.url, Some(&b"/files/plan.pdf"[..]));
    // What sums need, and the agent undecoded.
    let context = Context { detail: Detail::Sums, ..Context::default() };
    let (events, rejects) = read("", &context, &[&IIS[..], &[IIS_ROW]].concat());
    let sums = Event {
        user: None,
        method: None,
        status: None,
        url: None,
        observer: None,
        user_agent: Some(b"Mozilla/5.0+(X11;+Linux)+\"x"),
        ..expected
    };
    assert_eq!((events, rejects), (vec![sums], vec![]));
}

pub(super) const PROXY_SG: [&str; 2] = [
    "#Software: SGOS 6.7.4.1",
    "#Fields: date time time-taken c-ip cs-username cs-auth-group x-exception-id sc-filter-result cs-categories cs(Referer) sc-status s-action cs-method rs(Content-Type) cs-uri-scheme cs-host cs-uri-port cs-uri-path cs-uri-query cs-uri-extension cs(User-Agent) s-ip sc-bytes cs-bytes s-supplier-ip",
];
pub(super) const PROXY_SG_ROW: &str = "2023-03-29 01:02:03 1250 10.1.2.3 \"J Doe\" - - OBSERVED \"File Storage;Business\" - 201 TCP_NC_MISS PUT text/html https files.example 443 /up ?part=1 - \"say \"\"hi\"\" to \\\"rclone\\\"\" 10.0.0.8 224 10000184 203.0.113.9";

#[test]
fn proxy_sg() {
    let expected = Event {
        dataset: "w3c",
        role: Role::Proxy,
        timestamp: AT,
        duration: Some(Span(1_250_000)),
        source: end(Some("10.1.2.3"), None, None, Some(10_000_184)),
        destination: end(Some("203.0.113.9"), Some("files.example"), Some(443), Some(224)),
        user: Some(b"J Doe"),
        method: Some(b"PUT"),
        status: Some(201),
        url: Some(b"/up?part=1"),
        user_agent: Some(b"say \"hi\" to \"rclone\""),
        protocol: Some(b"https"),
        ..Event::default()
    };
    assert_eq!(read_one(&PROXY_SG, PROXY_SG_ROW), Ok(expected.clone()));
    // A denied request has no status, no port and nobody at the other end.
    let row =
        PROXY_SG_ROW.replace(" 201 ", " 0 ").replace("example 443", "example 0").replace("203.0.113.9", "-");
    let denied = read_one(&PROXY_SG, &row).unwrap();
    assert_eq!(
        (denied.status, denied.destination),
        (None, end(None, Some("files.example"), None, Some(224)))
    );
    // A quote that the client sent and nobody escaped does not move the columns behind it.
    let raw =
        read_one(&PROXY_SG, &PROXY_SG_ROW.replace("say \"\"hi\"\" to \\\"rclone\\\"", "a\"b c")).unwrap();
    assert_eq!((raw.user_agent, raw.source.bytes), (Some(&b"a\"b c"[..]), Some(10_000_184)));
    let open = read_one(
        &PROXY_SG,
        &PROXY_SG_ROW
            .replace("\"say \"\"hi\"\" to \\\"rclone\\\"\"", "\"a")
            .replace("J Doe", "J")
            .replace("File ", ""),
    );
    assert_eq!(open.unwrap().source.bytes, Some(10_000_184));
}

#[test]
fn the_clocks_of_a_proxy() {
    for (field, value) in [
        ("localtime", "[29/Mar/2023:02:02:03 +0100]"),
        ("localtime", "\"[29/Mar/2023:02:02:03 +0100]\""),
        ("gmttime", "[29/Mar/2023:01:02:03 GMT]"),
        ("gmttime", "[29/03/2023:01:02:03 GMT]"),
        ("timestamp", "1680051723"),
        ("x-timestamp", "1680051723.000"),
        ("date-time", "2023-03-29T01:02:03.000Z"),
    ] {
        let header = format!("#Fields: {field} c-ip cs-uri s-action cs-bytes");
        for uri in [
            "http://files.example:8080/up?x#y",
            "http://jdoe@files.example:8080",
            "tcp://files.example:8080/",
            "files.example:8080",
        ] {
            let event = read_one(&[&header], &format!("{value} 10.1.2.3 {uri} TCP_MISS 7")).unwrap();
            assert_eq!((event.timestamp, event.source.bytes), (AT, Some(7)), "{value}");
            assert_eq!(event.destination, end(None, Some("files.example"), Some(8080), None), "{uri}");
        }
    }
}

pub(super) const CLOUD_FRONT: [&str; 2] = [
    "#Version: 1.0",
    "#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken c-port",
];
pub(super) const CLOUD_FRONT_ROW: &str = "2023-03-29\t01:02:03\tLHR62-C2\t10000184\t2001:db8::9\tGET\td111.cdn.example\t/plan.pdf\t206\t-\tMozilla/5.0%20(X11;%20Linux)\tid=7\t-\tHit\tabc==\tfiles.example\thttps\t512\t1.250\t50123";

#[test]
fn cloud_front() {
    let expected = Event {
        dataset: "w3c",
        role: Role::Server,
        timestamp: AT,
        duration: Some(Span(1_250_000)),
        source: end(Some("2001:db8::9"), None, Some(50123), Some(512)),
        destination: end(None, Some("files.example"), None, Some(10_000_184)),
        method: Some(b"GET"),
        status: Some(206),
        url: Some(b"/plan.pdf?id=7"),
        user_agent: Some(b"Mozilla/5.0 (X11; Linux)"),
        protocol: Some(b"https"),
        observer: Some(b"LHR62-C2"),
        ..Event::default()
    };
    assert_eq!(read_one(&CLOUD_FRONT, CLOUD_FRONT_ROW), Ok(expected.clone()));
    for (row, what) in [
        (CLOUD_FRONT_ROW.replace("%20", "%2520"), "encoded twice"),
        (CLOUD_FRONT_ROW.replace('\t', " "), "blanks for tabs"),
    ] {
        assert_eq!(read_one(&CLOUD_FRONT, &row), Ok(expected.clone()), "{what}");
    }
    let odd = read_one(&CLOUD_FRONT, &CLOUD_FRONT_ROW.replace("%20", "%2z%+1%")).unwrap();
    assert_eq!(odd.user_agent, Some(&b"Mozilla/5.0%2z%+1%(X11;%2z%+1%Linux)"[..]));
}

#[test]
fn a_microsoft_proxy_and_its_tunnels() {
    let fields = "#Fields: c-ip cs-username c-agent date time s-computername r-host r-ip r-port time-taken cs-bytes sc-bytes cs-protocol cs-transport s-operation cs-uri s-object-source sc-status";
    let row = "10.1.2.3\tjdoe\trclone/v1.60.1 (any)\t2023-03-29\t01:02:03\tISA-01\tfiles.example\t203.0.113.9\t443\t1\t10000184\t224\tSSL-tunnel\tTCP\t-\tfiles.example:443\tInternet\t200";
    let event = read_one(&[fields], row).unwrap();
    assert_eq!(event.destination, end(Some("203.0.113.9"), Some("files.example"), Some(443), Some(224)));
    assert_eq!((event.role, event.source.bytes), (Role::Proxy, Some(10_000_184)));
    assert_eq!(
        (event.user_agent, event.observer),
        (Some(&b"rclone/v1.60.1 (any)"[..]), Some(&b"ISA-01"[..]))
    );
}

#[test]
fn rows_of_proxysgs_own_formats_below_a_header_that_lacks_a_column() {
    let fields = "#Fields: date time time-taken c-ip sc-status s-action sc-bytes cs-bytes cs-method cs-uri-scheme cs-host cs-uri-port cs-uri-path cs-uri-query cs-username cs-auth-group s-supplier-name rs(Content-Type) cs(Referer) sc-filter-result cs-categories x-virus-id s-ip";
    let row = "2023-03-29 01:02:03 1250 10.1.2.3 201 TCP_NC_MISS 224 10000184 PUT https files.example 443 /a - jdoe - files.example - - \"rclone/v1.60.1 (any)\" OBSERVED \"Storage;Backup\" - 192.0.2.1";
    let event = read_one(&[fields], row).unwrap();
    assert_eq!(event.source, end(Some("10.1.2.3"), None, None, Some(10_000_184)));
    assert_eq!(event.destination, end(None, Some("files.example"), Some(443), Some(224)));
    assert_eq!((event.user, event.user_agent), (Some(&b"jdoe"[..]), Some(&b"rclone/v1.60.1 (any)"[..])));
    // One more column in any other row is as wrong as before.
    for wrong in [row.replace(" PUT ", " 7 "), row.replace(" 224 ", " x "), row.replace(" 10000184 ", " - ")]
    {
        // Also where only sums are wanted, which need no method.
        for detail in [Detail::Full, Detail::Sums] {
            let context = Context { detail, ..Context::default() };
            assert_eq!(read("", &context, &[fields, &wrong]).1.len(), 1, "{wrong}");
        }
    }
    let server = &["#Fields: date time c-ip cs-method sc-bytes cs-bytes s-port sc-win32-status"];
    assert!(read_one(server, "2023-03-29 01:02:03 10.1.2.3 GET 5 6 80 0 0").is_err());
}

#[test]
fn other_servers() {
    // A time without its day, seconds with decimals, one column of bytes, tabs.
    let (events, rejects) = read(
        "",
        &Context { role: Some(Role::Server), ..Context::default() },
        &[
            "#Date: 2023-03-29",
            "#Fields: time c-ip cs-uri bytes time-taken",
            "01:02:03\t203.0.113.9\t/a b\t224\t1.25",
        ],
    );
    assert_eq!(rejects, []);
    assert_eq!((events[0].timestamp, events[0].destination.bytes), (AT, Some(224)));
    assert_eq!((events[0].duration, events[0].url), (Some(Span(1_250_000)), Some(&b"/a b"[..])));
}
