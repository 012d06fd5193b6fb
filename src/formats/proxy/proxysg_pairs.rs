//! ProxySG (Blue Coat, Symantec Edge SWG) where its access log is written as pairs for a SIEM: `c-ip=10.1.2.3
//! cs-bytes=10000184 sc-bytes=224 …`, in the words of its W3C log and whatever order.
//!
//! `cs-bytes` is client to server. The time is in `date` and `time`, else in the syslog header that such formats begin with;
//! both are UTC, and mark the end. `time-taken` is in milliseconds.

use crate::event::reject::{Reason, Reject};
use crate::event::{Event, Role, address, split_authority};
use crate::formats::envelope::Opened;
use crate::formats::fields::{Fields, authority};
use crate::formats::one_line::{self, Settings, holds, sniff_most};
use crate::formats::{Kind, Scratch, Sight, key_value, time};
use crate::units::{Span, Timestamp};
use jiff::tz::TimeZone;

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "proxysg-pairs",
    about: "ProxySG (Blue Coat) access log as key=value pairs for a SIEM",
    roles: &[Role::Proxy],
    compile: |spec, context| one_line::compile(spec, context, read, SIGHT),
    sniff: |lines, _| {
        sniff_most(
            lines,
            |line| holds(line, &[b" c-ip=", b" sc-bytes=", b" s-action="]),
            "the lines have ProxySG's c-ip=, s-action= and sc-bytes=",
        )
    },
    is_header: None,
};

const SIGHT: Sight = Sight {
    role: Role::Proxy,
    source_bytes: true,
    destination_bytes: true,
    remedy: "add cs-bytes=$(cs-bytes) to the access log format (Administration > Logging > Access Logging)",
};

const DATE: usize = 0;
const TIME: usize = 1;
const CLIENT: usize = 2;
const PORT: usize = 3;
const SENT: usize = 4;
const RECEIVED: usize = 5;
const HOST: usize = 6;
const SERVER_PORT: usize = 7;
const SERVER: usize = 8;
const URL: usize = 9;
const USER: usize = 10;
const METHOD: usize = 11;
const STATUS: usize = 12;
const AGENT: usize = 13;
const SCHEME: usize = 14;
const TAKEN: usize = 15;
const NAME: usize = 16;
const PATH: usize = 17;
const SLOTS: usize = 18;

