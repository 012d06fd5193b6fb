//! HAProxy: the layouts of `option httplog`, `httpslog`, `tcplog` and `httplog clf`, and any `log-format` string.
//!
//! `%B` is what went to the client, headers included; what came from it is in `%U` only, which no built-in layout has.
//! Lines come after a process tag (`haproxy[123]: `) or bare. Stamps without a zone are local times of the balancer and
//! mark the beginning. One log often holds lines of HTTP and TCP services: without a string both are read. With
//! `option logasap` sizes are what had been sent when the line was written. Where no layout is set the lines say who came
//! and no bytes: `connect` reads those.

mod connect;

use crate::event::reject::{Reason, Reject};
use crate::event::{Event, Role};
use crate::formats::envelope::Opened;
use crate::formats::format_string::{Dialect, Layout, haproxy, sample};
use crate::formats::time::Local;
use crate::formats::{Context, Format, Kind, Scratch, Sight, Sniffed, SpecError};
use std::sync::Arc;

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "haproxy",
    about: "HAProxy: httplog, httpslog, tcplog, clf, connect (no layout set, no bytes), or any log-format string",
    roles: &[Role::Server, Role::Proxy],
    compile,
    sniff,
    is_header: None,
};

const HTTP: &str = "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r";

/// The tail tells errors of TLS, which for a good connection are zeros.
const HTTPS: &str = "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r \
                     %[fc_err]/%[ssl_fc_err,hex]/%[ssl_c_err]/%[ssl_c_ca_err]/%[ssl_fc_is_resumed] %[ssl_fc_sni]/%sslv/%sslc";

const TCP: &str = "%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq";

/// `option httplog clf`; captured headers at its end are taken with the cookie before them.
const CLF: &str = r#"%{+Q}o %{-Q}ci - - [%trg] %r %ST %B "" "" %cp %ms %ft %b %s %TR %Tw %Tc %Tr %Ta %tsc %ac %fc %bc %sc %rc %sq %bq %CC %{-Q}CS"#;

const NICKNAMES: &[(&str, &[&str])] = &[
    ("", &[HTTP, HTTPS, TCP]),
    ("http", &[HTTP]),
    ("https", &[HTTPS]),
    ("tcp", &[TCP]),
    ("clf", &[CLF]),
    (NO_LAYOUT, &[]),
];

/// The nickname of the lines that [`connect`] reads.
const NO_LAYOUT: &str = "connect";

/// The layouts are tried in this order, with a look at the line first.
#[derive(Debug)]
struct Haproxy {
    layouts: Vec<Layout>,
    /// Captured headers end the line; the layouts leave them out, as they may be missing.
    captures_last: bool,
    role: Role,
    /// For lines whose only stamp is syslog's.
    local: Local,
}

/// What to write into haproxy.cfg, for HAProxy 1.7 and later.
const UPLOAD: &str = r#"add %U to log-format (HAProxy 1.7 and later): log-format "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %U %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %{+Q}r" (in mode tcp: "%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %U %ts")"#;
const RESPONSE: &str = r#"add %B to log-format (HAProxy 1.7 and later): log-format "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %U %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %{+Q}r" (in mode tcp: "%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %U %ts")"#;

fn compile(spec: &str, context: &Context) -> Result<Arc<dyn Format>, SpecError> {
    let name = spec.trim();
    let name = name.strip_suffix("log").unwrap_or(name);
    let specs: &[&str] = match NICKNAMES.iter().find(|(nickname, _)| *nickname == name) {
        Some((_, specs)) => specs,
        None if !spec.contains('%') => {
            let message = "not one of HAProxy's own layouts (http, https, tcp, clf, connect), and a log-format string has \
                           variables like %ci";
            return Err(SpecError { message: message.into(), position: 0 });
        }
        None => &[spec],
    };
    let (role, remedy) = match context.role {
        Some(Role::Proxy) => (Role::Proxy, UPLOAD),
        _ => (Role::Server, RESPONSE),
    };
    let dialect = Dialect { dataset: "haproxy", role, remedy, context };
    let mut captures_last = false;
    let mut layouts = Vec::with_capacity(specs.len());
    for spec in specs {
        let mut pieces = haproxy::pieces(spec)?;
        captures_last |= pieces.pop_if(|piece| haproxy::is_captures(piece)).is_some();
        layouts.push(Layout::compile(pieces, dialect)?);
    }
    Ok(Arc::new(Haproxy { layouts, captures_last, role, local: Local::of(context) }))
}

