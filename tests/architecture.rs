//! The rules of `src/README.md` that a machine can check: who may look at whom, and who may use what.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// (path from `src/`, text without tests and comments) of every source file.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&root, &mut files);
    files.sort();
    // Files that hold only tests are named so.
    let tests = |path: &PathBuf| {
        path.components().any(|part| part.as_os_str().to_string_lossy().starts_with("tests"))
    };
    files
        .into_iter()
        .filter(|path| !tests(&path.strip_prefix(&root).unwrap().to_path_buf()))
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            let name = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            let code: Vec<&str> = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
            (name, code.join("\n"))
        })
        .collect()
}

/// The modules in the order of `lib.rs`, which is the order in which data flows.
fn order() -> Vec<String> {
    let lib = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    lib.lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .map(str::to_owned)
        .collect()
}

fn module(file: &str) -> &str {
    file.split(['/', '.']).next().unwrap_or_default()
}

/// The top-level modules that a text names as `crate::module`.
fn looks_at(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for part in code.split("crate::").skip(1) {
        let part = part.trim_start();
        if let Some(group) = part.strip_prefix('{') {
            // `use crate::{a::B, c};`: the first word of every item at the group's own level.
            let mut depth = 0;
            let mut word = String::new();
            let mut fresh = true;
            for character in group.chars() {
                if fresh && (character.is_alphanumeric() || character == '_') {
                    word.push(character);
                } else if !word.is_empty() {
                    found.push(std::mem::take(&mut word));
                    fresh = false;
                }
                match character {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => fresh = true,
                    _ => {}
                }
            }
            found.extend((!word.is_empty()).then_some(word));
        } else {
            found.push(part.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    found
}

#[test]
fn every_folder_looks_left_only() {
    let places: BTreeMap<String, usize> = order().into_iter().zip(0..).collect();
    // The inventory reads addresses as the log does; it is the one look from `estate` to the words of `event`.
    let allowed = [("estate/inventory.rs", "event"), ("estate/mod.rs", "event")];
    let mut wrong = Vec::new();
    for (file, code) in sources() {
        let Some(here) = places.get(module(&file)) else { continue };
        for seen in looks_at(&code) {
            let right = places.get(&seen).is_some_and(|there| there > here);
            if right && !allowed.contains(&(file.as_str(), seen.as_str())) {
                wrong.push(format!("src/{file} looks right, at {seen}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn siblings_never_know_each_other() {
    let mut wrong = Vec::new();
    for row in ["detectors", "outputs"] {
        let (files, _): (Vec<_>, Vec<_>) = sources().into_iter().partition(|(file, _)| module(file) == row);
        for (file, code) in &files {
            for (sibling, _) in files.iter().filter(|(other, _)| other != file && !other.ends_with("mod.rs"))
            {
                let name = sibling.rsplit('/').next().unwrap_or_default().trim_end_matches(".rs");
                // What siblings share has a file of its own there.
                let shared = matches!(name, "escape" | "report" | "row");
                if !shared && !file.ends_with("mod.rs") && code.contains(&format!("super::{name}")) {
                    wrong.push(format!("src/{file} knows its sibling {name}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Words that may stand only in some places, with the reason.
const ONLY_IN: &[(&str, &[&str], &str)] = &[
    ("tokio::", &["daemon/"], "everything else is synchronous"),
    (
        "rayon::",
        &[
            "batch/",
            "pipeline/sums.rs",
            "cli/bench/stages.rs",
            "cli/parse.rs",
            "cli/doctor.rs",
            "cli/read.rs",
        ],
        "threads belong to the batch driver",
    ),
    ("clap::", &["cli/"], "the library does not know the command line"),
    ("anyhow::", &["cli/"], "stages have errors of their own"),
    ("SystemTime::now", &["cli/read.rs"], "event time only"),
    ("println!", &[], "outputs write to what they are given"),
    ("eprintln!", &["cli/mod.rs"], "one place talks"),
    (
        "std::fs",
        &["input/", "store/", "daemon/deliver/", "daemon/listen/", "cli/"],
        "stages do no input or output",
    ),
    (
        "File::open",
        &["input/", "store/", "daemon/deliver/", "daemon/listen/", "cli/"],
        "stages do no input or output",
    ),
    ("mmap", &[], "a file truncated while it is mapped is SIGBUS"),
];

#[test]
fn words_that_belong_to_some_places_only() {
    let mut wrong = Vec::new();
    for (file, code) in sources() {
        for (word, places, reason) in ONLY_IN {
            // `eprintln!` holds `println!`: the character before must not be part of a name.
            let mut found = code.match_indices(word).map(|(at, _)| code[..at].chars().next_back());
            let used = found.any(|before| !before.is_some_and(|c| c.is_alphanumeric() || c == '_'));
            if used && !places.iter().any(|place| file.starts_with(place)) {
                wrong.push(format!("src/{file} uses {word}: {reason}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn parsers_do_not_panic_by_their_own_words() {
    let mut wrong = Vec::new();
    for (file, code) in sources() {
        if !["formats", "framing", "input", "event"].contains(&module(&file)) {
            continue;
        }
        for word in [".unwrap()", ".expect(\"", "panic!(", "unreachable!("] {
            if code.contains(word) {
                wrong.push(format!("src/{file} says {word}: input is hostile"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_map_names_every_module() {
    let map = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/README.md")).unwrap();
    let missing: Vec<String> =
        order().into_iter().filter(|name| !map.contains(&format!("`{name}"))).collect();
    assert!(missing.is_empty(), "src/README.md does not name {missing:?}");
}

#[test]
fn files_stay_short() {
    const MOST: usize = 500;
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    rust_files(&root.join("src"), &mut files);
    let long: Vec<String> = files
        .iter()
        .map(|path| (path, fs::read_to_string(path).unwrap().lines().count()))
        .filter(|(_, lines)| *lines > MOST)
        .map(|(path, lines)| format!("{}: {lines} lines", path.display()))
        .collect();
    assert!(long.is_empty(), "over {MOST} lines: {long:?}");
}

#[test]
fn looking_is_noticed() {
    assert_eq!(looks_at("use crate::{a::{B, C}, d, e::F};\nlet x = crate::g::h();"), ["a", "d", "e", "g"]);
}
