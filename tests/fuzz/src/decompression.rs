//! Files as they are found, compressed or not: whatever stands in them, reading ends, gives the same however much is asked for at
//! once, and gives no more than a bomb's share.

use outflow::input::open_reader;
use std::io::{self, Cursor, Read};

/// More of a text than this says nothing new, and a bomb takes long to go off.
const TEXT_MAX: u64 = 1 << 20;

/// What reading came to: the text, and the kind of error that ended it. Where in the file that was is told by how far the decoder
/// had looked, which depends on how much it was given.
type Outcome = (Vec<u8>, Option<io::ErrorKind>);

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
    // An archive is told by its front, as far as that has come: a slow one is read, and its lines are refused one by one.
    if [whole.1, slow.1].contains(&Some(io::ErrorKind::Unsupported)) {
        return;
    }
    // UTF-16 that is none: how many replacement characters stand for it, and whether the last of them is whole, depends on where it
    // was cut (`encoding_rs_io`).
    let replaced = |text: &[u8]| text.windows(3).any(|three| three == b"\xef\xbf\xbd");
    if replaced(&whole.0) || replaced(&slow.0) {
        return;
    }
    // How much of a damaged block is given before the damage is met depends on it too.
    if whole.1 == Some(io::ErrorKind::InvalidData) && slow.1 == whole.1 {
        assert!(whole.0.starts_with(&slow.0) || slow.0.starts_with(&whole.0), "two texts before the damage");
        return;
    }
    assert!(whole == slow, "{} bytes, {:?}; dribbled {}, {:?}", whole.0.len(), whole.1, slow.0.len(), slow.1);
}

fn text(raw: Box<dyn Read + Send>) -> Outcome {
    let reader = match open_reader(raw, None) {
        Ok(opened) => opened.reader,
        Err(error) => return (Vec::new(), Some(error.kind())),
    };
    let (mut text, mut reader) = (Vec::new(), reader.take(TEXT_MAX));
    let ended = reader.read_to_end(&mut text).err().map(|error| error.kind());
    (text, ended)
}
