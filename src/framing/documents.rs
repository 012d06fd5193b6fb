//! JSON documents → one record a line: what CloudTrail, Azure and `jq` write is often one array, or objects over many
//! lines, in which a line is no record.
//!
//! A [`Read`] before the chunker. It changes bytes and never their number, so offsets, chunks and sums are those of the
//! source: between records it writes blanks and a newline, within records blanks for newlines. It keeps one read
//! and a few numbers, whatever the size of the document; a record is capped as any line is. A source that does not begin as such
//! a document passes through untouched.

use super::LINE_MAX;
use std::io::{self, Read};

/// How much of a source is looked at: a byte order mark, an indented brace and one key.
const PEEK: usize = 256;

/// First keys of what CloudWatch Logs hands to its subscribers; its records are in `logEvents`, the only array of objects.
const SUBSCRIPTION: [&[u8]; 4] = [b"messageType", b"owner", b"logGroup", b"logStream"];

/// First keys whose value is the array of records: AWS, Azure, CloudWatch and what REST interfaces answer.
const KEYS: [&[u8]; 6] = [b"Records", b"records", b"value", b"events", b"logs", b"results"];

/// A reader that gives each record of a JSON document a line of its own.
#[derive(Debug)]
pub struct Documents<R> {
    reader: R,
    /// Bytes that are ready, from `given` on.
    ready: Vec<u8>,
    given: usize,
    /// The error that ended the look at the beginning, to be handed on in its turn.
    failed: Option<io::Error>,
    sorted: Option<Option<Walk>>,
}

/// Where a walk through a document stands.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Walk {
    /// How deep the braces of a record lie: 0 for objects one after another, 1 in an array, 2 in `{"Records":[…]}`.
    base: usize,
    depth: usize,
    in_text: bool,
    escaped: bool,
    /// The last byte was a newline.
    line_begins: bool,
    /// Bytes of the record so far; `None` between records.
    record: Option<usize>,
    /// No record has begun yet: what stands before the first is all newlines, as blanks would be part of its line.
    head: bool,
}

impl<R: Read> Documents<R> {
    /// Looks at the beginning with the first read.
    pub fn new(reader: R) -> Self {
        Documents { reader, ready: Vec::new(), given: 0, failed: None, sorted: None }
    }

    /// Reads the beginning and decides.
    fn sort(&mut self) {
        match self.reader.by_ref().take(PEEK as u64).read_to_end(&mut self.ready) {
            Ok(_) => {}
            Err(error) => self.failed = Some(error),
        }
        let mut walk = base(&self.ready).map(Walk::new);
        if let Some(walk) = &mut walk {
            walk.over(&mut self.ready);
        }
        self.sorted = Some(walk);
    }
}

impl<R: Read> Read for Documents<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.sorted.is_none() {
            self.sort();
        }
        let Some(Some(walk)) = &mut self.sorted else {
            return match self.ready.get(self.given..) {
                Some(rest) if !rest.is_empty() => Ok(self.give(buffer, 0)),
                _ => self.failed.take().map_or_else(|| self.reader.read(buffer), Err),
            };
        };
        // The last byte waits: a record that begins behind it makes it a newline.
        while self.ready.len().saturating_sub(self.given) < 2 && self.failed.is_none() {
            self.ready.drain(..self.given);
            self.given = 0;
            let old = self.ready.len();
            self.ready.resize(old + super::CHUNK, 0);
            let read = self.reader.read(self.ready.get_mut(old..).unwrap_or_default());
            self.ready.truncate(old + read.as_ref().map_or(0, |count| *count));
            match read {
                Ok(0) => break,
                Ok(_) => walk.over_from(&mut self.ready, old),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => self.failed = Some(error),
            }
        }
        let left = self.ready.len().saturating_sub(self.given);
        match left {
            0 => self.failed.take().map_or(Ok(0), Err),
            1 => Ok(self.give(buffer, 0)),
            _ => Ok(self.give(buffer, 1)),
        }
    }
}

