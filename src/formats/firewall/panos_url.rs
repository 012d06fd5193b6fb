//! PAN-OS URL filtering log (THREAT lines of subtype `url`): who asked for what, without a single byte count. Other THREAT
//! lines (files, viruses, vulnerabilities) are of sessions that have a URL line or none.

use super::panos_traffic::{common, split, types};
use crate::event::reject::{Reason, Reject};
use crate::event::{Aside, Event, Role};
use crate::formats::envelope::Opened;
use crate::formats::fields::{Fields, authority};
use crate::formats::format_string::sample;
use crate::formats::one_line::{self, Settings};
use crate::formats::{Context, Kind, Scratch, Sight, Sniffed};

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "panos-url",
    about: "PAN-OS URL filtering log, CSV (no byte counts)",
    roles: &[Role::Flow],
    compile: |spec, context| one_line::compile(spec, context, read, SIGHT),
    sniff,
    is_header: None,
};

const SIGHT: Sight = Sight {
    role: Role::Flow,
    source_bytes: false,
    destination_bytes: false,
    remedy: "URL lines carry none: forward the traffic log (log at session end) beside them",
};

const TYPE: usize = 3;
const SUBTYPE: usize = 4;
const URL: usize = 31;
const AGENT: usize = 46;
const DEVICE: usize = 59;
const METHOD: usize = 63;
const SLOTS: usize = METHOD + 1;
/// A slot that never holds anything.
const NONE: usize = SLOTS;

fn sniff(lines: &[&[u8]], _context: &Context) -> Sniffed {
    let lines = sample::filled(lines);
    let pan: Vec<_> = lines.iter().filter_map(|line| types(line)).collect();
    // A stream that has traffic lines too tells the bytes there.
    let url = pan.contains(&(b"THREAT", b"url")) && !pan.iter().any(|types| types.0 == b"TRAFFIC");
    if sample::is_most(pan.len(), lines.len()) && url {
        let why = "the fourth and fifth columns of PAN-OS's CSV say THREAT and url".into();
        return Sniffed::Yes { spec: String::new(), why };
    }
    Sniffed::No
}

pub(super) fn read<'a>(
    settings: &Settings,
    opened: &Opened<'a>,
    scratch: &'a Scratch,
) -> Result<Option<Event<'a>>, Reject> {
    let f: Fields<'a, SLOTS> = split(opened.inner, opened.inner, scratch);
    let url = match (f.text(TYPE), f.text(SUBTYPE)) {
        (Some(b"THREAT"), Some(sub)) => sub == b"url",
        (Some(_), Some(_)) => return Ok(None),
        _ => return Err(Reject::line(Reason::Malformed)),
    };
    let mut event = common("panos-url", &f, settings, NONE, NONE)?;
    event.observer = f.text(DEVICE);
    if url {
        event.url = f.text(URL);
        let (name, _) = crate::event::split_authority(authority(event.url.unwrap_or_default()));
        event.destination.domain =
            (!name.is_empty() && crate::event::address(name).is_none()).then_some(name);
        event.user_agent = f.text(AGENT);
        event.method = f.text(METHOD).filter(|method| *method != b"unknown");
    } else {
        event.aside = Some(Aside::Repeated);
    }
    Ok(Some(event))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Endpoint;
    use crate::formats::tests_support::*;
    use proptest::prelude::*;

    const LINE: &str = r#"1,2023/03/29 01:02:05,001801000001,THREAT,url,2305,2023/03/29 01:02:03,10.1.2.3,203.0.113.9,198.51.100.1,203.0.113.9,Out,corp\jdoe,,web-browsing,vsys1,trust,untrust,ethernet1/2,ethernet1/1,fwd,2023/03/29 01:02:03,77,1,50123,443,40001,443,0x400053,tcp,alert,"files.example/a,b",(9999),unknown,informational,client-to-server"#;

    #[test]
    fn a_request_is_blind() {
        let expected = Event {
            dataset: "panos-url",
            role: Role::Flow,
            timestamp: AT,
            source: end("10.1.2.3", 50123, None),
            destination: Endpoint { domain: Some(b"files.example"), ..end("203.0.113.9", 443, None) },
            url: Some(b"files.example/a,b"),
            user: Some(br"corp\jdoe"),
            transport: Some(b"tcp"),
            protocol: Some(b"web-browsing"),
            ..Event::default()
        };
        assert_eq!(one(&KIND, LINE), expected);
        let virus = one(&KIND, &LINE.replace(",url,", ",virus,"));
        assert_eq!((virus.aside, virus.url), (Some(Aside::Repeated), None));
        nothing(&KIND, &[&LINE.replace("THREAT,url", "SYSTEM,general")]);
        assert!((KIND.compile)("", &context()).unwrap().sight().blind().unwrap().contains("traffic log"));
        rejected(&KIND, LINE, "10.1.2.3", "10.1.2.x", Reason::BadAddress);
    }

    #[test]
    fn detection() {
        assert_eq!(chosen(&[LINE]), "panos-url");
        assert_eq!(chosen(&[LINE, &LINE.replace("THREAT,url", "TRAFFIC,end")]), "panos-traffic");
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
