//! Squid's access log: the native layout, the other built-in ones, and any `logformat` string.
//!
//! The native size is the reply to the client; what the client sent is not in it, inside a CONNECT tunnel or out of it.
//! `%>st` adds that, measured on Squid 5.7 to the byte of what the client sent. The log is written when the transfer is
//! over. The server is read from the URL; `%<a` is its address unless the hierarchy code names another cache.

use crate::event::Role;
use crate::formats::format_string::{Dialect, Layout, sample, squid};
use crate::formats::{Context, Format, Kind, Sniffed, SpecError};
use std::sync::Arc;

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "squid",
    about: "Squid access.log: native, common, combined, referrer, useragent, or any logformat string",
    roles: &[Role::Proxy],
    compile,
    sniff,
    is_header: None,
};

/// Squid's own layout, which holds no upload bytes.
const NATIVE: &str = "%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a %mt";

/// What many write behind it, as Squid's own combined layout has it.
const WITH_AGENT: &str = r#""%{Referer}>h" "%{User-Agent}>h""#;

/// The built-in layouts by name.
const NICKNAMES: &[(&str, &str)] = &[
    ("squid", NATIVE),
    (TRAFFIC_SERVER, NATIVE),
    // The protocol is written by its name: `NONE/0.0` where a client went before it had asked.
    ("common", r#"%>a %[ui %[un [%tl] "%rm %ru %rv" %>Hs %<st %Ss:%Sh"#),
    ("combined", r#"%>a %[ui %[un [%tl] "%rm %ru %rv" %>Hs %<st "%{Referer}>h" "%{User-Agent}>h" %Ss:%Sh"#),
    ("referrer", "%ts.%03tu %>a %{Referer}>h %ru"),
    ("useragent", r#"%>a [%tl] "%{User-Agent}>h""#),
];

/// Traffic Server writes Squid's layout, with hierarchy codes as Squid did before 3.2 (`DIRECT` for `HIER_DIRECT`).
const TRAFFIC_SERVER: &str = "trafficserver";

/// `%<cqql>` is the whole request with its headers, measured on Traffic Server 9.2.
const TRAFFIC_SERVER_REMEDY: &str = "Traffic Server: add %<cqql>, the length of the client's request, to a format in \
                                     logging.yaml (format: '%<cqtq> %<ttms> %<chi> %<crc>/%<pssc> %<psql> %<cqhm> %<cquc> \
                                     %<caun> %<phr>/%<shn> %<psct> %<cqql>') and pass --format 'squid:%ts.%03tu %6tr %>a \
                                     %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a %mt %>st'; Squid before 3.2: add %>st to logformat";

/// The line for squid.conf is the native layout with `%>st` behind it, so that what reads the log today still can.
const REMEDY: &str = "add %>st to logformat (squid.conf: logformat outflow %ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru \
                      %[un %Sh/%<a %mt %>st, and access_log daemon:/var/log/squid/access.log outflow)";

fn compile(spec: &str, context: &Context) -> Result<Arc<dyn Format>, SpecError> {
    let remedy = if spec.trim() == TRAFFIC_SERVER { TRAFFIC_SERVER_REMEDY } else { REMEDY };
    let spec = match spec.trim() {
        "" => NATIVE,
        name if !name.contains('%') => {
            let named = NICKNAMES.iter().find(|(nickname, _)| *nickname == name);
            named.map(|(_, spec)| *spec).ok_or_else(|| SpecError {
                message: "not one of Squid's built-in formats (squid, trafficserver, common, combined, referrer, useragent), \
                          and a \
                          logformat string has codes like %>a"
                    .into(),
                position: 0,
            })?
        }
        _ => spec,
    };
    let dialect = Dialect { dataset: "squid", role: Role::Proxy, remedy, context };
    Ok(Arc::new(Layout::compile(squid::pieces(spec)?, dialect)?))
}

fn sniff(lines: &[&[u8]], context: &Context) -> Sniffed {
    let lines = sample::filled(lines);
    let extras: Vec<usize> = lines.iter().filter_map(|line| native_extras(line)).collect();
    if sample::is_most(extras.len(), lines.len()) {
        let spec = format!("{NATIVE} {WITH_AGENT}");
        let named = lines.iter().filter(|line| quotes_behind(line) == Some(2)).count();
        if sample::is_most(named, lines.len()) && compile(&spec, context).is_ok() {
            let why =
                "the lines are Squid's native log with the referrer and the agent in quotes behind it".into();
            return Sniffed::Yes { spec, why };
        }
        return native(&extras, &lines);
    }
    let with_result_code: Vec<&[u8]> =
        lines.iter().copied().filter(|line| ends_in_result_code(line)).collect();
    if sample::is_most(with_result_code.len(), lines.len()) {
        for nickname in ["combined", "common"] {
            if compile(nickname, context).is_ok_and(|format| sample::reads_most(&*format, &lines)) {
                let why = format!(
                    "the lines are Squid's \"{nickname}\", which ends in a result code such as TCP_MISS"
                );
                return Sniffed::Yes { spec: nickname.into(), why };
            }
        }
    }
    Sniffed::No
}

fn native(extras: &[usize], lines: &[&[u8]]) -> Sniffed {
    let plain = extras.iter().filter(|extra| **extra == 0).count();
    let holds = |mark: &[u8]| lines.iter().any(|line| memchr::memmem::find(line, mark).is_some());
    if sample::is_most(plain, extras.len()) {
        if !holds(b" HIER_") && holds(b" DIRECT/") {
            let why = "the lines have the ten columns of Squid's native log, as Traffic Server and old Squids write them";
            return Sniffed::Yes { spec: TRAFFIC_SERVER.into(), why: why.into() };
        }
        let why = "the lines have the ten columns of Squid's native log".into();
        return Sniffed::Yes { spec: String::new(), why };
    }
    let most = extras.iter().max().copied().unwrap_or_default();
    let columns = if most == 1 { "1 more column".into() } else { format!("{most} more columns") };
    Sniffed::Unsure {
        say: format!(
            "the lines are Squid's native log with {columns}, and what they count cannot be told from them: if the \
             last is the bytes from the client, pass --format 'squid:{NATIVE} %>st'; if it is anything else, pass \
             'squid:' and the string of your logformat line"
        ),
    }
}

/// If the line begins as a native one does, how many columns follow; headers in brackets (`log_mime_hdrs`) are none.
fn native_extras(line: &[u8]) -> Option<usize> {
    let mut columns = line.split(|byte| *byte == b' ').filter(|column| !column.is_empty());
    let mut next = || columns.next();
    let digits = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    let stamp = next()?;
    let dot = memchr::memchr(b'.', stamp)?;
    let (seconds, millis) = (stamp.get(..dot)?, stamp.get(dot + 1..)?);
    let elapsed = next()?;
    let _client = next()?;
    let result = next()?;
    let slash = memchr::memrchr(b'/', result)?;
    let (size, method, _url, _user, hierarchy, mime) = (next()?, next()?, next()?, next()?, next()?, next()?);
    let fits = seconds.len() >= 9
        && digits(seconds)
        && millis.len() == 3
        && digits(millis)
        && digits(elapsed.strip_prefix(b"-").unwrap_or(elapsed))
        && digits(result.get(slash + 1..)?)
        && digits(size)
        && method.iter().all(|byte| !byte.is_ascii_digit())
        && memchr::memchr(b'/', hierarchy).is_some()
        && (mime == b"-" || !digits(mime));
    let mut rest = columns.peekable();
    let headers = rest.peek().is_some_and(|column| column.starts_with(b"["));
    fits.then(|| if headers { 0 } else { rest.count() })
}

/// How many values in quotes follow the native columns, where nothing else does: none of them is a number.
fn quotes_behind(line: &[u8]) -> Option<usize> {
    let mut rest = line.get(memchr::memmem::find(line, b" \"")?..)?.trim_ascii();
    let mut count = 0;
    while !rest.is_empty() {
        let inner = rest.strip_prefix(b"\"")?;
        let ends = |at: &usize| {
            let before = inner.get(..*at).unwrap_or_default();
            before.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 0
        };
        let end = memchr::memchr_iter(b'"', inner).find(ends)?;
        rest = inner.get(end + 1..)?.trim_ascii_start();
        count += 1;
    }
    Some(count)
}

/// `TCP_MISS:HIER_DIRECT` at the end, as in Squid's common and combined.
fn ends_in_result_code(line: &[u8]) -> bool {
    let last = line.trim_ascii_end().rsplit(|byte| *byte == b' ').next().unwrap_or_default();
    let Some(colon) = memchr::memchr(b':', last) else { return false };
    let code =
        |text: &[u8]| text.iter().all(|byte| byte.is_ascii_uppercase() || matches!(byte, b'_' | b'0'..=b'9'));
    let (result, hierarchy) = last.split_at(colon);
    let known = [&b"TCP_"[..], b"UDP_", b"NONE", b"TAG_"].iter().any(|mark| result.starts_with(mark));
    known && code(result) && hierarchy.get(1..).is_some_and(code)
}

#[cfg(test)]
mod tests;
