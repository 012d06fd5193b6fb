//! JSON objects whose keys say what a directive of a format string would: the same fields, found by name.
//!
//! A kind brings a table of key paths (`request.headers.User-Agent`); an array counts as its first item. A key that is
//! `null`, empty or `-` is absent, and of several that fill the same field the one with the lowest rank is read in each
//! line, in whatever order they stand. Keys that are not in the table are passed over.

use super::escape::Encoding;
use super::field::{Field, Padding};
use super::layout::{Dialect, End, Layout, Step};
use super::read::Found;
use crate::event::Event;
use crate::event::reject::{Reason, Reject};
use crate::formats::json::{self, Members, Value};
use crate::formats::{Format, Scratch, Sight, names};

/// The path of a key, its rank and what it fills.
pub type Key = (&'static str, u8, Field);

/// Lines that share the stream and are no access lines: those in which the value of the key at `path` does not satisfy
/// `keep`. They give no event and are no fault.
#[derive(Clone, Copy, Debug)]
pub struct Gate {
    /// The key.
    pub path: &'static str,
    /// Whether a line with this value is one to read.
    pub keep: fn(&[u8]) -> bool,
}

/// A table of keys, ready to read lines.
#[derive(Debug)]
pub struct Keyed {
    layout: Layout,
    steps: Box<[Step]>,
    nodes: Box<[Node]>,
    /// Hash table of nodes by parent and key: a node's place plus one, or 0. Its length is a power of two and at least
    /// four times as many as there are nodes, so that a search ends soon.
    table: Box<[u8]>,
    gate: Option<fn(&[u8]) -> bool>,
}

/// A key of some object.
#[derive(Debug)]
struct Node {
    /// The node of the object that holds the key, plus one; 0 is the line itself.
    parent: u8,
    name: &'static str,
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// An object with keys of its own.
    Nest,
    /// The place of a step.
    Fills(u8),
    Gate,
}

/// More keys than any table has; places are kept in a byte.
const MAX_NODES: usize = 200;

/// As many as [`group`] tells apart.
const GROUPS: usize = 24;

/// The best value of each group in one line: its rank, its step and its text.
type Best<'a> = [Option<(u8, u8, &'a [u8])>; GROUPS];

impl Keyed {
    /// Compiles a table. `present` are the keys that the log is known to hold, for [`Format::sight`]; without any, all
    /// of the table count.
    pub fn new(keys: &[Key], gate: Option<Gate>, present: &[&str], dialect: Dialect<'_>) -> Keyed {
        let shown = |(path, _, _): &&Key| present.is_empty() || present.contains(path);
        let has = |wanted: fn(&Field) -> bool| keys.iter().filter(shown).any(|(.., field)| wanted(field));
        let source_bytes = has(|field| *field == Field::SourceBytes);
        let destination_bytes = has(|field| matches!(field, Field::DestinationBytes { .. }));
        let mut keyed = Keyed {
            layout: Layout::without_steps(dialect, source_bytes, destination_bytes),
            steps: keys.iter().map(|(_, rank, field)| step(field.clone(), *rank, dialect)).collect(),
            nodes: Box::default(),
            table: Box::default(),
            gate: gate.map(|gate| gate.keep),
        };
        let mut nodes = Vec::new();
        for (place, (path, ..)) in (0..).zip(keys) {
            add(&mut nodes, path, What::Fills(place));
        }
        if let Some(gate) = gate {
            add(&mut nodes, gate.path, What::Gate);
        }
        keyed.table = table(&nodes);
        keyed.nodes = nodes.into();
        keyed
    }

    fn find(&self, parent: u8, name: &[u8]) -> Option<(u8, What)> {
        let mut slot = hash(parent, name);
        loop {
            let place = *self.table.get(slot & (self.table.len().wrapping_sub(1)))?;
            let node = self.nodes.get(usize::from(place.checked_sub(1)?))?;
            if node.parent == parent && node.name.as_bytes() == name {
                return Some((place, node.what));
            }
            slot += 1;
        }
    }

