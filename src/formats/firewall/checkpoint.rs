//! Check Point's Log Exporter in its syslog form: `key:"value"; …` in brackets, behind an RFC 5424 header.
//!
//! `sent_bytes` and `received_bytes` are the client's. So is `client_inbound_bytes`: what came in from the client, by the
//! interface that `client_inbound_interface` names, and went out to the server as `server_outbound_bytes`. A connection with
//! accounting is told again every ten minutes, all since it began, under one `loguid`. Lines without byte counts (Accept at
//! the beginning of a connection, threat prevention) are of connections whose bytes other lines tell.

use crate::event::reject::{Reason, Reject};
use crate::event::{Aside, Event, Role, Session, Telling};
use crate::formats::envelope::Opened;
use crate::formats::fields::{Fields, authority, transport};
use crate::formats::one_line::{self, Settings, holds, sniff_most};
use crate::formats::{Kind, Scratch, Sight, key_value};
use crate::units::Span;

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "checkpoint",
    about: "Check Point Log Exporter, syslog format (key:\"value\"; …)",
    roles: &[Role::Flow],
    compile: |spec, context| one_line::compile(spec, context, read, SIGHT),
    sniff: |lines, _| {
        sniff_most(
            lines,
            is_check_point,
            "the lines are key:\"value\"; pairs with Check Point's loguid or origin",
        )
    },
    is_header: None,
};

const SIGHT: Sight = Sight {
    role: Role::Flow,
    source_bytes: true,
    destination_bytes: true,
    remedy: "set Track to Log with Accounting in the rules, so that lines carry sent_bytes and received_bytes",
};

fn is_check_point(line: &[u8]) -> bool {
    holds(line, &[b":\"", b"\";"])
        && (holds(line, &[b"loguid:\""]) || holds(line, &[b"origin:\""]) || holds(line, &[b"ifname:\""]))
}

const TIME: usize = 0;
const SRC: usize = 1;
const DST: usize = 2;
const SPORT: usize = 3;
const DPORT: usize = 4;
const PROTO: usize = 5;
const SENT: usize = 6;
const RECEIVED: usize = 7;
const USER: usize = 8;
const ORIGIN: usize = 9;
const RESOURCE: usize = 10;
const METHOD: usize = 11;
const AGENT: usize = 12;
const APP: usize = 13;
const ELAPSED: usize = 14;
const ACTION: usize = 15;
const HOST: usize = 16;
const LOG_UID: usize = 17;
const SLOTS: usize = 18;

fn slot(key: &[u8]) -> usize {
    match key {
        b"time" => TIME,
        b"src" => SRC,
        b"dst" => DST,
        b"s_port" => SPORT,
        b"service" => DPORT,
        b"proto" => PROTO,
        b"sent_bytes" | b"client_inbound_bytes" => SENT,
        b"received_bytes" | b"client_outbound_bytes" => RECEIVED,
        b"src_user_name" | b"user" => USER,
        b"origin" => ORIGIN,
        b"resource" => RESOURCE,
        b"method" => METHOD,
        b"user_agent" => AGENT,
        b"service_id" => APP,
        b"elapsed" => ELAPSED,
        b"action" => ACTION,
        b"http_host" => HOST,
        b"loguid" => LOG_UID,
        _ => SLOTS,
    }
}

