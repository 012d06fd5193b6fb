//! Zscaler NSS web logs: the feed's output is free, so three shapes are read. Pairs `requestsize=…` between tabs (the
//! Splunk template), JSON, and CSV by position (the order of NSS's default CSV, or one given by field names).
//!
//! `reqsize` is the request (upload), `respsize` the response. Names occur as NSS fields (`reqsize`) and as the templates
//! call them (`requestsize`). Blocked requests were sent as far as the gateway and count as they are told.

use crate::event::reject::{Reason, Reject};
use crate::event::{Event, Role, address, split_authority};
use crate::formats::cells::{Cut, cells};
use crate::formats::envelope::Opened;
use crate::formats::fields::{Fields, authority};
use crate::formats::one_line::{holds, sniff_most};
use crate::formats::time::Local;
use crate::formats::{Context, Format, Kind, Scratch, Sight, Sniffed, SpecError, base64, paths};
use std::sync::Arc;

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "zscaler-web",
    about: "Zscaler NSS web feed: tab-separated pairs, JSON, CSV ('zscaler-web:time,login,cip,reqsize,…' for an order)",
    roles: &[Role::Proxy],
    compile,
    sniff,
    is_header: None,
};

const REMEDY: &str = "add %d{reqsize} and %d{respsize} to the feed output format";

/// NSS's default CSV feed.
const DEFAULT: &str = "time,login,proto,eurl,action,appname,appclass,reqsize,respsize,stime,ctime,urlclass,urlsupercat,\
                       urlcat,malwarecat,threatname,riskscore,dlpeng,dlpdict,location,dept,cip,sip,reqmethod,respcode,ua";

const STAMP: usize = 0;
const EPOCH: usize = 1;
const CLIENT: usize = 2;
const SERVER: usize = 3;
const HOST: usize = 4;
const URL: usize = 5;
const SENT: usize = 6;
const RECEIVED: usize = 7;
const USER: usize = 8;
const METHOD: usize = 9;
const STATUS: usize = 10;
const AGENT: usize = 11;
const PROTOCOL: usize = 12;
const OUTER: usize = 13;
const INNER: usize = 14;
const PORT: usize = 15;
const ENCODED: usize = 16;
const ZONE: usize = 17;
const SLOTS: usize = 18;

fn slot(key: &[u8]) -> usize {
    // JSON feeds put the fields into "event".
    let key = key.strip_prefix(b"event.").unwrap_or(key);
    let is = |names: &[&str]| names.iter().any(|name| key.eq_ignore_ascii_case(name.as_bytes()));
    match key.len() {
        _ if is(&["reqsize", "requestsize"]) => SENT,
        _ if is(&["respsize", "responsesize"]) => RECEIVED,
        _ if is(&["cip", "clientip", "cltip"]) => CLIENT,
        _ if is(&["cintip", "cltintip"]) => INNER,
        _ if is(&["cpubip", "clientpublicip", "cltpubip"]) => OUTER,
        _ if is(&["sip", "serverip"]) => SERVER,
        _ if is(&["host", "ehost", "hostname"]) => HOST,
        _ if is(&["url", "eurl"]) => URL,
        _ if is(&["b64url"]) => ENCODED,
        _ if is(&["cltsourceport", "clt_sport", "csport"]) => PORT,
        _ if is(&["tz"]) => ZONE,
        _ if is(&["time", "datetime"]) => STAMP,
        _ if is(&["epochtime"]) => EPOCH,
        _ if is(&["login", "elogin", "user"]) => USER,
        _ if is(&["reqmethod", "requestmethod"]) => METHOD,
        _ if is(&["respcode", "status"]) => STATUS,
        _ if is(&["ua", "eua", "useragent"]) => AGENT,
        _ if is(&["proto", "protocol"]) => PROTOCOL,
        _ => SLOTS,
    }
}

#[derive(Debug)]
struct Zscaler {
    local: Local,
    /// The slot of each CSV column.
    columns: Box<[usize]>,
}

fn compile(spec: &str, context: &Context) -> Result<Arc<dyn Format>, SpecError> {
    let names = if spec.trim().is_empty() { DEFAULT } else { spec };
    // `%s{login}`, as the portal writes it, and `login` are the same.
    let name = |name: &str| {
        let inner = name.split_once('{').map_or(name, |(_, inner)| inner);
        slot(inner.trim_end_matches('}').trim().trim_matches('"').as_bytes())
    };
    let columns: Box<[usize]> = names.split(',').map(name).collect();
    let client = columns.iter().any(|slot| matches!(*slot, CLIENT | USER | OUTER));
    if !client || !columns.iter().any(|slot| matches!(*slot, STAMP | EPOCH)) {
        let message = format!(
            "the fields of a Zscaler CSV feed must name a time and a client (cip or login), as in \"zscaler-web:{DEFAULT}\""
        );
        return Err(SpecError { message, position: 0 });
    }
    Ok(Arc::new(Zscaler { local: Local::of(context), columns }))
}

