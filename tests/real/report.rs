//! The report in Chromium: everybody can read it, and use it with keys alone; what hostile names in a log spell is text there, and
//! nothing runs or is fetched.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use crate::chromium::Chromium;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
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

/// A page of that log, with what a drill and floors said of it; how many incidents are told in it.
fn page(folder: &Path, port: u16) -> (PathBuf, usize) {
    let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let (read, page, floors, drills) =
        (path("proxy.log"), path("report.html"), path("floor.jsonl"), path("drill.jsonl"));
    log(read.as_ref(), port);
    for (arguments, said) in [
        (&["floor", "-q", "--json", "--proofs", "0", &read][..], &floors),
        (&["drill", "-q", "--json", "--runs", "1", "capita", &read][..], &drills),
    ] {
        let run = Command::new(env!("CARGO_BIN_EXE_outflow")).args(arguments).output().unwrap();
        fs::write(said, run.stdout).unwrap();
    }
    let code = outflow(&["report", "-q", "--html", &page, "--floor", &floors, "--drill", &drills, &read]);
    assert_eq!(code, 1, "something is told");
    let told = fs::read_to_string(&page).unwrap().matches("<details").count();
    assert!(told >= NAMES.len(), "{told}");
    (page.into(), told)
}

/// Text has the contrast that WCAG 2.2 asks of it (4.5, level AA), shapes theirs (3); each picture has words, its letters are large
/// enough and whole; each link leads somewhere. On a desk and on a phone, in light and in dark.
#[test]
fn everybody_can_read_the_page() {
    let folder = tempfile::tempdir().unwrap();
    let (page, told) = page(folder.path(), 9);
    let mut chromium = Chromium::start(folder.path());
    for (width, dark) in [(1280, false), (1280, true), (400, false), (400, true)] {
        chromium.open(&page, width, dark);
        let seen = chromium.evaluate(include_str!("report.js"));
        let here = format!("{width} pixels, dark: {dark}: {seen:#}");
        let number = |name: &str| seen.pointer(name).and_then(Value::as_f64).expect(name);
        assert!(number("/texts") > 200.0 && number("/text/ratio") >= 4.5, "{here}");
        assert!(number("/shapes") > 20.0 && number("/shape/ratio") >= 3.0, "{here}");
        assert!(number("/letter") >= 9.0 && seen["cut"] == json!([]), "{here}");
        assert!(number("/pictures") > told as f64 && seen["unnamed"] == 0, "{here}");
        assert!(
            number("/links") > told as f64 && seen["astray"] == json!([]) && seen["twice"] == 0,
            "{here}"
        );
        assert!(number("/scrolling") > told as f64 && seen["unreachable"] == 0, "{here}");
        assert_eq!((&seen["headings"], &seen["language"]), (&json!(["H1", 1]), &json!("en")), "{here}");
        assert_eq!(seen["wide"], 0, "nothing sticks out: {here}");
        assert_eq!(seen["page"], if dark { "rgb(13, 17, 23)" } else { "rgb(255, 255, 255)" }, "{here}");
    }
}

