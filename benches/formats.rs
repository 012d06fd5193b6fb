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
use outflow::framing::lines;
use outflow::units::Timestamp;
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Bytes of text of each format: more than a core's second cache holds.
const BYTES: usize = 8 << 20;

/// How often each piece is measured; the best counts, as what disturbs only ever slows.
const TURNS: usize = 11;

/// Bytes between two looks at the clock: a tenth of a millisecond or two, so that on a machine that does other work as well
/// most pieces are read undisturbed at least once.
const PIECE: usize = 128 << 10;

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
        "format", "B/line", "newlines", "sums", "share", "full", "share"
    );
    println!("{:<18}{:>9}{:>10}{:>9}{:>9}{:>9}{:>9}", "", "", "MB/s", "MB/s", "%", "MB/s", "%");
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
            Ok(found) if found.kind.name == kind.name => Some(found.format),
            // Some lines alone cannot tell.
            _ => (name == kind.name).then(|| (kind.compile)("", &context).unwrap()),
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
    let newlines = |_: &Rows, piece: &[u8]| memchr::memchr_iter(b'\n', piece).count();
    let sums = |part: &Rows, piece: &[u8]| parse(&*part.sums, piece);
    let full = |part: &Rows, piece: &[u8]| parse(&*part.full, piece);
    // In turn, so that what else the machine does meets all of them.
    let mut best: [Vec<Duration>; 3] = Default::default();
    for _ in 0..TURNS {
        for (best, work) in best.iter_mut().zip([&newlines as &Work<'_>, &sums, &full]) {
            let pieces =
                rows.iter().zip(&texts).flat_map(|(part, text)| pieces(text).map(move |piece| (part, piece)));
            for (place, (part, piece)) in pieces.enumerate() {
                let taken = time(|| work(part, black_box(piece)));
                match best.get_mut(place) {
                    Some(best) => *best = taken.min(*best),
                    None => best.push(taken),
                }
            }
        }
    }
    let speed = |times: Vec<Duration>| bytes as f64 / 1e6 / times.iter().sum::<Duration>().as_secs_f64();
    let [newlines, sums, full] = best.map(speed);
    println!(
        "{name:<18}{:>9}{newlines:>10.0}{sums:>9.0}{:>9.1}{full:>9.0}{:>9.1}",
        once / count,
        100.0 * sums / newlines,
        100.0 * full / newlines
    );
}

/// What is done with a piece of text.
type Work<'a> = dyn Fn(&Rows, &[u8]) -> usize + 'a;

fn time(work: impl FnOnce() -> usize) -> Duration {
    let start = Instant::now();
    black_box(work());
    start.elapsed()
}

/// Whole lines, [`PIECE`] bytes at a time.
fn pieces(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let end = rest.get(PIECE..).and_then(|rest| memchr::memchr(b'\n', rest)).map(|end| PIECE + end + 1);
        let (piece, after) = rest.split_at(end.unwrap_or(rest.len()));
        rest = after;
        (!piece.is_empty()).then_some(piece)
    })
}

/// Parses every line as the drivers do with a chunk; the number of events.
fn parse(format: &dyn Format, piece: &[u8]) -> usize {
    let (scratch, mut events, mut count) = (Scratch::new(), Vec::with_capacity(64), 0);
    for line in lines(piece) {
        _ = format.parse(line.text, &scratch, &mut events);
        count += events.len();
        black_box(&events);
        events.clear();
    }
    count
}
