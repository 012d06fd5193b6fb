//! Netskope transaction events: W3C rows whose `#Fields` has Netskope's own `x-cs-*` and `x-c-*` columns. `cs-bytes` is
//! client to server, as everywhere in W3C.
//!
//! Rows are read as any W3C log is; what this adds is the certainty that a proxy wrote them, which their fields alone do
//! not tell, and the two names that Netskope has of its own: `cs-dns` and `cs-uri-scheme`.

use crate::event::Event;
use crate::event::Role;
use crate::event::reject::Reject;
use crate::formats::server::w3c;
use crate::formats::{Compiled, Context, Format, Kind, Scratch, Sight, Sniffed};
use std::sync::Arc;

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "netskope",
    about: "Netskope transaction events (W3C with Netskope's #Fields, or JSON with the same)",
    roles: &[Role::Proxy],
    compile,
    sniff,
    is_header: w3c::KIND.is_header,
};

#[derive(Debug)]
struct Netskope {
    rows: Arc<dyn Format>,
}

/// The header in the names that W3C readers know, with Netskope's own behind them for rows that are JSON.
fn translated(fields: &str) -> String {
    // A host of its own wins over the one that the client looked up, and whom the proxy asked over whom the client did.
    let has = |names: &[&str]| fields.split_whitespace().any(|word| names.contains(&word));
    let (has_host, has_server) = (has(&["cs-host", "cs(Host)"]), has(&["x-sr-dst-ip"]));
    let name = |word: &str| match word {
        "cs-dns" if !has_host => format!("cs-host={word}"),
        "cs-user-agent" => format!("cs(User-Agent)={word}"),
        "x-cs-src-port" => format!("c-port={word}"),
        "x-sr-dst-ip" => format!("r-ip={word}"),
        "x-cs-dst-ip" if !has_server => format!("r-ip={word}"),
        "x-cs-timestamp" | "x-cs-src-ip-egress" => format!("x-other-{word}"),
        other => other.to_owned(),
    };
    let words = fields.split_whitespace().map(name);
    words.collect::<Vec<_>>().join(" ")
}

fn compile(spec: &str, context: &Context) -> Compiled {
    let context = Context { role: Some(Role::Proxy), ..context.clone() };
    let fields = spec.trim_start().strip_prefix("proxy ").unwrap_or(spec);
    let rows = (w3c::KIND.compile)(&translated(fields), &context)?;
    Ok(Arc::new(Netskope { rows }))
}

impl Format for Netskope {
    fn parse<'a>(
        &self,
        line: &'a [u8],
        scratch: &'a Scratch,
        events: &mut Vec<Event<'a>>,
    ) -> Result<(), Reject> {
        let before = events.len();
        self.rows.parse(line, scratch, events)?;
        for event in events.get_mut(before..).unwrap_or_default() {
            event.dataset = "netskope";
        }
        Ok(())
    }

    fn header(&self, line: &[u8]) -> Option<Result<Arc<dyn Format>, Reject>> {
        let text = std::str::from_utf8(line).ok()?;
        let changed = match text.split_once(' ') {
            Some((word, fields)) if word.eq_ignore_ascii_case("#Fields:") => {
                self.rows.header(format!("#Fields: {}", translated(fields)).as_bytes())?
            }
            _ => self.rows.header(line)?,
        };
        Some(changed.map(|rows| -> Arc<dyn Format> { Arc::new(Netskope { rows }) }))
    }

    fn sight(&self) -> Sight {
        Sight { remedy: "add cs-bytes to the fields of the transaction events", ..self.rows.sight() }
    }
}

