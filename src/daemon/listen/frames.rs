//! Bytes of a stream → messages, as RFC 6587 frames them.
//!
//! Before each message the sender chooses: `LENGTH SP MESSAGE` (octet counting), or a message that ends with a newline, or
//! with NUL as some appliances do. A digit alone decides nothing, because lines of logs begin with stamps; a length is one only where
//! `<` follows it, with which every syslog message begins.

/// Digits of the longest length that is believed.
const LENGTH_DIGITS: usize = 9;

/// What a stream holds of a message that has not ended.
#[derive(Debug)]
pub(super) struct Frames {
    held: Vec<u8>,
    /// So many bytes of a counted message that is too long are still to come.
    skipped: u64,
    /// A line that is too long has not ended.
    in_long_line: bool,
    /// The longest message, in bytes.
    longest: usize,
    /// Lengths may stand before messages.
    counted: bool,
    /// Messages that were too long, and are not handed on.
    pub(super) too_long: u64,
}

/// What stands at the front of some bytes.
enum Front {
    /// That shows when more has come.
    Unknown,
    /// A length, and how many bytes it takes to say it.
    Counted { length: u64, digits: usize },
    /// A line.
    Line,
}

impl Frames {
    /// Syslog: messages of at most `longest` bytes.
    pub(super) fn of_syslog(longest: usize) -> Frames {
        Frames { held: Vec::new(), skipped: 0, in_long_line: false, longest, counted: true, too_long: 0 }
    }

    /// Lines, whatever is in them.
    pub(super) fn of_lines(longest: usize) -> Frames {
        Frames { counted: false, ..Frames::of_syslog(longest) }
    }

    /// Some more bytes; hands on what is whole by now, without what ended it.
    pub(super) fn push(&mut self, bytes: &[u8], mut each: impl FnMut(&[u8])) {
        // What is held is no more than the beginning of one message.
        let held = std::mem::take(&mut self.held);
        if held.is_empty() {
            let rest = self.split(bytes, &mut each);
            self.held = rest.to_vec();
        } else {
            let mut all = held;
            all.extend_from_slice(bytes);
            let rest = self.split(&all, &mut each).len();
            all.drain(..all.len() - rest);
            self.held = all;
        }
    }

