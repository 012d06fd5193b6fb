//! Content that is as it should be.

use std::fs;
use std::io::{self, Read};
use std::mem;
use std::path::Path;
use std::sync::atomic::Ordering;

use super::*;

#[test]
fn what_goes_in_comes_out() {
    for content in [lines(0), b"x".to_vec(), b"BZ".to_vec(), b"ab\n".to_vec(), lines(20_000)] {
        for compression in PACKED.into_iter().chain([Compression::None]) {
            let out = read(&pack(compression, &content));
            assert!(out.error.is_none(), "{compression}: {:?}", out.error);
            assert_eq!(out.compression, compression);
            assert!(out.content == content, "{compression}");
        }
    }
}

#[test]
fn members_follow_one_another() {
    for compression in PACKED {
        let mut packed = Vec::new();
        let mut content = Vec::new();
        // Linked LZ4 frames of growing and shrinking size, empty members among them.
        for count in [1, 3_000, 0, 10, 9_000, 1] {
            packed.extend(pack(compression, &lines(count)));
            content.extend(lines(count));
        }
        assert!(read(&packed).content == content, "{compression}");

        packed.extend([0; 700]);
        let padded = read(&packed);
        assert!(padded.error.is_none() && padded.content == content, "{compression}");

        packed.extend(pack(compression, b"after padding\n"));
        assert!(read(&packed).content.ends_with(b"after padding\n"), "{compression}");

        packed.extend(b"garbage");
        let out = read(&packed);
        assert_eq!(out.fault(), Some(Fault::Trailing));
        assert_eq!(out.broken().offset, packed.len() as u64 - 7);
        assert!(out.content.ends_with(b"after padding\n"), "{compression}");
    }
}

#[test]
fn skippable_frames_are_skipped() {
    let skippable = [b"\x5a\x2a\x4d\x18\x05\0\0\0".as_slice(), b"index"].concat();
    for compression in [Compression::Zstd, Compression::Lz4] {
        let frame = pack(compression, b"line\n");
        let out = read(&[&skippable[..], &frame, &skippable, &skippable, &frame, &skippable].concat());
        assert_eq!((out.content.as_slice(), out.compression), (b"line\nline\n".as_slice(), compression));
        assert!(out.error.is_none());
        let cut = read(&[&frame[..], &skippable[..9]].concat());
        assert_eq!((cut.content.as_slice(), cut.fault()), (b"line\n".as_slice(), Some(Fault::Truncated)));
    }
    assert!(read(&skippable).error.is_none());
    assert_eq!(read(&skippable[..9]).fault(), Some(Fault::Truncated));
    assert_eq!(read(&[&skippable[..], b"text"].concat()).fault(), Some(Fault::Trailing));
}

#[test]
fn utf_16_becomes_utf_8_and_the_rest_is_left_alone() {
    let text = "Zeile über \u{1f600}\r\nzweite\r\n";
    let little: Vec<u8> =
        [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect();
    for packed in [little.clone(), big, pack(Compression::Gzip, &little), pack(Compression::Xz, &little)] {
        assert_eq!(String::from_utf8(read(&packed).content).unwrap(), text);
        for room in 1..9 {
            assert_eq!(
                String::from_utf8(read_in(&packed, &[1, 2, 3], room).content).unwrap(),
                text,
                "{room}"
            );
        }
    }
    for untouched in [&b"\xef\xbb\xbfutf-8"[..], b"\xff\xff\0\x80 latin \xe9\n", b"\xff", b"\xfe\xff"] {
        let expected = if untouched == b"\xfe\xff" { b"" } else { untouched };
        assert_eq!(read(untouched).content, expected);
    }
}

#[test]
fn archives_are_refused_with_the_command_that_helps() {
    let mut tar = vec![0; 1024];
    tar[257..262].copy_from_slice(b"ustar");
    for packed in [tar.clone(), pack(Compression::Gzip, &tar), pack(Compression::Zstd, &tar)] {
        assert!(read(&packed).error.unwrap().to_string().contains("tar -xOf"));
    }
}

#[test]
fn files_are_counted_as_they_lie_on_disk() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("plainly.log");
    let packed = pack(Compression::Zstd, &lines(5_000));
    fs::write(&path, &packed).unwrap();
    let mut opened = open(&Place::File(path)).unwrap();
    let mut content = Vec::new();
    opened.reader.read_to_end(&mut content).unwrap();
    assert!(content == lines(5_000));
    assert_eq!(opened.size_on_disk, Some(packed.len() as u64));
    assert_eq!(opened.consumed.load(Ordering::Relaxed), packed.len() as u64);

    let error = open(&Place::File(directory.path().into())).err().unwrap();
    assert!(error.what.contains("is a directory"));
    let error = open(&Place::File(directory.path().join("none"))).err().unwrap();
    assert!(error.what.contains("no such file"));
}

#[test]
fn a_slow_pipe_is_not_waited_for_longer_than_needed() {
    /// A terminal on which nobody types more.
    struct Once(bool);
    impl Read for Once {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            assert!(!mem::replace(&mut self.0, true), "asked again");
            out[0] = b'x';
            Ok(1)
        }
    }
    let mut opened = open_reader(Box::new(Once(false)), None).unwrap();
    assert_eq!(opened.reader.read(&mut [0; 10]).unwrap(), 1);
    assert_eq!(Place::Stdin.path(), Path::new("-"));
}