fn slot(key: &[u8]) -> usize {
    match key.to_ascii_lowercase().as_slice() {
        b"date" => DATE,
        b"time" => TIME,
        b"c-ip" => CLIENT,
        b"c-port" => PORT,
        b"cs-bytes" => SENT,
        b"sc-bytes" => RECEIVED,
        b"cs-host" => HOST,
        b"cs-uri-port" => SERVER_PORT,
        b"r-ip" | b"s-supplier-ip" | b"r-supplier-ip" => SERVER,
        b"c-url" | b"url" | b"cs-uri" => URL,
        b"cs-uri-path" => PATH,
        b"cs-username" => USER,
        b"cs-method" => METHOD,
        b"sc-status" => STATUS,
        b"cs-user-agent" | b"cs(user-agent)" => AGENT,
        b"cs-uri-scheme" => SCHEME,
        b"time-taken" => TAKEN,
        b"x-bluecoat-appliance-name" | b"s-computername" => NAME,
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
    for pair in key_value::pairs(opened.inner, key_value::LOGFMT) {
        let text = pair.decode(scratch);
        let slot = slot(pair.key);
        // Several names tell who served: the first that is an address does.
        if slot != SERVER || f.text(SERVER).is_none() && address(text).is_some() {
            f.set(slot, text);
        }
    }
    let mut event = Event { dataset: "proxysg", role: settings.role, ..Event::default() };
    event.timestamp = match (f.text(DATE), f.text(TIME)) {
        (Some(date), Some(clock)) => {
            let stamp = time::date_and_time(date, clock, &TimeZone::UTC);
            stamp.ok_or_else(|| f.wrong(Reason::BadTimestamp, date))?
        }
        _ => opened.time(&settings.local).or_else(|reject| glued(line).ok_or(reject))?,
    };
    event.user = f.text(USER);
    event.source = f.end(CLIENT, PORT, SENT)?;
    event.destination.bytes = f.number(RECEIVED)?;
    event.url = f.first(&[URL, PATH]);
    let told = f.text(HOST).unwrap_or_else(|| authority(f.text(URL).unwrap_or_default()));
    let (host, port) = split_authority(told);
    event.destination.set_host(host);
    event.destination.port = f.number(SERVER_PORT)?.or(port);
    event.destination.ip = event.destination.ip.or(f.text(SERVER).and_then(address));
    event.method = f.text(METHOD);
    event.status = f.status(STATUS);
    event.user_agent = f.text(AGENT);
    event.protocol = f.text(SCHEME);
    event.duration = f.number::<u32>(TAKEN)?.map(|millis| Span(i64::from(millis) * 1_000));
    event.observer = f.text(NAME).or(opened.host);
    Ok(Some(event))
}

/// The time at the beginning of a line whose header has lost the blank behind it: `2023-03-29T01:02:03sg-1 bluecoat …`.
#[cold]
fn glued(line: &[u8]) -> Option<Timestamp> {
    let line = match line.first() {
        Some(b'<') => line.get(memchr::memchr(b'>', line)? + 1..)?,
        _ => line,
    };
    time::iso(line.get(..19)?, &TimeZone::UTC)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::tests_support::*;
    use proptest::prelude::*;
    use proptest::sample::Index;

    const PAIRS: &str = r#"c-ip=10.1.2.3 rs-Content-Type="text/html" cs-auth-groups=- cs-bytes=10000184 cs-categories="Storage; Other" cs-host=files.example cs-method=PUT cs-uri-port=443 cs-uri-scheme=https cs-User-Agent="rclone/v1.60.1" cs-username="CORP\jdoe" s-action=TCP_TUNNELED s-ip=198.51.100.1 s-supplier-ip=203.0.113.9 s-supplier-name=203.0.113.9 sc-bytes=224 sc-filter-result=OBSERVED sc-status=201 time-taken=120 c-url="https://files.example/a?b=c""#;

    #[test]
    fn an_upload() {
        let header = "<111>1 2023-03-29T01:02:03.000z sg-1 bluecoat - splunk_format -";
        for line in [
            format!("{header} {PAIRS}"),
            format!(
                "<111>1 2023-03-29T01:00:00Z sg-1 bluecoat - log - date=2023-03-29 time=01:02:03 {PAIRS}"
            ),
        ] {
            let event = one(&KIND, &line);
            assert_eq!((event.role, event.timestamp), (Role::Proxy, AT), "{line}");
            assert_eq!(event.source.ip, Some("10.1.2.3".parse().unwrap()));
            assert_eq!((event.source.bytes, event.destination.bytes), (Some(10_000_184), Some(224)));
            assert_eq!(event.destination.domain, Some(&b"files.example"[..]));
            assert_eq!(event.destination.ip, Some("203.0.113.9".parse().unwrap()));
            assert_eq!(event.destination.port, Some(443));
            assert_eq!((event.method, event.status), (Some(&b"PUT"[..]), Some(201)));
            assert_eq!(event.url, Some(&b"https://files.example/a?b=c"[..]));
            assert_eq!(event.user_agent, Some(&b"rclone/v1.60.1"[..]));
            assert_eq!((event.duration, event.observer), (Some(Span(120_000)), Some(&b"sg-1"[..])));
            assert_eq!(chosen(&[&line]), "proxysg-pairs");
        }
        let line = format!("{header} {PAIRS}");
        rejected(&KIND, &line, "cs-bytes=10000184", "cs-bytes=x", Reason::BadNumber);
        rejected(&KIND, &line, "c-ip=10.1.2.3", "c-ip=10.1.2", Reason::BadAddress);
    }

    proptest! {
        #[test]
        fn no_damaged_line_panics(
            edits in proptest::collection::vec((any::<Index>(), any::<u8>()), 0..9),
            cut in any::<Index>(),
            other in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            torture(&KIND, "", PAIRS, &edits, cut, &other);
        }
    }
}