impl Format for Zscaler {
    fn parse<'a>(
        &self,
        line: &'a [u8],
        scratch: &'a Scratch,
        events: &mut Vec<Event<'a>>,
    ) -> Result<(), Reject> {
        self.parse_within(&Opened { inner: line, ..Opened::default() }, scratch, events)
    }

    fn parse_within<'a>(
        &self,
        opened: &Opened<'a>,
        scratch: &'a Scratch,
        events: &mut Vec<Event<'a>>,
    ) -> Result<(), Reject> {
        let line = opened.inner;
        let mut f = Fields::<SLOTS>::new(line);
        if line.first() == Some(&b'{') {
            paths::scalars(line, scratch, |path, text| f.set(slot(path), text))?;
        } else if memchr::memchr(b'\t', line).is_some() {
            // The first column is the time, without a name, perhaps behind what syslog put before it.
            for (place, pair) in line.split(|&byte| byte == b'\t').enumerate() {
                match memchr::memchr(b'=', pair) {
                    Some(mark) => f.set(
                        slot(pair.get(..mark).unwrap_or_default()),
                        pair.get(mark + 1..).unwrap_or_default(),
                    ),
                    None if place == 0 => {
                        let text = memchr::memmem::rfind(pair, b": ")
                            .and_then(|at| pair.get(at + 2..))
                            .unwrap_or(pair);
                        f.set(STAMP, text);
                    }
                    None => {}
                }
            }
        } else {
            let mut count = 0;
            for (&slot, cell) in self.columns.iter().zip(cells(line, Cut::Csv(b','))) {
                f.set(slot, cell.decode(scratch));
                count += 1;
            }
            if count < self.columns.len() {
                return Err(Reject::at(Reason::Malformed, line.len()));
            }
        }
        events.push(event(&f, opened, &self.local, scratch)?);
        Ok(())
    }

    fn sight(&self) -> Sight {
        let has = |slot| self.columns.contains(&slot);
        Sight { role: Role::Proxy, source_bytes: has(SENT), destination_bytes: has(RECEIVED), remedy: REMEDY }
    }
}

fn event<'a>(
    f: &Fields<'a, SLOTS>,
    opened: &Opened<'a>,
    local: &Local,
    scratch: &'a Scratch,
) -> Result<Event<'a>, Reject> {
    let mut event = Event { dataset: "zscaler-web", role: Role::Proxy, ..Event::default() };
    // `time` is in the zone of the feed, whose name is in `tz`; seconds since the epoch need none.
    let in_utc = f.text(ZONE).filter(|zone| matches!(*zone, b"GMT" | b"UTC") && f.text(STAMP).is_some());
    let epoch = f.stamp(EPOCH, |text| local.any(text))?.filter(|_| in_utc.is_none());
    let stamp = match epoch {
        Some(stamp) => Some(stamp),
        None if in_utc.is_some() => f.stamp(STAMP, |text| Local::of(&Context::default()).any(text))?,
        None => f.stamp(STAMP, |text| local.any(text))?,
    };
    // Feeds for collectors that stamp what they get leave the time to syslog.
    event.timestamp = stamp.map_or_else(|| opened.without_syslog().time(local), Ok)?;
    let known = |slot| f.text(slot).filter(|text| *text != b"NA");
    event.user = known(USER);
    // The public address is an office's, not a host's; it serves where there is neither client nor user.
    let outer = || known(OUTER).filter(|_| event.user.is_none());
    let client = known(INNER).or_else(|| known(CLIENT)).or_else(outer);
    event.source.port = f.number(PORT)?;
    match client {
        Some(text) => event.source.ip = Some(address(text).ok_or_else(|| f.wrong(Reason::BadAddress, text))?),
        None if event.user.is_none() => return Err(Reject::line(Reason::Malformed)),
        None => {}
    }
    event.source.bytes = f.number(SENT)?;
    event.destination.bytes = f.number(RECEIVED)?;
    event.url = f.text(URL).or_else(|| base64::decode(f.text(ENCODED)?, scratch));
    let (name, port) =
        split_authority(f.text(HOST).unwrap_or_else(|| authority(event.url.unwrap_or_default())));
    event.destination.set_host(name);
    event.destination.port = port;
    event.destination.ip = f.text(SERVER).and_then(address).or(event.destination.ip);
    event.method = known(METHOD);
    event.status = f.status(STATUS);
    event.user_agent = f.text(AGENT);
    event.protocol = f.text(PROTOCOL);
    Ok(event)
}

