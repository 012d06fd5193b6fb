//! One log down every road gives one answer: whole, in pieces, compressed, rotated, by any number of threads.

use crate::outflow::{Run, feed, repository, run};
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::Path;

/// Compares without printing megabytes.
#[track_caller]
fn same<T: PartialEq + std::fmt::Debug>(got: &[T], expected: &[T], road: &str) {
    let differs = got.iter().zip(expected).find(|(a, b)| a != b);
    assert!(differs.is_none(), "{road}: {differs:#?}");
    assert_eq!(got.len(), expected.len(), "{road}");
}

/// The estate's log: large enough for many chunks.
fn log() -> Vec<u8> {
    let estate = repository("sample-logs/estate-3-of-3000");
    let path = fs::read_dir(estate).unwrap().map(|entry| entry.unwrap().path());
    let path = path.into_iter().find(|path| path.to_string_lossy().contains("conn.log")).unwrap();
    zstd::decode_all(fs::File::open(path).unwrap()).unwrap()
}

/// The incidents without what tells the road: the evidence names files, and lines are numbered in each.
fn incidents(run: &Run) -> Vec<Value> {
    assert!(run.code < 2, "{}", run.stderr);
    let mut rows = run.rows("incident");
    for row in &mut rows {
        row.as_object_mut().unwrap().remove("evidence");
    }
    rows
}

fn volumes(arguments: &[&str]) -> Vec<String> {
    let all = [&["volumes", "--json", "--by", "host,destination", "--window", "1d"], arguments].concat();
    let run = run(&all);
    assert_eq!(run.code, 0, "{}", run.stderr);
    run.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn every_road_leads_to_the_same_incidents_and_sums() {
    let folder = tempfile::tempdir().unwrap();
    let log = log();
    let whole = folder.path().join("conn.log");
    fs::write(&whole, &log).unwrap();
    let path = |path: &Path| path.to_string_lossy().into_owned();
    let whole = path(&whole);
    let expected = incidents(&run(&["scan", "--json", "--all", "--threads", "1", &whole]));
    let sums = volumes(&["--threads", "1", &whole]);
    assert!(expected.len() > 3 && sums.len() > 1000);

    for threads in ["2", "3", "7"] {
        same(
            &incidents(&run(&["scan", "--json", "--all", "--threads", threads, &whole])),
            &expected,
            threads,
        );
        same(&volumes(&["--threads", threads, &whole]), &sums, threads);
    }

    // Through a pipe, in writes of odd sizes.
    let pieces: Vec<&[u8]> = log.chunks(7_919).collect();
    same(&incidents(&feed(&["scan", "--json", "--all"], &pieces)), &expected, "a pipe");

    // Compressed.
    let packed = folder.path().join("packed");
    fs::create_dir(&packed).unwrap();
    fs::write(packed.join("conn"), zstd::encode_all(&log[..], 1).unwrap()).unwrap();
    same(&incidents(&run(&["scan", "--json", "--all", &path(&packed)])), &expected, "zstd");

    // Rotated into five files, each with the header, the later ones named first; the older ones compressed.
    let header: Vec<u8> =
        log.split_inclusive(|b| *b == b'\n').take_while(|l| l.starts_with(b"#")).flatten().copied().collect();
    let lines: Vec<&[u8]> =
        log.split_inclusive(|byte| *byte == b'\n').filter(|line| !line.starts_with(b"#")).collect();
    let rotated = folder.path().join("rotated");
    fs::create_dir(&rotated).unwrap();
    for (number, part) in lines.chunks(lines.len() / 5 + 1).enumerate() {
        let text = [&header[..], &part.concat()].concat();
        let name = rotated.join(format!("conn.{}.log", 9 - number));
        if number < 3 {
            let mut gzip =
                flate2::write::GzEncoder::new(fs::File::create(name).unwrap(), flate2::Compression::fast());
            gzip.write_all(&text).unwrap();
            gzip.finish().unwrap();
        } else {
            fs::write(name, text).unwrap();
        }
    }
    let rotated = path(&rotated);
    same(&incidents(&run(&["scan", "--json", "--all", &rotated])), &expected, "rotated");
    let glob = format!("{rotated}/*.log");
    same(
        &incidents(&run(&["scan", "--json", "--all", "--threads", "2", &glob, &rotated])),
        &expected,
        "twice named",
    );
    same(&volumes(&[&rotated]), &sums, "rotated");
}
