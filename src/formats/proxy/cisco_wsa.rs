//! Cisco WSA (AsyncOS) access log: Squid's columns with the user in quotes, then the decision, the scanners' verdicts in
//! angle brackets, and what the operator added.
//!
//! The size is the response's. Uploads are seen only with the custom field `%q` (request size); since custom fields come
//! last and have no names, the operator says them: `cisco-wsa:%q`.

use crate::event::reject::{Reason, Reject};
use crate::event::{Event, Role, address, number, split_authority};
use crate::formats::fields::authority;
use crate::formats::one_line::sniff_most;
use crate::formats::{Context, Format, Kind, Scratch, Sight, SpecError, time};
use crate::units::Span;
use std::sync::Arc;

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "cisco-wsa",
    about: "Cisco WSA access log; with custom fields 'cisco-wsa:CUSTOM FIELDS' (%q is the upload)",
    roles: &[Role::Proxy],
    compile,
    sniff: |lines, _| {
        sniff_most(
            lines,
            is_wsa,
            "Squid's columns are followed by WSA's decision and verdicts in angle brackets",
        )
    },
    is_header: None,
};

const REMEDY: &str =
    "add the custom field %q (request size) to the access log subscription and pass --format 'cisco-wsa:%q'";

#[derive(Debug)]
struct Wsa {
    /// How many words from the end the upload stands.
    upload: Option<usize>,
}

fn compile(spec: &str, _context: &Context) -> Result<Arc<dyn Format>, SpecError> {
    if spec.trim().is_empty() {
        return Ok(Arc::new(Wsa { upload: None }));
    }
    if !spec.contains('%') {
        let message = "the custom fields of the log subscription, as in 'cisco-wsa:%q', have a % each".into();
        return Err(SpecError { message, position: 0 });
    }
    let words: Vec<&str> = spec.split_whitespace().collect();
    let upload = words.iter().rev().position(|word| word.trim_matches('"').ends_with("%q"));
    Ok(Arc::new(Wsa { upload }))
}

/// The verdicts, from the first `<` behind the decision.
fn is_wsa(line: &[u8]) -> bool {
    let mut words = Words { rest: without_level(line) };
    let stamp = words.next().and_then(time::epoch);
    let result = words.nth(2);
    let decided = words.nth(6).is_some_and(|word| memchr::memchr(b'-', word).is_some());
    let verdicts = words.next().is_some_and(|word| word.starts_with(b"<"));
    stamp.is_some() && result.is_some_and(|word| memchr::memchr(b'/', word).is_some()) && decided && verdicts
}

/// The line behind the `Info: ` that is put before it where the log is pushed by syslog.
fn without_level(line: &[u8]) -> &[u8] {
    line.strip_prefix(b"Info: ").unwrap_or(line)
}

/// Words between blanks; one that begins with a quote ends behind the next.
struct Words<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest.trim_ascii_start();
        if rest.is_empty() {
            return None;
        }
        let quoted = rest.strip_prefix(b"\"").and_then(|text| Some((text, memchr::memchr(b'"', text)?)));
        let (word, after) = match quoted {
            Some((text, end)) => (text.get(..end)?, text.get(end + 1..)?),
            None => rest.split_at_checked(memchr::memchr(b' ', rest).unwrap_or(rest.len()))?,
        };
        self.rest = after;
        Some(word)
    }
}

