//! Arguments against real directories, links and pipes.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use tempfile::TempDir;

use super::*;

/// A directory with these files; each holds a byte.
fn tree(files: &[&str]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for file in files {
        let path = directory.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "x").unwrap();
    }
    directory
}

/// Expands arguments below `root`; gives the places below it, and the troubles as text.
fn expand_in(root: &Path, arguments: &[&str]) -> (Vec<String>, Vec<String>) {
    let arguments: Vec<PathBuf> = arguments.iter().map(|argument| root.join(argument)).collect();
    let Expanded { places, troubles } = expand(&arguments);
    let short = |text: String| text.replace(&format!("{}/", root.display()), "");
    (
        places.iter().map(|place| short(place.path().display().to_string())).collect(),
        troubles.iter().map(|trouble| short(trouble.to_string())).collect(),
    )
}

#[test]
fn nothing_and_a_dash_are_standard_input() {
    assert_eq!(expand::<&str>(&[]).places, [Place::Stdin]);
    assert_eq!(expand(&["-", "-"]).places, [Place::Stdin]);
}

#[test]
fn what_exists_is_taken_literally() {
    let root = tree(&["a[1].log", "a1.log", "b*.log", "b2.log"]);
    assert_eq!(expand_in(root.path(), &["a[1].log", "b*.log"]).0, ["a[1].log", "b*.log"]);
    assert_eq!(expand_in(root.path(), &["a[0-9].log", "b?.log"]).0, ["a1.log", "b*.log", "b2.log"]);
}

#[test]
fn patterns_stay_in_their_directory_and_leave_hidden_files() {
    let root = tree(&["x.log", ".y.log", "sub/z.log", "sub/deep/w.log"]);
    assert_eq!(expand_in(root.path(), &["*.log"]).0, ["x.log"]);
    assert_eq!(expand_in(root.path(), &["**/*.log"]).0, ["sub/deep/w.log", "sub/z.log", "x.log"]);
    assert_eq!(expand_in(root.path(), &["s*"]).0, ["sub/deep/w.log", "sub/z.log"]);
}

#[test]
fn directories_are_walked_in_order() {
    let root = tree(&["b.log", "a/2.log", "a/1.log", ".hidden/x.log", "a/.x", "c.log"]);
    named_pipe(&root.path().join("a/pipe"));
    let (places, troubles) = expand_in(root.path(), &["."]);
    assert_eq!(places, ["./a/1.log", "./a/2.log", "./b.log", "./c.log"]);
    assert!(troubles.is_empty(), "{troubles:?}");
    // Named itself, the hidden one and the pipe are read.
    assert_eq!(expand_in(root.path(), &[".hidden", "a/pipe"]).0, [".hidden/x.log", "a/pipe"]);
}

#[test]
fn a_file_is_taken_once() {
    let root = tree(&["a.log", "sub/b.log"]);
    fs::hard_link(root.path().join("a.log"), root.path().join("hard.log")).unwrap();
    symlink("a.log", root.path().join("soft.log")).unwrap();
    symlink("sub", root.path().join("way")).unwrap();
    let (places, troubles) = expand_in(root.path(), &["a.log", "*.log", "soft.log", "sub", "way", "."]);
    assert_eq!(places, ["a.log", "sub/b.log"]);
    assert!(troubles.is_empty(), "{troubles:?}");
}

#[test]
fn loops_and_lost_links_are_said() {
    let root = tree(&["sub/a.log"]);
    symlink("..", root.path().join("sub/up")).unwrap();
    symlink("gone", root.path().join("lost")).unwrap();
    symlink("self", root.path().join("self")).unwrap();
    let (places, troubles) = expand_in(root.path(), &[""]);
    assert_eq!(places, ["sub/a.log"]);
    assert_eq!(troubles.len(), 3, "{troubles:?}");
    assert!(troubles.iter().any(|text| text.starts_with("sub/up: is a link back to")), "{troubles:?}");
    assert!(troubles.iter().any(|text| text.starts_with("lost: is a link to something")), "{troubles:?}");
    assert!(troubles.iter().any(|text| text.starts_with("self: ")), "{troubles:?}");
}

#[test]
fn links_do_not_multiply() {
    // 2^20 ways lead to the one file.
    let root = tree(&["d20/x.log"]);
    for i in 0..20 {
        let directory = root.path().join(format!("d{i}"));
        fs::create_dir(&directory).unwrap();
        symlink(format!("../d{}", i + 1), directory.join("a")).unwrap();
        symlink(format!("../d{}", i + 1), directory.join("b")).unwrap();
    }
    assert_eq!(expand_in(root.path(), &["d0"]).0.len(), 1);
}

#[test]
fn trouble_stands_beside_what_is_good() {
    let root = tree(&["a.log"]);
    fs::create_dir(root.path().join("empty")).unwrap();
    let (places, troubles) =
        expand_in(root.path(), &["gone.log", "*.gz", "empty", "a.log/x*", "x[", "a.log"]);
    assert_eq!(places, ["a.log"]);
    let starts = [
        "gone.log: no such file",
        "*.gz: matches no file",
        "empty: is a directory without",
        "a.log/x*: matches no",
        "x[: is no file",
    ];
    assert_eq!(troubles.len(), starts.len(), "{troubles:?}");
    for (trouble, start) in troubles.iter().zip(starts) {
        assert!(trouble.starts_with(start), "{trouble}");
    }
    let strange = expand(&[OsString::from_vec(b"\xff*.log".to_vec())]);
    assert_eq!((strange.places.len(), strange.troubles.len()), (0, 1));
}

/// Makes a named pipe by the system's own tool: the standard library has no call for it.
fn named_pipe(path: &Path) {
    assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
}
