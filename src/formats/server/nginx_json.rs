//! nginx's access log as JSON with its own variables for keys, in any order: what most `log_format … escape=json`
//! definitions come to.
//!
//! For keys of other names pass the definition itself to [`super::nginx`]. The meanings are those of the variables:
//! `request_length` is what came in, `bytes_sent` wins over `body_bytes_sent`.

use crate::event::{Role, Stamped};
use crate::formats::format_string::keyed::{self, Key, Keyed};
use crate::formats::format_string::{Dialect, Field, Style, nginx, sample};
use crate::formats::{Context, Format, Kind, Scratch, Sniffed, SpecError};
use std::sync::Arc;

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "nginx-json",
    about: "nginx: JSON lines whose keys are nginx's variables",
    roles: &[Role::Server, Role::Proxy],
    compile,
    sniff,
    is_header: None,
};

/// Other names that operators give to the same.
const ALIASES: &[Key] = &[
    ("@timestamp", 5, Field::Stamp(Style::Any, Stamped::End)),
    ("timestamp", 6, Field::Stamp(Style::Any, Stamped::End)),
    ("time", 7, Field::Stamp(Style::Any, Stamped::End)),
    ("x_forwarded_for", 2, Field::Forwarded),
    ("user_agent", 1, Field::Agent),
    ("method", 1, Field::Method),
    ("response_status", 1, Field::Status),
    ("vhost", 3, Field::Domain),
];

fn keys() -> Vec<Key> {
    nginx::VARIABLES.iter().chain(ALIASES).cloned().collect()
}

/// The string, where there is one, names the keys that the log holds; all known ones are read in any case.
/// What to write into nginx.conf; `$request_length` and `$bytes_sent` are there in every version that is in use.
const UPLOAD: &str = "add $request_length to log_format: log_format outflow escape=json '{\"time_iso8601\":\"$time_iso8601\",\
     \"remote_addr\":\"$remote_addr\",\"request\":\"$request\",\"status\":$status,\"http_user_agent\":\"$http_user_agent\",\
     \"request_length\":$request_length,\"bytes_sent\":$bytes_sent}'; access_log /var/log/nginx/access.log outflow;";
const RESPONSE: &str = "add $bytes_sent to log_format: log_format outflow escape=json '{\"time_iso8601\":\"$time_iso8601\",\
     \"remote_addr\":\"$remote_addr\",\"request\":\"$request\",\"status\":$status,\"http_user_agent\":\"$http_user_agent\",\
     \"request_length\":$request_length,\"bytes_sent\":$bytes_sent}'; access_log /var/log/nginx/access.log outflow;";

fn compile(spec: &str, context: &Context) -> Result<Arc<dyn Format>, SpecError> {
    let keys = keys();
    let present: Vec<&str> = spec.split_ascii_whitespace().collect();
    if let Some(unknown) = present.iter().find(|name| !keys.iter().any(|(known, ..)| known == *name)) {
        let message = format!(
            "\"{unknown}\" is no key that is known here; for keys of your own pass the definition: 'nginx:escape=json \
             {{…}}'"
        );
        return Err(SpecError { message, position: spec.find(unknown).unwrap_or_default() });
    }
    let (role, remedy) = match context.role {
        Some(Role::Proxy) => (Role::Proxy, UPLOAD),
        _ => (Role::Server, RESPONSE),
    };
    let dialect = Dialect { dataset: "nginx", role, remedy, context };
    Ok(Arc::new(Keyed::new(&keys, None, &present, dialect)))
}

