//! What README.md shows is what the program prints.

use crate::outflow::repository;
use std::process::Command;

/// Each command of each block prints what stands below it. They run where a page may be written, one after the other.
#[test]
fn shown_output_is_true() {
    let readme = std::fs::read_to_string(repository("README.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(repository("sample-logs"), folder.path().join("sample-logs")).unwrap();
    let check = |text: &str| {
        let blocks = text.split("```console\n").skip(1).map(|rest| rest.split("```").next().unwrap());
        let commands: Vec<&str> = blocks.flat_map(|block| block.split("$ outflow ").skip(1)).collect();
        for command in &commands {
            let (command, shown) = command.split_once('\n').unwrap();
            let output = Command::new(env!("CARGO_BIN_EXE_outflow"))
                .args(command.split_whitespace())
                .current_dir(folder.path())
                .output()
                .unwrap();
            assert!(output.status.code() < Some(2), "{command}: {}", String::from_utf8_lossy(&output.stderr));
            let printed = String::from_utf8(output.stdout).unwrap();
            let tidy: Vec<&str> = printed.lines().map(str::trim_end).collect();
            // "…" alone on a line stands for what was cut; the parts come one after the other.
            let mut rest = tidy.join("\n");
            for part in shown.split("…\n").map(str::trim_end) {
                let at =
                    rest.find(part).unwrap_or_else(|| panic!("{command} prints:\n{printed}not:\n{part}"));
                rest = rest.split_off(at + part.len());
            }
        }
        commands.len()
    };
    let (before, rest) = readme.split_once("<!-- recording -->\n").expect("a recording");
    let (recording, after) = rest.split_once("<!-- end of the recording -->").expect("its end");
    assert_eq!(check(recording), 4, "the session of tests/story/run");
    assert!(folder.path().join("report.html").exists(), "it ends with a page");
    assert!(check(before) + check(after) > 0);
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
