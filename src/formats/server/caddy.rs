//! Caddy's access log: JSON lines, of version 2 with `request.remote_ip` and of its first releases with
//! `request.remote_addr`.
//!
//! `size` is the body of the response and `bytes_read` that of the request, as far as it was read. The stamp is when the
//! answer was done, in whichever of its styles the operator chose. `client_ip` already is what Caddy believes of
//! forwarded headers. Lines of other loggers in the stream give no event: those of `http.log.error` repeat a request
//! that the access log has.

use crate::event::{Role, Stamped};
use crate::formats::format_string::keyed::{self, Gate, Key, Keyed};
use crate::formats::format_string::{Dialect, Field, Style, sample};
use crate::formats::{Context, Format, Kind, Scratch, Sniffed, SpecError};
use crate::units::Span;
use std::sync::Arc;

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "caddy",
    about: "Caddy's access log (JSON)",
    roles: &[Role::Server, Role::Proxy],
    compile,
    sniff,
    is_header: None,
};

const KEYS: &[Key] = &[
    ("ts", 0, Field::Stamp(Style::Any, Stamped::End)),
    ("time", 1, Field::Stamp(Style::Any, Stamped::End)),
    ("request.client_ip", 0, Field::Client),
    ("request.remote_ip", 1, Field::Client),
    ("request.remote_port", 0, Field::ClientPort),
    ("request.remote_addr", 0, Field::ClientAuthority),
    ("request.method", 0, Field::Method),
    ("request.host", 0, Field::Domain),
    ("request.tls.server_name", 1, Field::Domain),
    ("request.uri", 0, Field::Url),
    ("request.headers.User-Agent", 0, Field::Agent),
    ("user_id", 0, Field::User),
    ("bytes_read", 0, Field::SourceBytes),
    ("size", 0, Field::DestinationBytes { dash_is_zero: false }),
    ("status", 0, Field::Status),
    ("duration", 0, Field::Duration(Span::SECOND.0)),
];

const GATE: Gate = Gate { path: "logger", keep: |name| name.starts_with(b"http.log.access") };

fn compile(spec: &str, context: &Context) -> Result<Arc<dyn Format>, SpecError> {
    // The sign of a release that does not know `bytes_read` yet.
    let (present, position): (&[&str], _) = match spec.trim() {
        "" => (&[], None),
        "no bytes_read" => (&["size"], None),
        _ => (&[], Some(0)),
    };
    if let Some(position) = position {
        let message = "Caddy's access log has no layouts to choose from: leave the string out".into();
        return Err(SpecError { message, position });
    }
    let (role, remedy) = match context.role {
        Some(Role::Proxy) => (Role::Proxy, "upgrade Caddy to 2.7 or later, which logs bytes_read"),
        _ => (Role::Server, "log with the json encoder without removing the field size"),
    };
    let dialect = Dialect { dataset: "caddy", role, remedy, context };
    Ok(Arc::new(Keyed::new(KEYS, Some(GATE), present, dialect)))
}