impl Format for Haproxy {
    fn parse<'a>(
        &self,
        line: &'a [u8],
        scratch: &'a Scratch,
        events: &mut Vec<Event<'a>>,
    ) -> Result<(), Reject> {
        let text = without_tag(line);
        if is_notice(text) {
            return Ok(());
        }
        if connect::is(text) {
            return Err(Reject::line(Reason::BadTimestamp));
        }
        let before = line.len() - text.len();
        let text = if self.captures_last { without_captures(text) } else { text };
        let shifted = |reject: Reject| reject.shifted(before);
        let place = events.len();
        let mut first = None;
        for (layout, text) in self.in_order(text) {
            match layout.parse(text, scratch, events) {
                Ok(()) => return Ok(()),
                Err(reject) => {
                    events.truncate(place);
                    first = first.or(Some(reject));
                }
            }
        }
        Err(shifted(first.unwrap_or(Reject::line(Reason::Malformed))))
    }

    fn parse_within<'a>(
        &self,
        opened: &Opened<'a>,
        scratch: &'a Scratch,
        events: &mut Vec<Event<'a>>,
    ) -> Result<(), Reject> {
        let text = without_tag(opened.inner);
        if !connect::is(text) {
            return self.parse(opened.inner, scratch, events);
        }
        let before = opened.inner.len() - text.len();
        let event = connect::event(text, self.role, opened.time(&self.local)?);
        events.push(event.map_err(|reject| reject.shifted(before))?);
        Ok(())
    }

    fn sight(&self) -> Sight {
        let blind =
            Sight { role: self.role, source_bytes: false, destination_bytes: false, remedy: connect::REMEDY };
        self.layouts.first().map_or(blind, |layout| layout.sight())
    }
}

impl Haproxy {
    /// The layouts to try, the likeliest first. One for TCP would read some HTTP lines with the status for a size, so its
    /// lines are known before they are read.
    fn in_order<'l>(&self, line: &'l [u8]) -> impl Iterator<Item = (&Layout, &'l [u8])> {
        let (http, tcp) = self.layouts.split_at(self.layouts.len().min(2));
        let (http, tcp) = match tcp {
            [] => (http, tcp),
            _ if timers(line) == 3 => (&[][..], tcp),
            _ => (http, &[][..]),
        };
        // An HTTP line ends with the quoted request, an HTTPS line goes on, and so does what operators add to the one.
        let request = through_request(line);
        let goes_on = http.len() > 1 && request.len() < line.trim_ascii_end().len();
        let (front, back) = http.split_at(usize::from(goes_on));
        let whole = back.iter().chain(tcp).map(move |layout| (layout, line));
        whole.chain(front.iter().map(move |layout| (layout, request)))
    }
}

/// How many times stand in the sixth place of a built-in layout: three for TCP, five for HTTP.
fn timers(line: &[u8]) -> usize {
    let after_stamp = memchr::memmem::find(line, b"] ").and_then(|at| line.get(at + 2..)).unwrap_or_default();
    let third = after_stamp.split(|byte| *byte == b' ').nth(2).unwrap_or_default();
    memchr::memchr_iter(b'/', third).count() + 1
}

/// The line up to the quote that ends the request; a quote within it is written `#22`.
fn through_request(line: &[u8]) -> &[u8] {
    let quote = |from: usize| Some(from + memchr::memchr(b'"', line.get(from..)?)? + 1);
    quote(0).and_then(quote).and_then(|end| line.get(..end)).unwrap_or(line)
}

