//! Every format's parsing alone, beside a count of newlines in the same bytes, which is as fast as text can be looked at.
//!
//! ```sh
//! cargo bench --bench formats                      # all of KINDS
//! cargo bench --bench formats -- zeek vpc          # those with such a name
//! cargo bench --bench formats -- zeek conn.log     # a log of your own, as one of these would be read
//! ```
//!
//! The lines are the formats' samples (`sample-logs`, the cases of `tests/formats`, and `benches/lines` where neither has
//! any), each told by detection and repeated until all are some eight megabytes. A few lines that come again and again
//! are foreseen by the processor better than a day's log; a log of your own says what that is worth.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on stops")]
#![allow(clippy::print_stdout, reason = "it prints a table")]

use outflow::formats::detect::detect;
use outflow::formats::{Context, Detail, Format, KINDS, Kind, Scratch};
use outflow::framing::{CHUNK, lines};
use outflow::units::Timestamp;
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Bytes of text of each format: more than a core's second cache holds.
const BYTES: usize = 8 << 20;

/// How often each is measured; the best counts, as what disturbs only ever slows.
const TURNS: usize = 7;

/// 2023-03-29T12:00:00Z, when the samples were written: for stamps without a year.
const WRITTEN: Timestamp = Timestamp(1_680_091_200_000_000);

/// Rows that one header stands above, and how they are read.
struct Rows {
    sums: Arc<dyn Format>,
    full: Arc<dyn Format>,
    lines: Vec<Vec<u8>>,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|text| !text.starts_with('-')).collect();
    let (logs, names): (Vec<String>, Vec<String>) =
        arguments.into_iter().partition(|text| Path::new(text).is_file());
    let texts: Vec<(String, Vec<u8>)> = if logs.is_empty() {
        samples()
    } else {
        logs.iter().map(|path| (String::new(), first_of(fs::read(path).unwrap()))).collect()
    };
    println!(
        "{:<18}{:>9}{:>10}{:>9}{:>9}{:>9}{:>9}",
        "format", "B/line", "newlines", "sums", "× count", "full", "× count"
    );
    println!("{:<18}{:>9}{:>10}{:>9}{:>9}{:>9}{:>9}", "", "", "MB/s", "MB/s", "", "MB/s", "");
    for kind in KINDS {
        if names.is_empty() || names.iter().any(|name| kind.name.contains(name)) {
            let rows: Vec<Rows> = texts.iter().flat_map(|(name, text)| rows(kind, name, text)).collect();
            match logs.is_empty() || !rows.is_empty() {
                true if rows.is_empty() => println!("{:<18} no line of it is at hand", kind.name),
                true => measure(kind.name, &rows),
                false => {}
            }
        }
    }
}

/// The beginning of a log, in whole lines.
fn first_of(mut text: Vec<u8>) -> Vec<u8> {
    text.truncate(8 * BYTES);
    text.truncate(memchr::memrchr(b'\n', &text).map_or(text.len(), |end| end + 1));
    text
}

/// The name of a folder or file and the lines in it.
fn samples() -> Vec<(String, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let entries = |folder: &str| -> Vec<PathBuf> {
        let mut paths: Vec<PathBuf> =
            fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths
    };
    let name = |path: &Path| path.file_stem().unwrap().to_string_lossy().into_owned();
    let mut texts = Vec::new();
    for folder in entries("sample-logs") {
        for log in ["access.log", "sample.log"].map(|log| folder.join(log)).iter().filter(|log| log.is_file())
        {
            texts.push((name(&folder), fs::read(log).unwrap()));
        }
    }
    for path in entries("tests/formats") {
        let cases: toml::Table = fs::read_to_string(&path).unwrap().parse().unwrap();
        for case in cases["case"].as_array().unwrap() {
            texts.push((name(&path), case["line"].as_str().unwrap().trim().as_bytes().to_vec()));
        }
    }
    for path in entries("benches/lines") {
        texts.push((name(&path), fs::read(&path).unwrap()));
    }
    texts
}