    /// Hands on what is whole; gives the rest.
    fn split<'b>(&mut self, mut bytes: &'b [u8], each: &mut impl FnMut(&[u8])) -> &'b [u8] {
        loop {
            if self.skipped > 0 {
                let there = usize::try_from(self.skipped).map_or(bytes.len(), |left| left.min(bytes.len()));
                self.skipped -= there as u64;
                bytes = bytes.get(there..).unwrap_or_default();
            }
            if bytes.is_empty() {
                return bytes;
            }
            match if self.in_long_line { Front::Line } else { self.front(bytes) } {
                Front::Unknown => return bytes,
                Front::Counted { length, digits } => {
                    let message = bytes.get(digits..).unwrap_or_default();
                    if length > self.longest as u64 {
                        self.too_long += 1;
                        (self.skipped, bytes) = (length, message);
                        continue;
                    }
                    let length = usize::try_from(length).unwrap_or(usize::MAX);
                    let Some((message, rest)) = message.split_at_checked(length) else { return bytes };
                    each(message);
                    bytes = rest;
                }
                Front::Line => {
                    let Some(end) = memchr::memchr2(b'\n', 0, bytes) else {
                        if self.in_long_line || bytes.len() > self.longest {
                            self.too_long += u64::from(!self.in_long_line);
                            self.in_long_line = true;
                            return &[];
                        }
                        return bytes;
                    };
                    let line = bytes.get(..end).unwrap_or_default();
                    if !std::mem::take(&mut self.in_long_line) {
                        if line.len() > self.longest {
                            self.too_long += 1;
                        } else if !line.trim_ascii().is_empty() {
                            each(line);
                        }
                    }
                    bytes = bytes.get(end + 1..).unwrap_or_default();
                }
            }
        }
    }

    fn front(&self, bytes: &[u8]) -> Front {
        if !self.counted || !bytes.first().is_some_and(|first| matches!(first, b'1'..=b'9')) {
            return Front::Line;
        }
        let digits = bytes.iter().take(LENGTH_DIGITS + 1).take_while(|byte| byte.is_ascii_digit()).count();
        if digits > LENGTH_DIGITS {
            return Front::Line;
        }
        match (bytes.get(digits), bytes.get(digits + 1)) {
            (None, _) | (Some(b' '), None) => Front::Unknown,
            (Some(b' '), Some(b'<')) => {
                let number = bytes.get(..digits).and_then(|digits| std::str::from_utf8(digits).ok());
                let length = number.and_then(|number| number.parse().ok());
                length.map_or(Front::Line, |length| Front::Counted { length, digits: digits + 1 })
            }
            _ => Front::Line,
        }
    }

    /// The stream has ended as it should: what is left is a last line without a newline, which many senders leave out. Says
    /// whether something was left that is no whole message.
    pub(super) fn end(mut self, mut each: impl FnMut(&[u8])) -> bool {
        let left = std::mem::take(&mut self.held);
        let is_line = !self.in_long_line && self.skipped == 0 && matches!(self.front(&left), Front::Line);
        if is_line && !left.trim_ascii().is_empty() {
            each(&left);
        }
        self.skipped > 0 || (!left.is_empty() && !is_line)
    }

    /// Whether a message has begun and not ended.
    pub(super) fn is_amid(&self) -> bool {
        self.skipped > 0 || self.in_long_line || !self.held.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn messages(mut frames: Frames, pieces: &[&[u8]]) -> (Vec<String>, u64, bool) {
        let mut all = Vec::new();
        let text = |message: &[u8]| String::from_utf8_lossy(message).into_owned();
        for piece in pieces {
            frames.push(piece, |message| all.push(text(message)));
        }
        let too_long = frames.too_long;
        let broken = frames.end(|message| all.push(text(message)));
        (all, too_long, broken)
    }

    #[test]
    fn both_framings_may_alternate() {
        let stream =
            b"<1>one\n9 <2>two\nx!5 <3>xx<4>four\r\n\n1711684800.123 10 squid\n123 no length\n<5>last";
        let (all, too_long, broken) = messages(Frames::of_syslog(100), &[stream]);
        let expected = [
            "<1>one",
            "<2>two\nx!",
            "<3>xx",
            "<4>four\r",
            "1711684800.123 10 squid",
            "123 no length",
            "<5>last",
        ];
        assert_eq!((all, too_long, broken), (expected.map(str::to_owned).to_vec(), 0, false));
    }

    #[test]
    fn what_is_too_long_is_passed_over_and_counted() {
        let (all, too_long, broken) = messages(
            Frames::of_syslog(5),
            &[b"123456789\n<1>a\n11 <2>", b"too long<3>b\n<4>too", b" long\n<5>c\n"],
        );
        assert_eq!((all.join(" "), too_long, broken), ("<1>a <3>b <5>c".into(), 3, false));
    }

    #[test]
    fn a_stream_that_breaks_off_says_so() {
        assert!(messages(Frames::of_syslog(100), &[b"10 <1>abc"]).2);
        assert!(messages(Frames::of_syslog(3), &[b"10 <1>abc"]).2);
        assert!(messages(Frames::of_syslog(100), &[b"10"]).2);
    }

    #[test]
    fn lines_may_begin_with_lengths() {
        let (all, ..) = messages(Frames::of_lines(100), &[b"5 <1>ab\n"]);
        assert_eq!(all, ["5 <1>ab"]);
    }

    proptest! {
        #[test]
        fn where_the_stream_is_cut_does_not_matter(
            bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'<'), Just(b' '), b'0'..=b'9', any::<u8>()], 0..200),
            cuts in proptest::collection::vec(0usize..200, 0..8),
        ) {
            let whole = messages(Frames::of_syslog(20), &[&bytes]);
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
            prop_assert_eq!(messages(Frames::of_syslog(20), &pieces), whole);
        }
    }
}
