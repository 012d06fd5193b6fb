//! Envoy before nginx: the default format, Istio's, and Istio's as JSON, of the same requests.

use crate::capture::{Capture, Driven, Line, Watched};
use crate::checks;
use crate::client::{body, curl, curl_expecting, send, take_and_hang_up};
use crate::outflow::Format;
use crate::programs::borrow;
use crate::servers::{Nginx, Server, folder, free_port, read};
use serde_json::{Value, json};
use std::sync::LazyLock;

/// Agents as they are sent; Envoy writes them into its text as they are, quotes and backslashes too.
const ODD_AGENTS: &[&str] =
    &["say \"hello\"", "back\\slash \\x41", "tab\there", "Größe/1.0 ☃", "-", "a  b", "end\\", "a\" \"b"];

/// Istio's text, with the commands of its JSON in the order in which they stand in a line.
const ISTIO: &str = "[%START_TIME%] \"%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%\" %RESPONSE_CODE% \
     %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% \"%UPSTREAM_TRANSPORT_FAILURE_REASON%\" \
     %BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% \"%REQ(X-FORWARDED-FOR)%\" \
     \"%REQ(USER-AGENT)%\" \"%REQ(X-REQUEST-ID)%\" \"%REQ(:AUTHORITY)%\" \"%UPSTREAM_HOST%\" %UPSTREAM_CLUSTER_RAW% \
     %UPSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% %REQUESTED_SERVER_NAME% %ROUTE_NAME%\n";

struct Run {
    default: Capture,
    istio: Capture,
    json: Capture,
    driven: Vec<Driven>,
}

static RUN: LazyLock<Run> = LazyLock::new(|| {
    let (dir, port, nginx) = (folder(), free_port(), Nginx::start());
    let program = borrow("envoy", dir.path());
    std::fs::write(dir.path().join("envoy.json"), configuration(port, nginx.port).to_string())
        .expect("envoy.json");
    let args = ["-c", "envoy.json", "--concurrency", "1", "--disable-hot-restart", "-l", "warning"];
    let server = Server::start(program, &args, "TERM", dir.path(), &[port]);
    let driven = drive(port);
    server.stop();
    let capture = |name, format: &str, splitter: fn(&str) -> Line| Capture {
        name,
        format: format.into(),
        watched: Watched::Server("web-01"),
        log: read(&dir, &format!("{name}.log")),
        read: splitter,
    };
    Run {
        default: capture("envoy-default", "envoy", default_line),
        istio: capture("envoy-istio", "envoy:istio", istio_line),
        json: capture("envoy-json", "envoy:json", json_line),
        driven,
    }
});

fn configuration(port: u16, nginx: u16) -> Value {
    let typed = |name: &str, of: &str, mut config: Value| {
        config["@type"] = format!("type.googleapis.com/envoy.extensions.{of}").into();
        json!({ "name": name, "typed_config": config })
    };
    let address = |port: u16| json!({ "socket_address": { "address": "127.0.0.1", "port_value": port } });
    let log = |name: &str, mut config: Value| {
        config["path"] = format!("{name}.log").into();
        typed(name, "access_loggers.file.v3.FileAccessLog", config)
    };
    let keys = json!({
        "authority": "%REQ(:AUTHORITY)%", "bytes_received": "%BYTES_RECEIVED%", "bytes_sent": "%BYTES_SENT%",
        "connection_termination_details": "%CONNECTION_TERMINATION_DETAILS%",
        "downstream_local_address": "%DOWNSTREAM_LOCAL_ADDRESS%",
        "downstream_remote_address": "%DOWNSTREAM_REMOTE_ADDRESS%", "duration": "%DURATION%",
        "method": "%REQ(:METHOD)%", "path": "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%", "protocol": "%PROTOCOL%",
        "request_id": "%REQ(X-REQUEST-ID)%", "requested_server_name": "%REQUESTED_SERVER_NAME%",
        "response_code": "%RESPONSE_CODE%", "response_code_details": "%RESPONSE_CODE_DETAILS%",
        "response_flags": "%RESPONSE_FLAGS%", "route_name": "%ROUTE_NAME%", "start_time": "%START_TIME%",
        "upstream_cluster": "%UPSTREAM_CLUSTER_RAW%", "upstream_host": "%UPSTREAM_HOST%",
        "upstream_local_address": "%UPSTREAM_LOCAL_ADDRESS%",
        "upstream_service_time": "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%",
        "upstream_transport_failure_reason": "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
        "user_agent": "%REQ(USER-AGENT)%", "x_forwarded_for": "%REQ(X-FORWARDED-FOR)%"
    });
    let http = json!({
        "stat_prefix": "in", "use_remote_address": true,
        "http_protocol_options": { "accept_http_10": true },
        "access_log": [
            log("envoy-default", json!({})),
            log("envoy-istio", json!({ "log_format": { "text_format_source": { "inline_string": ISTIO } } })),
            log("envoy-json", json!({ "log_format": { "json_format": keys } })),
        ],
        "http_filters": [typed("router", "filters.http.router.v3.Router", json!({}))],
        "route_config": { "virtual_hosts": [{ "name": "all", "domains": ["*"], "routes": [
            { "match": { "path": "/empty" }, "direct_response": { "status": 204 } },
            { "match": { "prefix": "/" }, "route": { "cluster": "nginx" } },
        ] }] },
    });
    let manager = "filters.network.http_connection_manager.v3.HttpConnectionManager";
    json!({ "static_resources": {
        "listeners": [{
            "address": address(port),
            "filter_chains": [{ "filters": [typed("http", manager, http)] }],
        }],
        "clusters": [{ "name": "nginx", "type": "STATIC", "load_assignment": {
            "cluster_name": "nginx",
            "endpoints": [{ "lb_endpoints": [{ "endpoint": { "address": address(nginx) } }] }],
        } }],
    } })
}

