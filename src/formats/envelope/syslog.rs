//! Syslog as it is sent and as it is stored: `<134>Mar 29 01:02:03 host tag[7]: text` (RFC 3164), `<134>1 2023-… host app
//! 7 id [data] text` (RFC 5424), with an octet count in front (RFC 6587), without PRI (files), with an ISO stamp (rsyslog),
//! and with only a PRI (many appliances).
//!
//! RFC 3164 never fixed what stands before the text; a word is taken for a host or a tag only where it looks like one, so
//! that no part of the text is lost.

use super::{Opened, Stamp};
use crate::event::reject::{Reason, Reject};
use crate::formats::time;
use jiff::tz::TimeZone;

/// Takes the header off.
///
/// # Errors
/// `Malformed` where there is neither PRI nor stamp.
pub fn open(line: &[u8]) -> Result<Opened<'_>, Reject> {
    let line = without_count(line);
    let (prioritised, rest) = match priority(line) {
        Some(rest) => (true, rest),
        None => (false, line),
    };
    if prioritised && let Some(opened) = versioned(rest) {
        return Ok(opened);
    }
    let Some((stamp, rest)) = stamp(rest) else {
        let inner = if prioritised { rest } else { return Err(Reject::line(Reason::Malformed)) };
        return Ok(Opened { inner, ..Opened::default() });
    };
    let mut opened = Opened { inner: rest, stamp, ..Opened::default() };
    if let Some((word, rest)) = word(opened.inner).filter(|(word, _)| is_host(word)) {
        // A sender that does not know its name writes what RFC 5424 has for none.
        opened.host = (word != b"-").then_some(word);
        opened.inner = rest;
    }
    if let Some((tag, rest)) = word(opened.inner).and_then(|(word, rest)| Some((tag(word)?, rest))) {
        opened.tag = tag;
        opened.inner = rest;
    }
    Ok(opened)
}

/// `123 <134>…` without its count.
fn without_count(line: &[u8]) -> &[u8] {
    // Seven digits are ten megabytes, more than any line that is read.
    let digits = line.iter().take(8).take_while(|byte| byte.is_ascii_digit()).count();
    match line.get(digits..) {
        Some([b' ', rest @ ..]) if (1..8).contains(&digits) && rest.first() == Some(&b'<') => rest,
        _ => line,
    }
}

/// What follows `<134>`; at most 191, facility 23 and severity 7.
fn priority(line: &[u8]) -> Option<&[u8]> {
    let rest = line.strip_prefix(b"<")?;
    let end = rest.iter().take(4).position(|&byte| byte == b'>')?;
    let value: u16 = crate::event::number(rest.get(..end)?)?;
    (value <= 191).then_some(rest.get(end + 1..)?)
}

/// The rest of an RFC 5424 header: `1 STAMP HOST APP PID MSGID DATA [TEXT]`.
fn versioned(rest: &[u8]) -> Option<Opened<'_>> {
    let mut parts = rest.splitn(7, |&byte| byte == b' ');
    let version = parts.next()?;
    if version.len() > 2 || !version.iter().all(u8::is_ascii_digit) || version.is_empty() {
        return None;
    }
    let (stamp, host, app) = (parts.next()?, parts.next()?, parts.next()?);
    let (_pid, message, data) = (parts.next()?, parts.next()?, parts.next()?);
    let stamp = match stamp {
        b"-" => Stamp::None,
        stamp if stamp.get(10) == Some(&b'T') => Stamp::Iso(stamp),
        _ => return None,
    };
    let (structured, text) = structured(data).unwrap_or((b"", data));
    // The blank between the parts, and one that rsyslog keeps where it makes RFC 5424 of a line with a tag.
    let text = text.strip_prefix(b" ").unwrap_or(text);
    let text = text.strip_prefix(b" ").unwrap_or(text);
    Some(Opened {
        inner: text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text),
        host: (host != b"-").then_some(host),
        stamp,
        tag: if app == b"-" { b"" } else { app },
        structured,
        message: if message == b"-" { b"" } else { message },
    })
}

/// `-` or `[id a="b"][…]`, and what follows. `None` for brackets that are no structured data by the letter of the RFC
/// (Check Point's `[a:"b"; …]`): they are text then.
fn structured(data: &[u8]) -> Option<(&[u8], &[u8])> {
    if let Some(rest) = data.strip_prefix(b"-") {
        return (rest.is_empty() || rest.starts_with(b" ")).then_some((b"", rest));
    }
    let (mut at, mut quoted, mut inside) = (0, false, false);
    loop {
        let byte = data.get(at);
        match byte {
            Some(b'\\') if quoted => at += 1,
            Some(b'"') => quoted = !quoted,
            Some(b'=') if !quoted && data.get(at + 1) != Some(&b'"') => return None,
            Some(b':' | b';') if !quoted => return None,
            Some(b'[') if !quoted && !inside => inside = true,
            Some(b']') if !quoted && inside => inside = false,
            Some(_) if inside => {}
            Some(b' ') | None if at > 0 => return data.split_at_checked(at),
            _ => return None,
        }
        at += 1;
    }
}

/// The stamp of RFC 3164 or an ISO one, and what follows its blank.
fn stamp(rest: &[u8]) -> Option<(Stamp<'_>, &[u8])> {
    // Cisco IOS marks a clock that is not synchronised; others put a colon or a blank in front.
    let start = rest.iter().take(3).take_while(|byte| matches!(byte, b'*' | b'.' | b':' | b' ')).count();
    let rest = rest.get(start..)?;
    if let Some((stamp, rest)) = time::split_month_first(rest) {
        return Some((Stamp::MonthFirst(stamp), rest));
    }
    if rest.get(4) != Some(&b'-') || !matches!(rest.get(10), Some(b'T' | b' ')) {
        return None;
    }
    // The blank of `2023-03-29 01:02:03` does not end the stamp.
    let end = 11 + memchr::memchr(b' ', rest.get(11..)?)?;
    let (stamp, rest) = rest.split_at_checked(end)?;
    time::iso(stamp, &TimeZone::UTC)?;
    Some((Stamp::Iso(stamp), rest.get(1..)?))
}

/// The first word and what follows its blanks.
fn word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr::memchr(b' ', text)?;
    let (word, rest) = text.split_at_checked(end)?;
    (!word.is_empty()).then_some((word, rest.trim_ascii_start()))
}

/// A host's name or address: no mark of a key, a column or a program in it. (An IPv6 address has colons, but not last.)
fn is_host(word: &[u8]) -> bool {
    word.len() <= 255
        && word.last() != Some(&b':')
        && word.iter().all(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'/' | b'%')
        })
        && word.first() != Some(&b'%')
}

/// `tag:`, `tag[7]:`, `(squid-1):`, or the lone colon of some appliances, without the colon and the process. A message id
/// (`%ASA-6-302014:`) and `CEF:` are the beginning of the text.
fn tag(word: &[u8]) -> Option<&[u8]> {
    let word = word.strip_suffix(b":")?;
    let name = memchr::memchr(b'[', word).map_or(word, |at| word.get(..at).unwrap_or_default());
    let fits =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'/' | b'(' | b')');
    (name.iter().all(fits) && word.len() <= 64 && !matches!(name, b"CEF" | b"LEEF")).then_some(name)
}
