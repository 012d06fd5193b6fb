//! Lines read by a format, and what every format promises of its answers.

use crate::TARGET;
use outflow::event::Event;
use outflow::event::reject::{Reason, Reject};
use outflow::formats::generic::mapped::Mapping;
use outflow::formats::{Context, Detail, Format, KINDS, Kind, Scratch, detect};
use outflow::framing::lines;
use outflow::units::Timestamp;
use std::path::Path;
use std::sync::{Arc, LazyLock};

/// Most lines of an input that are read: more only make it slow.
const LINES: usize = 64;

/// No event is told in fewer bytes than this: the shortest flow tuples and DNS questions are longer.
const BYTES_PER_EVENT: usize = 4;

/// What is decoded of a line is no longer than the line a few times over; the rest is the scratch's first block.
const DECODED: usize = 16;
const DECODED_AT_LEAST: usize = 64 << 10;

/// Kinds that are described by a format string.
const DIALECTS: [&str; 6] = ["squid", "apache", "nginx", "haproxy", "envoy", "tomcat"];

/// 2023-03-29T01:02:03Z, when the samples happen; a zone with gaps and repeated hours for stamps that have none.
pub fn context(detail: Detail) -> Context {
    static ZONE: LazyLock<jiff::tz::TimeZone> =
        LazyLock::new(|| jiff::tz::TimeZone::posix("EST5EDT,M3.2.0,M11.1.0").expect("a POSIX zone"));
    let near = Some(Timestamp(1_680_051_723_000_000));
    Context { detail, zone: ZONE.clone(), near, own: Arc::clone(&OWN), ..Context::default() }
}

/// Formats that an operator described.
static OWN: LazyLock<Arc<[Arc<Mapping>]>> = LazyLock::new(|| {
    let text = include_str!("../../../sample-logs/own-formats/outflow.toml");
    outflow::config::read(text, Path::new("")).expect("the sample is right").formats
});

/// The kinds whose files lie in the folder that the target is named after.
static FAMILY: LazyLock<Vec<&'static Kind>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../src/formats").join(TARGET.0);
    let is_in = |kind: &Kind| folder.join(kind.name.replace('-', "_")).with_extension("rs").exists();
    let family: Vec<_> = KINDS.iter().copied().filter(|kind| is_in(kind)).collect();
    assert!(!family.is_empty(), "{}: no format has its file here", folder.display());
    family
});

/// The first line names a kind of the family, perhaps with its string; where it names none, its first byte chooses one.
pub fn family(input: &[u8]) {
    let Some((named, text)) = split(input) else { return };
    let before = named.split(':').next().unwrap_or_default();
    let spec = named.strip_prefix(before).and_then(|rest| rest.strip_prefix(':')).unwrap_or_default();
    let chosen = usize::from(named.bytes().next().unwrap_or_default()) % FAMILY.len();
    let kind = FAMILY.iter().find(|kind| kind.name == before).unwrap_or(&FAMILY[chosen]);
    read(kind, text, |context| Some((kind.compile)(spec, context).ok()?));
}

/// The first line names a format that the operator described; where it names none, its first byte chooses one.
pub fn mapped(input: &[u8]) {
    let Some((named, text)) = split(input) else { return };
    let chosen = usize::from(named.bytes().next().unwrap_or_default()) % OWN.len();
    let own = OWN.iter().find(|own| own.kind().name == named).unwrap_or(&OWN[chosen]);
    read(own.kind(), text, |context| Some(own.compile(context)));
}

