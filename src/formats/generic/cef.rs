//! ArcSight's CEF: `CEF:0|Vendor|Product|Version|Id|Name|Severity|key=value …`. Values are not quoted: a value ends where
//! the next `key=` begins.
//!
//! In the specification `in` is what flowed from source to destination. Several vendors mean the opposite, seen from their
//! own inside; they are known by the vendor field, and `VENDORS` says so. Lines without both ends tell of no transfer.

use crate::event::reject::{Reason, Reject};
use crate::event::{Aside, Event, Role, Session, Stamped, Telling, address};
use crate::formats::envelope::Opened;
use crate::formats::fields::{Fields, authority, transport};
use crate::formats::one_line::{self, Settings, sniff_most};
use crate::formats::{Kind, Scratch, Sight};
use crate::framing::near;
use crate::units::Span;

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "cef",
    about: "CEF (Common Event Format); in and out by vendor",
    roles: &[Role::Flow, Role::Proxy, Role::Server],
    compile: |spec, context| one_line::compile(spec, context, read, SIGHT),
    sniff: |lines, _| {
        sniff_most(
            lines,
            |line| header(line).is_some(),
            "the lines begin with CEF: and seven fields between bars",
        )
    },
    is_header: None,
};

const SIGHT: Sight = Sight {
    role: Role::Flow,
    source_bytes: true,
    destination_bytes: true,
    remedy: "map the byte counts to in and out in the device's CEF template (PAN-OS: Device > Server Profiles > Syslog > \
             Custom Log Format: in=$bytes_sent out=$bytes_received)",
};

/// What a vendor makes of `in` and `out`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Upload {
    /// The specification: `in` from source to destination.
    In,
    /// As seen from the source: `out` is what it sent.
    Out,
    /// One packet: `in` or `out` by which way it passed the host that logs, from the source in either case.
    Either,
}

/// Vendors that differ from the specification or whose logs are a proxy's, by the beginning of the vendor field in lower
/// case. Origin: FortiOS maps sentbyte to out and rcvdbyte to in; Check Point's Log Exporter sent_bytes to out; Zscaler's
/// templates reqsize to out and respsize to in; SonicOS sent to out; Forcepoint and Websense bytesSent to out; Trend Micro's
/// Deep Security Agent writes a line a packet.
const VENDORS: [(&[u8], Upload, Role); 8] = [
    (b"trend micro", Upload::Either, Role::Flow),
    (b"fortinet", Upload::Out, Role::Flow),
    (b"check point", Upload::Out, Role::Flow),
    (b"checkpoint", Upload::Out, Role::Flow),
    (b"zscaler", Upload::Out, Role::Proxy),
    (b"sonicwall", Upload::Out, Role::Flow),
    (b"forcepoint", Upload::Out, Role::Proxy),
    (b"websense", Upload::Out, Role::Proxy),
];

const SRC: usize = 0;
const DST: usize = 1;
const SPORT: usize = 2;
const DPORT: usize = 3;
const SHOST: usize = 4;
const DHOST: usize = 5;
const SUSER: usize = 6;
const IN: usize = 7;
const OUT: usize = 8;
const RECEIPT: usize = 9;
const START: usize = 10;
const END: usize = 11;
const REQUEST: usize = 12;
const METHOD: usize = 13;
const AGENT: usize = 14;
const APP: usize = 15;
const PROTO: usize = 16;
const DEVICE: usize = 17;
const CATEGORY: usize = 18;
const OUTCOME: usize = 19;
const SRC6: usize = 20;
const DST6: usize = 21;
const SENT_DELTA: usize = 22;
const RECEIVED_DELTA: usize = 23;
const LOG_ID: usize = 24;
const ACTION: usize = 25;
const EVENT_TIME: usize = 26;
const SECONDS: usize = 27;
const LOG_UID: usize = 28;
const COLLECTED: usize = 29;
const SLOTS: usize = 30;