/// Tab reaches all that can be used, in the order of the page, and shows where it is; Enter follows a link into an incident that was
/// closed, and back; Space closes it and Enter opens it.
#[test]
fn keys_reach_everything() {
    let folder = tempfile::tempdir().unwrap();
    let (page, _) = page(folder.path(), 9);
    let mut chromium = Chromium::start(folder.path());
    chromium.open(&page, 1280, false);
    let usable = "[...document.querySelectorAll('a, summary, [tabindex]')]\
                  .filter(e => e.checkVisibility({ contentVisibilityAuto: true }))";
    let count = chromium.evaluate(&format!("(window.usable = {usable}).length")).as_u64().unwrap();
    assert!(count > 20, "{count}");
    let at = "(() => { const e = document.activeElement, s = getComputedStyle(e); \
              return [usable.indexOf(e), s.outlineStyle, parseFloat(s.outlineWidth) >= 2]; })()";
    for place in 0..count {
        chromium.press("Tab");
        assert_eq!(chromium.evaluate(at), json!([place, "solid", true]), "place {place} of {count}");
    }
    chromium.open(&page, 1280, false);
    let reach = |chromium: &mut Chromium, element: &str| {
        let there = format!("document.activeElement === {element}");
        for _ in 0..2 * count {
            if chromium.evaluate(&there) == true {
                return;
            }
            chromium.press("Tab");
        }
        panic!("Tab does not reach {element}");
    };
    // Those after the worst three are closed at first.
    chromium.evaluate(
        "window.link = document.querySelectorAll('table a')[3]; \
         window.told = document.querySelector(link.getAttribute('href')).parentElement; \
         window.seen = (e) => { const top = e.getBoundingClientRect().top; return top >= 0 && top < innerHeight; }",
    );
    assert_eq!(chromium.evaluate("told.open"), false);
    reach(&mut chromium, "link");
    chromium.press("Enter");
    chromium.wait_for("told.open && seen(told)");
    reach(&mut chromium, "[...told.querySelectorAll('a')].at(-1)");
    chromium.press("Enter");
    chromium.wait_for("location.hash === '#list' && seen(document.querySelector('#list'))");
    reach(&mut chromium, "told.querySelector('summary')");
    chromium.press("Space");
    chromium.wait_for("!told.open");
    chromium.press("Enter");
    chromium.wait_for("told.open");
}

/// Whoever clicks on all that hostile names are in runs nothing, and fetches nothing.
#[test]
fn clicking_through_hostile_names_runs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (page, told) = page(folder.path(), listener.local_addr().unwrap().port());
    let mut chromium = Chromium::start(folder.path());
    chromium.open(&page, 1280, false);
    let title = chromium.evaluate("document.title");
    for place in 0..told {
        let link = format!("document.querySelectorAll('table a')[{place}]");
        let target = format!("document.querySelector({link}.getAttribute('href')).parentElement");
        chromium.click(&link);
        chromium.wait_for(&format!("{target}.open && location.hash === {link}.getAttribute('href')"));
        for open in ["!", ""] {
            chromium.click(&format!("{target}.querySelector('summary .name')"));
            chromium.wait_for(&format!("{open}{target}.open"));
        }
        // Every name and picture in it; none of them leads anywhere.
        let parts = format!("{target}.querySelectorAll('div .name, svg')");
        for part in 0..chromium.evaluate(&format!("{parts}.length")).as_u64().unwrap() {
            chromium.click(&format!("{parts}[{part}]"));
        }
        chromium.click(&format!("[...{target}.querySelectorAll('a')].at(-1)"));
        chromium.wait_for("location.hash === '#list'");
    }
    assert_eq!(chromium.evaluate("document.title"), title, "something ran");
    assert!(title.as_str().unwrap().starts_with("outflow: "), "{title}");
    // As the browser understood it: no element of these kinds, no attribute that is a handler.
    let foreign = "document.querySelectorAll('script, img, iframe, link, object, embed, form, base').length";
    assert_eq!(chromium.evaluate(foreign), 0);
    let handlers = "[...document.querySelectorAll('*')]\
                    .filter(e => [...e.attributes].some(a => /^on/.test(a.name))).length";
    assert_eq!(chromium.evaluate(handlers), 0);
    let text = chromium.evaluate("document.body.innerText").as_str().unwrap().to_owned();
    assert!(text.contains("='owned'</script>.test"), "the name is shown as it is written");
    assert!(text.contains("\\u{202e}"), "what turns the direction of reading is written out");
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "something was fetched");
    chromium.asked_for.retain(|address| !address.starts_with("file://"));
    assert_eq!(chromium.asked_for, [""; 0]);
}

/// On paper every incident is open.
#[test]
fn paper_hides_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (page, told) = page(folder.path(), 9);
    let mut chromium = Chromium::start(folder.path());
    chromium.open(&page, 800, false);
    let shown = "[...document.querySelectorAll('details > div')].filter(e => \
                 e.getBoundingClientRect().height > 100 && e.checkVisibility({ contentVisibilityAuto: true })).length";
    assert!(chromium.evaluate(shown).as_u64().unwrap() < told as u64);
    chromium.call("Emulation.setEmulatedMedia", json!({"media": "print"}));
    assert_eq!(chromium.evaluate(shown), told as u64);
}