fn drive(port: u16) -> Vec<Driven> {
    let files = tempfile::tempdir().expect("a folder for bodies");
    let at = |path: &str| format!("http://127.0.0.1:{port}{path}");

    let mut down = Driven::by("127.0.90.1");
    for path in ["/empty.bin", "/one.bin", "/million.bin", "/text.txt"] {
        down.add(curl_expecting(200, &["--interface", down.client, &at(path)]));
    }
    down.add_all(curl(&["--interface", down.client, &at("/one.bin"), &at("/missing"), &at("/one.bin")])); // keep-alive
    down.add(curl_expecting(206, &["--interface", down.client, "-r", "0-99", &at("/million.bin")]));
    let http2 = "--http2-prior-knowledge";
    down.add(curl_expecting(200, &["--interface", down.client, http2, &at("/million.bin")]));

    let mut up = Driven::by("127.0.91.1");
    for size in [1, 1_000_000] {
        let file = body(files.path(), size);
        up.add(curl_expecting(201, &["--interface", up.client, "-T", &file, &at(&format!("/put/{size}"))]));
    }

    let mut odd = Driven::by("127.0.92.1");
    odd.add(curl_expecting(204, &["--interface", odd.client, &at("/empty")]));
    odd.add(curl_expecting(200, &["--interface", odd.client, "-I", &at("/million.bin")]));
    odd.add(curl_expecting(500, &["--interface", odd.client, &at("/broken")]));
    odd.add(curl_expecting(200, &["--interface", odd.client, "-H", "Host: files.example", &at("/one.bin")]));
    odd.add(curl_expecting(200, &["--interface", odd.client, "--http1.0", &at("/one.bin")]));

    for (number, agent) in ODD_AGENTS.iter().enumerate() {
        let client = format!("127.0.93.{}", number + 1);
        curl_expecting(200, &["--interface", &client, "-A", agent, &at("/one.bin")]);
    }
    for target in ["/a%20b?q=%22x%22", "/a\"b", "/a\\b", "/one.bin?a=[1]&b={2}|c", "/a\" 200 - b"] {
        curl(&["--interface", "127.0.94.1", "--request-target", target, &at("/")]);
    }
    send(port, b"G\x00T / HTTP/1.1\r\n\r\n");
    send(port, b"\x16\x03\x01\x00\xc4\x01\x00\x00\xc0\x03\x03"); // TLS to the plain port
    let whole = format!("GET /ten-million.bin HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n");
    take_and_hang_up(port, whole.as_bytes(), 50_000);
    vec![down, up, odd]
}

/// `[time] "request" status …`: a request may hold quotes, so it ends where a status stands behind one.
fn head(line: &str) -> (&str, &str, &str) {
    let (time, rest) = line.split_once("] \"").expect("a time in brackets");
    let is_status = |text: &str| text.split(' ').next().is_some_and(|word| word.parse::<u16>().is_ok());
    let ends = |(at, _): &(usize, &str)| {
        rest[..*at].ends_with(|letter: char| letter.is_ascii_digit()) && is_status(&rest[at + 2..])
    };
    let (end, _) = rest.match_indices("\" ").find(ends).expect("a request and its status");
    (&time[1..], &rest[..end], &rest[end + 2..])
}

