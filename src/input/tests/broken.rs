//! Content that is cut, damaged or hostile.

use std::io::{self, Read, Write};

use super::*;

#[test]
fn cut_at_every_byte_gives_a_prefix_and_says_so() {
    let content = lines(60);
    for compression in PACKED {
        let packed = [pack(compression, &content), pack(compression, &content)].concat();
        let whole = [&content[..], &content].concat();
        for cut in 0..packed.len() {
            let out = read(&packed[..cut]);
            if out.compression == Compression::None {
                // Too short to be told from a short text: "BZh91".
                assert!(cut < 6 && out.content == packed[..cut], "{compression} cut at {cut}");
                continue;
            }
            assert!(whole.starts_with(&out.content), "{compression} cut at {cut}");
            if cut == packed.len() / 2 {
                assert!(out.error.is_none() && out.content == content);
                continue;
            }
            assert_eq!(out.fault(), Some(Fault::Truncated), "{compression} cut at {cut}");
            assert_eq!(out.broken().offset, cut as u64, "{compression} cut at {cut}");
            assert!(out.error.unwrap().to_string().contains(&format!("{compression} data is cut short")));
        }
    }
}

#[test]
fn blocks_before_damage_are_kept() {
    let content = lines(40_000);
    for compression in PACKED {
        let mut packed = pack(compression, &content);
        let middle = packed.len() * 3 / 4;
        for byte in &mut packed[middle..middle + 40] {
            *byte ^= 0xa5;
        }
        let out = read(&packed);
        assert!(matches!(out.fault(), Some(Fault::Damaged(_))), "{compression}: {:?}", out.error);
        let same = out.content.iter().zip(&content).take_while(|(a, b)| a == b).count();
        assert!(same > content.len() / 2, "{compression}: {same} of {}", content.len());
        // At the block, or only at the checksum behind all blocks.
        assert!(out.broken().offset + 200_000 > middle as u64, "{compression}: {}", out.broken().offset);
    }
}

#[test]
fn a_mark_without_content_is_damaged() {
    for begin in [
        &b"\x1f\x8b\x08\xffnothing of the kind"[..],
        b"\x28\xb5\x2f\xfd\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\xfd7zXZ\0nothing of the kind",
        b"BZh91AY&SYnothing of the kind at all",
        b"\x04\x22\x4d\x18nothing of the kind",
    ] {
        let out = read(begin);
        assert!(out.content.is_empty());
        assert!(matches!(out.fault(), Some(Fault::Damaged(_) | Fault::Memory)), "{:?}", out.error);
    }
}

#[test]
fn windows_and_dictionaries_have_bounds() {
    let mut writer = ::zstd::Encoder::new(Vec::new(), 1).unwrap();
    writer.window_log(28).unwrap();
    writer.long_distance_matching(true).unwrap();
    writer.write_all(&lines(10)).unwrap();
    assert_eq!(read(&writer.finish().unwrap()).fault(), Some(Fault::Memory));

    // The header of a block with a dictionary of 1.5 GiB, as `xz --lzma2=dict=1536MiB` writes it.
    let mut options = liblzma::stream::LzmaOptions::new_preset(0).unwrap();
    options.dict_size(1 << 20);
    let mut filters = liblzma::stream::Filters::new();
    filters.lzma2(&options);
    let stream = liblzma::stream::Stream::new_stream_encoder(&filters, liblzma::stream::Check::None).unwrap();
    let mut writer = liblzma::write::XzEncoder::new_stream(Vec::new(), stream);
    writer.write_all(b"x").unwrap();
    let mut packed = writer.finish().unwrap();
    // Block header at 12: size, flags, filter id 0x21, one byte of properties, the dictionary's size; then its CRC32.
    assert_eq!(packed[14..16], [0x21, 1]);
    packed[16] = 37;
    let mut crc = flate2::Crc::new();
    crc.update(&packed[12..20]);
    packed[20..24].copy_from_slice(&crc.sum().to_le_bytes());
    assert_eq!(read(&packed).fault(), Some(Fault::Memory));
}

#[test]
fn bombs_are_refused() {
    let packed = pack(Compression::Bzip2, &vec![0; 200 << 20]);
    let mut opened = open_reader(Box::new(io::Cursor::new(packed)), None).unwrap();
    let mut buffer = vec![0; 1 << 20];
    let mut total = 0;
    let error = loop {
        match opened.reader.read(&mut buffer) {
            Ok(0) => panic!("read to the end"),
            Ok(read) => total += read,
            Err(error) => break error,
        }
    };
    assert!((64 << 20..80 << 20).contains(&total), "{total}");
    assert!(error.to_string().contains("10000 times"), "{error}");
}

#[test]
fn a_failing_disk_is_no_damage_and_loses_nothing() {
    struct Failing(io::Cursor<Vec<u8>>);
    impl Read for Failing {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            match self.0.read(out)? {
                0 => Err(io::Error::other("disk on fire")),
                read => Ok(read),
            }
        }
    }
    for compression in PACKED.into_iter().chain([Compression::None]) {
        let mut content = Vec::new();
        let mut opened =
            open_reader(Box::new(Failing(io::Cursor::new(pack(compression, b"line\n")))), None).unwrap();
        let error = opened.reader.read_to_end(&mut content).unwrap_err();
        assert_eq!((content.as_slice(), error.to_string().as_str()), (b"line\n".as_slice(), "disk on fire"));
    }
}
