//! Rows without their `#Fields`: shippers drop comments, and ProxySG sends none over syslog. Only layouts whose order a
//! vendor has fixed are known by their rows: IIS writes the columns that were ticked in one order, whichever they are,
//! and CloudFront and ProxySG write all of a list.
//!
//! Two numbers behind IIS's `sc-win32-status` may be either size with the time; such rows are left to the operator.

use super::layout::{self, Layout};
use super::role::Dialect;
use super::{KIND, compile};
use crate::event::{Event, Role, address};
use crate::formats::format_string::sample;
use crate::formats::one_line::sniff_most;
use crate::formats::{Context, Detail, Scratch, Sniffed};
use std::sync::Arc;

/// CloudFront's standard log, as far as its columns have grown.
const CLOUDFRONT: &str = "date time x-edge-location sc-bytes c-ip cs-method cs(host) cs-uri-stem sc-status cs(referer) \
    cs(user-agent) cs-uri-query cs(cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes \
    time-taken x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status \
    fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len \
    sc-range-start sc-range-end";

/// So many columns had both sizes and the client's name of the site.
const CLOUDFRONT_LEAST: usize = 19;

/// ProxySG's formats by the names it gives them, up to the last column that is read. Before the status of
/// `bcreportermain_v1` stand two blanks, which make an empty column.
const PROXYSG: [(&str, &str); 5] = [
    (
        "main",
        "date time time-taken c-ip sc-status s-action sc-bytes cs-bytes cs-method cs-uri-scheme cs-host cs-uri-port \
         cs-uri-path cs-uri-query cs-username cs-auth-group s-supplier-name rs(content-type) cs(referer) cs(user-agent) \
         sc-filter-result *",
    ),
    (
        "bcreportermain_v1",
        "date time time-taken c-ip cs-username cs-auth-group s-supplier-name s-supplier-ip s-supplier-country \
         s-supplier-failures x-exception-id sc-filter-result cs-categories cs(referer) x-none sc-status s-action cs-method \
         rs(content-type) cs-uri-scheme cs-host cs-uri-port cs-uri-path cs-uri-query cs-uri-extension cs(user-agent) s-ip \
         sc-bytes cs-bytes *",
    ),
    (
        "bcreportermain_v1",
        "date time time-taken c-ip cs-username cs-auth-group x-exception-id sc-filter-result cs-categories cs(referer) \
         x-none sc-status s-action cs-method rs(content-type) cs-uri-scheme cs-host cs-uri-port cs-uri-path cs-uri-query \
         cs-uri-extension cs(user-agent) s-ip sc-bytes cs-bytes *",
    ),
    (
        "bcreportermain_v1",
        "date time time-taken c-ip cs-username cs-auth-group x-exception-id sc-filter-result cs-categories cs(referer) \
         sc-status s-action cs-method rs(content-type) cs-uri-scheme cs-host cs-uri-port cs-uri-path cs-uri-query \
         cs-uri-extension cs(user-agent) s-ip sc-bytes cs-bytes *",
    ),
    (
        "bcreporterssl_v1",
        "date time time-taken c-ip cs-username cs-auth-group s-supplier-name s-supplier-ip s-supplier-country \
         s-supplier-failures x-exception-id sc-filter-result cs-categories sc-status s-action cs-method rs(content-type) \
         cs-uri-scheme cs-host cs-uri-port cs-uri-extension cs(user-agent) s-ip sc-bytes cs-bytes *",
    ),
];

/// These formats, to read rows by that do not fit their header. All that they say, as [`fits`] looks at the method too.
pub(super) fn proxysg() -> Arc<[Layout]> {
    let layout = |fields: &str| {
        let names = layout::names(fields.as_bytes());
        Layout::new(&names, Role::Proxy, Dialect::Elff, Detail::Full).ok()
    };
    PROXYSG.iter().filter_map(|(_, fields)| layout(fields)).collect()
}

/// Whether a row that was read without a header has the shape of one: a client, a site, both sizes, a word for a method.
pub(super) fn fits(event: &Event<'_>) -> bool {
    let method = |text: &[u8]| text.iter().all(|byte| byte.is_ascii_alphabetic() || *byte == b'-');
    event.source.ip.is_some()
        && (event.destination.domain.is_some() || event.destination.ip.is_some())
        && event.source.bytes.is_some()
        && event.destination.bytes.is_some()
        && event.method.is_none_or(method)
}

