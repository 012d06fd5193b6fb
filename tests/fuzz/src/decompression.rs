//! Files as they are found, compressed or not: whatever stands in them, reading ends, gives the same however much is asked for at
//! once, and gives no more than a bomb's share.

use outflow::input::open_reader;
use std::io::{self, Cursor, Read};

/// More of a text than this says nothing new, and a bomb takes long to go off.
const TEXT_MAX: u64 = 1 << 20;

/// What reading came to: the text, and how it ended.
type Outcome = (Vec<u8>, Option<(io::ErrorKind, String)>);

/// Hands out a byte at a time at first, then more, now and then interrupted.
struct Dribble(Cursor<Vec<u8>>, usize);

impl Read for Dribble {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.1 += 1;
        if self.1 % 5 == 0 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let most = (self.1 / 4 + 1).min(out.len());
        self.0.read(&mut out[..most])
    }
}

pub fn decompression(input: &[u8]) {
    let whole = text(Box::new(Cursor::new(input.to_vec())));
    let slow = text(Box::new(Dribble(Cursor::new(input.to_vec()), 0)));
    assert!(whole == slow, "what is read depends on how much comes at once: {whole:?} {slow:?}");
}

fn text(raw: Box<dyn Read + Send>) -> Outcome {
    let told = |error: io::Error| Some((error.kind(), error.to_string()));
    let reader = match open_reader(raw, None) {
        Ok(opened) => opened.reader,
        Err(error) => return (Vec::new(), told(error)),
    };
    let (mut text, mut reader) = (Vec::new(), reader.take(TEXT_MAX));
    let ended = reader.read_to_end(&mut text).err().and_then(told);
    (text, ended)
}
