//! What the fields of a connection mean, wherever they were found.

use crate::event::reject::{Reason, Reject};
use crate::event::{Aside, Event, Role, Stamped, address, number};
use crate::formats::columns::Row;
use crate::formats::{Detail, time};
use crate::units::{Span, Timestamp};
use jiff::tz::TimeZone;

/// The fields that are read; the rest go to `Skip`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    Ts,
    OrigHost,
    OrigPort,
    RespHost,
    RespPort,
    Duration,
    OrigBytes,
    RespBytes,
    OrigIpBytes,
    RespIpBytes,
    /// `conn_state`, which every connection has and no other Zeek log.
    State,
    /// `_path`: which log a row belongs to, where several share a stream.
    Path,
    Proto,
    Service,
    Node,
    Skip,
}

/// As many slots as are read.
pub(super) const SLOTS: usize = Slot::Skip as usize;

/// The fields of one connection as text.
pub(super) type Fields<'a> = Row<'a, SLOTS>;

impl Slot {
    /// The slot of a field by its name, in any of the spellings that log shippers make of it.
    pub(super) fn of(name: &[u8], detail: Detail) -> Slot {
        match name {
            b"ts" => Slot::Ts,
            b"id.orig_h" | b"id_orig_h" => Slot::OrigHost,
            b"id.orig_p" | b"id_orig_p" => Slot::OrigPort,
            b"id.resp_h" | b"id_resp_h" => Slot::RespHost,
            b"id.resp_p" | b"id_resp_p" => Slot::RespPort,
            b"duration" => Slot::Duration,
            b"orig_bytes" => Slot::OrigBytes,
            b"resp_bytes" => Slot::RespBytes,
            b"orig_ip_bytes" => Slot::OrigIpBytes,
            b"resp_ip_bytes" => Slot::RespIpBytes,
            b"conn_state" => Slot::State,
            b"_path" => Slot::Path,
            b"proto" => Slot::Proto,
            _ if detail < Detail::Full => Slot::Skip,
            b"service" => Slot::Service,
            b"_node_name" | b"_system_name" => Slot::Node,
            _ => Slot::Skip,
        }
    }

    /// Only [`Detail::Full`] reads it, and so it must never be the reason for a reject: both details count the same lines.
    pub(super) fn is_detail(self) -> bool {
        matches!(self, Slot::Service | Slot::Node)
    }

    /// The slot of a field of a nested `id`.
    pub(super) fn of_end(name: &[u8]) -> Slot {
        match name {
            b"orig_h" => Slot::OrigHost,
            b"orig_p" => Slot::OrigPort,
            b"resp_h" => Slot::RespHost,
            b"resp_p" => Slot::RespPort,
            _ => Slot::Skip,
        }
    }
}

/// A log of connections as they closed. `conn_long` reports connections that are still open, so that their bytes come
/// again in `conn`; a filter may have given `conn` another name, which is why other names are no obstacle.
pub(super) fn is_conn_path(path: &[u8]) -> bool {
    !path.starts_with(b"conn_long")
}

/// What an event of this log is before its line is read.
pub(super) fn blank<'a>() -> Event<'a> {
    Event { dataset: "zeek.conn", role: Role::Flow, stamped: Stamped::Start, ..Event::default() }
}

