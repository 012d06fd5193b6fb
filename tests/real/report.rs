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

/// Chromium on a file, with a profile in this folder; what it prints.
fn chromium(folder: &Path, arguments: &[&str], file: &Path) -> String {
    let run = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--virtual-time-budget=5000"])
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .args(arguments)
        .arg(format!("file://{}", file.display()))
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8_lossy(&run.stdout).into_owned()
}

/// Each incident is opened and closed by a click, all that opens or scrolls is reached by keys and shows it, all text has the contrast
/// that WCAG 2.2 asks of it (4.5, level AA), each picture has words; on a desk and on a phone, in light and in dark.
#[test]
fn a_person_can_use_the_page() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
    log(&folder.join("proxy.log"), 9);
    let floor = Command::new(env!("CARGO_BIN_EXE_outflow"))
        .args(["floor", "-q", "--json", "--proofs", "0", &path("proxy.log")])
        .output()
        .unwrap();
    fs::write(path("floor.jsonl"), floor.stdout).unwrap();
    let drilled = Command::new(env!("CARGO_BIN_EXE_outflow"))
        .args(["drill", "-q", "--json", "--runs", "1", "capita", &path("proxy.log")])
        .output()
        .unwrap();
    fs::write(path("drill.jsonl"), drilled.stdout).unwrap();
    let (page, floors, drills) = (path("report.html"), path("floor.jsonl"), path("drill.jsonl"));
    let log = path("proxy.log");
    let report = ["report", "-q", "--html", &page, "--floor", &floors, "--drill", &drills, &log];
    assert_eq!(outflow(&report), 1);
    let told = fs::read_to_string(path("report.html")).unwrap().matches("<details").count();
    assert!(told >= NAMES.len(), "{told}");
    for (width, dark) in [("1100", false), ("1100", true), ("390", false), ("390", true)] {
        let harness = include_str!("report.html").replace("PAGE", "report.html").replace("WIDTH", width);
        fs::write(path("harness.html"), harness).unwrap();
        // The harness is another page: only so may it look into the frame.
        let access =
            ["--allow-file-access-from-files", "--disable-web-security", "--disable-site-isolation-trials"];
        let scheme = format!("--blink-settings=preferredColorScheme={}", u8::from(!dark));
        let dom =
            chromium(folder, &[&access[..], &[&scheme, "--dump-dom"]].concat(), &folder.join("harness.html"));
        let said =
            dom.split("<pre id=\"said\">").nth(1).and_then(|rest| rest.split("</pre>").next()).unwrap();
        let line = |word: &str| {
            said.lines().find(|line| line.starts_with(word)).unwrap_or_else(|| panic!("{word}: {said}"))
        };
        let number = |word: &str, after: &str| {
            let rest = line(word).split(&format!("{after} ")).nth(1).and_then(|rest| rest.split(' ').next());
            rest.and_then(|number| number.parse::<f64>().ok())
                .unwrap_or_else(|| panic!("{word} {after}: {said}"))
        };
        assert_eq!(line("summaries"), format!("summaries {told} toggled {told} focused {told}"), "{said}");
        assert!(
            number("scrolling", "scrolling") > 3.0
                && number("scrolling", "reached") == number("scrolling", "scrolling"),
            "{said}"
        );
        assert!(number("texts", "texts") > 200.0 && number("texts", "least") >= 4.5, "{said}");
        assert!(number("pictures", "named") == number("pictures", "pictures"), "{said}");
        assert_eq!(line("broken"), "broken links 0");
        assert_eq!(line("headings"), "headings 1 first H1 language en");
        assert_eq!(line("wide"), "wide 0", "nothing sticks out at {width}");
        assert_eq!(line("scheme"), if dark { "scheme rgb(13, 17, 23)" } else { "scheme rgb(255, 255, 255)" });
        assert_eq!(line("title"), "title outflow: ", "nothing ran when it was clicked");
    }
}

#[test]
fn hostile_names_are_text_in_chromium() {
    let folder = tempfile::tempdir().unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (log_path, page) = (folder.path().join("proxy.log"), folder.path().join("report.html"));
    log(&log_path, listener.local_addr().unwrap().port());
    let code = outflow(&["report", "-q", "--html", &page.to_string_lossy(), &log_path.to_string_lossy()]);
    assert_eq!(code, 1, "something is told");
    let chromium = |arguments: &[&str]| chromium(folder.path(), arguments, &page);
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
