//! What README.md shows is what the program prints.

use crate::outflow::repository;
use std::process::Command;

#[test]
fn shown_output_is_true() {
    let readme = std::fs::read_to_string(repository("README.md")).unwrap();
    let mut checked = 0;
    for block in readme.split("```console\n").skip(1) {
        let block = block.split("```").next().unwrap();
        let (command, shown) = block.split_once('\n').unwrap();
        let arguments = command.strip_prefix("$ outflow ").expect(command).split_whitespace();
        let output = Command::new(env!("CARGO_BIN_EXE_outflow"))
            .args(arguments)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        // "…" alone on a line stands for what was cut.
        for part in shown.split("…\n") {
            let part = part.trim_end();
            let tidy: Vec<&str> = printed.lines().map(str::trim_end).collect();
            assert!(tidy.join("\n").contains(part), "{command} prints:\n{printed}");
        }
        checked += 1;
    }
    assert!(checked > 0);
}

/// The recording of a session is what its commands print.
#[test]
fn the_recording_is_true() {
    let readme = std::fs::read_to_string(repository("README.md")).unwrap();
    let (_, recording) = readme.split_once("<!-- recording -->\n```text\n").expect("a recording");
    let recording = recording.split("```").next().unwrap();
    let commands: Vec<&str> = recording.split("$ outflow ").skip(1).collect();
    assert!(commands.len() >= 4, "{recording}");
    for shown in commands {
        let (command, shown) = shown.split_once('\n').unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_outflow"))
            .args(command.split_whitespace())
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        let tidy: Vec<&str> = printed.lines().map(str::trim_end).collect();
        let shown = shown.split("…\n").next().unwrap().trim_end();
        assert!(!shown.is_empty() && tidy.join("\n").contains(shown), "{command} prints:\n{printed}");
    }
}

/// The configuration that it shows is one.
#[test]
fn shown_configuration_is_read() {
    let readme = std::fs::read_to_string(repository("README.md")).unwrap();
    let blocks: Vec<&str> = readme.split("```toml\n").skip(1).collect();
    let configs: Vec<_> = blocks
        .iter()
        .map(|block| {
            let text = block.split("```").next().unwrap();
            outflow::config::read(text, std::path::Path::new("")).unwrap_or_else(|error| panic!("{error}"))
        })
        .collect();
    let shows = |what: fn(&outflow::config::Config) -> bool| assert!(configs.iter().any(what));
    shows(|scan| scan.budget.is_some() && scan.sources.len() == 1 && scan.formats.len() == 1);
    shows(|watch| watch.listeners.len() == 1 && watch.outputs.len() == 4);
    shows(|known| known.allow.len() == 1);
}
