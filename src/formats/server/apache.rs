//! Apache's access log: common, combined, vhost_combined, combinedio and any `LogFormat` string.
//!
//! `apache:any` reads lines of several such layouts in one file up to their size.
//!
//! `%b` and `%B` are the size of the answer's body, `%O` what was sent with headers; `%I` is what came in. `%t` is when
//! the request was received. Where the string has `%{X-Forwarded-For}i` the first address in it is taken for the client:
//! right behind a balancer that writes it, and a client's invention in front of one that does not.

use super::clf::any::Any;
use super::clf::{self, Front, Writer};
use crate::event::Role;
use crate::formats::format_string::{Dialect, Layout, apache, sample};
use crate::formats::{Context, Format, Kind, Sniffed, SpecError};
use std::sync::Arc;

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "apache",
    about: "Apache httpd: common, combined, vhost_combined, combinedio, or any LogFormat string",
    roles: &[Role::Server, Role::Proxy],
    compile,
    sniff,
    is_header: None,
};

/// The combined log.
pub(super) const COMBINED: &str = r#"%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i""#;

/// The layouts by the names that Apache's own configuration files give them.
const NICKNAMES: &[(&str, &str)] = &[
    ("common", r#"%h %l %u %t "%r" %>s %b"#),
    ("combined", COMBINED),
    ("vhost_common", r#"%v %h %l %u %t "%r" %>s %b"#),
    ("vhost_combined", r#"%v:%p %h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i""#),
    ("ssl_request", r#"%t %h %{SSL_PROTOCOL}x %{SSL_CIPHER}x "%r" %b"#),
    ("combinedio", r#"%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" %I %O"#),
];

/// The combined log with the site's name before it, as nginx and Apache users write it without a port.
const NAMED: &str = r#"%v %h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i""#;

/// What to write into apache2.conf or httpd.conf; mod_logio is built in on Debian and loaded by Red Hat's.
const UPLOAD: &str = r#"add %I to LogFormat (with mod_logio): LogFormat "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\" %I %O" outflow, and CustomLog … outflow"#;
const RESPONSE: &str = r#"add %O to LogFormat (with mod_logio): LogFormat "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\" %I %O" outflow, and CustomLog … outflow"#;

fn compile(spec: &str, context: &Context) -> Result<Arc<dyn Format>, SpecError> {
    let any = spec.trim() == "any";
    let spec = match spec.trim() {
        "" | "any" => COMBINED,
        name if !name.contains('%') => {
            let named = NICKNAMES.iter().find(|(nickname, _)| *nickname == name);
            named.map(|(_, spec)| *spec).ok_or_else(|| SpecError {
                message:
                    "not a layout that is known by name (common, combined, vhost_common, vhost_combined, \
                          combinedio, ssl_request, any), and a LogFormat string has directives like %h"
                        .into(),
                position: 0,
            })?
        }
        _ => spec,
    };
    let (role, remedy) = match context.role {
        Some(Role::Proxy) => (Role::Proxy, UPLOAD),
        _ => (Role::Server, RESPONSE),
    };
    let dialect = Dialect { dataset: "apache", role, remedy, context };
    if any {
        return Ok(Arc::new(Any::new(dialect)?));
    }
    Ok(Arc::new(Layout::compile(apache::pieces(spec)?, dialect)?))
}

fn sniff(lines: &[&[u8]], context: &Context) -> Sniffed {
    let Some(survey) = clf::survey(lines) else { return ssl_requests(lines, context) };
    if survey.absolute && context.role.is_none() {
        return Sniffed::Unsure {
            say: "the requests name whole URLs, as in the log of a forward proxy (egress is what clients send) or of a \
                  cache before a web server (egress is what it answers): pass --role proxy or --role server, or --format \
                  varnish for what varnishncsa writes"
                .into(),
        };
    }
    let forwarded = format!("{COMBINED} \"%{{X-Forwarded-For}}i\"");
    if survey.mixed {
        let why =
            "the lines are of the common log's family, in several shapes that agree up to the size".into();
        return Sniffed::Else { spec: "any".into(), why };
    }
    let spec = match (survey.front, survey.columns.as_str(), survey.writer) {
        (Front::List, _, _) => "any",
        (Front::Nothing, "", _) => "common",
        (Front::Nothing, "qq", Writer::Apache | Writer::Either) => "combined",
        (Front::Name, "", _) => "vhost_common",
        (Front::Name, "qq", _) => NAMED,
        (Front::NameAndPort, "qq", _) => "vhost_combined",
        (Front::Nothing, "qqq", Writer::Apache) if survey.third_is_addresses => &forwarded,
        // nginx answers for these.
        (Front::Nothing, "qq", Writer::Nginx) => return Sniffed::No,
        (Front::Nothing, "qqq", _) if survey.third_is_addresses => return Sniffed::No,
        // No value behind is a count that could be one of bytes.
        (_, columns, _) if columns.starts_with("qq") && !columns.contains('n') && !columns.contains('f') => {
            "any"
        }
        _ => return Sniffed::Unsure { say: unsure(&survey) },
    };
    if !compile(spec, context).is_ok_and(|format| sample::reads_most(&*format, lines)) {
        return Sniffed::No;
    }
    let name = match spec {
        NAMED => "combined, with the site's name before it",
        "any" => "combined, with more text around it than it has",
        spec if spec.contains('%') => "combined, with X-Forwarded-For",
        spec => spec,
    };
    let why = match survey.writer {
        Writer::Apache => {
            format!("the lines are the {name} log, and a missing size is \"-\" as Apache writes it")
        }
        Writer::Nginx | Writer::Either => format!("the lines are the {name} log"),
    };
    match spec {
        "any" => Sniffed::Else { spec: spec.into(), why },
        _ => Sniffed::Yes { spec: spec.into(), why },
    }
}

/// mod_ssl's `ssl_request_log`: no other log has a stamp, a client, a protocol and a cipher before the request.
fn ssl_requests(lines: &[&[u8]], context: &Context) -> Sniffed {
    let lines = sample::filled(lines);
    let own = |line: &&&[u8]| {
        let mut words = line.split(|byte| *byte == b' ').skip(3);
        line.first() == Some(&b'[')
            && words.next().is_some_and(|word| {
                matches!(word, b"-") || word.starts_with(b"TLSv") || word.starts_with(b"SSLv")
            })
    };
    let spec = "ssl_request";
    if sample::is_most(lines.iter().filter(own).count(), lines.len())
        && compile(spec, context).is_ok_and(|format| sample::reads_most(&*format, &lines))
    {
        return Sniffed::Yes { spec: spec.into(), why: "the lines are mod_ssl's log of requests".into() };
    }
    Sniffed::No
}

/// What to pass for a log of this family with more in it than can be told from the lines.
fn unsure(survey: &clf::Survey) -> String {
    let front = match survey.front {
        Front::Nothing | Front::List => "",
        Front::Name => "%v ",
        Front::NameAndPort => "%v:%p ",
    };
    let nginx = super::nginx::COMBINED;
    let extra = survey.columns.strip_prefix("qq");
    let (first, second) = match (front, extra) {
        ("", Some("nn")) => (
            format!("'apache:{COMBINED} %I %O' (bytes in, bytes out)"),
            format!("'nginx:{nginx} $request_length $bytes_sent'"),
        ),
        ("", Some("n")) => (
            format!("'apache:{COMBINED} %D' (microseconds)"),
            format!("'nginx:{nginx} $request_length' (bytes in)"),
        ),
        ("", Some("f")) => (
            format!("'nginx:{nginx} $request_time' (seconds)"),
            format!("'nginx:{nginx} $upstream_response_time' (passed over)"),
        ),
        ("", Some("nf")) => (
            format!("'nginx:{nginx} $request_length $request_time' (bytes in, seconds)"),
            format!("'nginx:{nginx} $bytes_sent $request_time' (bytes out, seconds)"),
        ),
        ("", Some(_)) => (format!("'apache:{COMBINED} …'"), format!("'nginx:{nginx} …'")),
        (front, Some(_)) => {
            (format!("'apache:{front}{COMBINED} %I %O'"), format!("'apache:{front}{COMBINED} …'"))
        }
        (front, None) => {
            let common = r#"%h %l %u %t "%r" %>s %b"#;
            (format!("'apache:{front}{common} %I %O'"), format!("'apache:{front}{common} …'"))
        }
    };
    format!(
        "the lines are of the common log's family with more values behind the size than the usual two, and what those \
         count cannot be told from them: pass --format {first} or --format {second}, or the server's own LogFormat or \
         log_format string"
    )
}

#[cfg(test)]
mod tests;
