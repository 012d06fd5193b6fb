//! Cisco Umbrella's proxy log: quoted CSV by position, in UTC; later versions may have a head line and append columns.
//!
//! Request Size is what the client sent, Response Size what it got.

use super::named_columns::{Dialect, NamedColumns, Slot, is_header};
use crate::event::Role;
use crate::formats::one_line::sniff_most;
use crate::formats::{Compiled, Context, Kind, Scratch, Sniffed};
use std::sync::Arc;

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "umbrella-proxy",
    about: "Cisco Umbrella proxy log, CSV",
    roles: &[Role::Proxy],
    compile,
    sniff,
    is_header: Some(|line| is_header(line, DIALECT.first)),
};

const DIALECT: Dialect = Dialect {
    dataset: "umbrella-proxy",
    remedy: "pass the columns of this export in their order, as in --format 'umbrella-proxy:Timestamp,…,Request Size,…'",
    slot,
    least: 13,
    first: &["timestamp\",", "timestamp,"],
};

/// The columns up to the method; every version has had those up to the response's size.
const DEFAULT: &str = "Timestamp,Policy Identity Label,Internal Client IP,External Client IP,Destination IP,Content Type,\
                       Verdict,URL,Referer,User Agent,Status Code,Request Size,Response Size,Response Body Size,SHA256,Categories,AV Detections,\
                       PUAs,AMP Disposition,AMP Malware Name,AMP Score,Policy Identity Type,Blocked Categories,Identities,\
                       Identity Types,Request Method";

fn slot(name: &str) -> Slot {
    match name {
        "timestamp" => Slot::Stamp,
        "policy identity label" | "identity" | "most granular identity" => Slot::User,
        "internal client ip" | "internal ip" => Slot::Client,
        "external client ip" | "external ip" => Slot::Outer,
        "destination ip" => Slot::Server,
        "url" => Slot::Url,
        "user agent" | "useragent" => Slot::Agent,
        "status code" | "statuscode" => Slot::Status,
        "request size" | "request size (bytes)" | "requestsize" => Slot::Sent,
        "response size" | "response size (bytes)" | "responsesize" => Slot::Received,
        "request method" => Slot::Method,
        _ => Slot::Skip,
    }
}

fn compile(spec: &str, context: &Context) -> Compiled {
    let names = if spec.trim().is_empty() { DEFAULT } else { spec };
    // Umbrella logs in UTC whatever the machine's zone is.
    let context = Context { zone: jiff::tz::TimeZone::UTC, ..context.clone() };
    Ok(Arc::new(NamedColumns::new(names, DIALECT, &context)?))
}

fn sniff(lines: &[&[u8]], context: &Context) -> Sniffed {
    let header = lines
        .iter()
        .find(|line| is_header(line, DIALECT.first))
        .and_then(|line| std::str::from_utf8(line).ok());
    if let Some(names) = header.filter(|names| names.to_ascii_lowercase().contains("request size")) {
        return Sniffed::Yes {
            spec: names.to_owned(),
            why: "a head line names the columns of Umbrella's proxy log".into(),
        };
    }
    let Ok(format) = compile("", context) else { return Sniffed::No };
    let scratch = Scratch::new();
    let reads = |line: &[u8]| {
        let mut events = Vec::new();
        line.starts_with(b"\"2")
            && (memchr::memmem::find(line, b"\"ALLOWED\"").is_some()
                || memchr::memmem::find(line, b"\"BLOCKED\"").is_some())
            && crate::formats::Format::parse(&*format, line, &scratch, &mut events).is_ok()
    };
    sniff_most(
        lines,
        reads,
        "the lines read as Umbrella's proxy log, ALLOWED or BLOCKED in the seventh column",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::reject::Reason;
    use crate::event::{Endpoint, Event};
    use crate::formats::tests_support::*;
    use proptest::prelude::*;

    const ROW: &str = r#""2023-03-29 01:02:03","pc-1","10.1.2.3","198.51.100.1","203.0.113.9","text/plain","ALLOWED","https://files.example/a","","rclone/v1.60.1","201","10000184","224","200","","Other","","","","","","Roaming Computers","","pc-1","Roaming Computers","PUT""#;

    #[test]
    fn a_request() {
        let expected = Event {
            dataset: "umbrella-proxy",
            role: Role::Proxy,
            timestamp: AT,
            source: Endpoint {
                ip: Some("10.1.2.3".parse().unwrap()),
                bytes: Some(10_000_184),
                ..Endpoint::default()
            },
            destination: Endpoint {
                ip: Some("203.0.113.9".parse().unwrap()),
                domain: Some(b"files.example"),
                bytes: Some(224),
                ..Endpoint::default()
            },
            user: Some(b"pc-1"),
            method: Some(b"PUT"),
            status: Some(201),
            url: Some(b"https://files.example/a"),
            user_agent: Some(b"rclone/v1.60.1"),
            ..Event::default()
        };
        assert_eq!(one(&KIND, ROW), expected);
        // Its stamps are UTC also where others are not.
        let london = Context { zone: jiff::tz::TimeZone::get("Europe/London").unwrap(), ..context() };
        assert_eq!(read_with(&KIND, "", &london, ROW).unwrap()[0].timestamp, AT);
        let header = "\"Timestamp\",\"Identity\",\"Request Method\",\"Internal Client IP\",\"Response Size\",\"Request Size\"";
        let own = read_with(
            &KIND,
            header,
            &context(),
            "\"2023-03-29 01:02:03\",\"pc-1\",\"PUT\",\"10.1.2.3\",\"8\",\"9\"",
        );
        let own = own.unwrap();
        assert_eq!(
            (own[0].source.bytes, own[0].destination.bytes, own[0].method),
            (Some(9), Some(8), Some(&b"PUT"[..]))
        );
    }

    #[test]
    fn hostile_lines() {
        rejected(&KIND, ROW, "10.1.2.3", "10.1.2.x", Reason::BadAddress);
        rejected(&KIND, ROW, "10000184", "-7", Reason::BadNumber);
        rejected(&KIND, ROW, "2023-03-29", "2023-03-32", Reason::BadTimestamp);
        assert!(read(&KIND, "\"2023-03-29 01:02:03\",\"pc-1\"").is_err());
    }

    #[test]
    fn detection() {
        assert_eq!(chosen(&[ROW]), "umbrella-proxy");
    }

    proptest! {
        #[test]
        fn broken_lines(
            edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
            cut: prop::sample::Index,
            other in proptest::collection::vec(any::<u8>(), 0..60),
        ) {
            torture(&KIND, "", ROW, &edits, cut, &other);
        }
    }
}
