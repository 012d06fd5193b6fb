//! Which compression, told by the first bytes.
//!
//! Names lie (`access.log.1` that is gzip, `.gz` that is plain), so they are never asked. Each row says how a format
//! begins and from how many of those bytes a file that ends there is taken for a cut compressed file and not for a
//! very short text.

use std::fmt;

/// How the bytes on disk or on the wire are compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// RFC 1952, one or many members (bgzip, pigz, `cat a.gz b.gz`).
    Gzip,
    /// RFC 8878, one or many frames, skippable frames among them (pzstd, seekable).
    Zstd,
    /// The .xz format, one or many streams.
    Xz,
    /// bzip2, one or many streams (pbzip2).
    Bzip2,
    /// The LZ4 frame format, one or many frames.
    Lz4,
}

impl Compression {
    /// The name used in messages and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Compression::None => "none",
            Compression::Gzip => "gzip",
            Compression::Zstd => "zstd",
            Compression::Xz => "xz",
            Compression::Bzip2 => "bzip2",
            Compression::Lz4 => "lz4",
        }
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One way in which a compressed file begins.
struct Magic {
    /// The bytes; `None` stands for the level digit of bzip2, `1` to `9`.
    bytes: &'static [Option<u8>],
    compression: Compression,
    /// A file that ends after this many matching bytes is a cut file of this compression; with fewer it is a short
    /// plain one. At least 2, and past anything that text begins with.
    certain: usize,
}

const fn all<const N: usize>(bytes: [u8; N]) -> [Option<u8>; N] {
    let mut some = [None; N];
    let mut i = 0;
    while i < N {
        some[i] = Some(bytes[i]);
        i += 1;
    }
    some
}

/// "BZh" and a digit could begin a line of text, so the six bytes after them (pi of a first block, or the root of pi
/// of an empty stream) are asked for too.
const BZIP2_BLOCK: [Option<u8>; 10] = {
    let mut bytes = all(*b"BZh?1AY&SY");
    bytes[3] = None;
    bytes
};
const BZIP2_EMPTY: [Option<u8>; 10] = {
    let mut bytes = all(*b"BZh?\x17\x72\x45\x38\x50\x90");
    bytes[3] = None;
    bytes
};

const MAGICS: [Magic; 6] = [
    Magic { bytes: &all([0x1f, 0x8b, 8]), compression: Compression::Gzip, certain: 2 },
    Magic { bytes: &all([0x28, 0xb5, 0x2f, 0xfd]), compression: Compression::Zstd, certain: 3 },
    Magic { bytes: &all([0xfd, b'7', b'z', b'X', b'Z', 0]), compression: Compression::Xz, certain: 3 },
    Magic { bytes: &BZIP2_BLOCK, compression: Compression::Bzip2, certain: 6 },
    Magic { bytes: &BZIP2_EMPTY, compression: Compression::Bzip2, certain: 6 },
    Magic { bytes: &all([0x04, 0x22, 0x4d, 0x18]), compression: Compression::Lz4, certain: 3 },
];

/// The longest row of [`MAGICS`].
pub(super) const LONGEST: usize = 10;

/// What the first bytes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beginning {
    /// Compressed, and the whole mark is there.
    Whole(Compression),
    /// So far like the mark of a compression, which is not yet whole.
    Part {
        compression: Compression,
        /// If the content ends here, it is a cut compressed file.
        certain: bool,
    },
    /// A skippable frame, which zstd and LZ4 share: what follows it tells which.
    Skippable,
    /// None of these.
    Other,
}