pub(super) fn sniff(lines: &[&[u8]], context: &Context) -> Sniffed {
    let lines = sample::filled(lines);
    if !lines.first().is_some_and(|line| dated(line)) {
        return Sniffed::No;
    }
    if let Some(spec) = cloudfront(&lines).filter(|spec| reads(spec, &lines, context)) {
        return Sniffed::Yes { spec, why: "the rows are CloudFront's, without their header".into() };
    }
    for (name, fields) in PROXYSG {
        let spec = format!("proxy {fields}");
        if reads(&spec, &lines, context) {
            return Sniffed::Yes {
                spec,
                why: format!("the rows are ProxySG's {name}, without their header"),
            };
        }
    }
    iis(&lines, context)
}

/// A day and a time begin the line.
fn dated(line: &[u8]) -> bool {
    let at = |place: usize| line.get(place).copied();
    let marks = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
    marks.into_iter().all(|(place, mark)| at(place) == Some(mark))
        && matches!((at(10), at(19)), (Some(b' '), Some(b' ')) | (Some(b'\t'), Some(b'\t')))
}

/// Most rows read, with a client, a site and both sizes.
fn reads(spec: &str, lines: &[&[u8]], context: &Context) -> bool {
    let context = Context { role: None, detail: Detail::Full, ..context.clone() };
    let Ok(format) = compile(spec, &context) else { return false };
    let scratch = Scratch::new();
    let such = |line: &[u8]| {
        let mut events = Vec::new();
        format.parse(line, &scratch, &mut events).is_ok() && events.iter().all(fits)
    };
    matches!(sniff_most(lines, such, ""), Sniffed::Yes { .. })
}

fn cloudfront(lines: &[&[u8]]) -> Option<String> {
    let count = lines.first()?.split(|byte| *byte == b'\t').count();
    let names: Vec<&str> = CLOUDFRONT.split_ascii_whitespace().collect();
    let names = names.get(..count).filter(|_| count >= CLOUDFRONT_LEAST)?;
    Some(format!("server {}", names.join(" ")))
}

fn iis(lines: &[&[u8]], context: &Context) -> Sniffed {
    let told: Vec<Option<Iis>> = lines.iter().map(|line| columns(line)).collect();
    let Some(first) = told.iter().flatten().next() else { return Sniffed::No };
    let alike = told.iter().flatten().filter(|iis| *iis == first).count();
    if !sample::is_most(alike, lines.len()) {
        return Sniffed::No;
    }
    let Iis { names, unsure } = first;
    let spec = format!("server {}", names.join(" "));
    if *unsure {
        let fields = names.join(" ");
        return Sniffed::Unsure {
            say: format!(
                "rows as IIS writes them, without their #Fields header, and two numbers at their end that may be a size \
                 and a time: pass --format '{}:{fields} sc-bytes time-taken', with the names of the columns in their order",
                KIND.name
            ),
        };
    }
    match compile(&spec, context) {
        Ok(_) => {
            Sniffed::Yes { spec, why: "the rows are as IIS writes them, without their #Fields header".into() }
        }
        Err(_) => Sniffed::No,
    }
}

/// The columns of a row, and whether its last two could be more than one thing.
#[derive(Debug, PartialEq, Eq)]
struct Iis {
    names: Vec<&'static str>,
    unsure: bool,
}

/// More columns than IIS has.
const IIS_MOST: usize = 40;