/// Fills in the connection that `fields` of `line` tell of; `unset` is how the log writes an absent value (besides leaving
/// it empty).
#[inline]
pub(super) fn fill<'a>(
    event: &mut Event<'a>,
    fields: &Fields<'a>,
    line: &[u8],
    unset: &[u8],
) -> Result<(), Reject> {
    let field = |slot: Slot| {
        let text = fields.get(slot as usize);
        (!text.is_empty() && text != unset && text != b"(empty)").then_some(text)
    };
    let wrong = |reason, text: &[u8]| Reject::of(reason, line, text);
    let host = |slot| {
        let text = field(slot).ok_or_else(|| Reject::line(Reason::Malformed))?;
        address(text).ok_or_else(|| wrong(Reason::BadAddress, text))
    };
    let port =
        |slot| field(slot).map(|text| number(text).ok_or_else(|| wrong(Reason::BadNumber, text))).transpose();
    let bytes =
        |slot| field(slot).map(|text| number(text).ok_or_else(|| wrong(Reason::BadNumber, text))).transpose();

    let text = field(Slot::Ts).ok_or_else(|| Reject::line(Reason::Malformed))?;
    event.timestamp = stamp(text).ok_or_else(|| wrong(Reason::BadTimestamp, text))?;
    event.source.ip = Some(host(Slot::OrigHost)?);
    event.source.port = port(Slot::OrigPort)?;
    event.destination.ip = Some(host(Slot::RespHost)?);
    event.destination.port = port(Slot::RespPort)?;
    event.duration = field(Slot::Duration)
        .map(|text| span(text).ok_or_else(|| wrong(Reason::BadNumber, text)))
        .transpose()?;
    let sent = [
        (bytes(Slot::OrigBytes)?, bytes(Slot::OrigIpBytes)?),
        (bytes(Slot::RespBytes)?, bytes(Slot::RespIpBytes)?),
    ];
    let payload_unset = sent.iter().all(|(payload, _)| payload.is_none());
    let [orig, resp] = sent.map(|(payload, packets)| clamp(payload, packets));
    event.clamped = orig.1 || resp.1;
    (event.source.bytes, event.destination.bytes) = (orig.0, resp.0);
    event.transport = field(Slot::Proto);
    if event.transport == Some(b"icmp") {
        // Zeek puts the type and the code of ICMP there.
        (event.source.port, event.destination.port) = (None, None);
    }
    if event.duration.is_none() && payload_unset && field(Slot::State).is_some() {
        single_packets(event, sent.map(|(_, packets)| packets));
    }
    event.protocol = field(Slot::Service);
    event.observer = field(Slot::Node);
    Ok(())
}

/// Zeek leaves the payload unset where a connection lasted no time (`set_conn` in its `conn/main.zeek`): where all that was
/// seen are packets of one moment, nearly always one. Of TCP that is a SYN, a reset or a stray packet; of anything else the
/// packet is the payload, and its IP bytes are at most 48 too many (40 of IPv6, 8 of UDP or ICMP).
fn single_packets(event: &mut Event<'_>, packets: [Option<u64>; 2]) {
    let header = if event.source.ip.is_some_and(|ip| ip.is_ipv6()) { 48 } else { 28 };
    let [orig, resp] = packets.map(|bytes| bytes.map(|bytes| bytes.saturating_sub(header)));
    let tcp = event.transport.is_none_or(|name| name == b"tcp");
    if tcp || orig.max(resp).unwrap_or(0) == 0 {
        event.aside = Some(Aside::Attempt);
    } else {
        (event.source.bytes, event.destination.bytes) = (orig, resp);
    }
}

/// Payload is told by sequence numbers, which a reset or a forged packet can make jump by gigabytes; the IP packets that
/// were seen carried at most `packets`. Where packets were not counted (0 or absent) the payload stands.
fn clamp(payload: Option<u64>, packets: Option<u64>) -> (Option<u64>, bool) {
    match (payload, packets) {
        (Some(payload), Some(packets)) if packets > 0 && payload > packets => (Some(packets), true),
        _ => (payload, false),
    }
}

/// Seconds or milliseconds (`JSON::TS_MILLIS`) since the epoch, or ISO 8601. 10^11 seconds is the year 5138, and as
/// milliseconds 1973, so the two cannot be taken for each other.
pub(in crate::formats::flow) fn stamp(text: &[u8]) -> Option<Timestamp> {
    const FIRST_MILLIS: f64 = 1e11;
    if let Some(stamp) = time::epoch(text).filter(|stamp| stamp.0 < FIRST_MILLIS as i64 * 1_000_000) {
        return Some(stamp);
    }
    match decimal(text) {
        Some(millis) if millis >= FIRST_MILLIS => Timestamp::from_micros((millis * 1e3).round() as i64),
        Some(seconds) => Timestamp::from_micros((seconds * 1e6).round() as i64),
        None => time::iso(text, &TimeZone::UTC),
    }
}

/// Seconds with decimals; JSON may also bring more decimals than a clock has, or an exponent: `9.5367431640625e-07`.
pub(in crate::formats::flow) fn span(text: &[u8]) -> Option<Span> {
    // Past 10^10 seconds, three centuries, it is no duration; this also keeps infinities out of the sum.
    let far = |seconds: &f64| *seconds < 1e10;
    time::seconds(text)
        .or_else(|| decimal(text).filter(far).map(|seconds| Span((seconds * 1e6).round() as i64)))
}

/// What the plain decimal readers refuse: exponents, and more decimals than nine. Never negative or infinite; numbers of
/// this size keep their microseconds in a double (2^53 of them are 285 years).
#[cold]
fn decimal(text: &[u8]) -> Option<f64> {
    if !text.first()?.is_ascii_digit() {
        return None;
    }
    let value: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    (0.0..1e16).contains(&value).then_some(value)
}
