//! What the columns of a row mean.

use super::json;
use super::layout::{Clock, Layout, SLOTS, Slot};
use super::role::Dialect;
use super::split::split;
use crate::event::reject::{Reason, Reject};
use crate::event::{Event, Role, address, number, split_authority};
use crate::formats::columns::Row;
use crate::formats::{Detail, Scratch, time};
use crate::units::{Span, Timestamp};
use jiff::tz::TimeZone;

/// The request that a row tells of. `day` is what `#Date` said.
pub(super) fn event<'a>(
    layout: &Layout,
    day: Option<&[u8]>,
    line: &'a [u8],
    scratch: &'a Scratch,
) -> Result<Event<'a>, Reject> {
    let row = match line.first() {
        Some(b'{') => json::split(layout, line, scratch)?,
        _ => split(layout, line)?,
    };
    let cell = |slot: Slot| value(&row, slot);
    let wrong = |reason, text: &[u8]| Reject::of(reason, line, text);
    let count =
        |slot| cell(slot).map(|text| number(text).ok_or_else(|| wrong(Reason::BadNumber, text))).transpose();
    let port = |slot| {
        // ProxySG writes port 0 where there was none.
        let port = |text| number::<u16>(text).ok_or_else(|| wrong(Reason::BadNumber, text));
        cell(slot).filter(|text| *text != b"0").map(port).transpose()
    };

    let mut event = Event { dataset: "w3c", role: layout.role, ..Event::default() };
    event.timestamp = stamp(layout.clock, &row, day).ok_or_else(|| {
        let text = [Slot::Stamp, Slot::Date, Slot::Time].map(|slot| row.get(slot as usize));
        wrong(Reason::BadTimestamp, text.into_iter().find(|text| !text.is_empty()).unwrap_or_default())
    })?;
    event.duration = cell(Slot::Taken)
        .map(|text| taken(text, layout.dialect).ok_or_else(|| wrong(Reason::BadNumber, text)))
        .transpose()?;
    event.source.set_host(cell(Slot::SourceHost).ok_or_else(|| Reject::line(Reason::Malformed))?);
    event.source.port = port(Slot::SourcePort)?;
    event.source.bytes = count(Slot::Up)?;
    match cell(Slot::DestinationName) {
        Some(name) => event.destination.set_authority(name),
        None if layout.role == Role::Proxy => {
            event.destination.set_authority(cell(Slot::Uri).and_then(authority).unwrap_or_default());
        }
        None => {}
    }
    event.destination.ip = cell(Slot::DestinationIp).and_then(address).or(event.destination.ip);
    event.destination.port = port(Slot::DestinationPort)?.or(event.destination.port);
    event.destination.bytes = count(Slot::Down)?;
    event.user_agent = cell(Slot::Agent);
    event.method = cell(Slot::Method);
    if layout.detail == Detail::Full {
        details(&mut event, layout, &row, scratch);
    }
    Ok(event)
}

/// What only [`Detail::Full`] reads. None of it is a reason for a reject: both details count the same lines.
fn details<'a>(event: &mut Event<'a>, layout: &Layout, row: &Row<'a, SLOTS>, scratch: &'a Scratch) {
    let cell = |slot| {
        value(row, slot)
            .map(|text| if layout.dialect == Dialect::Elff { unquote(text, scratch) } else { text })
    };
    event.user_agent = cell(Slot::Agent).map(|text| agent(text, layout.dialect, scratch));
    event.user = cell(Slot::User);
    event.method = cell(Slot::Method);
    event.status = cell(Slot::Status).and_then(number::<u16>).filter(|status| (100..=999).contains(status));
    event.url = cell(Slot::Uri).or_else(|| match (cell(Slot::Stem), cell(Slot::Query)) {
        (Some(stem), Some(query)) => {
            let mark: &[u8] = if query.starts_with(b"?") { b"" } else { b"?" };
            Some(joined(&[stem, mark, query], scratch))
        }
        (stem, query) => stem.or(query),
    });
    event.protocol = cell(Slot::Protocol);
    event.transport = cell(Slot::Transport);
    event.observer = cell(Slot::Observer);
}

/// A cell; `None` for `-` and nothing.
fn value<'a>(row: &Row<'a, SLOTS>, slot: Slot) -> Option<&'a [u8]> {
    let text = row.get(slot as usize);
    (!matches!(text, b"-" | b"")).then_some(text)
}

