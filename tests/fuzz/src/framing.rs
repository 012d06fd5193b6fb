//! Texts cut into chunks, whatever the reader hands out at once: the lines are those of the whole text, and the records of a
//! JSON document those of the whole document.

use outflow::framing::{Buffer, Chunker, Documents, LINE_MAX, Marks, lines};
use std::io::{self, Read};

/// A text is made of the input: bytes from here on stand for a run of their own letter, this many times.
const RUN: u8 = 0xf0;
const RUN_LENGTH: usize = 150 << 10;
const TEXT_MAX: usize = 3 << 20;
const DOCUMENT_MAX: usize = 192 << 10;

/// Hands out some bytes at a time, now and then interrupted.
struct Dribble<'a> {
    text: &'a [u8],
    sizes: std::iter::Cycle<std::slice::Iter<'a, u8>>,
}

impl Read for Dribble<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = usize::from(self.sizes.next().copied().unwrap_or(255));
        if size == 7 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        // Small sizes are for small texts: a long one would take forever.
        let size = if self.text.len() > 4096 { 1024 * (1 + size) } else { 1 + size };
        let count = size.min(buffer.len()).min(self.text.len());
        let (now, later) = self.text.split_at(count);
        buffer[..count].copy_from_slice(now);
        self.text = later;
        Ok(count)
    }
}

/// A line: its text (none where it is too long) and where it begins.
type Told = (Option<Vec<u8>>, u64);

pub fn framing(input: &[u8]) {
    let (sizes, letters) = input.split_at(input.len().min(4));
    let mut text = Vec::new();
    for letter in letters {
        let times = if *letter >= RUN { usize::from(letter - RUN + 1) * RUN_LENGTH } else { 1 };
        text.resize((text.len() + times).min(TEXT_MAX), *letter);
    }
    // Interruptions alone would never end.
    let sizes = if sizes.iter().all(|size| *size == 7) { &[255][..] } else { sizes };
    assert_eq!(by_chunks(&text, sizes), by_hand(&text));
    // A document is read byte by byte: more than some chunks of it would say nothing new.
    let document = &text[..text.len().min(DOCUMENT_MAX)];
    let records = records(document, sizes);
    assert_eq!(records.len(), document.len());
    assert!(records == self::records(document, &[255]));
    // Some blocks of marks and a rest: more of them say nothing new.
    let text = &text[..text.len().min(1_000)];
    for separator in [b'\n', b'\t', 0] {
        let found = (0..text.len()).filter(|place| text[*place] == separator);
        assert!(Marks::new(text, separator).eq(found));
    }
}

fn by_chunks(text: &[u8], sizes: &[u8]) -> Vec<Told> {
    let mut chunker = Chunker::new(Dribble { text, sizes: sizes.iter().cycle() });
    let (mut told, mut end) = (Vec::new(), 0);
    while let Some(chunk) = chunker.next(Buffer::default()).expect("the reader does not fail") {
        assert_eq!(chunk.lines_before, told.len() as u64);
        assert!(chunk.offset >= end && !chunk.cut);
        end = chunk.offset + chunk.bytes.len() as u64;
        if chunk.too_long {
            told.push((None, chunk.offset));
        }
        for line in lines(&chunk.bytes) {
            let too_long = line.text.len() > LINE_MAX;
            told.push(((!too_long).then(|| line.text.to_vec()), chunk.offset + line.start as u64));
        }
        assert_eq!(chunk.lines_before + chunk.lines, told.len() as u64);
    }
    told
}

/// A text as the documents' reader hands it on, each record a line.
fn records(text: &[u8], sizes: &[u8]) -> Vec<u8> {
    let mut handed = Vec::new();
    let mut reader = Documents::new(Dribble { text, sizes: sizes.iter().cycle() });
    reader.read_to_end(&mut handed).expect("the reader does not fail");
    handed
}

/// The same the slow way, from the whole text.
fn by_hand(text: &[u8]) -> Vec<Told> {
    let unmarked = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut start = text.len() - unmarked.len();
    let mut told = Vec::new();
    for part in unmarked.split_inclusive(|byte| *byte == b'\n') {
        let line = part.strip_suffix(b"\n").unwrap_or(part);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        told.push(((line.len() <= LINE_MAX).then(|| line.to_vec()), start as u64));
        start += part.len();
    }
    told
}