fn slot(key: &[u8]) -> usize {
    match key {
        b"src" | b"sourceAddress" => SRC,
        b"dst" | b"destinationAddress" => DST,
        b"spt" | b"sourcePort" => SPORT,
        b"dpt" | b"destinationPort" => DPORT,
        b"shost" | b"sourceHostName" => SHOST,
        b"dhost" | b"destinationHostName" => DHOST,
        b"suser" | b"sourceUserName" => SUSER,
        b"in" | b"bytesIn" => IN,
        b"out" | b"bytesOut" => OUT,
        b"rt" | b"deviceReceiptTime" => RECEIPT,
        b"start" | b"startTime" => START,
        b"end" | b"endTime" => END,
        b"request" => REQUEST,
        b"requestMethod" => METHOD,
        b"requestClientApplication" => AGENT,
        b"app" => APP,
        b"proto" => PROTO,
        b"dvchost" => DEVICE,
        b"cat" => CATEGORY,
        b"outcome" => OUTCOME,
        b"act" | b"deviceAction" => ACTION,
        b"c6a2" => SRC6,
        b"c6a3" => DST6,
        b"FTNTFGTsentdelta" => SENT_DELTA,
        b"FTNTFGTrcvddelta" => RECEIVED_DELTA,
        b"FTNTFGTlogid" => LOG_ID,
        b"FTNTFGTeventtime" => EVENT_TIME,
        b"loguid" => LOG_UID,
        b"art" | b"agentReceiptTime" | b"mrt" | b"managerReceiptTime" => COLLECTED,
        b"FTNTFGTduration" => SECONDS,
        _ => SLOTS,
    }
}

/// Vendor, product, signature and the extension, from wherever in the line `CEF:` stands.
struct Header<'a> {
    vendor: &'a [u8],
    product: &'a [u8],
    signature: &'a [u8],
    name: &'a [u8],
    extension: &'a [u8],
}

fn header(line: &[u8]) -> Option<Header<'_>> {
    let rest = line.strip_prefix(b"CEF:")?.trim_ascii_start();
    let mut parts = Bars { rest: Some(rest) };
    let version = parts.next()?;
    if version.is_empty() || version.len() > 4 {
        return None;
    }
    let (vendor, product, _version) = (parts.next()?, parts.next()?, parts.next()?);
    let (signature, name, _severity) = (parts.next()?, parts.next()?, parts.next()?);
    Some(Header { vendor, product, signature, name, extension: parts.rest? })
}

/// Fields of the header, each ended by a bar that no backslash precedes.
struct Bars<'a> {
    rest: Option<&'a [u8]>,
}

impl<'a> Iterator for Bars<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let text = self.rest?;
        let mut at = 0;
        loop {
            at = near(text, at, *b"|\\")?;
            if text.get(at) == Some(&b'|') {
                self.rest = text.get(at + 1..);
                return text.get(..at);
            }
            at += 2;
        }
    }
}

/// The pairs of an extension. The next key is the word before the next unescaped `=`.
struct Extension<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Extension<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<(&'a [u8], &'a [u8])> {
        let text = self.rest.trim_ascii_start();
        let mark = near(text, 0, [b'='])?;
        let key = text.get(..mark)?;
        let value = text.get(mark + 1..)?;
        // The last blank is kept while walking: looking back from each mark would take forever on a line of marks.
        let (mut at, mut blank) = (0, None);
        let end = loop {
            let Some(stop) = near(value, at, *b"=\\ ") else { break value.len() };
            at = stop;
            match (value.get(at), blank) {
                (Some(b'\\'), _) => at += 1,
                (Some(b' '), _) => blank = Some(at),
                (_, Some(blank)) if is_key(value.get(blank + 1..at).unwrap_or_default()) => break blank,
                _ => {}
            }
            at += 1;
        };
        self.rest = value.get(end..).unwrap_or_default();
        Some((key, value.get(..end).unwrap_or_default().trim_ascii_end()))
    }
}