fn sniff(lines: &[&[u8]], _context: &Context) -> Sniffed {
    let scratch = Scratch::new();
    let lines = sample::filled(lines);
    let own = [
        &["remote_addr", "realip_remote_addr", "http_x_forwarded_for"][..],
        &["time_local", "time_iso8601", "msec", "time", "timestamp", "@timestamp"],
        // Every other name occurs elsewhere too.
        &["body_bytes_sent", "request_length", "http_user_agent", "request_time"],
        &["status", "request", "request_uri", "bytes_sent", "body_bytes_sent"],
    ];
    let count = lines.iter().filter(|line| keyed::has_keys(line, &own, &scratch)).count();
    if !sample::is_most(count, lines.len()) {
        return Sniffed::No;
    }
    let spec = keyed::keys_seen(&lines, &keys()).join(" ");
    Sniffed::Yes { spec, why: "JSON lines with nginx's variables for keys".into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::format_string::tests::{shown, shown_by};
    use proptest::prelude::*;

    #[test]
    fn keys_in_any_order() {
        for (line, expected) in [
            (
                r#"{"time_iso8601":"2023-03-29T02:02:03+01:00","remote_addr":"192.0.2.7","remote_port":"50123","request":"PUT /up?x HTTP/1.1","status":"201","body_bytes_sent":"5","request_length":"10190","http_user_agent":"say \"hi\"","request_time":"0.250"}"#,
                "2023-03-29T01:02:03Z | Server | src 192.0.2.7 :50123 =10190 | dst =5 | 250000us | PUT | /up?x | 201 | agent say \"hi\"",
            ),
            (
                r#"{"body_bytes_sent":5,"bytes_sent":300,"status":200,"request_uri":"/a","request_method":"GET","msec":1680051723.456,"server_name":"www.example","host":"other.example","remote_addr":"2001:db8::7","http_x_forwarded_for":"-"}"#,
                "2023-03-29T01:02:03.456Z | Server | src 2001:db8::7 | dst www.example =300 | GET | /a | 200",
            ),
            (
                r#"{"remote_addr":"10.0.0.9","http_x_forwarded_for":"203.0.113.5, 10.0.0.9","time_local":"29/Mar/2023:02:02:03 +0100","bytes_sent":0,"upstream_addr":"10.0.0.1:80, 10.0.0.2:80","request_time":""}"#,
                "2023-03-29T01:02:03Z | Server | src 203.0.113.5 | dst =0",
            ),
            // Without escape=json.
            (
                r#"{"msec":"1680051723.456","remote_addr":"192.0.2.7","bytes_sent":9,"http_user_agent":"say \x22hi\x22"}"#,
                "2023-03-29T01:02:03.456Z | Server | src 192.0.2.7 | dst =9 | agent say \"hi\"",
            ),
            (r#"{"remote_addr":"192.0.2.7","msec":"1680051723.456"}"#, "malformed at 0"),
            (r#"{"remote_addr":"192.0.2.7","msec":"1680051723.456","bytes_sent":"9x"}"#, "bad_number at 66"),
        ] {
            assert_eq!(shown(&KIND, "", line), expected, "{line}");
        }
    }

    /// The text form and the JSON form of one line.
    #[test]
    fn as_the_string_would_read_it() {
        let spec = r#"escape=json {"msec":$msec,"remote_addr":"$remote_addr","bytes_sent":$bytes_sent,"request_length":$request_length,"http_user_agent":"$http_user_agent","request":"$request"}"#;
        let line = r#"{"msec":1680051723.456,"remote_addr":"192.0.2.7","bytes_sent":9,"request_length":7,"http_user_agent":"a\"b\u20ac","request":"GET /a HTTP/1.1"}"#;
        assert_eq!(shown(&KIND, "", line), shown(&super::super::nginx::KIND, spec, line));
    }

    #[test]
    fn recognised_with_what_it_shows() {
        let line = br#"{"status":200,"remote_addr":"192.0.2.7","request_length":9,"msec":1,"own":1}"#;
        let Sniffed::Yes { spec, .. } = sniff(&[line], &Context::default()) else { panic!() };
        assert_eq!(spec, "remote_addr msec status request_length");
        let blind = compile(&spec, &Context::default()).unwrap().sight().blind();
        assert_eq!(blind, Some(format!("no response bytes: {RESPONSE}")));
        // What is to be written is what is then read.
        let (_, line) = UPLOAD.split_once("escape=json '").unwrap();
        let (line, _) = line.split_once("';").unwrap();
        for role in [Role::Server, Role::Proxy] {
            let context = Context { role: Some(role), ..Context::default() };
            let spec = format!("escape=json {line}");
            assert_eq!((super::super::nginx::KIND.compile)(&spec, &context).unwrap().sight().blind(), None);
        }
        assert!(matches!(sniff(&[br#"{"remote_addr":"x","time":1}"#], &Context::default()), Sniffed::No));
        assert_eq!(compile("msec mine", &Context::default()).map(|_| ()).unwrap_err().position, 5);
    }

    proptest! {
        #[test]
        fn no_line_panics(line in "(\"(msec|remote_addr|status|bytes_sent)\"|[{}:,\"0-9.-]|\\PC){0,40}") {
            let _ = shown_by(&*compile("", &Context::default()).unwrap(), line.as_bytes());
            let _ = sniff(&[line.as_bytes()], &Context::default());
        }
    }
}