/// The first line is `DIALECT:STRING`; where the dialect is none, its first byte chooses one and all of it is the string.
pub fn strings(input: &[u8]) {
    let Some((named, text)) = split(input) else { return };
    let chosen = usize::from(named.bytes().next().unwrap_or_default()) % DIALECTS.len();
    let (name, spec) = match named.split_once(':') {
        Some((name, spec)) if DIALECTS.contains(&name) => (name, spec),
        _ => (DIALECTS[chosen], named),
    };
    let Some(kind) = KINDS.iter().find(|kind| kind.name == name) else { panic!("no kind {name}") };
    read(kind, text, |context| match (kind.compile)(spec, context) {
        Ok(format) => Some(format),
        Err(error) => {
            assert!(error.position <= spec.len(), "column {} of {spec:?}: {error}", error.position);
            None
        }
    });
}

/// The first line is a whole `--format`, envelopes and all.
pub fn envelopes(input: &[u8]) {
    let Some((named, text)) = split(input) else { return };
    let Ok((kind, _)) = detect::named(named, &context(Detail::Full)) else { return };
    read(kind, text, |context| Some(detect::named(named, context).ok()?.1));
}

/// The first line, if it is text, and the others.
fn split(input: &[u8]) -> Option<(&str, &[u8])> {
    let end = input.iter().position(|byte| *byte == b'\n')?;
    Some((std::str::from_utf8(&input[..end]).ok()?, &input[end + 1..]))
}

/// Reads the lines in full, as `parse` does, and for sums, as `scan` does: both reject and count the same.
pub fn read(kind: &Kind, text: &[u8], compile: impl Fn(&Context) -> Option<Arc<dyn Format>>) {
    let told = |detail| Some(told(kind, compile(&context(detail))?, text));
    assert_eq!(told(Detail::Full), told(Detail::Sums), "{}: Full is left, Sums is right", kind.name);
}

/// Who, when and how many bytes, for each line; or why it was rejected.
fn told(kind: &Kind, mut format: Arc<dyn Format>, text: &[u8]) -> Vec<Result<Vec<String>, Reason>> {
    let mut all = Vec::new();
    for line in lines(text).take(LINES) {
        let (scratch, mut events) = (Scratch::new(), Vec::new());
        let bare = format.bare(line.text, &scratch);
        let header =
            kind.is_header.filter(|is_header| is_header(bare)).and_then(|_| format.header(line.text));
        let read = match header {
            Some(next) => next.map(|next| format = next),
            None => format.parse(line.text, &scratch, &mut events),
        };
        keeps_its_bounds(kind, line.text, read, &events, &scratch);
        all.push(read.map_err(|reject| reject.reason).map(|()| counted(&events)));
    }
    all
}

/// What sums are made of. Lines that stand aside or say no bytes add nothing, and `Sums` may read less of them.
fn counted(events: &[Event<'_>]) -> Vec<String> {
    let counts = |event: &&Event<'_>| {
        event.aside.is_none()
            && (event.source.bytes.or(event.destination.bytes).or(event.total).is_some()
                || event.question.is_some())
    };
    let show = |event: &Event<'_>| {
        let ends = [event.source, event.destination].map(|end| (end.ip, end.domain, end.bytes));
        let question = event.question.map(|question| question.name);
        format!("{:?}", (event.timestamp, event.role, ends, event.total, event.one_way, question))
    };
    events.iter().filter(counts).map(show).collect()
}

fn keeps_its_bounds(
    kind: &Kind,
    line: &[u8],
    read: Result<(), Reject>,
    events: &[Event<'_>],
    scratch: &Scratch,
) {
    let name = kind.name;
    assert!(events.len() <= 1 + line.len() / BYTES_PER_EVENT, "{name}: {} events", events.len());
    if let Err(reject) = read {
        assert!(reject.column as usize <= line.len() + 1, "{name}: {reject:?}, {} bytes", line.len());
    }
    for event in events {
        let within = Timestamp::MIN..=Timestamp::MAX;
        assert!(within.contains(&event.timestamp), "{name}: {:?}", event.timestamp);
    }
    let decoded = scratch.allocated_bytes();
    assert!(decoded <= DECODED_AT_LEAST + DECODED * line.len(), "{name}: {decoded} of {} bytes", line.len());
}