fn sniff(lines: &[&[u8]], _context: &Context) -> Sniffed {
    let scratch = Scratch::new();
    let lines = sample::filled(lines);
    let access = |line: &&&[u8]| {
        keyed::has_keys(line, &[&["request"], &["size", "duration"], &["status"], &["ts", "time"]], &scratch)
    };
    let other = |line: &&&[u8]| keyed::has_keys(line, &[&["level"], &["ts"], &["logger", "msg"]], &scratch);
    let found: Vec<&[u8]> = lines.iter().filter(access).copied().collect();
    let fits = lines.iter().filter(|line| access(line) || other(line)).count();
    if found.is_empty() || !sample::is_most(fits, lines.len()) {
        return Sniffed::No;
    }
    let read = keyed::keys_seen(&found, KEYS).contains(&"bytes_read");
    let spec = if read { "" } else { "no bytes_read" };
    Sniffed::Yes {
        spec: spec.into(),
        why: "JSON lines with a request, a status and a size as Caddy writes them".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::format_string::tests::{shown, shown_by};
    use proptest::prelude::*;

    const LINE: &str = r#"{"level":"info","ts":1680051723.456,"logger":"http.log.access.log0","msg":"handled request","request":{"remote_ip":"10.0.0.9","remote_port":"50123","client_ip":"203.0.113.5","proto":"HTTP/2.0","method":"PUT","host":"www.example:8443","uri":"/up?x=1","headers":{"User-Agent":["rclone/v1.60.1"],"Accept":["*/*"]},"tls":{"resumed":false,"version":772,"server_name":"www.example"}},"bytes_read":10000,"user_id":"jdoe","duration":0.25,"size":224,"status":201,"resp_headers":{"Server":["Caddy"],"Size":["9"]}}"#;

    #[test]
    fn lines_of_each_release() {
        for (line, expected) in [
            (
                LINE,
                "2023-03-29T01:02:03.456Z | Server | src 203.0.113.5 :50123 =10000 | dst www.example :8443 =224 | 250000us | user jdoe | PUT | /up?x=1 | 201 | agent rclone/v1.60.1",
            ),
            (
                r#"{"level":"error","ts":"2023-03-29T02:02:03.456+01:00","logger":"http.log.access","msg":"handled request","request":{"remote_addr":"[2001:db8::7]:50123","proto":"HTTP/1.1","method":"GET","host":"www.example","uri":"/","headers":{"User-Agent":[]}},"common_log":"2001:db8::7 - - [x] \"GET / HTTP/1.1\" 500 0","duration":"1.5ms","size":0,"status":500}"#,
                "2023-03-29T01:02:03.456Z | Server | src 2001:db8::7 :50123 | dst www.example =0 | 1500us | GET | / | 500",
            ),
            (
                r#"{"ts":"2023/03/29 01:02:03.456","request":{"remote_ip":"192.0.2.7"},"size":9,"status":200}"#,
                "2023-03-29T01:02:03.456Z | Server | src 192.0.2.7 | dst =9 | 200",
            ),
            (
                r#"{"ts":1680051723456789012,"request":{"remote_ip":"192.0.2.7"},"size":9,"status":0}"#,
                "2023-03-29T01:02:03.456789Z | Server | src 192.0.2.7 | dst =9",
            ),
        ] {
            assert_eq!(shown(&KIND, "", line), expected, "{line}");
        }
    }

    #[test]
    fn other_loggers_give_no_event() {
        assert_eq!(
            shown(&KIND, "", r#"{"level":"info","ts":1680051723,"logger":"tls","msg":"renewed"}"#),
            ""
        );
        let error = LINE.replace("http.log.access.log0", "http.log.error.log0");
        assert_eq!(shown(&KIND, "", &error), "");
        assert!(
            shown(&KIND, "", r#"{"level":"info","ts":1680051723,"msg":"serving"}"#).starts_with("malformed")
        );
        assert!(shown(&KIND, "", "2023/03/29 text").starts_with("bad_json"));
    }

    #[test]
    fn recognised_with_what_it_shows() {
        let other = br#"{"level":"info","ts":1,"logger":"tls","msg":"renewed"}"#;
        let spec = |lines: &[&[u8]]| match sniff(lines, &Context::default()) {
            Sniffed::Yes { spec, .. } => spec,
            other => format!("{other:?}"),
        };
        assert_eq!(spec(&[other, LINE.as_bytes()]), "");
        assert_eq!(spec(&[other]), "No");
        let old = LINE.replace("\"bytes_read\":10000,", "");
        assert_eq!(spec(&[old.as_bytes()]), "no bytes_read");
        let proxy = Context { role: Some(Role::Proxy), ..Context::default() };
        let blind = compile("no bytes_read", &proxy).unwrap().sight().blind();
        assert!(blind.is_some_and(|blind| blind.starts_with("no upload bytes: upgrade")));
        assert!(compile("%h", &Context::default()).is_err());
    }

    proptest! {
        #[test]
        fn no_damaged_line_panics(cut in 0usize..600, insert in proptest::collection::vec(any::<u8>(), 0..9)) {
            let (front, back) = LINE.as_bytes().split_at(cut.min(LINE.len()));
            let line = [front, &insert, back].concat();
            let _ = shown_by(&*compile("", &Context::default()).unwrap(), &line);
            let _ = sniff(&[&line], &Context::default());
        }
    }
}
