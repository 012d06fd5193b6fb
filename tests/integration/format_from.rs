//! `--format-from`: the server's own configuration says how its logs are written.

use crate::outflow::{Run, run};
use std::fs;
use tempfile::TempDir;

const UPLOAD: &str =
    r#"192.0.2.1 - - [29/Mar/2023:01:02:03 +0000] "PUT /a HTTP/1.1" 201 10 "-" "curl/7.88" 1000240 170"#;

/// An nginx with its layout in an included file, over several lines, and two logs.
fn nginx() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("conf.d")).unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write(
        "nginx.conf",
        "events {}\nhttp {\n  include conf.d/*.conf;\n  access_log /var/log/nginx/access.log;\n  server {\n    \
         access_log /var/log/nginx/upload.log upload;\n  }\n}\n",
    );
    write(
        "conf.d/logs.conf",
        "log_format upload '$remote_addr - $remote_user [$time_local] \"$request\" $status '\n    \
         '$body_bytes_sent \"$http_referer\" \"$http_user_agent\" $request_length $bytes_sent';\n",
    );
    write("upload.log.1", &format!("{UPLOAD}\n"));
    folder
}

fn parsed(folder: &TempDir, conf: &str, log: &str) -> Run {
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    run(&["parse", "--format-from", &path(conf), &path(log)])
}

#[test]
fn the_path_of_the_log_chooses_among_layouts() {
    let folder = nginx();
    let run = parsed(&folder, "nginx.conf", "upload.log.1");
    assert_eq!(run.code, 0, "{}", run.stderr);
    let row = &run.rows("")[0];
    assert_eq!((&row["source"]["bytes"], &row["destination"]["bytes"]), (&1_000_240.into(), &170.into()));
}

#[test]
fn a_log_of_no_known_name_needs_the_layouts() {
    let folder = nginx();
    fs::rename(folder.path().join("upload.log.1"), folder.path().join("x.txt")).unwrap();
    let unclear = parsed(&folder, "nginx.conf", "x.txt");
    assert_eq!(unclear.code, 2);
    assert!(
        unclear.stderr.contains("FILE#NAME") && unclear.stderr.contains("\"upload\""),
        "{}",
        unclear.stderr
    );
    let told = parsed(&folder, "nginx.conf#upload", "x.txt");
    assert_eq!((told.code, told.rows("").len()), (0, 1), "{}", told.stderr);
}

#[test]
fn what_cannot_be_read_is_named() {
    let folder = nginx();
    let missing = parsed(&folder, "none.conf", "upload.log.1");
    assert!(missing.code == 2 && missing.stderr.contains("none.conf"), "{}", missing.stderr);
    fs::write(folder.path().join("bad.conf"), "http {\n  access_log /var/log/x.log nosuch;\n}\n").unwrap();
    let wrong = parsed(&folder, "bad.conf", "upload.log.1");
    assert!(wrong.stderr.contains("line 2") && wrong.stderr.contains("nosuch"), "{}", wrong.stderr);
    fs::write(folder.path().join("prose.conf"), "nothing of the kind\n").unwrap();
    assert_eq!(parsed(&folder, "prose.conf", "upload.log.1").code, 2);
}
