//! Envoy's access log: the default format, Istio's, any format string, and JSON with the usual key names (Istio, Envoy
//! Gateway, Contour).
//!
//! `BYTES_RECEIVED` is the body of the request and `BYTES_SENT` that of the response, so both are there by default. The
//! stamp marks the beginning. The default format names the client only by `X-Forwarded-For`, whose first address may be
//! the client's invention. As a way out of a mesh Envoy is a proxy: pass the role.

use crate::event::{Role, Stamped};
use crate::formats::format_string::keyed::{self, Key, Keyed};
use crate::formats::format_string::{Dialect, Field, Layout, Style, envoy, sample};
use crate::formats::{Context, Format, Kind, Scratch, Sniffed, SpecError};
use std::sync::Arc;

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "envoy",
    about: "Envoy: default, istio, json, or any access log format string",
    roles: &[Role::Server, Role::Proxy],
    compile,
    sniff,
    is_header: None,
};

const DEFAULT: &str = r#"[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% %BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%""#;

/// Istio's since 1.9.
const ISTIO: &str = r#"[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% "%UPSTREAM_TRANSPORT_FAILURE_REASON%" %BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%" %UPSTREAM_CLUSTER% %UPSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% %REQUESTED_SERVER_NAME% %ROUTE_NAME%"#;

/// Istio's before that: one column about the mixer, and no details.
const ISTIO_OLD: &str = r#"[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% "%DYNAMIC_METADATA(istio.mixer:status)%" "%UPSTREAM_TRANSPORT_FAILURE_REASON%" %BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%" %UPSTREAM_CLUSTER% %UPSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% %REQUESTED_SERVER_NAME% %ROUTE_NAME%"#;

/// Ambassador's: the default behind a word.
const AMBASSADOR: &str = r#"ACCESS [%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% %BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%""#;

const NICKNAMES: &[(&str, &str)] = &[
    ("", DEFAULT),
    ("default", DEFAULT),
    ("istio", ISTIO),
    ("istio-1.8", ISTIO_OLD),
    ("ambassador", AMBASSADOR),
];

/// The keys of the JSON form, with the spellings of those who configure Envoy.
const KEYS: &[Key] = &[
    ("start_time", 0, Field::Stamp(Style::Any, Stamped::Start)),
    ("@timestamp", 1, Field::Stamp(Style::Any, Stamped::Start)),
    ("timestamp", 2, Field::Stamp(Style::Any, Stamped::Start)),
    ("bytes_received", 0, Field::SourceBytes),
    ("bytes_sent", 0, Field::DestinationBytes { dash_is_zero: false }),
    ("duration", 0, Field::Duration(1_000)),
    ("method", 0, Field::Method),
    (":method", 1, Field::Method),
    ("x_envoy_original_path", 0, Field::Url),
    ("x-envoy-original-path", 1, Field::Url),
    ("x-envoy-origin-path", 2, Field::Url),
    ("path", 3, Field::Url),
    (":path", 4, Field::Url),
    ("response_code", 0, Field::Status),
    ("status", 1, Field::Status),
    ("downstream_remote_address", 0, Field::ClientAuthority),
    ("downstream_direct_remote_address", 1, Field::ClientAuthority),
    ("downstream_local_address", 0, Field::OwnAuthority),
    ("x_forwarded_for", 0, Field::Forwarded),
    ("x-forwarded-for", 1, Field::Forwarded),
    ("authority", 0, Field::Domain),
    (":authority", 1, Field::Domain),
    ("requested_server_name", 2, Field::Domain),
    ("user_agent", 0, Field::Agent),
    ("user-agent", 1, Field::Agent),
    ("upstream_host", 0, Field::Upstream),
    ("hostname", 0, Field::Observer),
];

/// What to change where the access log is defined (Istio: `meshConfig.accessLogFormat`). The default format has both.
const UPLOAD: &str = "add %BYTES_RECEIVED% to the access log's format, or leave out its log_format (Istio: \
                      meshConfig.accessLogFormat): the default has it";
const RESPONSE: &str = "add %BYTES_SENT% to the access log's format, or leave out its log_format (Istio: \
                        meshConfig.accessLogFormat): the default has it";

fn compile(spec: &str, context: &Context) -> Result<Arc<dyn Format>, SpecError> {
    let (role, remedy) = match context.role {
        Some(Role::Proxy) => (Role::Proxy, UPLOAD),
        _ => (Role::Server, RESPONSE),
    };
    let dialect = Dialect { dataset: "envoy", role, remedy, context };
    let mut words = spec.split_ascii_whitespace();
    if words.next() == Some("json") {
        let keys: Vec<&str> = words.collect();
        return Ok(Arc::new(Keyed::new(KEYS, None, &keys, dialect)));
    }
    let spec = match NICKNAMES.iter().find(|(nickname, _)| *nickname == spec.trim()) {
        Some((_, named)) => *named,
        None if !spec.contains('%') => {
            let message = "not a layout that is known by name (default, istio, istio-1.8, ambassador, json), and a format string \
                           has commands like %BYTES_SENT%";
            return Err(SpecError { message: message.into(), position: 0 });
        }
        None => spec,
    };
    Ok(Arc::new(Layout::compile(envoy::pieces(spec)?, dialect)?))
}

/// The built-in layouts have their stamp in ISO 8601 and their statuses in places of their own.
fn sniff(lines: &[&[u8]], context: &Context) -> Sniffed {
    for (spec, name) in [
        ("", "Envoy's default format"),
        ("istio", "Istio's format"),
        ("istio-1.8", "Istio's format before 1.9"),
        ("ambassador", "Ambassador's format"),
    ] {
        if compile(spec, context).is_ok_and(|format| sample::reads_most(&*format, lines)) {
            return Sniffed::Yes { spec: spec.into(), why: format!("the lines are {name}") };
        }
    }
    let scratch = Scratch::new();
    let lines = sample::filled(lines);
    let own = [
        &["start_time", "@timestamp", "timestamp"][..],
        &["bytes_sent", "bytes_received"],
        &["response_code", "response_flags"],
        &["upstream_host", "upstream_cluster", "downstream_remote_address", "authority", ":authority"],
    ];
    let count = lines.iter().filter(|line| keyed::has_keys(line, &own, &scratch)).count();
    if !sample::is_most(count, lines.len()) {
        return Sniffed::No;
    }
    let spec = format!("json {}", keyed::keys_seen(&lines, KEYS).join(" "));
    Sniffed::Yes { spec, why: "JSON lines with Envoy's response_code, bytes_sent and upstream keys".into() }
}

#[cfg(test)]
mod tests;