impl Format for Wsa {
    fn parse<'a>(
        &self,
        line: &'a [u8],
        _scratch: &'a Scratch,
        events: &mut Vec<Event<'a>>,
    ) -> Result<(), Reject> {
        let wrong = |reason, text: &[u8]| Reject::of(reason, line, text);
        let mut words = Words { rest: without_level(line) };
        let mut next = || words.next().ok_or_else(|| Reject::at(Reason::Malformed, line.len()));
        let mut event = Event { dataset: "cisco-wsa", role: Role::Proxy, ..Event::default() };
        let stamp = next()?;
        event.timestamp = time::epoch(stamp).ok_or_else(|| wrong(Reason::BadTimestamp, stamp))?;
        let elapsed = next()?;
        let millis = number::<u32>(elapsed).ok_or_else(|| wrong(Reason::BadNumber, elapsed))?;
        event.duration = Some(Span(i64::from(millis) * 1_000));
        let client = next()?;
        event.source.ip = Some(address(client).ok_or_else(|| wrong(Reason::BadAddress, client))?);
        let result = next()?;
        let slash = memchr::memrchr(b'/', result).ok_or_else(|| wrong(Reason::Malformed, result))?;
        event.status =
            result.get(slash + 1..).and_then(number::<u16>).filter(|status| (100..=999).contains(status));
        let size = next()?;
        event.destination.bytes = Some(number(size).ok_or_else(|| wrong(Reason::BadNumber, size))?);
        event.method = Some(next()?);
        let url = next()?;
        event.url = Some(url);
        let (name, port) = split_authority(authority(url));
        event.destination.set_host(name);
        event.destination.port = port;
        let user = next()?;
        event.user = (user != b"-").then_some(user);
        let _hierarchy = next()?;
        let _mime = next()?;
        let _decision = next()?;
        if let Some(place) = self.upload {
            let rest: Vec<&[u8]> = words.collect();
            let word = rest.iter().rev().nth(place).copied().unwrap_or_default();
            if word != b"-" {
                // A label may be stuck to it: `up=%q`.
                let digits = word.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
                let digits = word.get(word.len() - digits..).unwrap_or_default();
                event.source.bytes = Some(number(digits).ok_or_else(|| wrong(Reason::BadNumber, word))?);
            }
        }
        events.push(event);
        Ok(())
    }

    fn sight(&self) -> Sight {
        Sight {
            role: Role::Proxy,
            source_bytes: self.upload.is_some(),
            destination_bytes: true,
            remedy: REMEDY,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Endpoint;
    use crate::formats::tests_support::*;
    use proptest::prelude::*;

    const LINE: &str = r#"1680051723.000 120 10.1.2.3 TCP_MISS/201 224 PUT http://files.example:8080/a "CORP\jdoe@realm" DIRECT/files.example text/plain DEFAULT_CASE_12-DefaultGroup-Id-NONE-NONE-DefaultGroup <IW_comp,3.8,1,"-",-,-,-,-> -"#;

    #[test]
    fn a_request_is_blind_without_custom_fields() {
        let expected = Event {
            dataset: "cisco-wsa",
            role: Role::Proxy,
            timestamp: AT,
            duration: Some(Span(120_000)),
            source: Endpoint { ip: Some("10.1.2.3".parse().unwrap()), ..Endpoint::default() },
            destination: Endpoint {
                domain: Some(b"files.example"),
                port: Some(8080),
                bytes: Some(224),
                ..Endpoint::default()
            },
            user: Some(br"CORP\jdoe@realm"),
            method: Some(b"PUT"),
            status: Some(201),
            url: Some(b"http://files.example:8080/a"),
            ..Event::default()
        };
        assert_eq!(one(&KIND, LINE), expected);
        assert!((KIND.compile)("", &context()).unwrap().sight().blind().unwrap().contains("%q"));
        for (spec, tail) in [("%q", "10000184"), ("%q \"%u\"", "10000184 \"curl\""), ("up=%q", "up=10000184")]
        {
            let seen = read_with(&KIND, spec, &context(), &format!("{LINE} {tail}")).unwrap();
            assert_eq!(seen[0].source.bytes, Some(10_000_184), "{spec}");
            assert_eq!((KIND.compile)(spec, &context()).unwrap().sight().blind(), None);
        }
        assert!((KIND.compile)("q", &context()).is_err());
    }

    #[test]
    fn hostile_lines() {
        rejected(&KIND, LINE, "10.1.2.3", "10.1.2.x", Reason::BadAddress);
        rejected(&KIND, LINE, " 224 ", " 22x ", Reason::BadNumber);
        rejected(&KIND, LINE, "1680051723.000", "1680051723.x", Reason::BadTimestamp);
        for line in ["", "hello", "1680051723.000 1 10.1.2.3"] {
            assert!(read(&KIND, line).is_err(), "{line}");
        }
        assert!(read_with(&KIND, "%q", &context(), &format!("{LINE} much")).is_err());
    }

    #[test]
    fn detection() {
        assert_eq!(chosen(&[LINE]), "cisco-wsa");
        assert_eq!(chosen(&[&format!("<14>Mar 29 01:02:03 wsa-1 accesslogs: {LINE}")]), "syslog+cisco-wsa");
    }

    proptest! {
        #[test]
        fn broken_lines(
            edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
            cut: prop::sample::Index,
            other in proptest::collection::vec(any::<u8>(), 0..60),
            custom: bool,
        ) {
            torture(&KIND, if custom { "%q" } else { "" }, LINE, &edits, cut, &other);
        }
    }
}