impl<R> Documents<R> {
    /// Gives what is ready, but for the last `kept` bytes.
    fn give(&mut self, buffer: &mut [u8], kept: usize) -> usize {
        let rest = self.ready.get(self.given..self.ready.len() - kept).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        self.given += count;
        count
    }
}

impl Walk {
    fn new(base: usize) -> Walk {
        Walk { base, depth: 0, in_text: false, escaped: false, line_begins: true, record: None, head: true }
    }

    fn over(&mut self, bytes: &mut [u8]) {
        self.over_from(bytes, 0);
    }

    /// Changes `bytes` from `start` on; the one before may still become a newline.
    fn over_from(&mut self, bytes: &mut [u8], start: usize) {
        for at in start..bytes.len() {
            let Some(&byte) = bytes.get(at) else { return };
            let begins = byte == b'{' && !self.in_text && self.begins();
            let changed = if begins {
                if let Some(before) = at.checked_sub(1).and_then(|before| bytes.get_mut(before)) {
                    *before = b'\n';
                }
                (self.depth, self.record, self.head) = (self.base + 1, Some(1), false);
                byte
            } else {
                self.step(byte)
            };
            self.line_begins = byte == b'\n';
            if let Some(place) = bytes.get_mut(at) {
                *place = changed;
            }
        }
    }

    /// Whether a record begins with this brace. One at the beginning of a line, where objects follow one another, is the
    /// next one even if the last never ended: pretty printers indent all others.
    fn begins(&self) -> bool {
        match self.record {
            None => self.depth == self.base,
            Some(_) => self.base == 0 && self.line_begins,
        }
    }

    /// What becomes of a byte that begins no record.
    fn step(&mut self, byte: u8) -> u8 {
        let Some(length) = &mut self.record else {
            self.track(byte);
            return if self.head { b'\n' } else { b' ' };
        };
        *length += 1;
        if byte == b'\n' {
            // No text of JSON holds one: the quote before it was a stray. A record without end ends at last.
            self.in_text = false;
            if *length > LINE_MAX {
                (self.depth, self.record) = (self.base, None);
            }
            return b' ';
        }
        self.track(byte);
        if self.depth <= self.base {
            self.record = None;
        }
        if byte == b'\r' { b' ' } else { byte }
    }

    fn track(&mut self, byte: u8) {
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' if self.in_text => self.escaped = true,
            b'"' => self.in_text = !self.in_text,
            _ if self.in_text => {}
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
    }
}

