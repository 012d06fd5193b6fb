//! Traefik's access log as JSON (`accessLog.format: json`).
//!
//! `RequestContentSize` is what was read from the client (a body that the server refused unread is not in it),
//! `DownstreamContentSize` went to it (`OriginContentSize` is what the server behind sent, before compression): bodies
//! both. `ClientHost` is what `X-Forwarded-For` says where there is one, which Traefik empties for peers that it does not
//! trust. The stamp marks the beginning.

use crate::event::{Role, Stamped};
use crate::formats::format_string::keyed::{self, Key, Keyed};
use crate::formats::format_string::{Dialect, Field, Style, sample};
use crate::formats::{Context, Format, Kind, Scratch, Sniffed, SpecError};
use std::sync::Arc;

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "traefik",
    about: "Traefik's access log as JSON",
    roles: &[Role::Server, Role::Proxy],
    compile,
    sniff,
    is_header: None,
};

const KEYS: &[Key] = &[
    ("StartUTC", 0, Field::Stamp(Style::Iso, Stamped::Start)),
    ("StartLocal", 1, Field::Stamp(Style::Iso, Stamped::Start)),
    ("time", 2, Field::Stamp(Style::Any, Stamped::End)),
    ("Duration", 0, Field::Nanoseconds),
    ("ClientAddr", 0, Field::ClientAuthority),
    ("ClientPort", 0, Field::ClientPort),
    ("ClientHost", 0, Field::Forwarded),
    ("ClientUsername", 0, Field::User),
    ("RequestMethod", 0, Field::Method),
    ("RequestPath", 0, Field::Url),
    ("RequestAddr", 1, Field::Domain),
    ("RequestHost", 0, Field::Domain),
    ("RequestPort", 0, Field::Port),
    ("RequestContentSize", 0, Field::SourceBytes),
    ("DownstreamContentSize", 0, Field::DestinationBytes { dash_is_zero: false }),
    ("DownstreamStatus", 0, Field::Status),
    ("request_User-Agent", 0, Field::Agent),
    ("ServiceAddr", 0, Field::Upstream),
];

fn compile(spec: &str, context: &Context) -> Result<Arc<dyn Format>, SpecError> {
    let present: Vec<&str> = spec.split_ascii_whitespace().collect();
    if let Some(unknown) = present.iter().find(|name| !KEYS.iter().any(|(known, ..)| known == *name)) {
        let message = format!("\"{unknown}\" is no key that is known here: leave the string out");
        return Err(SpecError { message, position: spec.find(unknown).unwrap_or_default() });
    }
    let (role, remedy) = match context.role {
        Some(Role::Proxy) => (Role::Proxy, "set accessLog.fields.names.RequestContentSize: keep"),
        _ => (Role::Server, "set accessLog.fields.names.DownstreamContentSize: keep"),
    };
    let dialect = Dialect { dataset: "traefik", role, remedy, context };
    Ok(Arc::new(Keyed::new(KEYS, None, &present, dialect)))
}