    /// Reads the members of one object; whether the line is one to read. It recurses only as deep as the table's paths.
    fn read<'a>(
        &self,
        members: &mut Members<'a>,
        parent: u8,
        scratch: &'a Scratch,
        best: &mut Best<'a>,
    ) -> Result<bool, Reject> {
        let mut keep = true;
        let mut walk = *members;
        while let Some(member) = walk.next() {
            let (key, value) = member?;
            let Some((place, what)) = self.find(parent, key.decode(scratch)) else { continue };
            let text = match (what, value) {
                (What::Nest, Value::Object(mut inner)) => {
                    keep &= self.read(&mut inner, place, scratch, best)?;
                    walk.pass(inner.end());
                    continue;
                }
                (What::Nest, _) => continue,
                (_, Value::Array(items)) => {
                    let mut items = items;
                    items.next().transpose()?.and_then(|item| item.scalar(scratch))
                }
                (_, value) => value.scalar(scratch),
            };
            match (what, text) {
                (What::Gate, text) => keep &= self.gate.is_none_or(|keep| keep(text.unwrap_or_default())),
                (What::Fills(place), Some(text)) => self.offer(place, text, best),
                _ => {}
            }
        }
        *members = walk;
        Ok(keep)
    }

    /// Takes a value if nothing better is known of what it fills.
    fn offer<'a>(&self, place: u8, text: &'a [u8], best: &mut Best<'a>) {
        let Some(step) = self.steps.get(usize::from(place)).filter(|step| step.wanted) else { return };
        let absent = match step.field {
            Field::DestinationBytes { dash_is_zero: true } => text.is_empty(),
            _ => matches!(text, b"" | b"-"),
        };
        if let Some(slot) = best.get_mut(group(&step.field)).filter(|_| !absent)
            && slot.is_none_or(|(rank, ..)| step.rank < rank)
        {
            *slot = Some((step.rank, place, text));
        }
    }
}

impl Format for Keyed {
    fn parse<'a>(
        &self,
        line: &'a [u8],
        scratch: &'a Scratch,
        events: &mut Vec<Event<'a>>,
    ) -> Result<(), Reject> {
        if line.trim_ascii().is_empty() {
            return Ok(());
        }
        let mut best: Best<'a> = [None; GROUPS];
        if !self.read(&mut json::members(line), 0, scratch, &mut best)? {
            return Ok(());
        }
        // A program's other lines have stamps too, but none of these.
        if best.get(..ACCESS).is_none_or(|groups| groups.iter().all(Option::is_none)) {
            return Err(Reject::line(Reason::Malformed));
        }
        let mut event = self.layout.blank();
        let mut found = Found::default();
        for (_, place, text) in best.into_iter().flatten() {
            let Some(step) = self.steps.get(usize::from(place)) else { continue };
            if let Field::Stamp(_, end) = step.field {
                event.stamped = end;
            }
            let filled = self.layout.fill(step, text, 0..text.len(), &mut event, &mut found, scratch);
            filled.map_err(|reason| Reject::of(reason, line, text))?;
        }
        event.timestamp =
            found.moment.finish(&self.layout.zone).ok_or_else(|| Reject::line(Reason::BadTimestamp))?;
        found.settle(&mut event, self.layout.detail);
        events.push(event);
        Ok(())
    }

    fn sight(&self) -> Sight {
        self.layout.sight.clone()
    }
}

/// How many of the first groups make a line one about access.
const ACCESS: usize = 3;