fn columns(line: &[u8]) -> Option<Iis> {
    if !dated(line) {
        return None;
    }
    let words: Vec<&[u8]> = line.trim_ascii_end().split(|byte| *byte == b' ').take(IIS_MOST).collect();
    let word = |place: usize| words.get(place).copied().unwrap_or_default();
    let digits = |place: usize| !word(place).is_empty() && word(place).iter().all(u8::is_ascii_digit);
    let is_method =
        |text: &[u8]| text.len() >= 3 && text.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'_');
    let method = (2..=5)
        .find(|&place| is_method(word(place)) && matches!(word(place + 1).first(), Some(b'/' | b'*')))?;
    let mut names = vec!["date", "time"];
    let has_address = method > 2 && address(word(method - 1)).is_some();
    names.extend(match (method - 2 - usize::from(has_address), word(2).starts_with(b"W3SVC")) {
        (0, _) => &[][..],
        (1, true) => &["s-sitename"],
        (1, false) => &["s-computername"],
        (2, _) => &["s-sitename", "s-computername"],
        _ => return None,
    });
    names.extend(has_address.then_some("s-ip"));
    names.extend(["cs-method", "cs-uri-stem", "cs-uri-query", "s-port", "cs-username", "c-ip"]);
    let client = method + 5;
    address(word(client))?;
    digits(method + 3).then_some(())?;
    let mut next = client + 1;
    if word(next).starts_with(b"HTTP/") {
        names.push("cs-version");
        next += 1;
    }
    let status = (next..next + 5).find(|&at| word(at).len() == 3 && (at..at + 3).all(digits))?;
    let whole_url = memchr::memmem::find(word(next + 2), b"://").is_some() || word(next + 2) == b"-";
    names.extend(match status - next {
        0 => &[][..],
        1 => &["cs(user-agent)"],
        2 => &["cs(user-agent)", "cs(referer)"],
        3 if whole_url => &["cs(user-agent)", "cs(cookie)", "cs(referer)"],
        3 => &["cs(user-agent)", "cs(referer)", "cs-host"],
        _ => &["cs(user-agent)", "cs(cookie)", "cs(referer)", "cs-host"],
    });
    names.extend(["sc-status", "sc-substatus", "sc-win32-status"]);
    let rest = status + 3..words.len();
    let kinds: Vec<bool> = rest.map(digits).collect();
    let (known, custom) = match kinds.as_slice() {
        [] => (&[][..], 0),
        [true, true] => (&[][..], 0),
        [true, true, true, custom @ ..] => (&["sc-bytes", "cs-bytes", "time-taken"][..], custom.len()),
        [true, false, custom @ ..] => (&["time-taken"][..], custom.len() + 1),
        [true] => (&["time-taken"][..], 0),
        _ => return None,
    };
    names.extend(known);
    // Columns that an administrator added stand last.
    names.extend(std::iter::repeat_n("x-custom", custom));
    Some(Iis { names, unsure: kinds == [true, true] })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::tests_support::sniffed;
    use proptest::prelude::*;

    const ROW: &str = "2023-03-29 01:02:03 10.0.0.5 GET /a q=1 443 - 192.0.2.7 Mozilla/5.0+(X) - 200 0 0 15";

    #[test]
    fn rows_of_iis() {
        let end = "sc-status sc-substatus sc-win32-status";
        let middle = "cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip";
        for (row, expected) in [
            (ROW.to_owned(), format!("date time s-ip {middle} cs(user-agent) cs(referer) {end} time-taken")),
            (
                "2023-03-29 01:02:03 W3SVC1 WEB-1 ::1%0 GET / - 80 - 192.0.2.7 HTTP/1.1 Moz - - www.example 200 0 0 123 456 789".into(),
                format!("date time s-sitename s-computername s-ip {middle} cs-version cs(user-agent) cs(cookie) cs(referer) cs-host {end} sc-bytes cs-bytes time-taken"),
            ),
            (
                "2023-03-29 01:02:03 W3SVC1 GET / - 80 - 192.0.2.7 - 304 0 0 5 203.0.113.9,10.0.0.1".into(),
                format!("date time s-sitename {middle} cs(user-agent) {end} time-taken x-custom"),
            ),
            (
                "2023-03-29 01:02:03 WEB-1 10.0.0.5 GET / - 80 - 192.0.2.7 Moz https://a.example/ www.example 304 0 0".into(),
                format!("date time s-computername s-ip {middle} cs(user-agent) cs(referer) cs-host {end}"),
            ),
        ] {
            assert_eq!(sniffed(&KIND, &[&row]), format!("yes server {expected}"), "{row}");
        }
        assert!(sniffed(&KIND, &[&format!("{ROW} 17")]).starts_with("rows as IIS"));
        for other in [&ROW[..50], "2023-03-29 01:02:03 hello", &ROW.replace("192.0.2.7", "x")] {
            assert_eq!(sniffed(&KIND, &[other]), "no", "{other}");
        }
    }

    proptest! {
        #[test]
        fn no_damaged_row_panics(cut in 0usize..100, insert in proptest::collection::vec(any::<u8>(), 0..9)) {
            let (front, back) = ROW.as_bytes().split_at(cut.min(ROW.len()));
            let _ = sniff(&[&[front, &insert, back].concat()], &Context::default());
        }
    }
}