fn is_key(word: &[u8]) -> bool {
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'[' | b']');
    !word.is_empty() && word.len() <= 128 && word.iter().all(fits)
}

/// `\=`, `\|`, `\\` and `\n` undone.
fn unescaped<'a>(text: &'a [u8], scratch: &'a Scratch) -> &'a [u8] {
    if near(text, 0, [b'\\']).is_none() {
        return text;
    }
    let copy = scratch.alloc_slice_copy(text);
    let (mut written, mut rest) = (0, text);
    while let Some((&byte, after)) = rest.split_first() {
        let (byte, after) = match (byte, after.split_first()) {
            (b'\\', Some((&next @ (b'=' | b'\\' | b'|'), after))) => (next, after),
            (b'\\', Some((b'n' | b'r', after))) => (b'\n', after),
            _ => (byte, after),
        };
        if let Some(place) = copy.get_mut(written) {
            *place = byte;
            written += 1;
        }
        rest = after;
    }
    copy.get(..written).unwrap_or_default()
}

fn read<'a>(
    settings: &Settings,
    opened: &Opened<'a>,
    scratch: &'a Scratch,
) -> Result<Option<Event<'a>>, Reject> {
    let line = opened.inner;
    let (header, opened) = match header(line) {
        Some(header) => (header, *opened),
        None => {
            let opened = opened.without_syslog();
            (header(opened.inner).ok_or_else(|| Reject::line(Reason::Malformed))?, opened)
        }
    };
    let mut f = Fields::<SLOTS>::new(line);
    for (key, value) in (Extension { rest: header.extension }) {
        let slot = slot(key);
        if slot < SLOTS {
            f.set(slot, unescaped(value, scratch));
        }
    }
    let (bytes, mut usual) = vendor(header.vendor);
    // Forcepoint's firewalls are no proxies.
    if header.product.starts_with(b"Firewall") || header.product.starts_with(b"NGFW") {
        usual = Role::Flow;
    }
    let mut event = Event {
        dataset: "cef",
        role: if settings.role_given { settings.role } else { usual },
        ..Event::default()
    };
    event.source.ip = f.address(if f.text(SRC).is_some() { SRC } else { SRC6 })?;
    event.source.domain = f.text(SHOST);
    event.destination.ip = f.address(if f.text(DST).is_some() { DST } else { DST6 })?;
    event.url = f.text(REQUEST);
    event.destination.domain = f.text(DHOST).or_else(|| {
        let name = crate::event::split_authority(authority(event.url?)).0;
        (!name.is_empty() && address(name).is_none()).then_some(name)
    });
    event.user = f.text(SUSER);
    let client = event.source.ip.is_some() || event.source.domain.is_some() || event.user.is_some();
    let server = event.destination.ip.is_some() || event.destination.domain.is_some();
    if !client || !server {
        return Ok(None);
    }
    let (first, second) = (f.number(IN)?, f.number(OUT)?);
    (event.source.bytes, event.destination.bytes) = match bytes {
        Upload::In => (first, second),
        Upload::Out => (second, first),
        Upload::Either => (second.or(first), None),
    };
    if let (Some(sent), received) = (f.number(SENT_DELTA)?, f.number(RECEIVED_DELTA)?) {
        (event.source.bytes, event.destination.bytes) = (Some(sent), received.or(event.destination.bytes));
    }
    event.source.port = f.number(SPORT)?;
    event.destination.port = f.number(DPORT)?;
    let stamp = |slot| f.stamp(slot, |text| settings.local.any(text));
    let (start, end) = (stamp(START)?, stamp(END)?);
    // When it was received is nearest to when it was written; some say only when it began.
    event.timestamp = match (stamp(RECEIPT)?.or(end).or(stamp(EVENT_TIME)?), start) {
        (Some(stamp), _) => stamp,
        (None, Some(start)) => {
            event.stamped = Stamped::Start;
            start
        }
        (None, None) => match opened.time(&settings.local) {
            Ok(stamp) => stamp,
            // When a collector had it is better than never.
            Err(reject) => stamp(COLLECTED)?.ok_or(reject)?,
        },
    };
    let seconds = f.number::<u32>(SECONDS)?.map(|seconds| Span::SECOND.times(seconds.into()));
    let spanned = start.zip(end).filter(|(start, end)| end >= start).map(|(start, end)| end - start);
    event.duration = spanned.or(seconds);
    event.method = f.text(METHOD);
    event.status = f.status(OUTCOME);
    event.user_agent = f.text(AGENT);
    // SonicOS writes `tcp/https`.
    let mut proto = f.text(PROTO).unwrap_or_default().splitn(2, |&byte| byte == b'/');
    event.transport = proto.next().filter(|name| !name.is_empty()).map(transport);
    event.protocol = f.text(APP).or(proto.next());
    event.observer = f.text(DEVICE).or(opened.host);
    let silent = event.source.bytes.or(event.destination.bytes).is_none();
    // Check Point's updates of one log tell all since it began.
    event.session = f.text(LOG_UID).filter(|_| !silent).map(|id| Session { id, telling: Telling::SoFar });
    event.aside = told_elsewhere(&header, &f, silent);
    Ok(Some(event))
}

