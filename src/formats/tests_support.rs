//! What the tests of the formats share: lines fed as a driver feeds them, and the promises that every format keeps.

use super::{Context, Detail, Format, Kind, Scratch, Sniffed, detect};
use crate::event::reject::{Reason, Reject};
use crate::event::{Endpoint, Event};
use crate::units::Timestamp;
use proptest::sample::Index;
use std::sync::Arc;

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
    let (events, mut rejects) = read_lines_with(kind, spec, context, &[line]);
    rejects.pop().map_or(Ok(events), Err)
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

/// Events and rejects of lines. Leaks the lines, so that a test may pass what it has just put together.
pub(crate) fn read_lines_with(
    kind: &Kind,
    spec: &str,
    context: &Context,
    lines: &[&str],
) -> (Vec<Event<'static>>, Vec<Reject>) {
    let mut format = (kind.compile)(spec, context).unwrap();
    let (mut events, mut rejects) = (Vec::new(), Vec::new());
    for line in lines {
        let (scratch, line): (&'static Scratch, &'static str) =
            (Box::leak(Box::default()), (*line).to_owned().leak());
        match offer(kind, &format, line.as_bytes()) {
            Some(Ok(next)) => format = next,
            Some(Err(reject)) => rejects.push(reject),
            None => rejects.extend(format.parse(line.as_bytes(), scratch, &mut events).err()),
        }
    }
    (events, rejects)
}

/// The format after a line, where the line is a header.
fn offer(kind: &Kind, format: &Arc<dyn Format>, line: &[u8]) -> Option<Result<Arc<dyn Format>, Reject>> {
    kind.is_header.is_some_and(|is| is(line)).then(|| format.header(line)).flatten()
}

/// The same with the usual layout, in UTC, in full.
pub(crate) fn read_lines(kind: &Kind, lines: &[&str]) -> (Vec<Event<'static>>, Vec<Reject>) {
    read_lines_with(kind, "", &context(), lines)
}

/// The same without what stands aside.
pub(crate) fn counted(kind: &Kind, lines: &[&str]) -> (Vec<Event<'static>>, Vec<Reject>) {
    let (mut events, rejects) = read_lines(kind, lines);
    events.retain(|event| event.aside.is_none());
    (events, rejects)
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

/// Each line is rejected for its reason, where nothing is known beside it.
pub(crate) fn rejected_lines(kind: &Kind, lines: &[(&str, Reason)]) {
    for (line, reason) in lines {
        let (events, rejects) = read_lines_with(kind, "", &Context::default(), &[line]);
        let reasons: Vec<Reason> = rejects.iter().map(|reject| reject.reason).collect();
        assert_eq!((events, reasons), (vec![], vec![*reason]), "{line}");
    }
}

/// What detection makes of lines: `yes SPEC`, what an unsure kind says, or `no`.
pub(crate) fn sniffed(kind: &Kind, lines: &[&str]) -> String {
    let lines: Vec<&[u8]> = lines.iter().map(|line| line.as_bytes()).collect();
    match (kind.sniff)(&lines, &context()) {
        Sniffed::Yes { spec, .. } | Sniffed::Else { spec, .. } => format!("yes {spec}").trim_end().to_owned(),
        Sniffed::Unsure { say } => say,
        Sniffed::No => "no".to_owned(),
    }
}

/// Detection chooses this kind, and no other has anything against it.
pub(crate) fn detected(kind: &Kind, lines: &[&str]) {
    let lines: Vec<&[u8]> = lines.iter().map(|line| line.as_bytes()).collect();
    match detect::detect(&lines, &context()) {
        Ok(found) => assert_eq!(found.kind.name, kind.name),
        Err(error) => panic!("{}: {}", kind.name, error.expected),
    }
}

/// No bytes make the format panic, neither in a line nor in a header nor in detection.
pub(crate) fn survives(kind: &Kind, lines: &[Vec<u8>]) {
    for detail in [Detail::Full, Detail::Sums] {
        let mut format = (kind.compile)("", &Context { detail, ..context() }).unwrap();
        for line in lines {
            match offer(kind, &format, line) {
                Some(Ok(next)) => format = next,
                Some(Err(_)) => {}
                None => _ = format.parse(line, &Scratch::new(), &mut Vec::new()),
            }
        }
    }
    let lines: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
    _ = (kind.sniff)(&lines, &context());
}

/// Lines of `text` with some bytes changed and the end cut off, as [`survives`] takes them.
pub(crate) fn damaged(text: &[&str], edits: &[(usize, u8)], cut: usize) -> Vec<Vec<u8>> {
    let mut bytes = text.join("\n").into_bytes();
    for (place, byte) in edits {
        let place = place % bytes.len().max(1);
        if let Some(old) = bytes.get_mut(place) {
            *old = *byte;
        }
    }
    bytes.truncate(bytes.len() - cut % bytes.len().max(1));
    bytes.split(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect()
}

/// Sums and full reading agree on which lines count, and on when, who and how many bytes.
pub(crate) fn details_agree(kind: &Kind, spec: &str, lines: &[Vec<u8>]) {
    let told = |detail| {
        let mut format = (kind.compile)(spec, &Context { detail, ..context() }).unwrap();
        let mut told = Vec::new();
        for line in lines {
            let (scratch, mut events) = (Scratch::new(), Vec::new());
            let read = match offer(kind, &format, line) {
                Some(Ok(next)) => {
                    format = next;
                    Ok(())
                }
                Some(Err(reject)) => Err(reject),
                None => format.parse(line, &scratch, &mut events),
            };
            let sums: Vec<String> = events
                .iter()
                .filter(|event| event.aside.is_none())
                .filter(|event| {
                    event.source.bytes.or(event.destination.bytes).is_some() || event.question.is_some()
                })
                .map(|e| {
                    let ends = [e.source, e.destination].map(|end| (end.ip, end.domain, end.bytes));
                    format!("{:?}", (e.timestamp, e.role, ends, e.question.map(|question| question.name)))
                })
                .collect();
            told.push((sums, read.map_err(|reject| reject.reason)));
        }
        told
    };
    assert_eq!(told(Detail::Full), told(Detail::Sums));
}

/// The events of lines as detection reads them, envelopes and all.
pub(crate) fn found(kind: &Kind, lines: &[&str]) -> Vec<Event<'static>> {
    let lines: Vec<&'static [u8]> =
        lines.iter().map(|line| -> &'static [u8] { (*line).to_owned().leak().as_bytes() }).collect();
    let found = detect::detect(&lines, &context()).unwrap();
    assert_eq!(found.kind.name, kind.name);
    let (scratch, mut events): (&'static Scratch, _) = (Box::leak(Box::default()), Vec::new());
    for line in lines {
        found.format.parse(line, scratch, &mut events).unwrap();
    }
    events
}

/// Reads a sample with bytes changed and its end cut off, and bytes of any kind, as [`survives`] and [`details_agree`] do.
pub(crate) fn torture(
    kind: &Kind,
    spec: &str,
    sample: &str,
    edits: &[(Index, u8)],
    cut: Index,
    other: &[u8],
) {
    let mut whole = sample.as_bytes().to_vec();
    for (place, byte) in edits {
        let place = place.index(whole.len());
        whole[place] = *byte;
    }
    let short = whole[..=cut.index(whole.len())].to_vec();
    let lines = [short.clone(), whole, other.to_vec(), [&short, other].concat()];
    survives(kind, &lines);
    details_agree(kind, spec, &lines);
}
