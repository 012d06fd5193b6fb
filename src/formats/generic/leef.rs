//! QRadar's LEEF 1.0 and 2.0: a header between bars, then pairs between tabs, or between what a 2.0 header names.
//!
//! `srcBytes` is what the source sent. Keys are read in any case, since templates differ.

use crate::event::reject::{Reason, Reject};
use crate::event::{Aside, Event, Role, address};
use crate::formats::envelope::Opened;
use crate::formats::fields::{Fields, authority, transport};
use crate::formats::one_line::{self, Settings, sniff_most};
use crate::formats::{Kind, Scratch, Sight};

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "leef",
    about: "LEEF 1.0 and 2.0 (Log Event Extended Format)",
    roles: &[Role::Flow, Role::Proxy, Role::Server],
    compile: |spec, context| one_line::compile(spec, context, read, SIGHT),
    sniff: |lines, _| {
        sniff_most(lines, |line| header(line).is_some(), "the lines begin with LEEF: and its header")
    },
    is_header: None,
};

const SIGHT: Sight = Sight {
    role: Role::Flow,
    source_bytes: true,
    destination_bytes: true,
    remedy: "map the byte counts to srcBytes and dstBytes in the device's LEEF template",
};

const SRC: usize = 0;
const DST: usize = 1;
const SPORT: usize = 2;
const DPORT: usize = 3;
const SENT: usize = 4;
const RECEIVED: usize = 5;
const TIME: usize = 6;
const USER: usize = 7;
const PROTO: usize = 8;
const URL: usize = 9;
const METHOD: usize = 10;
const AGENT: usize = 11;
const HOST: usize = 12;
const SUBTYPE: usize = 13;
const CATEGORY: usize = 14;
const SLOTS: usize = 15;

/// Names in lower case.
const NAMES: [(&[u8], usize); 22] = [
    (b"cat", CATEGORY),
    (b"src", SRC),
    (b"dst", DST),
    (b"srcport", SPORT),
    (b"dstport", DPORT),
    (b"srcbytes", SENT),
    (b"dstbytes", RECEIVED),
    (b"bytesin", RECEIVED),
    (b"bytesout", SENT),
    (b"devtime", TIME),
    (b"usrname", USER),
    (b"proto", PROTO),
    (b"url", URL),
    (b"method", METHOD),
    (b"requestmethod", METHOD),
    (b"useragent", AGENT),
    (b"identhostname", HOST),
    (b"dsthost", HOST),
    (b"desthost", HOST),
    (b"hostname", HOST),
    (b"subtype", SUBTYPE),
    (b"eventsubtype", SUBTYPE),
];

fn slot(key: &[u8]) -> usize {
    NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map_or(SLOTS, |(_, slot)| *slot)
}

/// Vendor, delimiter and attributes.
fn header(line: &[u8]) -> Option<(&[u8], u8, &[u8])> {
    let rest = line.strip_prefix(b"LEEF:")?.trim_ascii_start();
    let mut parts = rest.splitn(6, |&byte| byte == b'|');
    let (version, vendor) = (parts.next()?, parts.next()?);
    let (_product, _version, _id, attributes) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    match version {
        b"1.0" | b"1" => Some((vendor, b'\t', attributes)),
        b"2.0" | b"2" => {
            let bar = memchr::memchr(b'|', attributes);
            // Left out, the tab holds; then what follows is already a pair.
            let named =
                bar.and_then(|bar| Some((delimiter(attributes.get(..bar)?)?, attributes.get(bar + 1..)?)));
            let (delimiter, attributes) = named.unwrap_or((b'\t', attributes));
            Some((vendor, delimiter, attributes))
        }
        _ => None,
    }
}

/// One character, or its code as `x09` or `0x09`; nothing means a tab.
fn delimiter(text: &[u8]) -> Option<u8> {
    match text {
        [] => Some(b'\t'),
        [byte] => Some(*byte),
        [b'x' | b'X', digits @ ..] | [b'0', b'x' | b'X', digits @ ..] => u8::from_str_radix(
            std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?,
            16,
        )
        .ok(),
        _ => None,
    }
}

