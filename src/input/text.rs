//! The encoding of decompressed content: UTF-16 with a byte order mark becomes UTF-8, everything else passes untouched.
//!
//! Windows tools write UTF-16 logs. Bytes that are no valid UTF-8, and a UTF-8 byte order mark, are left to the
//! framing, which takes lines as bytes.

use std::io::Read;

use encoding_rs_io::DecodeReaderBytes;

use super::source::Source;

/// The content of `source` as the framing wants it. Waits for a second byte only where the first could begin a mark.
pub(super) fn reader(mut source: Source) -> Box<dyn Read + Send> {
    let [0xfe | 0xff, ..] = *source.peek(1) else {
        return Box::new(source);
    };
    match *source.peek(3) {
        // Nothing but the mark: an empty file of a tool that writes UTF-16.
        [0xff, 0xfe] | [0xfe, 0xff] => {
            source.consume(2);
            Box::new(source)
        }
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Box::new(DecodeReaderBytes::new(source)),
        _ => Box::new(source),
    }
}
