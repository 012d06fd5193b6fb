//! What the tests of formats share: reading one line, asking detection, and breaking lines.

use super::{Context, Detail, Kind, Scratch, detect};
use crate::event::reject::{Reason, Reject};
use crate::event::{Endpoint, Event};
use crate::units::Timestamp;
use proptest::sample::Index;

/// 2023-03-29T01:02:03Z, when all the samples happen.
pub(crate) const AT: Timestamp = Timestamp(1_680_051_723_000_000);

pub(crate) fn context() -> Context {
    Context { near: Some(AT), ..Context::default() }
}

/// The events of a line. Leaks, so that a test may pass what it has just put together.
pub(crate) fn read_with(
    kind: &Kind,
    spec: &str,
    context: &Context,
    line: &str,
) -> Result<Vec<Event<'static>>, Reject> {
    let (scratch, line): (&'static Scratch, &'static str) =
        (Box::leak(Box::default()), line.to_owned().leak());
    let mut events = Vec::new();
    let format = (kind.compile)(spec, context).unwrap();
    format.parse(line.as_bytes(), scratch, &mut events).map(|()| events)
}

pub(crate) fn read(kind: &Kind, line: &str) -> Result<Vec<Event<'static>>, Reject> {
    read_with(kind, "", &context(), line)
}

/// The one event of a line.
pub(crate) fn one(kind: &Kind, line: &str) -> Event<'static> {
    let mut events = read(kind, line).unwrap_or_else(|reject| panic!("{reject:?}: {line}"));
    assert_eq!(events.len(), 1, "{line}");
    events.remove(0)
}

/// Lines that belong to the format and tell of no transfer.
pub(crate) fn nothing(kind: &Kind, lines: &[&str]) {
    for line in lines {
        assert_eq!(read(kind, line), Ok(vec![]), "{line}");
    }
}

/// Replaces `right` by `wrong`, which must then be rejected where it stands.
pub(crate) fn rejected(kind: &Kind, line: &str, right: &str, wrong: &str, reason: Reason) {
    let broken = line.replacen(right, wrong, 1);
    assert_ne!(broken, line, "{right}");
    // The last letters of `right` and `wrong` differ from where they begin to, which is not yet the value itself.
    let reject = read(kind, &broken).unwrap_err();
    assert_eq!(reject.reason, reason, "{broken}");
    let start = broken.find(wrong).unwrap();
    assert!(
        (start..start + wrong.len().max(1)).contains(&(reject.column as usize - 1)),
        "{reject:?} {broken}"
    );
}

pub(crate) fn end(ip: &str, port: u16, bytes: Option<u64>) -> Endpoint<'static> {
    Endpoint { ip: Some(ip.parse().unwrap()), port: Some(port), bytes, domain: None }
}

/// What detection makes of lines: `[ENVELOPE+]NAME[:SPEC]`, or what it says instead.
pub(crate) fn chosen(lines: &[&str]) -> String {
    let lines: Vec<&[u8]> = lines.iter().map(|line| line.as_bytes()).collect();
    match detect::detect(&lines, &context()) {
        Err(undetected) => undetected.expected,
        Ok(found) => {
            let mut text: String =
                found.envelopes.iter().map(|envelope| format!("{}+", envelope.name())).collect();
            text.push_str(found.kind.name);
            if !found.spec.is_empty() {
                text.push(':');
                text.push_str(&found.spec);
            }
            text
        }
    }
}

/// Reads a sample with bytes changed and its end cut off, and bytes of any kind: nothing panics, and how much detail is
/// wanted changes neither what is rejected nor what is counted.
pub(crate) fn torture(
    kind: &Kind,
    spec: &str,
    sample: &str,
    edits: &[(Index, u8)],
    cut: Index,
    other: &[u8],
) {
    let mut line = sample.as_bytes().to_vec();
    for (place, byte) in edits {
        let place = place.index(line.len());
        line[place] = *byte;
    }
    let whole = line.clone();
    line.truncate(cut.index(line.len()) + 1);
    for line in [&line[..], &whole, other, &[&line[..], other].concat()] {
        let counted = |detail| {
            let format = (kind.compile)(spec, &Context { detail, ..context() }).unwrap();
            let (scratch, mut events) = (Scratch::new(), Vec::new());
            let read = format.parse(line, &scratch, &mut events);
            let seen: Vec<String> = events
                .iter()
                .map(|event| format!("{:?}", (event.timestamp, event.source, event.destination, event.role)))
                .collect();
            (read.map_err(|reject| reject.reason), seen)
        };
        assert_eq!(counted(Detail::Full), counted(Detail::Sums));
        _ = (kind.sniff)(&[line], &context());
        _ = kind.is_header.map(|is_header| is_header(line));
    }
}