fn read<'a>(
    settings: &Settings,
    opened: &Opened<'a>,
    _scratch: &'a Scratch,
) -> Result<Option<Event<'a>>, Reject> {
    let line = opened.inner;
    let opened = if line.starts_with(b"LEEF:") { *opened } else { opened.without_syslog() };
    let (vendor, delimiter, attributes) =
        header(opened.inner).ok_or_else(|| Reject::line(Reason::Malformed))?;
    let mut f = Fields::<SLOTS>::new(line);
    for pair in attributes.split(|&byte| byte == delimiter) {
        if let Some(mark) = memchr::memchr(b'=', pair) {
            f.set(
                slot(pair.get(..mark).unwrap_or_default().trim_ascii()),
                pair.get(mark + 1..).unwrap_or_default(),
            );
        }
    }
    let proxy = vendor.get(..7).is_some_and(|name| name.eq_ignore_ascii_case(b"zscaler"));
    let usual = if proxy { Role::Proxy } else { Role::Flow };
    let role = if settings.role_given { settings.role } else { usual };
    let mut event = Event { dataset: "leef", role, ..Event::default() };
    event.source.ip = f.address(SRC)?;
    event.user = f.text(USER);
    event.destination.ip = f.address(DST)?;
    event.url = f.text(URL);
    event.destination.domain = f.text(HOST).or_else(|| {
        let name = crate::event::split_authority(authority(event.url?)).0;
        (!name.is_empty() && address(name).is_none()).then_some(name)
    });
    let (client, server) = (
        event.source.ip.is_some() || event.user.is_some(),
        event.destination.ip.is_some() || event.destination.domain.is_some(),
    );
    if !client || !server {
        return Ok(None);
    }
    event.timestamp = match f.stamp(TIME, |text| settings.local.any(text))? {
        Some(stamp) => stamp,
        None => opened.time(&settings.local)?,
    };
    event.source.port = f.number(SPORT)?;
    event.destination.port = f.number(DPORT)?;
    event.source.bytes = f.number(SENT)?;
    event.destination.bytes = f.number(RECEIVED)?;
    event.transport = f.text(PROTO).map(transport);
    event.method = f.text(METHOD);
    event.user_agent = f.text(AGENT);
    event.observer = opened.host;
    event.aside = match (f.text(CATEGORY), f.text(SUBTYPE)) {
        (_, Some(b"start")) => Some(Aside::Unfinished),
        (_, Some(b"deny" | b"drop")) => Some(Aside::Refused),
        (Some(b"THREAT"), _) => Some(Aside::Repeated),
        _ => None,
    };
    Ok(Some(event))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Endpoint;
    use crate::formats::tests_support::*;
    use proptest::prelude::*;

    const LINE: &str = "LEEF:1.0|Example|Wall|1.0|77|devTime=Mar 29 2023 01:02:03 UTC\tsrc=10.1.2.3\tsrcPort=50123\tdst=203.0.113.9\tdstPort=443\tproto=TCP\tsrcBytes=10000184\tdstBytes=224\tusrName=J Doe\turl=https://files.example/a?b=c";

    fn expected() -> Event<'static> {
        Event {
            dataset: "leef",
            role: Role::Flow,
            timestamp: AT,
            source: end("10.1.2.3", 50123, Some(10_000_184)),
            destination: Endpoint { domain: Some(b"files.example"), ..end("203.0.113.9", 443, Some(224)) },
            user: Some(b"J Doe"),
            url: Some(b"https://files.example/a?b=c"),
            transport: Some(b"tcp"),
            ..Event::default()
        }
    }

    #[test]
    fn both_versions() {
        assert_eq!(one(&KIND, LINE), expected());
        for (delimiter, byte) in [("^", "^"), ("x7C", "|"), ("0x09", "\t"), ("", "\t")] {
            let line = LINE
                .replace("LEEF:1.0", "LEEF:2.0")
                .replace("|77|", &format!("|77|{delimiter}|"))
                .replace('\t', byte);
            assert_eq!(one(&KIND, &line), expected(), "{delimiter}");
        }
        assert_eq!(one(&KIND, &LINE.replace("LEEF:1.0", "LEEF:2.0")), expected());
        assert_eq!(
            one(
                &KIND,
                &LINE.replace("srcBytes", "SrcBytes").replace("Mar 29 2023 01:02:03 UTC", "1680051723000")
            ),
            expected()
        );
        let syslog = one(&KIND, &format!("<134>Mar 29 01:02:03 gw-1 {}", LINE.replace("devTime", "other")));
        assert_eq!(syslog, Event { observer: Some(b"gw-1"), ..expected() });
        assert_eq!(one(&KIND, &LINE.replace("Example", "Zscaler")).role, Role::Proxy);
    }

    #[test]
    fn other_lines() {
        nothing(&KIND, &["LEEF:1.0|a|b|c|d|x=y", "LEEF:1.0|a|b|c|d|"]);
        assert_eq!(one(&KIND, &format!("{LINE}\tsubtype=start")).aside, Some(Aside::Unfinished));
        rejected(&KIND, LINE, "src=10.1.2.3", "src=10.1.2.x", Reason::BadAddress);
        rejected(&KIND, LINE, "srcBytes=10000184", "srcBytes=1k", Reason::BadNumber);
        rejected(&KIND, LINE, "devTime=Mar 29", "devTime=Mar 32", Reason::BadTimestamp);
        for line in ["", "hello", "LEEF:3.0|a|b|c|d|x=y", "LEEF:1.0|a|b"] {
            assert!(crate::formats::tests_support::read(&KIND, line).is_err(), "{line}");
        }
    }

    #[test]
    fn detection() {
        assert_eq!(chosen(&[LINE]), "leef");
        assert_eq!(chosen(&[&format!("<134>Mar 29 01:02:03 gw-1 {LINE}")]), "syslog+leef");
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
