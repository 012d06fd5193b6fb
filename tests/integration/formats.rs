//! Lines of every format beside what `outflow parse` must say of them: `tests/formats/NAME.toml`.
//!
//! Detection must choose the format by the lines of each case alone, and sums must count what is printed.

use crate::outflow::{repository, run};
use serde::Deserialize;
use serde_json::Value;
use std::fs;
use std::time::{Duration, UNIX_EPOCH};

/// A file of `tests/formats/`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lines {
    /// Where the shapes of the lines come from; for the reader.
    #[serde(rename = "from")]
    _from: String,
    /// The configuration that describes the formats, where they are the operator's own.
    config: Option<String>,
    case: Vec<Case>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// What it shows.
    about: String,
    /// A line, or several where a header stands above it.
    line: String,
    /// Arguments beside the path; `--format NAME` where a line alone cannot tell.
    #[serde(default)]
    with: Vec<String>,
    /// What is printed, an object a line, without where the line stands. Empty: the line tells of no one.
    expected: String,
    /// Why lines are rejected, in the words of the summary.
    #[serde(default)]
    rejected: Vec<String>,
}

/// 29 March 2023, 12:00 UTC: when all files were last written, for stamps without a year.
const WRITTEN: Duration = Duration::from_secs(1_680_091_200);

/// What is printed of a case, and what a summary counts.
fn told(case: &Case, config: Option<&str>, folder: &std::path::Path) -> (Vec<Value>, Vec<String>, String) {
    let path = folder.join("case.log");
    fs::write(&path, format!("{}\n", case.line.trim_matches('\n'))).unwrap();
    fs::File::options().write(true).open(&path).unwrap().set_modified(UNIX_EPOCH + WRITTEN).unwrap();
    let path = path.to_string_lossy();
    let config = config.map(|config| repository(config).to_string_lossy().into_owned());
    let with = || {
        let config = config.iter().flat_map(|config| ["-c", config]);
        config.chain(case.with.iter().map(String::as_str)).chain([&*path])
    };
    let parsed = run(&["parse"].into_iter().chain(with()).collect::<Vec<_>>());
    let mut rows = parsed.rows("");
    for row in &mut rows {
        let row = row.as_object_mut().unwrap();
        row.remove("schema");
        let place = row.get_mut("outflow").unwrap().as_object_mut().unwrap();
        for key in ["file", "offset", "line"] {
            place.remove(key);
        }
    }
    let summed = run(&["doctor", "--json"].into_iter().chain(with()).collect::<Vec<_>>());
    let diagnosis = summed.rows("diagnosis").first().cloned().unwrap_or_default();
    let reasons =
        diagnosis["rejected"].as_object().map(|map| map.keys().cloned().collect()).unwrap_or_default();
    let counted = rows.iter().filter(|row| row["outflow"].get("aside").is_none()).count();
    assert_eq!(diagnosis["events"], counted, "{}: {}{}", case.about, parsed.stderr, summed.stderr);
    (rows, reasons, parsed.stderr)
}

#[test]
fn every_line_says_what_stands_beside_it() {
    let (folder, mut wrong, mut cases) = (tempfile::tempdir().unwrap(), Vec::new(), 0);
    let mut paths: Vec<_> =
        fs::read_dir(repository("tests/formats")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        let lines: Lines = toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(
            lines.config.is_some() || outflow::formats::kind(&name).is_some(),
            "tests/formats/{name}.toml: no format has that name"
        );
        for case in &lines.case {
            let (rows, reasons, stderr) = told(case, lines.config.as_deref(), folder.path());
            let expected = case.expected.lines().filter(|line| !line.trim().is_empty());
            let expected: Vec<Value> = expected
                .map(|line| {
                    serde_json::from_str(line).unwrap_or_else(|error| panic!("{name}: {error}: {line}"))
                })
                .collect();
            cases += 1;
            if rows != expected || reasons != case.rejected {
                let shown: Vec<String> = rows.iter().map(Value::to_string).collect();
                wrong.push(format!("{name}: {}\n{}\n{reasons:?} {stderr}", case.about, shown.join("\n")));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {cases} cases say something else:\n\n{}", wrong.len(), wrong.join("\n"));
}

/// Samples written from documentation are chosen by detection, and each of their lines is one that a case reads.
#[test]
fn written_samples_are_what_their_folders_say() {
    let folders = fs::read_dir(repository("sample-logs")).unwrap().map(|entry| entry.unwrap().path());
    let samples: Vec<_> = folders.filter(|folder| folder.join("sample.log").exists()).collect();
    assert!(samples.len() > 20);
    for folder in samples {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let path = folder.join("sample.log");
        let run = run(&["doctor", "--json", &path.to_string_lossy()]);
        let diagnosis = &run.rows("diagnosis")[0];
        assert_eq!(diagnosis["format"], name.as_str(), "{}", run.stderr);
        let cases = fs::read_to_string(repository("tests/formats").join(format!("{name}.toml"))).unwrap();
        for line in fs::read_to_string(&path).unwrap().lines() {
            assert!(cases.contains(line), "{name}: {line}");
        }
    }
}

/// A document is read as its records a line each are: in one line beyond any cap, and written over many.
#[test]
fn a_document_says_what_its_records_say() {
    let sample = fs::read_to_string(repository("sample-logs/cloudtrail/sample.log")).unwrap();
    let document: Value = serde_json::from_str(sample.lines().next().unwrap()).unwrap();
    let records: Vec<Value> =
        document["Records"].as_array().unwrap().iter().cycle().take(3_000).cloned().collect();
    let lines: Vec<String> = records.iter().map(Value::to_string).collect();
    let document = serde_json::json!({ "Records": records });
    let folder = tempfile::tempdir().unwrap();
    let told = |text: String| {
        let path = folder.path().join("case.json");
        fs::write(&path, text).unwrap();
        let mut rows = run(&["parse", &path.to_string_lossy()]).rows("");
        for row in &mut rows {
            row["outflow"]
                .as_object_mut()
                .unwrap()
                .retain(|key, _| !matches!(key.as_str(), "offset" | "line"));
        }
        rows
    };
    let expected = told(lines.join("\n"));
    assert!(expected.len() >= 2_000, "{}", expected.len());
    let one_line = document.to_string();
    assert!(one_line.len() > 1 << 20, "{}", one_line.len());
    for text in [one_line, format!("{document:#}"), format!("[{}]", lines.join(",\n"))] {
        assert!(told(text) == expected);
    }
}
