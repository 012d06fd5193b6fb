//! Cutting a stream into chunks of whole lines.

use super::{Buffer, CHUNK, LINE_MAX};
use std::io::{self, Read};

/// UTF-8's, as Windows writes it at the beginning of a file.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Whole lines of one source.
#[derive(Debug, Default)]
pub struct Chunk {
    /// The text; ends with a newline except at the end of the source.
    pub bytes: Buffer,
    /// Where it begins: bytes of decompressed content before it.
    pub offset: u64,
    /// Lines of the source before it, those too long included.
    pub lines_before: u64,
    /// How many lines this stands for, those too long included.
    pub lines: u64,
    /// Whether this stands for one line that was longer than [`LINE_MAX`] and was skipped; `bytes` is then empty.
    pub too_long: bool,
    /// The source broke off (an error follows) in the middle of the last line of `bytes`.
    pub cut: bool,
}

/// Reads a source chunk by chunk, in order.
pub struct Chunker<R> {
    reader: R,
    /// What has been read beyond the last chunk.
    carry: Vec<u8>,
    /// Bytes handed out or skipped so far.
    offset: u64,
    lines: u64,
    state: State,
}

enum State {
    Reading,
    /// The reader failed; the error is handed on after the good prefix.
    Failed(io::Error),
    Done,
}

impl<R: Read> Chunker<R> {
    /// Starts at the beginning of `reader`.
    pub fn new(reader: R) -> Self {
        Chunker { reader, carry: Vec::new(), offset: 0, lines: 0, state: State::Reading }
    }

    /// The next chunk; `None` at the end. `buffer` is reused for its bytes. An error comes after all that was read before
    /// it, once.
    pub fn next(&mut self, mut buffer: Buffer) -> io::Result<Option<Chunk>> {
        buffer.clear();
        buffer.extend_from_slice(&self.carry);
        self.carry.clear();
        let mut goal = CHUNK;
        loop {
            self.fill(&mut buffer, goal);
            if !matches!(self.state, State::Reading) {
                return self.last(buffer);
            }
            if let Some(newline) = memchr::memrchr(b'\n', &buffer) {
                self.carry.extend_from_slice(buffer.get(newline + 1..).unwrap_or_default());
                buffer.truncate(newline + 1);
                return Ok(Some(self.hand_out(buffer)));
            }
            // More for what is no part of the line: a byte order mark in front and the `\r` behind.
            if buffer.len() > BYTE_ORDER_MARK.len() + LINE_MAX + 1 {
                return Ok(Some(self.skip_line(buffer)));
            }
            goal = buffer.len() + CHUNK;
        }
    }

    /// Reads until `buffer` holds `goal` bytes, or the state is no longer `Reading`.
    fn fill(&mut self, buffer: &mut Buffer, goal: usize) {
        while matches!(self.state, State::Reading) && buffer.len() < goal {
            match buffer.fill(&mut self.reader, goal) {
                Ok(0) => self.state = State::Done,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => self.state = State::Failed(error),
            }
        }
    }

    /// What is left when the reader is at its end or has failed.
    fn last(&mut self, buffer: Buffer) -> io::Result<Option<Chunk>> {
        if buffer.is_empty() {
            return match std::mem::replace(&mut self.state, State::Done) {
                State::Failed(error) => Err(error),
                State::Reading | State::Done => Ok(None),
            };
        }
        let cut = matches!(self.state, State::Failed(_)) && buffer.last() != Some(&b'\n');
        Ok(Some(Chunk { cut, ..self.hand_out(buffer) }))
    }

    fn hand_out(&mut self, bytes: Buffer) -> Chunk {
        let mut chunk = Chunk { bytes, offset: self.offset, lines_before: self.lines, ..Chunk::default() };
        self.offset += chunk.bytes.len() as u64;
        if chunk.offset == 0 && chunk.bytes.starts_with(BYTE_ORDER_MARK) {
            // It is no part of the first line, and alone it is none; offsets still count it.
            chunk.bytes.drop_first(BYTE_ORDER_MARK.len());
            chunk.offset = BYTE_ORDER_MARK.len() as u64;
        }
        let open_end = chunk.bytes.last().is_some_and(|last| *last != b'\n');
        chunk.lines = memchr::memchr_iter(b'\n', &chunk.bytes).count() as u64 + u64::from(open_end);
        self.lines += chunk.lines;
        chunk
    }

