//! The samples that ship with the program give the answers that the README shows.

use crate::outflow::{repository, run};
use serde_json::Value;
use std::fs;

#[test]
fn the_estate_names_its_three_thieves_first() {
    let folder = repository("sample-logs/estate-3-of-3000");
    let labels = fs::read_to_string(folder.with_extension("labels.jsonl")).unwrap();
    let labels: Vec<Value> = labels.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(labels.len(), 3);
    let log = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let log = log.into_iter().find(|path| path.to_string_lossy().contains("conn.log")).unwrap();
    let run = run(&["scan", "--json", &log.to_string_lossy()]);
    assert_eq!(run.code, 1, "{}", run.stderr);
    let incidents = run.rows("incident");
    let mut first: Vec<&str> = incidents.iter().take(3).map(|row| row["host"].as_str().unwrap()).collect();
    first.sort_unstable();
    let mut thieves: Vec<&str> = labels.iter().map(|label| label["host"].as_str().unwrap()).collect();
    thieves.sort_unstable();
    assert_eq!(first, thieves);
    for incident in &incidents[..3] {
        let label = labels.iter().find(|label| label["host"] == incident["host"]).unwrap();
        // The label holds payload of the theft; the incident all that went to that network, beacons included.
        let (told, stolen) = (incident["bytes_out"].as_u64().unwrap(), label["bytes"].as_u64().unwrap());
        assert!(told >= stolen && told < stolen + stolen / 100, "{told} {stolen}");
        let gone = incident["bytes_out_at_detection"].as_u64().unwrap();
        assert!(gone * 50 < stolen, "{gone} of {stolen} were gone at detection");
    }
    // The evidence leads back to the lines.
    let text = zstd::decode_all(fs::File::open(&log).unwrap()).unwrap();
    for evidence in incidents[..3].iter().flat_map(|incident| incident["evidence"].as_array().unwrap()) {
        let offset = usize::try_from(evidence["offset"].as_u64().unwrap()).unwrap();
        let before = text[..offset].iter().filter(|byte| **byte == b'\n').count() as u64;
        assert_eq!(before + 1, evidence["line"].as_u64().unwrap());
        let line =
            String::from_utf8_lossy(text[offset..].split(|byte| *byte == b'\n').next().unwrap()).into_owned();
        let bytes = evidence["bytes_out"].as_u64().unwrap().to_string();
        assert!(line.split('\t').any(|field| field == bytes), "{line}");
    }
    let summary = &run.rows("summary")[0];
    // One of the 3,000 leaves service before it says anything.
    assert_eq!(summary["hosts"], 2999);
}
