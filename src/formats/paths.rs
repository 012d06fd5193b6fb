//! JSON objects walked to their scalars: each comes with its dotted path, whether the log nests (`{"source":{"ip":…}}`)
//! or writes the dots itself (`{"source.ip":…}`), which ECS shippers do by taste.

use super::Scratch;
use super::json::{self, Members, Value};
use crate::event::reject::Reject;

/// Objects nested deeper than this are stepped over; no field that is read lies deeper than five.
const DEPTH: usize = 6;

/// A path longer than this, in bytes, belongs to no field that is read.
pub const PATH: usize = 96;

/// Gives `each` the path and the text of every scalar of the object that fills `line`. Arrays are stepped over.
///
/// # Errors
/// If the line is no JSON object.
pub fn scalars<'a>(
    line: &'a [u8],
    scratch: &'a Scratch,
    mut each: impl FnMut(&[u8], &'a [u8]),
) -> Result<(), Reject> {
    walk(&mut json::members(line), scratch, &mut Path::default(), 0, &mut each)
}

/// The same for an object found in a line.
///
/// # Errors
/// If it is none to its end.
pub fn scalars_of<'a>(
    members: &mut Members<'a>,
    scratch: &'a Scratch,
    mut each: impl FnMut(&[u8], &'a [u8]),
) -> Result<(), Reject> {
    walk(members, scratch, &mut Path::default(), 0, &mut each)
}

/// The keys on the way to a member, joined by dots.
struct Path {
    text: [u8; PATH],
    length: usize,
}

impl Default for Path {
    fn default() -> Self {
        Path { text: [0; PATH], length: 0 }
    }
}

impl Path {
    /// With one more key; `None` where it gets too long, and is then left as it was.
    fn push(&mut self, key: &[u8]) -> Option<()> {
        let start = self.length + usize::from(self.length > 0);
        self.text.get_mut(start..start + key.len())?.copy_from_slice(key);
        if start > self.length {
            *self.text.get_mut(self.length)? = b'.';
        }
        self.length = start + key.len();
        Some(())
    }

    fn get(&self) -> &[u8] {
        self.text.get(..self.length).unwrap_or_default()
    }
}

fn walk<'a>(
    members: &mut Members<'a>,
    scratch: &'a Scratch,
    path: &mut Path,
    depth: usize,
    each: &mut impl FnMut(&[u8], &'a [u8]),
) -> Result<(), Reject> {
    let length = path.length;
    let mut place = *members;
    while let Some(member) = place.next() {
        let (key, value) = member?;
        if path.push(key.decode(scratch)).is_some() {
            match value {
                Value::Object(mut inner) if depth < DEPTH => {
                    walk(&mut inner, scratch, path, depth + 1, each)?;
                    place.pass(inner.end());
                }
                Value::Object(_) | Value::Array(_) => {}
                _ => {
                    if let Some(text) = value.scalar(scratch) {
                        each(path.get(), text);
                    }
                }
            }
        }
        path.length = length;
    }
    *members = place;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(line: &str) -> Vec<(String, String)> {
        let (scratch, mut found) = (Scratch::new(), Vec::new());
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        _ = scalars(line.as_bytes(), &scratch, |path, value| found.push((text(path), text(value))));
        found
    }

    #[test]
    fn nested_and_dotted_are_one() {
        let expected = [("a.b".to_owned(), "1".to_owned()), ("c".to_owned(), "x".to_owned())];
        assert_eq!(read(r#"{"a":{"b":1},"c":"x"}"#), expected);
        assert_eq!(read(r#"{"a.b":"1","d":[1,{"e":2}],"n":null,"c":"x"}"#), expected);
    }

    #[test]
    fn depth_and_length_are_capped() {
        let nested = |depth: usize| format!("{}{{\"x\":1}}{}", "{\"a\":".repeat(depth), "}".repeat(depth));
        assert_eq!(read(&nested(6)).len(), 1);
        assert_eq!(read(&nested(7)).len(), 0);
        assert_eq!(
            read(&format!("{{\"{}\":{{\"b\":1}},\"c\":2}}", "k".repeat(96))),
            [("c".to_owned(), "2".to_owned())]
        );
    }

    proptest! {
        #[test]
        fn no_bytes_panic(line in proptest::collection::vec(any::<u8>(), 0..60), text in "[{}\\[\\]\",:a1]{0,60}") {
            _ = scalars(&line, &Scratch::new(), |_, _| {});
            _ = read(&text);
        }
    }
}
