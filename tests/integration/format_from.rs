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
        unclear.stderr.contains("nginx.conf#upload'")
            && unclear.stderr.contains("combined (/var/log/nginx/access.log)"),
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

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// The bytes from and to the client in the one event of a log.
fn bytes(folder: &TempDir, conf: &str, log: &str) -> (Option<u64>, Option<u64>) {
    let run = parsed(folder, conf, log);
    assert_eq!((run.code, run.rows("").len()), (0, 1), "{}", run.stderr);
    let row = &run.rows("")[0];
    (row["source"]["bytes"].as_u64(), row["destination"]["bytes"].as_u64())
}

#[test]
fn nginx_json_and_its_built_in_layout() {
    let folder = folder(&[
        (
            "nginx.conf",
            "http {\n log_format json escape=json '{\"t\":\"$time_iso8601\",\"c\":\"$remote_addr\",'\n  \
             '\"up\":$request_length,\"down\":$bytes_sent,\"ua\":\"$http_user_agent\"}';\n \
             access_log logs/json.log json;\n access_log logs/$host.access.log;\n}\n",
        ),
        (
            "json.log",
            r#"{"t":"2023-03-29T01:02:03+00:00","c":"192.0.2.1","up":70,"down":9,"ua":"a \"b\" \\ c"}"#,
        ),
        (
            "shop.example.access.log",
            "192.0.2.1 - - [29/Mar/2023:01:02:03 +0000] \"GET / HTTP/1.1\" 200 10 \"-\" \"x\"\n",
        ),
    ]);
    assert_eq!(bytes(&folder, "nginx.conf", "json.log"), (Some(70), Some(9)));
    assert_eq!(bytes(&folder, "nginx.conf", "shop.example.access.log"), (None, Some(10)));
}

#[test]
fn apache_with_nicknames_and_includes() {
    let line =
        r#"shop.example:443 192.0.2.1 - - [29/Mar/2023:01:02:03 +0000] "PUT /a HTTP/1.1" 201 170 1000240"#;
    let folder = folder(&[
        (
            "apache2.conf",
            "Include ports.conf\nLogFormat \"%v:%p %h %l %u %t \\\"%r\\\" \\\n%>s %O %I\" vhost_upload\n\
             LogFormat \"%h %l %u %t \\\"%r\\\" %>s %b\" common\nIncludeOptional none.conf\nIncludeOptional sites/*.conf\n",
        ),
        ("ports.conf", "Listen 80\n"),
        ("sites/a.conf", "CustomLog ${APACHE_LOG_DIR}/access.log common\n"),
        (
            "sites/b.conf",
            "CustomLog \"|/usr/bin/rotatelogs ${APACHE_LOG_DIR}/shop.%Y%m%d 86400\" vhost_upload\n",
        ),
        ("shop.20230329", line),
    ]);
    assert_eq!(bytes(&folder, "apache2.conf", "shop.20230329"), (Some(1_000_240), Some(170)));
}

#[test]
fn squid_over_several_lines_for_every_command() {
    let folder = folder(&[
        (
            "squid.conf",
            "http_port 3128\ninclude conf.d/*.conf\nlogformat upload %ts.%03tu %6tr %>a \\\n    %Ss/%03>Hs %<st %rm %ru \
             %[un %Sh/%<a %mt %>st\naccess_log daemon:/var/log/squid/access.log logformat=upload\n",
        ),
        ("conf.d/own.conf", "acl lan src 10.0.0.0/8\n"),
        (
            "access.log.0",
            "1680051723.456     12 10.1.2.3 TCP_MISS/201 296 PUT http://files.example/a - HIER_DIRECT/203.0.113.9 - 10000184\n",
        ),
    ]);
    assert_eq!(bytes(&folder, "squid.conf", "access.log.0"), (Some(10_000_184), Some(296)));
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    for (command, key) in [("volumes", "bytes_out"), ("scan", "bytes_out"), ("doctor", "blind")] {
        let run = run(&[command, "--json", "--format-from", &path("squid.conf"), &path("access.log.0")]);
        let last = run.rows("").pop().unwrap();
        let expected: serde_json::Value = if key == "blind" { ().into() } else { 10_000_184.into() };
        assert_eq!((run.code, &last[key]), (0, &expected), "{command}: {}", run.stderr);
    }
}

#[test]
fn haproxy_behind_syslog() {
    let conf = "global\n log /dev/log local0\ndefaults\n log global\n mode http\n option httplog\nfrontend web\n bind :80\n \
                log-format \"%ci:%cp [%tr] %ft %ST %B %U\"\n";
    let line =
        "Mar 29 01:02:03 lb-1 haproxy[77]: 192.0.2.1:50123 [29/Mar/2023:01:02:03.456] web 201 170 1000240\n";
    let folder = folder(&[("haproxy.cfg", conf), ("haproxy.log", line), ("other.log", "hello\n")]);
    assert_eq!(bytes(&folder, "haproxy.cfg", "haproxy.log"), (Some(1_000_240), Some(170)));
    // The only layout in use is not the format of whatever else is there.
    let other = parsed(&folder, "haproxy.cfg", "other.log");
    assert!(other.code == 2 && other.stderr.contains("pass --format for this log"), "{}", other.stderr);
}

#[test]
fn includes_are_held_to_what_the_server_takes() {
    let folder = folder(&[
        ("nginx.conf", "events {}\nhttp {\n  include conf.d/*.conf;\n}\n"),
        ("conf.d/a.conf", "log_format up '$msec $remote_addr $bytes_sent';\n\ninclude lost.conf;\n"),
        ("loop.conf", "http {\n  include loop.conf;\n  access_log x.log;\n}\n"),
    ]);
    let lost = parsed(&folder, "nginx.conf", "x.log").stderr;
    assert!(
        lost.contains("conf.d/a.conf, line 3: cannot read ") && lost.contains("lost.conf: no such"),
        "{lost}"
    );
    let endless = parsed(&folder, "loop.conf", "x.log").stderr;
    assert!(endless.contains("loop.conf, line 2: expected no file that includes itself"), "{endless}");
}