/// How deep the records lie in a document that begins like this; `None` where lines are records already.
fn base(beginning: &[u8]) -> Option<usize> {
    let text = beginning.strip_prefix(b"\xef\xbb\xbf").unwrap_or(beginning).trim_ascii_start();
    if let Some(inside) = text.strip_prefix(b"[") {
        return inside.trim_ascii_start().starts_with(b"{").then_some(1);
    }
    let inside = text.strip_prefix(b"{")?;
    let rest = inside.trim_ascii_start();
    let indented = inside.get(..inside.len() - rest.len())?.contains(&b'\n');
    let (key, rest) =
        rest.strip_prefix(b"\"").and_then(|rest| rest.split_at_checked(memchr::memchr(b'"', rest)?))?;
    let value = rest.get(1..)?.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
    let array = value.strip_prefix(b"[").is_some_and(|items| items.trim_ascii_start().starts_with(b"{"));
    let subscription =
        SUBSCRIPTION.contains(&key) && memchr::memmem::find(rest, b"\"DATA_MESSAGE\"").is_some();
    if subscription || (array && KEYS.contains(&key)) {
        return Some(2);
    }
    indented.then_some(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn through(text: &[u8], at_once: usize) -> Vec<u8> {
        struct Dribble<'a>(&'a [u8], usize);
        impl Read for Dribble<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                let count = self.1.min(buffer.len()).min(self.0.len());
                self.0.split_off(..count).unwrap().read_exact(&mut buffer[..count]).map(|()| count)
            }
        }
        let mut out = Vec::new();
        Documents::new(Dribble(text, at_once)).read_to_end(&mut out).unwrap();
        out
    }

    fn records(text: &str) -> Vec<String> {
        let out = String::from_utf8(through(text.as_bytes(), usize::MAX)).unwrap();
        assert_eq!(out.len(), text.len());
        out.lines().map(|line| line.trim_end().to_owned()).filter(|line| !line.is_empty()).collect()
    }

    #[test]
    fn a_record_a_line() {
        let two = [r#"{"a":1}"#, r#"{"a":[{"b":"}\"]"}]}"#];
        for text in [
            r#"{"Records":[{"a":1},{"a":[{"b":"}\"]"}]}]}"#,
            r#"[{"a":1},{"a":[{"b":"}\"]"}]}]"#,
            "\u{feff} [\n  {\"a\":1},\r\n  {\"a\":[{\"b\":\"}\\\"]\"}]}\n]\n",
            "{\"records\": [ {\"a\":1} ], \"next\": {\"x\": [1]}}\n{\"records\":[{\"a\":[{\"b\":\"}\\\"]\"}]}]}\n",
        ] {
            assert_eq!(records(text), two, "{text}");
        }
        let pretty = "{\n  \"a\": 1\n}\n{\n  \"a\": {\r\n    \"b\": 2\n  }\n}\n";
        assert_eq!(records(pretty), [r#"{   "a": 1 }"#, r#"{   "a": {      "b": 2   } }"#]);
        // A record that never ends takes no other with it.
        let broken = "{\n  \"a\": {\"\n}\n{\n  \"b\": 1\n}\n";
        assert_eq!(records(broken).last().unwrap(), r#"{   "b": 1 }"#);
    }

    #[test]
    fn lines_pass_untouched() {
        for text in [
            "",
            "[",
            "{",
            "{\"a\":1}\n{\"a\":2}\n",
            "[2019-02-12T18:37:42.921Z] \"GET /\"\n",
            "{\"Records\":[]}\n{\"a\":[\n]}",
            "{\"observables\":[{\"a\":1}],\"b\":2}\n",
            "\n\n{\"a\":1}\n",
            "plain\n",
            "[1,2]\n",
            "{ \"a\" : 1 }\n",
        ] {
            assert_eq!(through(text.as_bytes(), 3), text.as_bytes(), "{text}");
        }
    }

    #[test]
    fn a_record_beyond_the_cap_ends_with_its_line() {
        let long = format!("[{{\"a\":{{\"{}\n,{{\"b\":1}}\n,{{\"c\":1}}]", "x".repeat(LINE_MAX));
        let found = records(&long);
        assert_eq!(&found[1..], [r#"{"b":1}"#, r#"{"c":1}"#]);
    }

    #[test]
    fn an_error_comes_after_what_was_read() {
        struct Breaks(bool);
        impl Read for Breaks {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                let text = br#"[{"a":1},{"b"#;
                if std::mem::replace(&mut self.0, true) {
                    return Err(io::Error::other("broken"));
                }
                buffer[..text.len()].copy_from_slice(text);
                Ok(text.len())
            }
        }
        let mut out = Vec::new();
        assert!(Documents::new(Breaks(false)).read_to_end(&mut out).is_err());
        assert_eq!(out, b"\n{\"a\":1}\n{\"b");
    }

    proptest! {
        #[test]
        fn reads_of_any_size_give_the_same(
            text in "(\\[|\\{\"Records\":\\[|\\{\n)?([{}\\[\\]\",:\\\\\n a1]){0,60}",
            at_once in 1usize..7,
        ) {
            let out = through(text.as_bytes(), at_once);
            prop_assert_eq!(out.len(), text.len());
            prop_assert_eq!(out, through(text.as_bytes(), usize::MAX));
        }
    }
}