fn read<'a>(
    settings: &Settings,
    opened: &Opened<'a>,
    scratch: &'a Scratch,
) -> Result<Option<Event<'a>>, Reject> {
    let line = opened.inner;
    let opened = opened.without_syslog();
    let mut f = Fields::<SLOTS>::new(line);
    let mut pairs = 0;
    for pair in key_value::pairs(opened.inner, key_value::COLONS) {
        pairs += 1;
        f.set(slot(pair.key.strip_prefix(b"[").unwrap_or(pair.key)), pair.decode(scratch));
    }
    if pairs == 0 {
        return Err(Reject::line(Reason::Malformed));
    }
    if f.text(SRC).is_none() || f.text(DST).is_none() {
        return Ok(None);
    }
    let mut event = Event { dataset: "checkpoint", role: settings.role, ..Event::default() };
    event.timestamp = match f.stamp(TIME, |text| settings.local.any(text))? {
        Some(stamp) => stamp,
        None => opened.time(&settings.local)?,
    };
    event.duration =
        f.number::<u32>(ELAPSED).ok().flatten().map(|seconds| Span::SECOND.times(seconds.into()));
    event.source = f.end(SRC, SPORT, SENT)?;
    event.destination = f.end(DST, DPORT, RECEIVED)?;
    event.transport = f.text(PROTO).map(transport);
    event.protocol = f.text(APP);
    event.user = f.text(USER).map(<[u8]>::trim_ascii).filter(|user| !user.is_empty());
    event.url = f.text(RESOURCE);
    event.method = f.text(METHOD);
    event.user_agent = f.text(AGENT);
    event.observer = opened.host.or(f.text(ORIGIN));
    let name = f.text(HOST).or(event.url).map(|text| crate::event::split_authority(authority(text)).0);
    event.destination.domain =
        name.filter(|name| holds(name, &[b"."]) && crate::event::address(name).is_none());
    if event.source.bytes.or(event.destination.bytes).is_some() {
        event.session = f.text(LOG_UID).map(|id| Session { id, telling: Telling::SoFar });
    } else {
        let refused = matches!(f.text(ACTION), Some(b"Drop" | b"Reject" | b"Block" | b"Prevent"));
        event.aside = Some(if refused { Aside::Refused } else { Aside::Repeated });
    }
    Ok(Some(event))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::tests_support::*;
    use proptest::prelude::*;

    const LINE: &str = r#"<134>1 2023-03-29T01:02:05Z gw-1 CheckPoint 77 - [action:"Accept"; flags:"444676"; ifdir:"outbound"; loguid:"{0x1,0x2}"; origin:"198.51.100.1"; time:"1680051723"; version:"5"; dst:"203.0.113.9"; proto:"6"; received_bytes:"224"; s_port:"50123"; sent_bytes:"10000184"; service:"443"; service_id:"https"; src:"10.1.2.3"; src_user_name:"J Doe"; ]"#;

    fn expected() -> Event<'static> {
        Event {
            dataset: "checkpoint",
            role: Role::Flow,
            timestamp: AT,
            source: end("10.1.2.3", 50123, Some(10_000_184)),
            destination: end("203.0.113.9", 443, Some(224)),
            transport: Some(b"tcp"),
            protocol: Some(b"https"),
            user: Some(b"J Doe"),
            observer: Some(b"gw-1"),
            session: Some(Session { id: b"{0x1,0x2}", telling: Telling::SoFar }),
            ..Event::default()
        }
    }

    #[test]
    fn a_connection() {
        assert_eq!(one(&KIND, LINE), expected());
        let old = LINE
            .replace("1 2023-03-29T01:02:05Z gw-1 CheckPoint 77 -", "Mar 29 01:02:05 gw-1 CheckPoint[77]:");
        assert_eq!(one(&KIND, &old), expected());
        // Without a time of its own it has the header's.
        let later = one(&KIND, &LINE.replace("time:\"1680051723\"; ", ""));
        assert_eq!(later.timestamp, AT + Span::SECOND.times(2));
        let url = one(&KIND, &LINE.replace("src:", "resource:\"https://files.example/a;b\"; src:"));
        assert_eq!(url.destination.domain, Some(&b"files.example"[..]));
    }

    #[test]
    fn lines_without_bytes_stand_aside() {
        let opened = LINE.replace("received_bytes", "x").replace("sent_bytes", "y");
        assert_eq!(one(&KIND, &opened).aside, Some(Aside::Repeated));
        assert_eq!(one(&KIND, &opened.replace("Accept", "Drop")).aside, Some(Aside::Refused));
        nothing(&KIND, &["[action:\"Log In\"; ]"]);
        let update = LINE.replace("received_bytes", "client_outbound_bytes");
        assert_eq!(one(&KIND, &update.replace("sent_bytes", "client_inbound_bytes")), expected());
    }

    #[test]
    fn hostile_lines() {
        rejected(&KIND, LINE, "src:\"10.1.2.3\"", "src:\"10.1.2.x\"", Reason::BadAddress);
        rejected(&KIND, LINE, "sent_bytes:\"10000184\"", "sent_bytes:\"1e9\"", Reason::BadNumber);
        rejected(&KIND, LINE, "time:\"1680051723\"", "time:\"late\"", Reason::BadTimestamp);
        assert!(crate::formats::tests_support::read(&KIND, "hello").is_err());
    }

    #[test]
    fn detection() {
        assert_eq!(chosen(&[LINE]), "checkpoint");
    }

    proptest! {
        #[test]
        fn broken_lines(
            edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
            cut: prop::sample::Index,
            other in proptest::collection::vec(any::<u8>(), 0..60),
        ) {
            torture(&KIND, "", LINE, &edits, cut, &other);
        }
    }
}