/// What excludes each other in one line. The order is that in which they are filled: a whole URL after a request line
/// after a path.
fn group(field: &Field) -> usize {
    match field {
        Field::Status => 0,
        Field::SourceBytes => 1,
        Field::DestinationBytes { .. } => 2,
        Field::Stamp(..) => 3,
        Field::ClientAuthority => 4,
        Field::Client => 5,
        Field::ClientName => 6,
        Field::ClientPort => 7,
        Field::Forwarded => 8,
        Field::Path => 9,
        Field::Request | Field::ServedRequest => 10,
        Field::Url => 11,
        Field::Method => 12,
        Field::User => 13,
        Field::Agent => 14,
        Field::Domain => 15,
        Field::Port => 16,
        Field::OwnName => 17,
        Field::OwnAuthority | Field::OwnIp => 18,
        Field::OwnPort => 19,
        Field::Sni => 20,
        Field::Duration(_) | Field::Nanoseconds => 21,
        Field::Upstream => 22,
        Field::Observer => 23,
        // Nothing else has a name of its own in JSON.
        _ => GROUPS,
    }
}

fn step(field: Field, rank: u8, dialect: Dialect<'_>) -> Step {
    // Status and sizes tell an access line, so they are looked for in every detail.
    let wanted = field == Field::Status || field.is_asked(dialect.role, dialect.context.detail);
    let (encoding, padding, end) = (Encoding::Raw, Padding::None, End::Line);
    Step { field, wanted, free_text: false, rank, encoding, padding, end, plain_end: None }
}

/// Adds the nodes of a path that are not there yet.
fn add(nodes: &mut Vec<Node>, path: &'static str, what: What) {
    let mut parent = 0;
    let mut names = path.split('.').peekable();
    while let Some(name) = names.next() {
        let what = if names.peek().is_some() { What::Nest } else { what };
        let known = nodes.iter().position(|node| node.parent == parent && node.name == name);
        let place = known.unwrap_or_else(|| {
            nodes.push(Node { parent, name, what });
            nodes.len() - 1
        });
        match u8::try_from(place + 1) {
            Ok(place) if nodes.len() <= MAX_NODES => parent = place,
            _ => return,
        }
    }
}

fn table(nodes: &[Node]) -> Box<[u8]> {
    let length = (nodes.len() * 4).next_power_of_two();
    let mut table = vec![0; length];
    for (place, node) in (1..).zip(nodes) {
        let mut slot = hash(node.parent, node.name.as_bytes());
        while let Some(entry) = table.get_mut(slot & (length - 1)) {
            if *entry == 0 {
                *entry = place;
                break;
            }
            slot += 1;
        }
    }
    table.into()
}

fn hash(parent: u8, name: &[u8]) -> usize {
    names::hash(name) + usize::from(parent) * 101
}

/// Whether the line is an object that has, of each of these lists, at least one key at its top.
pub fn has_keys(line: &[u8], lists: &[&[&str]], scratch: &Scratch) -> bool {
    let mut seen = vec![false; lists.len()];
    for member in json::members(line) {
        let Ok((key, _)) = member else { return false };
        let name = key.decode(scratch);
        for (seen, list) in seen.iter_mut().zip(lists) {
            *seen |= list.iter().any(|key| key.as_bytes() == name);
        }
    }
    seen.into_iter().all(|seen| seen)
}

