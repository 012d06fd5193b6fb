//! Quoted text that its writer did not escape, looked for from the right.
//!
//! A client whose agent is `a" "b` would otherwise move every value behind it by one, and so choose the address from
//! which it seems to come.

use super::escape::Encoding;
use super::field::Field;
use super::layout::{End, Step};

/// The agent, where it stands in quotes as it is (Envoy, nginx's `escape=none`), and a literal follows every value behind it.
#[derive(Debug)]
pub(super) struct Anchor {
    step: usize,
    /// As many quotes as a line has whose values hold none.
    quotes: usize,
}

impl Anchor {
    pub(super) fn new(lead: &[u8], steps: &[Step]) -> Option<Anchor> {
        let agent = |step: &Step| step.field == Field::Agent && step.encoding == Encoding::Raw;
        let step = steps.iter().rposition(agent)?;
        let literals = || {
            steps.iter().map(|step| match &step.end {
                End::Literal(text) | End::Last(text) => Some(text.as_ref()),
                End::Line => Some(&b""[..]),
                End::Itself | End::Before(_) => None,
            })
        };
        let quoted = literals().nth(step).flatten().is_some_and(|text| text.starts_with(b"\""));
        let apart = literals().skip(step).all(|literal| literal.is_some());
        let quotes =
            literals().flatten().chain([lead]).map(|text| memchr::memchr_iter(b'"', text).count()).sum();
        (quoted && apart).then_some(Anchor { step, quotes })
    }

    /// The step whose end was looked for, and where that is; `None` in a line that is as it should be.
    pub(super) fn end(&self, line: &[u8], steps: &[Step]) -> Option<(usize, usize)> {
        if memchr::memchr_iter(b'"', line).count() <= self.quotes {
            return None;
        }
        let mut end = line.trim_ascii_end().len();
        for step in steps.get(self.step..)?.iter().rev() {
            end = match &step.end {
                End::Literal(text) => memchr::memmem::rfind(line.get(..end)?, text)?,
                End::Last(text) => end.checked_sub(text.len())?,
                _ => end,
            };
        }
        Some((self.step, end))
    }
}