/// Reads the mark at the beginning of `head`. Longer heads never change `Whole`, `Skippable` or `Other`.
pub(super) fn beginning(head: &[u8]) -> Beginning {
    // 0x184D2A50 to 0x184D2A5F, little-endian.
    if let [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] = head {
        return Beginning::Skippable;
    }
    for magic in &MAGICS {
        let like = head.iter().zip(magic.bytes).all(|(have, want)| match want {
            Some(want) => have == want,
            None => (b'1'..=b'9').contains(have),
        });
        if like && head.len() >= magic.bytes.len() {
            return Beginning::Whole(magic.compression);
        }
        if like && !head.is_empty() {
            return Beginning::Part { compression: magic.compression, certain: head.len() >= magic.certain };
        }
    }
    match head {
        // 'P' begins text often enough that one byte says nothing.
        [0x50..=0x5f, 0x2a] | [0x50..=0x5f, 0x2a, 0x4d] => {
            Beginning::Part { compression: Compression::Zstd, certain: head.len() >= 3 }
        }
        [0x50..=0x5f] => Beginning::Part { compression: Compression::Zstd, certain: false },
        _ => Beginning::Other,
    }
}

/// What to say of archives and compressions that are not read; `None` for everything else.
pub(super) fn unreadable(head: &[u8]) -> Option<&'static str> {
    const ROWS: [(&[u8], &str); 5] = [
        (b"PK\x03\x04", "is a zip archive; pipe in what it holds, as in: unzip -p FILE | outflow scan"),
        (
            b"7z\xbc\xaf\x27\x1c",
            "is a 7z archive; pipe in what it holds, as in: 7z x -so FILE | outflow scan",
        ),
        (
            b"Rar!\x1a\x07",
            "is a RAR archive; pipe in what it holds, as in: unrar p -inul FILE | outflow scan",
        ),
        (
            b"\x1f\x9d",
            "is compressed by compress(1); pipe in its content, as in: gzip -dc FILE | outflow scan",
        ),
        (
            b"\x02\x21\x4c\x18",
            "is in the legacy LZ4 format; pipe in its content, as in: lz4 -dc FILE | outflow scan",
        ),
    ];
    // The mark of tar stands behind the name and the numbers of its first member. Seen on files and on pipes that
    // deliver a first block at once; it only improves a message, so nothing waits for it.
    if head.get(257..262) == Some(b"ustar") {
        return Some("is a tar archive; pipe in what it holds, as in: tar -xOf FILE | outflow scan");
    }
    ROWS.iter().find(|(mark, _)| head.starts_with(mark)).map(|(_, advice)| *advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_told_from_text() {
        assert_eq!(beginning(b""), Beginning::Other);
        assert_eq!(beginning(b"1"), Beginning::Other);
        assert_eq!(beginning(b"BZh9 is no bzip2"), Beginning::Other);
        assert_eq!(beginning(b"BZh0\x31AY&SY"), Beginning::Other);
        assert_eq!(beginning(b"BZh91AY&SY"), Beginning::Whole(Compression::Bzip2));
        assert_eq!(beginning(b"BZh1\x17\x72\x45\x38\x50\x90"), Beginning::Whole(Compression::Bzip2));
        assert_eq!(beginning(b"BZh"), Beginning::Part { compression: Compression::Bzip2, certain: false });
        assert_eq!(beginning(b"\x1f\x8b"), Beginning::Part { compression: Compression::Gzip, certain: true });
        assert_eq!(beginning(b"P"), Beginning::Part { compression: Compression::Zstd, certain: false });
        assert_eq!(beginning(b"PUT"), Beginning::Other);
        assert_eq!(beginning(b"\x5e\x2a\x4d\x18"), Beginning::Skippable);
    }

    #[test]
    fn longest_is_the_longest() {
        assert_eq!(MAGICS.iter().map(|magic| magic.bytes.len()).max(), Some(LONGEST));
    }

    #[test]
    fn archives_are_named() {
        assert!(unreadable(b"PK\x03\x04rest").is_some());
        assert!(unreadable(b"PKI log").is_none());
        let mut tar = vec![0; 512];
        tar[257..262].copy_from_slice(b"ustar");
        assert!(unreadable(&tar).is_some_and(|advice| advice.contains("tar -xOf")));
    }
}