    /// Drops a line that is too long, of which `seen` is the beginning; what follows it goes to the carry.
    fn skip_line(&mut self, mut seen: Buffer) -> Chunk {
        let marked = self.offset == 0 && seen.starts_with(BYTE_ORDER_MARK);
        let offset = if marked { BYTE_ORDER_MARK.len() as u64 } else { self.offset };
        loop {
            if let Some(newline) = memchr::memchr(b'\n', &seen) {
                self.offset += newline as u64 + 1;
                self.carry.extend_from_slice(seen.get(newline + 1..).unwrap_or_default());
                break;
            }
            self.offset += seen.len() as u64;
            seen.clear();
            self.fill(&mut seen, CHUNK);
            if seen.is_empty() {
                break;
            }
        }
        let lines_before = self.lines;
        self.lines += 1;
        Chunk { offset, lines_before, lines: 1, too_long: true, ..Chunk::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::lines;
    use super::*;
    use proptest::prelude::*;

    /// Hands out what it holds a few bytes at a time, then perhaps an error.
    struct Dribble<'a> {
        bytes: &'a [u8],
        at_once: usize,
        fails: bool,
    }

    impl Read for Dribble<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.at_once.min(buffer.len()).min(self.bytes.len());
            if count == 0 && self.fails && !buffer.is_empty() {
                self.fails = false;
                return Err(io::Error::other("broken"));
            }
            let (now, later) = self.bytes.split_at(count);
            buffer[..count].copy_from_slice(now);
            self.bytes = later;
            Ok(count)
        }
    }

    /// (number of the line, its offset, its text) of all lines, with too long ones as `None`.
    type Seen = Vec<(u64, u64, Option<Vec<u8>>)>;

    fn read_all(reader: impl Read) -> (Seen, Option<io::Error>) {
        let mut chunker = Chunker::new(reader);
        let mut seen = Vec::new();
        loop {
            match chunker.next(Buffer::default()) {
                Ok(None) => return (seen, None),
                Err(error) => return (seen, Some(error)),
                Ok(Some(chunk)) => {
                    assert_eq!(chunk.lines_before, seen.len() as u64);
                    if chunk.too_long {
                        seen.push((chunk.lines_before, chunk.offset, None));
                    }
                    for line in lines(&chunk.bytes) {
                        let text = (line.text.len() <= LINE_MAX).then(|| line.text.to_vec());
                        seen.push((seen.len() as u64, chunk.offset + line.start as u64, text));
                    }
                }
            }
        }
    }

    #[test]
    fn lines_longer_than_the_cap_are_skipped_wherever_they_stand() {
        for length in [LINE_MAX - 1, LINE_MAX, LINE_MAX + 1, LINE_MAX + 2, 3 * LINE_MAX + CHUNK] {
            let long = vec![b'x'; length];
            let text = [b"first\n", &long[..], b"\nlast"].concat();
            let (seen, error) = read_all(&text[..]);
            assert!(error.is_none());
            assert_eq!(seen.len(), 3);
            assert_eq!(seen[1], (1, 6, (length <= LINE_MAX).then_some(long)));
            assert_eq!(seen[2], (2, 7 + length as u64, Some(b"last".to_vec())));
            // The same line at the very end, without a newline.
            let (seen, _) = read_all(&text[..6 + length]);
            assert_eq!(seen[1].2.is_none(), length > LINE_MAX, "{length}");
        }
    }

    #[test]
    fn byte_order_mark_is_dropped_and_counted_in_offsets() {
        let (seen, _) = read_all(&b"\xef\xbb\xbfone\ntwo"[..]);
        assert_eq!(seen, [(0, 3, Some(b"one".to_vec())), (1, 7, Some(b"two".to_vec()))]);
        let mut chunker = Chunker::new(BYTE_ORDER_MARK);
        let alone = chunker.next(Buffer::default()).unwrap().unwrap();
        assert_eq!((alone.lines, alone.bytes.len()), (0, 0));
        // Neither the mark nor the carriage return makes the longest line longer, however little is read at once.
        for (length, at_once) in [(LINE_MAX, CHUNK - 1), (LINE_MAX, 4 * LINE_MAX), (2 * LINE_MAX, CHUNK)] {
            let long = vec![b'x'; length];
            let text = [b"\xef\xbb\xbf", &long[..], b"\r\n"].concat();
            let (seen, _) = read_all(Dribble { bytes: &text, at_once, fails: false });
            assert!(seen == [(0, 3, (length <= LINE_MAX).then_some(long))], "{length} {at_once}");
        }
    }

    #[test]
    fn an_error_comes_after_the_good_prefix() {
        let mut chunker = Chunker::new(Dribble { bytes: b"one\ntw", at_once: 4, fails: true });
        let chunk = chunker.next(Buffer::default()).unwrap().unwrap();
        assert!(chunk.cut);
        assert_eq!(*chunk.bytes, *b"one\ntw");
        assert_eq!(chunker.next(Buffer::default()).unwrap_err().to_string(), "broken");
        assert!(chunker.next(Buffer::default()).unwrap().is_none());
    }

    proptest! {
        #[test]
        fn cutting_never_changes_lines(
            pieces in proptest::collection::vec(("[a\\r\\n\\x00]{0,30}", 0usize..400_000), 0..8),
            at_once in 1usize..300_000,
        ) {
            let text: Vec<u8> =
                pieces.iter().flat_map(|(text, pad)| [text.as_bytes().to_vec(), vec![b'p'; *pad]].concat()).collect();
            let at_once = at_once.max(text.len() / 1000 + 1);
            let whole: Seen = lines(&text)
                .enumerate()
                .map(|(at, line)| {
                    (at as u64, line.start as u64, (line.text.len() <= LINE_MAX).then(|| line.text.to_vec()))
                })
                .collect();
            let (seen, error) = read_all(Dribble { bytes: &text, at_once, fails: false });
            prop_assert!(error.is_none());
            prop_assert!(seen == whole);
        }
    }
}
