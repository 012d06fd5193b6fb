//! Tests of the whole layer: what goes into a file comes out of [`open`](super::open), however it was packed and cut.

mod broken;
mod roads;
mod whole;

use std::io::{self, Read, Write};

use super::*;

/// One member of each compression.
fn pack(compression: Compression, content: &[u8]) -> Vec<u8> {
    match compression {
        Compression::None => content.to_vec(),
        Compression::Gzip => {
            let mut writer = flate2::GzBuilder::new()
                .filename("access.log")
                .write(Vec::new(), flate2::Compression::default());
            writer.write_all(content).unwrap();
            writer.finish().unwrap()
        }
        Compression::Zstd => {
            let mut writer = ::zstd::Encoder::new(Vec::new(), 3).unwrap();
            writer.include_checksum(true).unwrap();
            writer.write_all(content).unwrap();
            writer.finish().unwrap()
        }
        Compression::Xz => {
            let mut writer = liblzma::write::XzEncoder::new(Vec::new(), 1);
            writer.write_all(content).unwrap();
            writer.finish().unwrap()
        }
        Compression::Bzip2 => {
            let mut writer = ::bzip2::write::BzEncoder::new(Vec::new(), ::bzip2::Compression::fast());
            writer.write_all(content).unwrap();
            writer.finish().unwrap()
        }
        Compression::Lz4 => {
            // Without checksums of blocks, as lz4(1) writes it: damage reaches the decoder.
            let info = lz4_flex::frame::FrameInfo::new()
                .block_size(lz4_flex::frame::BlockSize::Max64KB)
                .block_mode(lz4_flex::frame::BlockMode::Linked)
                .content_checksum(true);
            let mut writer = lz4_flex::frame::FrameEncoder::with_frame_info(info, Vec::new());
            writer.write_all(content).unwrap();
            writer.finish().unwrap()
        }
    }
}

const PACKED: [Compression; 5] =
    [Compression::Gzip, Compression::Zstd, Compression::Xz, Compression::Bzip2, Compression::Lz4];

/// Lines that compress like a log's.
fn lines(count: usize) -> Vec<u8> {
    let mut content = Vec::new();
    for i in 0..count {
        let host = i * 7919 % 251;
        writeln!(content, "{}.{:03} 10.1.2.{host} PUT /{} {}", 1_680_051_723 + i, i % 1000, i * i, i * 31)
            .unwrap();
    }
    content
}

/// Gives at most the next of `sizes` bytes at a time, round and round.
struct Short {
    content: io::Cursor<Vec<u8>>,
    sizes: Vec<usize>,
    turn: usize,
}

impl Read for Short {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let size = self.sizes[self.turn % self.sizes.len()].min(out.len());
        self.turn += 1;
        if self.turn.is_multiple_of(5) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        self.content.read(&mut out[..size])
    }
}

/// What came out before the end or the error.
struct Out {
    content: Vec<u8>,
    compression: Compression,
    error: Option<io::Error>,
}

impl Out {
    fn broken(&self) -> &Broken {
        self.error.as_ref().unwrap().get_ref().unwrap().downcast_ref().unwrap()
    }

    fn fault(&self) -> Option<Fault> {
        self.error.as_ref().map(|_| self.broken().fault.clone())
    }
}

/// Reads `packed` in pieces of `sizes` into buffers of `room` bytes.
fn read_in(packed: &[u8], sizes: &[usize], room: usize) -> Out {
    let raw = Short { content: io::Cursor::new(packed.to_vec()), sizes: sizes.to_vec(), turn: 0 };
    let mut out = Out { content: Vec::new(), compression: Compression::None, error: None };
    let mut opened = match open_reader(Box::new(raw), None) {
        Ok(opened) => opened,
        Err(error) => return Out { error: Some(error), ..out },
    };
    out.compression = opened.compression;
    let mut buffer = vec![0; room];
    loop {
        match opened.reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => out.content.extend_from_slice(&buffer[..read]),
            Err(error) => {
                out.error = Some(error);
                assert_eq!(opened.reader.read(&mut buffer).unwrap(), 0, "an error ends the content");
                break;
            }
        }
    }
    out
}

fn read(packed: &[u8]) -> Out {
    read_in(packed, &[1 << 20], 256 * 1024)
}
