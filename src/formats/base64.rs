//! Base 64, in which feeds and queues carry what may hold any byte.

use super::Scratch;

/// What is written in base 64 (RFC 4648, with or without its padding); `None` where it is not.
pub fn decode<'a>(text: &[u8], scratch: &'a Scratch) -> Option<&'a [u8]> {
    let text = text.trim_ascii_end();
    let text = text.strip_suffix(b"==").or(text.strip_suffix(b"=")).unwrap_or(text);
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    let mut held = 0_u32;
    for (place, &letter) in text.iter().enumerate() {
        let six = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        held = held << 6 | u32::from(six);
        // Four letters are three bytes: each but the first of four completes one.
        if let Some(left) = [None, Some(4), Some(2), Some(0)].get(place % 4).copied().flatten() {
            bytes.push((held >> left & 0xff) as u8);
        }
    }
    Some(scratch.alloc_slice_copy(&bytes))
}