fn present(text: &str) -> Option<String> {
    (text != "-").then(|| text.to_owned())
}

/// Who asked, by the header that tells it: Envoy adds the peer's address, or its own in place of 127.0.0.1.
fn client<'a>(forwarded: &'a str, peer: &'a str) -> &'a str {
    match forwarded {
        "-" => peer.rsplit_once(':').expect("a client with its port").0,
        forwarded => forwarded,
    }
}

/// What the three forms share; the client is told by each in its own way.
fn line(client: &str, time: &str, request: &str, numbers: [&str; 3], agent: &str) -> Line {
    let [status, bytes_sent, bytes_back] = numbers;
    Line {
        client: client.into(),
        time: time.parse().expect("a time"),
        status: status.parse().ok().filter(|&status| status != 0),
        bytes_back: bytes_back.parse().ok(),
        bytes_sent: bytes_sent.parse().ok(),
        method: Line::method_of(request),
        agent: present(agent),
    }
}

fn default_line(text: &str) -> Line {
    let (time, request, rest) = head(text);
    let words: Vec<&str> = rest.splitn(7, ' ').collect();
    let from_right: Vec<&str> = words[6].rsplitn(4, "\" \"").collect();
    let (client, agent) = from_right[3].split_once("\" \"").expect("the client and its agent");
    line(client.trim_matches('"'), time, request, [words[0], words[2], words[3]], agent)
}

fn istio_line(text: &str) -> Line {
    let (time, request, rest) = head(text);
    let words: Vec<&str> = rest.splitn(11, ' ').collect();
    let from_right: Vec<&str> = words[10].rsplitn(10, ' ').collect();
    let agent = from_right[9].strip_prefix('"').and_then(|agent| agent.strip_suffix('"')).expect("an agent");
    line(
        client(words[9].trim_matches('"'), from_right[2]),
        time,
        request,
        [words[0], words[5], words[6]],
        agent,
    )
}

fn json_line(text: &str) -> Line {
    let row: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let at = |key: &str| match &row[key] {
        Value::String(text) => text.clone(),
        Value::Null => "-".into(),
        other => other.to_string(),
    };
    let (forwarded, peer) = (at("x_forwarded_for"), at("downstream_remote_address"));
    let numbers = [&*at("response_code"), &*at("bytes_received"), &*at("bytes_sent")];
    let request = format!("{} {}", at("method"), at("path"));
    line(client(&forwarded, &peer), &at("start_time"), &request, numbers, &at("user_agent"))
}

/// The logs of the run.
pub(crate) fn captures() -> [&'static Capture; 3] {
    [&RUN.default, &RUN.istio, &RUN.json]
}

#[test]
fn volumes_are_what_envoy_logged() {
    for capture in captures() {
        for format in [Format::Given, Format::Detected] {
            checks::volumes_are_what_was_logged(capture, format);
        }
        checks::scan_accounts_for_every_line(capture, None);
    }
}

#[test]
fn parse_reads_what_envoy_logged() {
    for capture in [&RUN.istio, &RUN.json] {
        checks::log_holds_what_was_driven(capture, &RUN.driven);
        checks::parse_reads_what_was_logged(capture);
    }
    for capture in captures() {
        checks::agents_are_read_as_sent(capture, "127.0.93", ODD_AGENTS);
    }
}

/// One request, logged as text and as JSON, is one event.
#[test]
fn envoy_text_and_json_are_equal_events() {
    let (json, istio, mut default) =
        (checks::events(&RUN.json), checks::events(&RUN.istio), checks::events(&RUN.default));
    assert_eq!(json.len(), RUN.json.lines().len());
    assert_eq!(istio, json);
    // The default tells the client only by the header that Envoy itself puts in, and its own end by what the client called it.
    assert_eq!(default.len(), json.len());
    for (default, json) in default.iter_mut().zip(json) {
        if json["http"]["request"]["method"].is_null() {
            continue;
        }
        for (end, key) in [("source", "port"), ("destination", "ip"), ("destination", "port")] {
            if let Some(told) = json[end].get(key) {
                default[end][key] = told.clone();
            }
        }
        assert_eq!(*default, json);
    }
}
