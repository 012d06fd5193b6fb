//! Traefik before nginx, run and driven twice: its access log is of one form, and the requests are the same for both.

use crate::capture::{Capture, Driven, Line, Watched};
use crate::checks;
use crate::client::{body, curl, curl_expecting};
use crate::outflow::Format;
use crate::programs::borrow;
use crate::servers::{Nginx, Server, folder, free_port, read};
use jiff::{Timestamp, Unit};
use serde_json::Value;
use std::sync::LazyLock;

/// Agents as they are sent; Traefik's common form has `\"` for a quote and all else as it is.
const ODD_AGENTS: &[&str] =
    &["say \"hello\"", "back\\slash \\x41", "tab\there", "Größe/1.0 ☃", "-", "a  b", "a\" \"b"];

/// `jdoe` and `j doe`, whose passwords are `secret`.
const USERS: [&str; 2] =
    ["jdoe:$apr1$outflow$o2cwRAasea0vOufab.pQe.", "j doe:$apr1$outflow$o2cwRAasea0vOufab.pQe."];

struct Run {
    common: Capture,
    json: Capture,
    driven: [Vec<Driven>; 2],
}

static RUN: LazyLock<Run> = LazyLock::new(|| {
    let (common, driven) = run("common");
    let (json, again) = run("json");
    let capture = |name, format: &str, log, read| Capture {
        name,
        format: format.into(),
        watched: Watched::Server("web-01"),
        log,
        read,
    };
    Run {
        common: capture("traefik-common", "traefik-clf", common, Line::combined),
        json: capture("traefik-json", "traefik", json, json_line),
        driven: [driven, again],
    }
});

fn run(form: &str) -> (Vec<u8>, Vec<Driven>) {
    let (dir, port, nginx) = (folder(), free_port(), Nginx::start());
    let program = borrow("traefik", dir.path());
    let routes = serde_json::json!({ "http": {
        "routers": {
            "all": { "rule": "PathPrefix(`/`)", "service": "web" },
            "private": { "rule": "PathPrefix(`/private/`)", "service": "web", "middlewares": ["users"] },
        },
        "middlewares": { "users": { "basicAuth": { "users": USERS } } },
        "services": { "web": { "loadBalancer": { "servers": [{ "url": format!("http://127.0.0.1:{}", nginx.port) }] } } },
    } });
    // What is JSON is YAML.
    std::fs::write(dir.path().join("routes.yml"), routes.to_string()).expect("routes.yml");
    let entry = format!("--entrypoints.web.address=127.0.0.1:{port}");
    let form = format!("--accesslog.format={form}");
    let args = [
        &*entry,
        &form,
        "--accesslog.filepath=access.log",
        "--accesslog.fields.headers.names.User-Agent=keep",
        "--providers.file.filename=routes.yml",
        "--global.checknewversion=false",
        "--global.sendanonymoususage=false",
    ];
    let server = Server::start(program, &args, "TERM", dir.path(), &[port]);
    let driven = drive(port);
    server.stop();
    (read(&dir, "access.log"), driven)
}

