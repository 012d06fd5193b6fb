//! What ECS and OCSF publish, as packages carry it, against what is rendered: no field that the schema does not know, none missing that
//! it requires, and only values that it allows. `tests/run` installs the packages into `target/schemas`.

use outflow::outputs::{ecs, ocsf};
use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn schemas(path: &str) -> PathBuf {
    root().join("target/schemas").join(path)
}

/// The incidents of an estate, and one with what an outsider may write into it.
fn incidents() -> Vec<Value> {
    let output = Command::new(env!("CARGO_BIN_EXE_outflow"))
        .args(["scan", "--json", "--all", "sample-logs/estate-3-of-3000"])
        .current_dir(root())
        .output()
        .expect("outflow runs");
    let lines = String::from_utf8(output.stdout).expect("JSON is text");
    let rows = lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let mut incidents: Vec<Value> = rows.filter(|row| row["type"] == "incident").collect();
    let mut hostile = incidents.first().expect("incidents").clone();
    hostile["host"] = "<b>\u{1b}[2J\n".into();
    hostile["destination"] = Value::Null;
    hostile["techniques"] = serde_json::json!(["T1567.002", "T1071.004"]);
    incidents.push(hostile);
    let mut newer = incidents[0].clone();
    newer["host"] = "2001:db8::1".into();
    newer["destination"] = "files.example".into();
    incidents.push(newer);
    incidents
}

/// What a program says of this input.
fn ask(program: &str, args: &[&str], input: &str) -> String {
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{program}: {error}; tests/run installs it"));
    child.stdin.take().expect("its input").write_all(input.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{program} failed: tests/run installs what it needs");
    String::from_utf8(output.stdout).expect("text")
}

/// Every leaf of an object with its dotted name.
fn leaves(value: &Value, name: &str, found: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                let name = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
                leaves(value, &name, found);
            }
        }
        value => found.push((name.to_owned(), value.clone())),
    }
}

#[test]
fn ecs_knows_every_field() {
    let schema = schemas("node_modules/@elastic/ecs/build/commonjs/ecs_flat.js");
    let print = "const {EcsFlat} = require(process.argv[1]); console.log(JSON.stringify(EcsFlat))";
    let schema = ask("node", &["-e", print, &schema.to_string_lossy()], "");
    let schema: Value = serde_json::from_str(&schema).expect("the schema");
    let mut checked = 0;
    for incident in incidents() {
        let rendered: Value = serde_json::from_str(&ecs(&incident)).expect("JSON");
        let mut found = Vec::new();
        leaves(&rendered, "", &mut found);
        // Fields of our own stand under our own name, as the schema's guidelines have it.
        for (name, value) in found.iter().filter(|(name, _)| !name.starts_with("outflow.")) {
            let field = &schema[name];
            assert!(field.is_object(), "{name} is no field of ECS");
            let is_list = field["normalize"].as_array().is_some_and(|how| how.contains(&"array".into()));
            assert!(value.is_array() == is_list || value.is_null(), "{name}: {value}");
            let values = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
            for value in values.iter().filter(|value| !value.is_null()) {
                let of_type = match field["type"].as_str().expect("a type") {
                    "long" => value.is_u64(),
                    "float" => value.is_number(),
                    "ip" => value.as_str().is_some_and(|ip| ip.parse::<std::net::IpAddr>().is_ok()),
                    "date" => {
                        value.as_str().is_some_and(|date| date.parse::<outflow::units::Timestamp>().is_ok())
                    }
                    _ => value.is_string(),
                };
                assert!(of_type, "{name}: {value} is no {}", field["type"]);
                let allowed = field["allowed_values"].as_array().filter(|allowed| !allowed.is_empty());
                if let Some(allowed) = allowed {
                    assert!(allowed.iter().any(|allowed| allowed["name"] == *value), "{name}: {value}");
                }
                checked += 1;
            }
        }
    }
    assert!(checked > 100);
}

#[test]
fn ocsf_validates() {
    let check = r"
import sys
from ocsf.v1_7_0.events import DetectionFinding

def extras(model, place):
    for name in (model.model_extra or {}):
        yield f'{place}.{name}'
    for name in type(model).model_fields:
        value = getattr(model, name)
        for item in value if isinstance(value, list) else [value]:
            # What is unmapped is ours.
            if hasattr(item, 'model_extra') and name != 'unmapped':
                yield from extras(item, f'{place}.{name}')

count = 0
for line in sys.stdin:
    finding = DetectionFinding.model_validate_json(line)
    unknown = list(extras(finding, 'finding'))
    assert not unknown, unknown
    assert finding.class_uid == 2004
    count += 1
print(count)
";
    let incidents = incidents();
    let lines: String = incidents.iter().map(|incident| ocsf(incident) + "\n").collect();
    let path = format!("import sys; sys.path.insert(0, {:?})\n{check}", schemas("python"));
    assert_eq!(ask("python3", &["-c", &path], &lines).trim(), incidents.len().to_string());
}