fn stamp(clock: Clock, row: &Row<'_, SLOTS>, day: Option<&[u8]>) -> Option<Timestamp> {
    let (date, of_day, stamp) = (value(row, Slot::Date), value(row, Slot::Time), value(row, Slot::Stamp));
    match clock {
        Clock::DateAndTime => time::date_and_time(date?, of_day?, &TimeZone::UTC),
        Clock::Time => time::date_and_time(day?, of_day?, &TimeZone::UTC),
        Clock::Epoch => time::epoch(stamp?),
        Clock::Iso => time::iso(stamp?, &TimeZone::UTC),
        Clock::Bracketed => {
            let text = stamp?;
            let text = text.strip_prefix(b"[").and_then(|text| text.strip_suffix(b"]")).unwrap_or(text);
            time::clf(text).or_else(|| gmt(text))
        }
    }
}

/// ProxySG's `gmttime`: `29/Mar/2023:01:02:03 GMT`, with the month also as a number.
fn gmt(text: &[u8]) -> Option<Timestamp> {
    let mut parts = text.strip_suffix(b" GMT")?.splitn(3, |&byte| byte == b'/');
    let (day, month, rest) = (parts.next()?, parts.next()?, parts.next()?);
    let (year, clock) = rest.split_at_checked(4)?;
    let month = time::month(month).or_else(|| number(month))?;
    let date = format!("{}-{month:02}-{}", std::str::from_utf8(year).ok()?, std::str::from_utf8(day).ok()?);
    time::date_and_time(date.as_bytes(), clock.strip_prefix(b":")?, &TimeZone::UTC)
}

/// Milliseconds; seconds in CloudFront and wherever there are decimals, as the W3C draft has it.
fn taken(text: &[u8], dialect: Dialect) -> Option<Span> {
    if dialect == Dialect::CloudFront || memchr::memchr(b'.', text).is_some() {
        return time::seconds(text);
    }
    Some(Span(number::<i64>(text)?.checked_mul(1_000)?))
}

/// `host:port` of `http://user@host:port/path`, `tcp://host:port/`, or the bare `host:port` of a tunnel.
fn authority(uri: &[u8]) -> Option<&[u8]> {
    let rest = match memchr::memmem::find(uri, b"://") {
        Some(mark) => uri.get(mark + 3..)?,
        None => Some(uri).filter(|uri| split_authority(uri).1.is_some())?,
    };
    let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?' | b'#')).unwrap_or(rest.len());
    let authority = rest.get(..end)?;
    memchr::memrchr(b'@', authority).map_or(Some(authority), |at| authority.get(at + 1..))
}

fn joined<'a>(parts: &[&[u8]], scratch: &'a Scratch) -> &'a [u8] {
    scratch.alloc_slice_copy(&parts.concat())
}

/// `""` and `\"` as the one quote that they stand for.
fn unquote<'a>(text: &'a [u8], scratch: &'a Scratch) -> &'a [u8] {
    if memchr::memchr(b'"', text).is_none() {
        return text;
    }
    let mut rest = text;
    replaced(text, scratch, |place| {
        let (byte, after) = rest.split_first()?;
        let pair = matches!((byte, after.first()), (b'"' | b'\\', Some(b'"')));
        rest = if pair { after.get(1..)? } else { after };
        *place = if pair { b'"' } else { *byte };
        Some(())
    })
}

/// The user agent as the client sent it.
fn agent<'a>(text: &'a [u8], dialect: Dialect, scratch: &'a Scratch) -> &'a [u8] {
    match dialect {
        Dialect::Iis if memchr::memchr(b'+', text).is_some() => {
            let mut bytes = text.iter();
            replaced(text, scratch, |place| {
                bytes.next().map(|&byte| *place = if byte == b'+' { b' ' } else { byte })
            })
        }
        Dialect::CloudFront => {
            let once = percent_decoded(text, scratch);
            // Encoded twice in years of its logs: a blank is then still %20 after the first time.
            let twice = memchr::memmem::find(text, b"%2520").is_some();
            if twice { percent_decoded(once, scratch) } else { once }
        }
        Dialect::Iis | Dialect::Elff => text,
    }
}

fn percent_decoded<'a>(text: &'a [u8], scratch: &'a Scratch) -> &'a [u8] {
    if memchr::memchr(b'%', text).is_none() {
        return text;
    }
    let mut rest = text;
    replaced(text, scratch, |place| {
        let (byte, after) = rest.split_first()?;
        let code = after.get(..2).filter(|_| *byte == b'%').and_then(|digits| {
            u8::from_str_radix(
                std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?,
                16,
            )
            .ok()
        });
        rest = if code.is_some() { after.get(2..)? } else { after };
        *place = code.unwrap_or(*byte);
        Some(())
    })
}

/// A copy of `text` in `scratch` that `next` fills byte by byte until it says `None`; never longer than `text`.
fn replaced<'a>(text: &[u8], scratch: &'a Scratch, mut next: impl FnMut(&mut u8) -> Option<()>) -> &'a [u8] {
    let copy = scratch.alloc_slice_copy(text);
    let written = copy.iter_mut().map_while(&mut next).count();
    copy.get(..written).unwrap_or_default()
}