fn vendor(name: &[u8]) -> (Upload, Role) {
    let known = |(word, _, _): &&(&[u8], Upload, Role)| {
        name.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word))
    };
    VENDORS.iter().find(known).map_or((Upload::In, Role::Flow), |(_, bytes, role)| (*bytes, *role))
}

/// A session that another line tells: Fortinet's security lines and totals so far, PAN-OS's beginnings and threats,
/// SonicOS's messages but for the closing one, Check Point's lines without accounting. Of any vendor, what was refused and
/// shows no bytes. `silent`: the line shows none.
fn told_elsewhere(header: &Header<'_>, f: &Fields<'_, SLOTS>, silent: bool) -> Option<Aside> {
    let of =
        |name: &[u8]| header.vendor.get(..name.len()).is_some_and(|word| word.eq_ignore_ascii_case(name));
    // The type and subtype of PAN-OS stand in either order, by template.
    let words = [header.signature, header.name];
    let says = |word: &[u8]| words.contains(&word);
    let refused = |word: &[u8]| {
        let starts = |with: &[u8]| word.get(..with.len()).is_some_and(|head| head.eq_ignore_ascii_case(with));
        [&b"drop"[..], b"den", b"block", b"reject", b"refuse", b"discard"].iter().any(|with| starts(with))
    };
    if of(b"fortinet") {
        let traffic = f.text(CATEGORY).is_none_or(|category| category.starts_with(b"traffic"));
        let so_far =
            f.text(LOG_ID).is_some_and(|id| id.ends_with(b"000000020")) && f.text(SENT_DELTA).is_none();
        if !traffic || so_far {
            return Some(if traffic { Aside::Unfinished } else { Aside::Repeated });
        }
    } else if of(b"palo alto") && header.product.eq_ignore_ascii_case(b"PAN-OS") {
        if says(b"THREAT") || says(b"start") {
            return Some(if says(b"start") { Aside::Unfinished } else { Aside::Repeated });
        }
        if says(b"deny") || says(b"drop") {
            return Some(Aside::Refused);
        }
    } else if of(b"sonicwall") && header.signature != b"537" {
        return Some(if header.signature == b"98" { Aside::Unfinished } else { Aside::Repeated });
    }
    if silent && f.text(ACTION).is_some_and(refused) {
        return Some(Aside::Refused);
    }
    (silent && (of(b"check point") || of(b"checkpoint"))).then_some(Aside::Repeated)
}

#[cfg(test)]
mod tests;
