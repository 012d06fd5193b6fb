//! The page: it loads nothing, runs nothing, and says what the scan says.

use crate::outflow::{repository, run};
use std::fs;

#[test]
fn the_page_says_what_the_scan_says_and_needs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("report.html");
    let page_path = page.to_string_lossy().into_owned();
    let sample = repository("sample-logs/estate-3-of-3000").to_string_lossy().into_owned();
    let report = run(&["report", "-q", "--html", &page_path, &sample]);
    assert_eq!(report.code, 1, "{}", report.stderr);
    let text = fs::read_to_string(&page).unwrap();
    let scan = run(&["scan", "-q", "--json", &sample]);
    let incidents = scan.rows("incident");
    for incident in &incidents {
        for part in ["id", "host", "destination"] {
            let part = incident[part].as_str().unwrap_or_default();
            assert!(text.contains(part), "{part} is missing");
        }
    }
    assert_eq!(text.matches("<details").count(), incidents.len());
    assert!(text.contains("<h1>86 of 2,999 hosts, 2.87 %, sent 5.18 TB to "), "the headline");
    for word in ["<script", "http://", "https://", "url(", "@import", "<link", "<iframe", "<img", " on"] {
        let found = text.find(word).filter(|at| word != " on" || text[*at..].starts_with(" onerror="));
        assert!(found.is_none(), "{word}: {}", &text[found.unwrap()..][..60]);
    }
    assert!(text.contains("default-src 'none'"));
    assert_eq!(text.matches("<svg").count(), text.matches("role=\"img\" aria-label=").count());
    assert!(text.contains("prefers-color-scheme: dark"));
}

#[test]
fn the_page_of_a_store_is_that_of_its_logs() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let sample = repository("sample-logs/estate-3-of-3000").to_string_lossy().into_owned();
    let watch = run(&["watch", "--once", "--store", &path("store"), &sample]);
    assert_eq!(watch.code, 1, "{}", watch.stderr);
    run(&["report", "-q", "--html", &path("a.html"), "--store", &path("store")]);
    run(&["report", "-q", "--html", &path("b.html"), &sample]);
    assert!(fs::read(path("a.html")).unwrap() == fs::read(path("b.html")).unwrap());
    let nowhere = run(&["report", "--html", "/nowhere/at/all.html", &sample]);
    assert!(nowhere.code == 2 && nowhere.stderr.contains("/nowhere"), "{}", nowhere.stderr);
}

#[test]
fn the_page_shows_what_a_drill_and_floors_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let sample = repository("sample-logs/estate-3-of-3000").to_string_lossy().into_owned();
    let drill = run(&["drill", "-q", "--json", "--runs", "1", "capita", "dns-tunnel-slow", &sample]);
    fs::write(path("drill.jsonl"), &drill.stdout).unwrap();
    let floor = run(&["floor", "-q", "--json", "--proofs", "0", "--exact", "50", &sample]);
    let hostile =
        "{\"type\":\"blind_spot\",\"path\":\"<script>alert(1)</script>\",\"why\":\"<img src=x>\"}\n";
    fs::write(path("floor.jsonl"), floor.stdout + hostile).unwrap();
    let (page, drill, floor) = (path("report.html"), path("drill.jsonl"), path("floor.jsonl"));
    let report = run(&["report", "-q", "--html", &page, "--drill", &drill, "--floor", &floor, &sample]);
    assert_eq!(report.code, 1, "{}", report.stderr);
    let text = fs::read_to_string(&page).unwrap();
    for expected in [
        "Would it be caught?",
        "capita-2023<td class=\"number\">1 of 1<td class=\"number\">974 GB",
        "dns-tunnel-slow<td colspan=\"4\">cannot be shown: no log of DNS questions",
        "How much could leave unseen?",
        "new destination<td class=\"number\">2998",
        "&lt;script&gt;alert(1)",
    ] {
        assert!(text.contains(expected), "{expected}");
    }
    assert!(!text.contains("<script") && !text.contains("<img"));
    // Without them there is nothing of it, and what is none is refused.
    run(&["report", "-q", "--html", &page, &sample]);
    assert!(!fs::read_to_string(&page).unwrap().contains("Would it be caught?"));
    for (option, file) in [("--drill", &floor), ("--floor", &drill), ("--drill", &page)] {
        let refused = run(&["report", "-q", "--html", &page, option, file, &sample]);
        assert!(refused.code == 2 && refused.stderr.contains(option), "{}", refused.stderr);
    }
}
