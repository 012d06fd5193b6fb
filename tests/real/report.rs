//! The report in Chromium: what hostile names in a log spell is text there, and nothing runs or is fetched.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::Path;
use std::process::Command;

/// What thieves may call themselves; each would change the page's title, or fetch from here.
const NAMES: [&str; 6] = [
    "<script>document.title='owned'</script>.test",
    "\"><img/src=x/onerror=document.title='owned'>.test",
    "'onmouseover='document.title=1'.test",
    "javascript:document.title='owned'",
    "${jndi:ldap://127.0.0.1:PORT/a}.test",
    "a\u{202e}tset.live",
];

fn outflow(arguments: &[&str]) -> i32 {
    Command::new(env!("CARGO_BIN_EXE_outflow")).args(arguments).status().unwrap().code().unwrap()
}

/// A proxy's log in which each of the names is sent 50 GB by a host that was quiet before.
fn log(path: &Path, port: u16) {
    let mut text =
        String::from("#Software: SGOS\n#Fields: date time c-ip cs-host cs-bytes sc-bytes s-action\n");
    for hour in 0..24 * 6 {
        let (day, hour) = (20 + hour / 24, hour % 24);
        for host in 0..40 {
            text.push_str(&format!(
                "2023-03-{day} {hour:02}:00:00 10.0.0.{host} d{}.example 900 99 TCP_MISS\n",
                host % 7
            ));
        }
        if day == 25 {
            for (host, name) in NAMES.iter().enumerate() {
                let name = name.replace("PORT", &port.to_string());
                text.push_str(&format!(
                    "2023-03-{day} {hour:02}:10:00 10.0.0.{host} {name} 2000000000 99 TCP_MISS\n"
                ));
            }
        }
    }
    text.push_str(&format!(
        "2023-03-25 23:50:00 10.0.0.39 {}.test 60000000000 99 TCP_MISS\n",
        "long".repeat(2500)
    ));
    fs::write(path, text).unwrap();
}

#[test]
fn hostile_names_are_text_in_chromium() {
    let folder = tempfile::tempdir().unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (log_path, page) = (folder.path().join("proxy.log"), folder.path().join("report.html"));
    log(&log_path, listener.local_addr().unwrap().port());
    let code = outflow(&["report", "-q", "--html", &page.to_string_lossy(), &log_path.to_string_lossy()]);
    assert_eq!(code, 1, "something is told");
    let chromium = |arguments: &[&str]| {
        let run = Command::new("chromium")
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
            .args(["--disable-background-networking", "--virtual-time-budget=3000"])
            .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
            .args(arguments)
            .arg(format!("file://{}", page.display()))
            .output()
            .unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        String::from_utf8_lossy(&run.stdout).into_owned()
    };
    let dom = chromium(&["--dump-dom"]);
    // As the browser understood it: no element of these kinds, no attribute that is a handler, and the title is ours.
    for element in ["<script", "<img", "<iframe", "<link", "<object", "<a "] {
        assert!(!dom.contains(element), "{element}");
    }
    let title = dom.split("<title>").nth(1).and_then(|rest| rest.split("</title>").next()).unwrap();
    assert!(title.starts_with("outflow: ") && !title.contains("owned"), "{title}");
    assert!(dom.contains("='owned'&lt;/script&gt;.test"), "the name is shown as it is written");
    assert!(dom.contains("\\u{202e}"), "what turns the direction of reading is written out");
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "something was fetched");
    // In light and dark, on a desk and on a phone, it is drawn.
    for (name, size, dark) in [("desk", "1200,1600", false), ("phone", "390,1600", true)] {
        let picture = folder.path().join(format!("{name}.png"));
        let mut arguments =
            vec![format!("--screenshot={}", picture.display()), format!("--window-size={size}")];
        if dark {
            arguments.push("--force-dark-mode".into());
        }
        chromium(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(fs::metadata(&picture).unwrap().len() > 10_000, "{name}");
    }
}