/// The line behind `haproxy[123]: `, the tag under which syslog names the process, and behind the blank that may follow
/// it.
fn without_tag(line: &[u8]) -> &[u8] {
    let line = line.trim_ascii_start();
    let bare = || {
        let rest = line.strip_prefix(b"haproxy")?;
        let rest = match rest.strip_prefix(b"[") {
            Some(number) => {
                let digits = number.iter().take_while(|byte| byte.is_ascii_digit()).count();
                number.get(digits..)?.strip_prefix(b"]")?
            }
            None => rest,
        };
        rest.strip_prefix(b": ")
    };
    bare().unwrap_or(line)
}

/// Whether HAProxy speaks of itself and its servers, as it does in the same log. No transfer has such a line, as each
/// begins with a client's address or with whatever else a string puts there, which would have to be all these words.
fn is_notice(line: &[u8]) -> bool {
    let ends = |ends: &[&[u8]]| ends.iter().any(|end| line.ends_with(end));
    let holds = |words: &[&[u8]]| words.iter().any(|word| memchr::memmem::find(line, word).is_some());
    (line.starts_with(b"Proxy ") && (ends(&[b" started."]) || holds(&[b" stopped (cumulated conns: "])))
        || (line.starts_with(b"Server ") && holds(&[b" is UP", b" is DOWN"]))
        || (line.starts_with(b"backend ") && ends(&[b" has no server available!"]))
        // `192.0.2.7:50123 [29/Mar/2023:01:02:03.456] www/1: SSL handshake failure`: nothing was asked yet.
        || ends(&[b": SSL handshake failure", b" during SSL handshake"])
}

/// The line before the groups `{…} {…}` at its end.
fn without_captures(line: &[u8]) -> &[u8] {
    let mut line = line.trim_ascii_end();
    while let Some(inner) = line.strip_suffix(b"}") {
        match memchr::memrchr(b'{', inner).and_then(|open| inner.get(..open)) {
            Some(front) if front.ends_with(b" ") => line = front.trim_ascii_end(),
            _ => break,
        }
    }
    line
}

/// The built-in layouts are told apart by their slashes; none of them is any other server's. Lines that are no transfers
/// say nothing about the layout of those that are.
fn sniff(lines: &[&[u8]], context: &Context) -> Sniffed {
    let filled = sample::filled(lines);
    let (bare, lines): (Vec<&[u8]>, Vec<&[u8]>) =
        filled.iter().partition(|line| connect::is(without_tag(line)) || is_notice(without_tag(line)));
    if lines.is_empty() && bare.iter().any(|line| connect::is(without_tag(line))) {
        let why = "the lines say who came, as HAProxy writes them where no layout is set".into();
        return Sniffed::Yes { spec: NO_LAYOUT.into(), why };
    }
    for (spec, name) in [("", "HAProxy's own HTTP or TCP"), ("clf", "HAProxy's extended common")] {
        if compile(spec, context).is_ok_and(|format| sample::reads_most(&*format, &lines)) {
            return Sniffed::Yes { spec: spec.into(), why: format!("the lines are {name} layout") };
        }
    }
    if sample::is_most(lines.iter().filter(|line| has_own_stamp(line)).count(), lines.len()) {
        return Sniffed::Unsure { say: unsure() };
    }
    Sniffed::No
}

/// Whether a stamp with milliseconds and without a zone stands in brackets: `[29/Mar/2023:01:02:03.456]`, as no other
/// server writes it.
fn has_own_stamp(line: &[u8]) -> bool {
    const STAMP: &[u8] = b"[00/aaa/0000:00:00:00.000]";
    let like = |text: &[u8]| {
        text.iter().zip(STAMP).all(|(byte, model)| match model {
            b'0' => byte.is_ascii_digit(),
            b'a' => byte.is_ascii_alphabetic(),
            _ => byte == model,
        })
    };
    memchr::memchr_iter(b'[', line)
        .any(|at| line.get(at..).and_then(|rest| rest.get(..STAMP.len())).is_some_and(like))
}

/// What to pass for lines of a string of the operator's.
fn unsure() -> String {
    let upload = HTTP.replace("%B", "%B %U");
    format!(
        "the lines have HAProxy's stamp and are none of its own layouts: pass --format-from haproxy.cfg (its configuration), \
         or the log-format string in it, such as --format 'haproxy:{upload}' (%B: bytes to the client, %U: bytes from it)"
    )
}

#[cfg(test)]
mod tests;