fn sniff(lines: &[&[u8]], context: &Context) -> Sniffed {
    let pairs = |line: &[u8]| {
        holds(line, &[b"\trequestsize=", b"\tresponsesize="])
            || (line.first() == Some(&b'{')
                && (holds(line, &[b"zscalernss-web"])
                    || holds(line, &[b"\"reqsize\"", b"\"respsize\""])
                    || holds(line, &[b"\"requestsize\"", b"\"responsesize\""])))
    };
    let named = sniff_most(lines, pairs, "the lines have Zscaler's requestsize and responsesize");
    if !matches!(named, Sniffed::No) {
        return named;
    }
    // Columns without names: the default order is taken only where everything in it reads as it should.
    let Ok(format) = compile("", context) else { return Sniffed::No };
    let scratch = Scratch::new();
    let reads = |line: &[u8]| {
        let mut events = Vec::new();
        line.first() == Some(&b'"')
            && format.parse(line, &scratch, &mut events).is_ok()
            && events.iter().all(|event| {
                event.source.ip.is_some()
                    && event.source.bytes.is_some()
                    && event.destination.domain.is_some()
            })
    };
    sniff_most(lines, reads, "the lines read as the default CSV of Zscaler's NSS web feed")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Endpoint;
    use crate::formats::tests_support::*;
    use proptest::prelude::*;

    const PAIRS: &str = "2023-03-29 01:02:03\treason=Allowed\tevent_id=77\tprotocol=HTTPS\taction=Allowed\ttransactionsize=10000408\tresponsesize=224\trequestsize=10000184\turlcategory=Other\tserverip=203.0.113.9\tclienttranstime=0\trequestmethod=PUT\trefererURL=None\tuseragent=rclone/v1.60.1\tproduct=NSS\tlocation=HQ\tClientIP=10.1.2.3\tstatus=201\tuser=jdoe@corp.example\turl=files.example/a?b=c\tvendor=Zscaler\thostname=files.example\tclientpublicIP=198.51.100.1";
    const JSON: &str = r#"{"sourcetype":"zscalernss-web","event":{"datetime":"2023-03-29 01:02:03","protocol":"HTTPS","requestsize":"10000184","responsesize":"224","serverip":"203.0.113.9","requestmethod":"PUT","useragent":"rclone/v1.60.1","ClientIP":"10.1.2.3","status":"201","user":"jdoe@corp.example","url":"files.example/a?b=c","hostname":"files.example"}}"#;
    const CSV: &str = r#""Wed Mar 29 01:02:03 2023","jdoe@corp.example","HTTPS","files.example/a?b=c","Allowed","General","Other","10000184","224","0","0","Business","Other","Other","None","None","0","None","None","HQ","Dept","10.1.2.3","203.0.113.9","PUT","201","rclone/v1.60.1","None","FwFilter""#;

    #[test]
    fn a_request_in_every_shape() {
        let expected = Event {
            dataset: "zscaler-web",
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
            user: Some(b"jdoe@corp.example"),
            method: Some(b"PUT"),
            status: Some(201),
            url: Some(b"files.example/a?b=c"),
            user_agent: Some(b"rclone/v1.60.1"),
            protocol: Some(b"HTTPS"),
            ..Event::default()
        };
        for line in [PAIRS, &format!("<13>Mar 29 01:02:03 nss-1 zscaler-nss: {PAIRS}"), JSON, CSV] {
            assert_eq!(one(&KIND, line), expected, "{line}");
        }
        let spec = "%d{epochtime},%s{login},%s{cip},%d{reqsize}";
        let own = read_with(&KIND, spec, &context(), "1680051723,jdoe,10.1.2.3,7").unwrap();
        assert_eq!((own[0].source.bytes, own[0].destination.bytes), (Some(7), None));
        // A roaming user has no address of ours.
        let roaming = one(&KIND, &PAIRS.replace("ClientIP=10.1.2.3", "ClientIP=NA"));
        assert_eq!((roaming.source.ip, roaming.user), (None, Some(&b"jdoe@corp.example"[..])));
    }

    #[test]
    fn hostile_lines() {
        rejected(&KIND, PAIRS, "requestsize=10000184", "requestsize=much", Reason::BadNumber);
        rejected(&KIND, PAIRS, "ClientIP=10.1.2.3", "ClientIP=10.1.2.x", Reason::BadAddress);
        rejected(&KIND, CSV, "Wed Mar 29", "Wed Mar 32", Reason::BadTimestamp);
        for line in ["", "hello", "{", "a\tb", &CSV.replace(",\"rclone/v1.60.1\",\"None\",\"FwFilter\"", "")]
        {
            assert!(crate::formats::tests_support::read(&KIND, line).is_err(), "{line}");
        }
        let blind = (KIND.compile)("time,cip,host", &context()).unwrap().sight().blind();
        assert!(blind.unwrap().contains("reqsize"));
        assert!((KIND.compile)("reqsize", &context()).is_err());
    }

    #[test]
    fn detection() {
        for line in [PAIRS, &format!("<13>Mar 29 01:02:03 nss-1 zscaler-nss: {PAIRS}"), JSON, CSV] {
            assert_eq!(chosen(&[line]), "zscaler-web");
        }
        assert_eq!(chosen(&[&format!("<13>Mar 29 01:02:03 nss-1 {PAIRS}")]), "zscaler-web");
    }

    proptest! {
        #[test]
        fn broken_lines(
            edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
            cut: prop::sample::Index,
            other in proptest::collection::vec(any::<u8>(), 0..60),
            sample in prop::sample::select(vec![PAIRS, JSON, CSV]),
        ) {
            torture(&KIND, "", sample, &edits, cut, &other);
        }
    }
}