/// How `text` is read by `kind`: none where detection says that it is another's.
fn rows(kind: &'static Kind, name: &str, text: &[u8]) -> Vec<Rows> {
    let all: Vec<&[u8]> = lines(text).map(|line| line.text).collect();
    let compiled = |detail| {
        let context = Context { detail, near: Some(WRITTEN), ..Context::default() };
        match detect(all.get(..200).unwrap_or(&all), &context) {
            Ok(found) => (found.kind.name == kind.name).then_some(found.format),
            // Some lines alone cannot tell.
            Err(_) => (name == kind.name).then(|| (kind.compile)("", &context).unwrap()),
        }
    };
    let (Some(mut sums), Some(mut full)) = (compiled(Detail::Sums), compiled(Detail::Full)) else {
        return Vec::new();
    };
    let mut parts: Vec<Rows> = Vec::new();
    let mut below = true;
    for line in all {
        let (scratch, mut events) = (Scratch::new(), Vec::new());
        let bare = sums.bare(line, &scratch);
        if kind.is_header.is_some_and(|is_header| is_header(bare))
            && let (Some(Ok(other)), Some(Ok(whole))) = (sums.header(line), full.header(line))
        {
            (sums, full, below) = (other, whole, true);
        } else if full.parse(line, &scratch, &mut events).is_ok() {
            if std::mem::take(&mut below) {
                parts.push(Rows { sums: sums.clone(), full: full.clone(), lines: Vec::new() });
            }
            parts.last_mut().unwrap().lines.push([line, b"\n"].concat());
        }
    }
    parts
}

/// Prints the row of one format.
fn measure(name: &str, rows: &[Rows]) {
    let once: usize = rows.iter().flat_map(|part| &part.lines).map(Vec::len).sum();
    let times = (BYTES / once.max(1)).max(1);
    let texts: Vec<Vec<u8>> = rows.iter().map(|part| part.lines.concat().repeat(times)).collect();
    let (bytes, count) = (once * times, rows.iter().map(|part| part.lines.len()).sum::<usize>());
    let newlines = || texts.iter().map(|text| memchr::memchr_iter(b'\n', black_box(text)).count()).sum();
    let sums = || texts.iter().zip(rows).map(|(text, part)| parse(&*part.sums, black_box(text))).sum();
    let full = || texts.iter().zip(rows).map(|(text, part)| parse(&*part.full, black_box(text))).sum();
    // In turn, so that what else the machine does meets all of them.
    let mut best = [Duration::MAX; 3];
    for _ in 0..TURNS {
        let turn: [Duration; 3] = [time(&newlines), time(&sums), time(&full)];
        best = std::array::from_fn(|place| best[place].min(turn[place]));
    }
    let speed = |time: Duration| bytes as f64 / 1e6 / time.as_secs_f64();
    let [newlines, sums, full] = best.map(speed);
    println!(
        "{name:<18}{:>9}{newlines:>10.0}{sums:>9.0}{:>9.1}{full:>9.0}{:>9.1}",
        once / count,
        newlines / sums,
        newlines / full
    );
}

fn time(work: &dyn Fn() -> usize) -> Duration {
    let start = Instant::now();
    black_box(work());
    start.elapsed()
}

/// Parses every line, a chunk at a time as the drivers do; the number of events.
fn parse(format: &dyn Format, text: &[u8]) -> usize {
    let (mut scratch, mut at, mut count) = (Scratch::new(), 0, 0);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let end = rest.get(CHUNK..).and_then(|rest| memchr::memchr(b'\n', rest)).map(|end| CHUNK + end + 1);
        let chunk = &rest[..end.unwrap_or(rest.len())];
        let mut events = Vec::with_capacity(64);
        for line in lines(chunk) {
            _ = format.parse(line.text, &scratch, &mut events);
            count += events.len();
            black_box(&events);
            events.clear();
        }
        drop(events);
        scratch.reset();
        at += chunk.len();
    }
    count
}