fn drive(port: u16) -> Vec<Driven> {
    let files = tempfile::tempdir().expect("a folder for bodies");
    let at = |path: &str| format!("http://127.0.0.1:{port}{path}");

    let mut down = Driven::by("127.0.95.1");
    // Its port takes connections before the routes are there.
    let first = (0..200).find(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        curl(&["--interface", "127.0.99.1", &at("/empty.bin")]).first().is_some_and(|got| got.status == 200)
    });
    first.expect("a route to nginx");
    for path in ["/empty.bin", "/one.bin", "/million.bin", "/text.txt"] {
        down.add(curl_expecting(200, &["--interface", down.client, &at(path)]));
    }
    down.add_all(curl(&["--interface", down.client, &at("/one.bin"), &at("/missing"), &at("/one.bin")])); // keep-alive
    down.add(curl_expecting(206, &["--interface", down.client, "-r", "0-99", &at("/million.bin")]));
    down.add(curl_expecting(200, &["--interface", down.client, "-I", &at("/million.bin")]));
    down.add(curl_expecting(
        200,
        &["--interface", down.client, "--http2-prior-knowledge", &at("/million.bin")],
    ));

    let mut up = Driven::by("127.0.96.1");
    for size in [1, 1_000_000] {
        let file = body(files.path(), size);
        up.add(curl_expecting(201, &["--interface", up.client, "-T", &file, &at(&format!("/put/{size}"))]));
    }

    let private = at("/private/report.bin");
    for (user, status) in [("jdoe:secret", 200), ("j doe:secret", 200), ("jdoe:wrong", 401)] {
        curl_expecting(status, &["--interface", "127.0.97.2", "-u", user, &private]);
    }
    for (number, agent) in ODD_AGENTS.iter().enumerate() {
        let client = format!("127.0.98.{}", number + 1);
        curl_expecting(200, &["--interface", &client, "-A", agent, &at("/one.bin")]);
    }
    for target in ["/a%20b?q=%22x%22", "/a\"b", "/a\\b", "/smörgås/☃", "/one.bin?a=[1]&b={2}|c"] {
        curl(&["--interface", "127.0.97.1", "--request-target", target, &at("/")]);
    }
    vec![down, up]
}

fn json_line(line: &str) -> Line {
    let row: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    let text = |key: &str| row[key].as_str().map(str::to_owned);
    let time: Timestamp = text("StartUTC").expect("a stamp").parse().expect("a time");
    let rounding = jiff::TimestampRound::new().smallest(Unit::Microsecond).mode(jiff::RoundMode::Trunc);
    Line {
        client: text("ClientHost").expect("a client"),
        time: time.round(rounding).expect("microseconds"),
        status: row["DownstreamStatus"].as_u64().and_then(|status| status.try_into().ok()),
        bytes_back: row["DownstreamContentSize"].as_u64(),
        bytes_sent: row["RequestContentSize"].as_u64(),
        method: text("RequestMethod"),
        agent: text("request_User-Agent").filter(|agent| agent != "-"),
    }
}

/// The logs of both runs.
pub(crate) fn captures() -> [&'static Capture; 2] {
    [&RUN.common, &RUN.json]
}

#[test]
fn volumes_are_what_traefik_logged() {
    for (capture, driven) in captures().into_iter().zip(&RUN.driven) {
        for format in [Format::Given, Format::Detected] {
            checks::volumes_are_what_was_logged(capture, format);
        }
        checks::scan_accounts_for_every_line(capture, None);
        checks::log_holds_what_was_driven(capture, driven);
    }
}

#[test]
fn parse_reads_what_traefik_logged() {
    for capture in captures() {
        checks::parse_reads_what_was_logged(capture);
        checks::agents_are_read_as_sent(capture, "127.0.98", ODD_AGENTS);
    }
}

/// One request, logged in the common form and as JSON, is one event, but for when it was and what only JSON has.
#[test]
fn traefik_text_and_json_are_equal_events() {
    let [common, json] = captures().map(|capture| {
        // Who asked whether the routes are there asked as often as it took.
        checks::events(capture)
            .into_iter()
            .filter(|event| event["source"]["ip"] != "127.0.99.1")
            .map(bare)
            .collect()
    });
    let (common, json): (Vec<Value>, Vec<Value>) = (common, json);
    assert!(json.len() > 20);
    assert_eq!(common, json);
}

/// An event without its times, and without what only JSON tells: the client's port, the server asked, the request's bytes.
fn bare(mut event: Value) -> Value {
    for key in ["@timestamp", "event"] {
        event.as_object_mut().expect("an event").remove(key).expect("a time");
    }
    for (end, keys) in [("source", &["port", "bytes"][..]), ("destination", &["ip", "port", "domain"])] {
        let end = event[end].as_object_mut().expect("an end");
        end.retain(|key, _| !keys.contains(&key.as_str()));
    }
    event
}