/// The keys of `table` that stand at the top of any of the lines, in the table's order.
pub fn keys_seen(lines: &[&[u8]], table: &[Key]) -> Vec<&'static str> {
    let scratch = Scratch::new();
    let mut seen: Vec<&'static str> = Vec::new();
    for line in lines {
        let names = json::members(line).filter_map(Result::ok).map(|(key, _)| key.decode(&scratch));
        for name in names {
            let known = table.iter().find(|(path, ..)| path.as_bytes() == name);
            seen.extend(known.map(|(path, ..)| *path).filter(|path| !seen.contains(path)));
        }
    }
    seen.sort_by_key(|path| table.iter().position(|(known, ..)| known == path));
    seen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Role, Stamped};
    use crate::formats::Context;
    use crate::formats::format_string::Style;
    use crate::formats::format_string::tests::shown_by;
    use proptest::prelude::*;

    const KEYS: &[Key] = &[
        ("ts", 0, Field::Stamp(Style::Any, Stamped::End)),
        ("time", 1, Field::Stamp(Style::Iso, Stamped::Start)),
        ("request.headers.User-Agent", 0, Field::Agent),
        ("request.remote_ip", 0, Field::Client),
        ("request.uri", 0, Field::Url),
        ("out", 0, Field::DestinationBytes { dash_is_zero: true }),
        ("body", 1, Field::DestinationBytes { dash_is_zero: false }),
        ("in", 0, Field::SourceBytes),
    ];

    fn keyed(gate: Option<Gate>) -> Keyed {
        let context = Context::default();
        let dialect = Dialect { dataset: "test", role: Role::Server, remedy: "", context: &context };
        Keyed::new(KEYS, gate, &[], dialect)
    }

    #[test]
    fn nested_keys_ranks_and_absent_values() {
        for (line, expected) in [
            (
                r#"{"body":5,"out":9,"ts":1680051723.5,"request":{"remote_ip":"192.0.2.7","headers":{"User-Agent":["curl","x"]},"uri":"/a"}}"#,
                "2023-03-29T01:02:03.500Z | Server | src 192.0.2.7 | dst =9 | /a | agent curl",
            ),
            (
                r#"{"out":null,"body":5,"ts":"-","time":"2023-03-29T01:02:03Z","in":"7"}"#,
                "from 2023-03-29T01:02:03Z | Server | src =7 | dst =5",
            ),
            (r#"{"out":"-","body":5,"ts":1680051723000}"#, "2023-03-29T01:02:03Z | Server | src  | dst =0"),
            (
                r#"{"out":1,"ts":1680051723.123456789012,"request":"no object"}"#,
                "2023-03-29T01:02:03.123457Z | Server | src  | dst =1",
            ),
            (r#"{"out":-1,"ts":1680051723}"#, "bad_number at 8"),
            (r#"{"out":1,"ts":"then"}"#, "bad_timestamp at 16"),
            (r#"{"out":1}"#, "bad_timestamp at 0"),
            (r#"{"ts":1680051723,"request":{"uri":"/"}}"#, "malformed at 0"),
            (r#"{"ts":1680051723,"request":{"uri":"/"}"#, "bad_json at 39"),
            ("[]", "bad_json at 1"),
            ("  ", ""),
        ] {
            assert_eq!(shown_by(&keyed(None), line.as_bytes()), expected, "{line}");
        }
    }

    #[test]
    fn other_lines_of_the_stream_are_let_by() {
        let gate = Gate { path: "logger", keep: |name| name.starts_with(b"access") };
        let read = |line: &str| shown_by(&keyed(Some(gate)), line.as_bytes());
        assert_eq!(read(r#"{"logger":"tls","msg":"renewed"}"#), "");
        assert!(read(r#"{"logger":"access.log0","out":1,"ts":1}"#).ends_with("dst =1"));
        assert!(read(r#"{"out":1,"ts":1}"#).ends_with("dst =1"));
    }

    #[test]
    fn keys_of_the_first_lines() {
        let lines: [&[u8]; 3] = [br#"{"out":1,"ts":1}"#, b"no", br#"{"in":1,"x":2}"#];
        assert_eq!(keys_seen(&lines, KEYS), ["ts", "out", "in"]);
        let scratch = Scratch::new();
        assert!(has_keys(lines[0], &[&["ts", "time"], &["out"]], &scratch));
        assert!(!has_keys(lines[0], &[&["ts"], &["in"]], &scratch));
        assert!(!has_keys(lines[1], &[], &scratch));
    }

    proptest! {
        #[test]
        fn no_line_panics(line in "(\"(ts|out|request|uri|headers)\"|[{}\\[\\]:,\"0-9.e-]|null|\\PC){0,40}") {
            let _ = shown_by(&keyed(None), line.as_bytes());
            let _ = (has_keys(line.as_bytes(), &[&["ts"]], &Scratch::new()), keys_seen(&[line.as_bytes()], KEYS));
        }
    }
}
