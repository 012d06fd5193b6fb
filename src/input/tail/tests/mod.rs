//! Following logs through whatever becomes of their files.

mod faults;
mod files;
mod model;

use super::*;
use flate2::{Compression, write::GzEncoder};
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;

/// How long a log is looked for.
/// Most files held open.
const OPEN_MAX: usize = 64;

const PATIENCE: Duration = Duration::from_secs(60);

/// A folder with a log, and whoever follows it.
struct World {
    folder: tempfile::TempDir,
    tail: Tail,
    /// Goes on by a second at each look.
    now: Duration,
    /// Lines handed on, by how often.
    read: BTreeMap<Vec<u8>, u32>,
    news: Vec<News>,
    errors: Vec<String>,
    /// Marks, and what was read up to them.
    kept: (Vec<Mark>, BTreeMap<Vec<u8>, u32>),
}

impl World {
    /// With this in `a.log`, found by a look and read or not.
    fn with_log(text: &str, is_read: bool) -> World {
        let mut world = World::new();
        world.append("a.log", text);
        world.look();
        if is_read {
            world.read_all();
        }
        world
    }

    fn new() -> World {
        let folder = tempfile::tempdir().unwrap();
        let tail = Tail::new(groups(folder.path()), Vec::new(), PATIENCE, OPEN_MAX);
        let kept = (Vec::new(), BTreeMap::new());
        World {
            folder,
            tail,
            now: Duration::ZERO,
            read: BTreeMap::new(),
            news: Vec::new(),
            errors: Vec::new(),
            kept,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn append(&self, name: &str, text: &str) {
        let mut file = OpenOptions::new().create(true).append(true).open(self.path(name)).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).unwrap();
    }

    /// As `gzip` does it: the original goes when the other is whole.
    fn compress(&self, name: &str) {
        let text = fs::read(self.path(name)).unwrap();
        let file = File::create(self.path(&format!("{name}.gz"))).unwrap();
        let mut encoder = GzEncoder::new(file, Compression::fast());
        encoder.write_all(&text).unwrap();
        encoder.finish().unwrap();
        fs::remove_file(self.path(name)).unwrap();
    }

    fn look(&mut self) {
        self.now += Duration::from_secs(1);
        let news = self.tail.look(self.now);
        self.news.extend(news);
    }

    fn numbers(&self) -> Vec<u32> {
        self.tail.marks().map(|mark| mark.number).collect()
    }

    /// Reads at most so many pieces.
    fn read(&mut self, pieces: usize) {
        let mut left = pieces;
        for number in self.numbers() {
            while left > 0 {
                let before = self.tail.mark(number).unwrap().offset;
                match self.tail.next(number, Buffer::default()) {
                    Ok(Some(chunk)) => self.take(before, &chunk),
                    Ok(None) => break,
                    Err(error) => {
                        self.errors.push(error.to_string());
                        break;
                    }
                }
                left -= 1;
            }
        }
    }

    fn take(&mut self, before: u64, chunk: &Chunk) {
        assert!(chunk.offset >= before && chunk.offset <= before + 3, "{} {before}", chunk.offset);
        if chunk.too_long {
            *self.read.entry(b"(too long)".to_vec()).or_default() += 1;
        }
        for line in crate::framing::lines(&chunk.bytes) {
            *self.read.entry(line.text.to_vec()).or_default() += 1;
        }
    }

    fn keep(&mut self) {
        let marks: Vec<&Mark> = self.tail.marks().collect();
        let bytes = postcard::to_stdvec(&marks).unwrap();
        self.kept = (postcard::from_bytes(&bytes).unwrap(), self.read.clone());
    }

    /// The process was killed: what was handed on since the marks were kept is as if it had not been.
    fn crash(&mut self) {
        let (marks, read) = self.kept.clone();
        self.read = read;
        self.tail = Tail::new(groups(self.folder.path()), marks, PATIENCE, OPEN_MAX);
    }

    fn restart(&mut self) {
        self.keep();
        self.crash();
    }

    fn read_all(&mut self) {
        for _ in 0..4 {
            self.look();
            self.read(usize::MAX);
        }
    }

    /// Everything there is to find out is found out.
    fn wait(&mut self) {
        for _ in 0..4 {
            self.read_all();
            self.now += PATIENCE / 2;
        }
    }

    fn has_read(&self, lines: &[&str]) {
        let mut expected: BTreeMap<Vec<u8>, u32> = BTreeMap::new();
        lines.iter().for_each(|line| *expected.entry(line.as_bytes().to_vec()).or_default() += 1);
        assert_eq!(self.read, expected);
    }

    fn lost(&self) -> u64 {
        self.news.iter().map(|news| if let News::Lost { bytes, .. } = news { *bytes } else { 0 }).sum()
    }
}

fn groups(folder: &Path) -> Vec<Group> {
    vec![Group { paths: vec![folder.join("*.log*")], from_end: false, own: false }]
}