fn sniff(lines: &[&[u8]], _context: &Context) -> Sniffed {
    let scratch = Scratch::new();
    let lines = sample::filled(lines);
    let own = [
        &["ClientAddr", "ClientHost"][..],
        &["DownstreamStatus", "DownstreamContentSize", "OriginStatus"],
        &["StartUTC", "StartLocal", "time"],
    ];
    let count = lines.iter().filter(|line| keyed::has_keys(line, &own, &scratch)).count();
    if !sample::is_most(count, lines.len()) {
        return Sniffed::No;
    }
    let spec = keyed::keys_seen(&lines, KEYS).join(" ");
    Sniffed::Yes { spec, why: "JSON lines with Traefik's ClientHost and Downstream keys".into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::format_string::tests::{shown, shown_by};
    use proptest::prelude::*;

    const LINE: &str = r#"{"ClientAddr":"192.0.2.7:50123","ClientHost":"192.0.2.7","ClientPort":"50123","ClientUsername":"jdoe","DownstreamContentSize":2326,"DownstreamStatus":200,"Duration":26000000,"OriginContentSize":9999,"OriginDuration":25000000,"OriginStatus":200,"Overhead":1,"RequestAddr":"www.example:8443","RequestContentSize":10000,"RequestCount":17,"RequestHost":"www.example","RequestMethod":"PUT","RequestPath":"/up?x=1","RequestPort":"8443","RequestProtocol":"HTTP/2.0","RouterName":"web@docker","ServiceAddr":"10.0.0.3:80","StartLocal":"2023-03-29T02:02:03.456789012+01:00","StartUTC":"2023-03-29T01:02:03.456789012Z","entryPointName":"websecure","level":"info","msg":"","request_User-Agent":"rclone/v1.60.1","time":"2023-03-29T02:02:03+01:00"}"#;

    #[test]
    fn lines_good_and_bad() {
        let front = "from 2023-03-29T01:02:03.456789Z | Server | src";
        let back = "| dst www.example :8443 =2326 | 26000us | user jdoe | PUT | /up?x=1 | 200 | agent rclone/v1.60.1";
        assert_eq!(shown(&KIND, "", LINE), format!("{front} 192.0.2.7 :50123 =10000 {back}"));
        let forwarded =
            LINE.replace("\"ClientHost\":\"192.0.2.7\"", "\"ClientHost\":\"203.0.113.5, 10.0.0.9\"");
        assert_eq!(shown(&KIND, "", &forwarded), format!("{front} 203.0.113.5 =10000 {back}"));
        let app = r#"{"level":"info","msg":"started","time":"2023-03-29T02:02:03+01:00"}"#;
        assert_eq!(shown(&KIND, "", app), "malformed at 0");
        assert!(shown(&KIND, "", &LINE.replace("2326", "-2326")).starts_with("bad_number"));
        let few = r#"{"ClientHost":"192.0.2.7","DownstreamContentSize":5,"time":"2023-03-29T01:02:03Z"}"#;
        assert_eq!(shown(&KIND, "", few), "2023-03-29T01:02:03Z | Server | src 192.0.2.7 | dst =5");
    }

    /// Both forms of one line give the same client, server side, sizes and words.
    #[test]
    fn as_in_the_common_form() {
        let json = r#"{"ClientHost":"192.0.2.7","ClientUsername":"jdoe","DownstreamContentSize":2326,"DownstreamStatus":200,"Duration":26000000,"RequestMethod":"GET","RequestPath":"/a","StartUTC":"2023-03-29T01:02:03Z","request_User-Agent":"curl/8.1"}"#;
        let text = r#"192.0.2.7 - jdoe [29/Mar/2023:01:02:03 +0000] "GET /a HTTP/2.0" 200 2326 "-" "curl/8.1" 17 "web@docker" "http://10.0.0.3:80" 26ms"#;
        assert_eq!(shown(&KIND, "", json), shown(&super::super::traefik_clf::KIND, "", text));
    }

    #[test]
    fn recognised_with_what_it_shows() {
        let line = br#"{"ClientHost":"192.0.2.7","DownstreamStatus":200,"time":"2023-03-29T01:02:03Z"}"#;
        let Sniffed::Yes { spec, .. } = sniff(&[line], &Context::default()) else { panic!() };
        assert_eq!(spec, "time ClientHost DownstreamStatus");
        assert!(compile(&spec, &Context::default()).unwrap().sight().blind().is_some());
        assert!(matches!(sniff(&[br#"{"time":1}"#], &Context::default()), Sniffed::No));
        assert_eq!(compile("time x", &Context::default()).map(|_| ()).unwrap_err().position, 5);
    }

    proptest! {
        #[test]
        fn no_damaged_line_panics(cut in 0usize..800, insert in proptest::collection::vec(any::<u8>(), 0..9)) {
            let (front, back) = LINE.as_bytes().split_at(cut.min(LINE.len()));
            let line = [front, &insert, back].concat();
            let _ = shown_by(&*compile("", &Context::default()).unwrap(), &line);
            let _ = sniff(&[&line], &Context::default());
        }
    }
}