fn sniff(lines: &[&[u8]], context: &Context) -> Sniffed {
    let keys = w3c::json::keys(lines);
    let header = lines.iter().find_map(|line| {
        let (word, fields) = std::str::from_utf8(line).ok()?.split_once(' ')?;
        word.eq_ignore_ascii_case("#Fields:").then_some(fields)
    });
    let fields = header.or(keys.as_deref());
    let own = |fields: &str| {
        let words = || fields.split_whitespace();
        words().any(|word| word == "x-cs-app" || word == "x-cs-session-id" || word == "x-cs-access-method")
            || words().filter(|word| word.starts_with("x-cs-") || word.starts_with("x-c-")).count() > 2
    };
    match fields {
        Some(fields) if own(fields) && compile(fields, context).is_ok() => Sniffed::Yes {
            spec: fields.trim().to_owned(),
            why: match header {
                Some(_) => "a #Fields header has Netskope's own columns (x-cs-…)".into(),
                None => "JSON objects have Netskope's own fields (x-cs-…)".into(),
            },
        },
        _ => Sniffed::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Endpoint;
    use crate::event::reject::Reason;
    use crate::formats::tests_support::*;
    use crate::units::Span;
    use proptest::prelude::*;

    const FIELDS: &str = "date time time-taken cs-bytes sc-bytes bytes c-ip s-ip cs-username cs-method cs-uri-scheme cs-uri-query cs-user-agent sc-status cs-dns cs-uri cs-uri-port x-cs-session-id x-cs-access-method x-cs-app";
    const ROW: &str = r#"2023-03-29 01:02:03 30 10000184 224 10000408 10.1.2.3 198.51.100.1 jdoe PUT https - "rclone/v1.60.1" 201 files.example https://files.example/a 443 77 Client "Files App""#;

    #[test]
    fn a_transaction() {
        let expected = Event {
            dataset: "netskope",
            role: Role::Proxy,
            timestamp: AT,
            duration: Some(Span(30_000)),
            source: Endpoint {
                ip: Some("10.1.2.3".parse().unwrap()),
                bytes: Some(10_000_184),
                ..Endpoint::default()
            },
            destination: Endpoint {
                domain: Some(b"files.example"),
                port: Some(443),
                bytes: Some(224),
                ..Endpoint::default()
            },
            user: Some(b"jdoe"),
            method: Some(b"PUT"),
            status: Some(201),
            url: Some(b"https://files.example/a"),
            user_agent: Some(b"rclone/v1.60.1"),
            protocol: Some(b"https"),
            ..Event::default()
        };
        assert_eq!(read_with(&KIND, FIELDS, &context(), ROW).unwrap(), std::slice::from_ref(&expected));
        let format = (KIND.compile)("", &context()).unwrap();
        let format = format.header(format!("#Fields: {FIELDS}").as_bytes()).unwrap().unwrap();
        let (scratch, mut events) = (Scratch::new(), Vec::new());
        format.parse(ROW.as_bytes(), &scratch, &mut events).unwrap();
        assert_eq!(events, [expected]);
        let blind = (KIND.compile)(&FIELDS.replace("cs-bytes ", ""), &context()).unwrap().sight().blind();
        assert!(blind.unwrap().contains("cs-bytes"));
    }

    #[test]
    fn hostile_lines() {
        let reason = |line: &str| read_with(&KIND, FIELDS, &context(), line).map_err(|reject| reject.reason);
        assert_eq!(reason(&ROW.replace("10000184", "-1")), Err(Reason::BadNumber));
        assert_eq!(reason("hello"), Err(Reason::Malformed));
        assert_eq!(read(&KIND, ROW).map_err(|reject| reject.reason), Err(Reason::NoHeader));
    }

    #[test]
    fn detection() {
        assert_eq!(chosen(&[&format!("#Fields: {FIELDS}"), ROW]), format!("netskope:{FIELDS}"));
    }

    proptest! {
        #[test]
        fn broken_lines(
            edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
            cut: prop::sample::Index,
            other in proptest::collection::vec(any::<u8>(), 0..60),
        ) {
            torture(&KIND, FIELDS, ROW, &edits, cut, &other);
        }
    }
}
