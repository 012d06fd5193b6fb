//! What `outflow watch` tells its outputs: each incident once, in order, also when one did not work at first.

use crate::outflow::{repository, run};
use serde_json::Value;
use std::fs;

fn ids(lines: &str, place: &str) -> Vec<String> {
    let id = |line: &str| {
        let row: Value = serde_json::from_str(line).expect(line);
        row.pointer(place).and_then(Value::as_str).expect(line).to_owned()
    };
    lines.lines().map(id).collect()
}

#[test]
fn every_output_gets_each_incident_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let log = repository("sample-logs/estate-3-of-3000/conn.log.zst").to_string_lossy().into_owned();
    let printed = run(&["watch", "--once", "--store", &path("other"), &log]);
    let expected = ids(&printed.stdout, "/id");
    assert!(expected.len() > 2, "{}", printed.stderr);

    let config = format!(
        "[store]\npath = \"store\"\n[[source]]\npaths = [\"{log}\"]\n[[output]]\njsonl = \"told.jsonl\"\n\
         [[output]]\njsonl = \"later/ecs.jsonl\"\nrender = \"ecs\"\n\
         [[output]]\nexec = [\"sh\", \"-c\", \"cat >>{}\"]\n",
        path("hook.jsonl")
    );
    fs::write(path("outflow.toml"), config).unwrap();
    let watch = || run(&["watch", "--once", "-c", &path("outflow.toml")]);
    let first = watch();
    assert_eq!((first.code, first.stdout.as_str()), (1, ""), "{}", first.stderr);
    // The folder of one is not there: it is said, and the others have everything.
    assert!(first.stderr.contains("later/ecs.jsonl"), "{}", first.stderr);
    for name in ["told.jsonl", "hook.jsonl"] {
        assert_eq!(ids(&fs::read_to_string(path(name)).unwrap(), "/id"), expected, "{name}");
    }
    fs::create_dir(path("later")).unwrap();
    for _ in 0..2 {
        let again = watch();
        assert_eq!(again.code, 0, "{}", again.stderr);
        assert_eq!(ids(&fs::read_to_string(path("later/ecs.jsonl")).unwrap(), "/event/id"), expected);
        for name in ["told.jsonl", "hook.jsonl"] {
            assert_eq!(ids(&fs::read_to_string(path(name)).unwrap(), "/id"), expected, "{name}");
        }
    }
}
