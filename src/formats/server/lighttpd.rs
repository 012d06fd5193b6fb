//! lighttpd's access log: its default, which has the host asked for where Apache has identd's name, and any
//! `accesslog.format` string.
//!
//! `%b` is the body of the answer, `%O` what was sent with headers, `%I` what came in. `%t` is when the request was done.

use super::clf::{self, Front, Writer};
use crate::event::Role;
use crate::formats::format_string::{Dialect, Layout, lighttpd, sample};
use crate::formats::{Context, Format, Kind, Sniffed, SpecError};
use std::sync::Arc;

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "lighttpd",
    about: "lighttpd: its default log, or any accesslog.format string",
    roles: &[Role::Server],
    compile,
    sniff,
    is_header: None,
};

/// What lighttpd writes where the configuration says nothing.
const DEFAULT: &str = r#"%h %V %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i""#;

/// What to write into lighttpd.conf, where mod_accesslog is among the modules.
const RESPONSE: &str = r#"add %O to accesslog.format: accesslog.format = "%h %V %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\" %I %O""#;

fn compile(spec: &str, context: &Context) -> Result<Arc<dyn Format>, SpecError> {
    let spec = match spec.trim() {
        "" => DEFAULT,
        text if !text.contains('%') => {
            let message =
                "an accesslog.format string has directives like %h; leave it out for lighttpd's default";
            return Err(SpecError { message: message.into(), position: 0 });
        }
        _ => spec,
    };
    let remedy = RESPONSE;
    let dialect = Dialect { dataset: "lighttpd", role: Role::Server, remedy, context };
    Ok(Arc::new(Layout::compile(lighttpd::pieces(spec)?, dialect)?))
}

/// Told from Apache's by the second column: identd, if anyone still asks it, has no name like a host's.
fn sniff(lines: &[&[u8]], context: &Context) -> Sniffed {
    let Some(survey) = clf::survey(lines) else { return Sniffed::No };
    let own = !survey.mixed
        && survey.front == Front::Nothing
        && survey.second_is_host
        && survey.writer != Writer::Nginx;
    if !own || survey.absolute {
        return Sniffed::No;
    }
    match survey.columns.as_str() {
        "qq" if compile("", context).is_ok_and(|format| sample::reads_most(&*format, lines)) => {
            Sniffed::Yes {
                spec: String::new(),
                why: "the lines are the combined log with a host in the second column".into(),
            }
        }
        columns if columns.starts_with("qq") && columns != "qq" => Sniffed::Unsure {
            say: format!(
                "the lines are lighttpd's log with more values behind the usual ones, and what those count cannot be told \
                 from them: pass --format 'lighttpd:{DEFAULT} %I %O' (bytes in, bytes out) or lighttpd's own \
                 accesslog.format"
            ),
        },
        _ => Sniffed::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::format_string::tests::{shown, shown_by};
    use proptest::prelude::*;

    const LINE: &str = r#"192.0.2.7 www.example:8080 - [29/Mar/2023:01:02:03 +0100] "GET /a HTTP/1.1" 200 5 "-" "say \"hi\" \xE2\x98\x83""#;

    #[test]
    fn lines_with_the_host_asked_for() {
        let read = "2023-03-29T00:02:03Z | Server | src 192.0.2.7";
        for (line, expected) in [
            (LINE.into(), "dst www.example :8080 =5 | GET | /a | 200 | agent say \"hi\" ☃"),
            (
                LINE.replace("www.example:8080", "[2001:db8::7]:8080"),
                "dst 2001:db8::7 :8080 =5 | GET | /a | 200 | agent say \"hi\" ☃",
            ),
            // An answer without a body, and what was no request.
            (
                LINE.replace("200 5 ", "304 - ").replace("www.example:8080", "-"),
                "dst =0 | GET | /a | 304 | agent say \"hi\" ☃",
            ),
            (
                LINE.replace("GET /a HTTP/1.1", "  ").replace("200", "400"),
                "dst www.example :8080 =5 | 400 | agent say \"hi\" ☃",
            ),
        ] {
            assert_eq!(shown(&KIND, "", &line), format!("{read} | {expected}"), "{line}");
        }
    }

    #[test]
    fn strings_of_the_operator() {
        let line =
            r#"www.example 192.0.2.7 [29/Mar/2023:01:02:03 +0000] "PUT /a HTTP/1.1" 201 - 1000128 240"#;
        let read = shown(&KIND, r#"%v %h %t "%r" %s %b %I %O"#, line);
        assert_eq!(
            read,
            "2023-03-29T01:02:03Z | Server | src 192.0.2.7 =1000128 | dst www.example =240 | PUT | /a | 201"
        );
        let begun = shown(&KIND, "%h %{begin:%s}t %O", "192.0.2.7 1680051723 5");
        assert_eq!(begun, "from 2023-03-29T01:02:03Z | Server | src 192.0.2.7 | dst =5");
        let blind = compile("%h %t", &Context::default()).unwrap().sight().blind();
        assert_eq!(blind, Some(format!("no response bytes: {RESPONSE}")));
        assert!(compile("combined", &Context::default()).is_err());
    }

    #[test]
    fn told_from_apache_by_its_second_column() {
        let sniffed = |line: &str| sniff(&[line.as_bytes()], &Context::default());
        assert!(matches!(sniffed(LINE), Sniffed::Yes { .. }));
        let more = format!("{LINE} 80 1000168");
        assert!(matches!(sniffed(&more), Sniffed::Unsure { say } if say.contains("--format 'lighttpd:")));
        for second in ["-", "jdoe", "10"] {
            let line = LINE.replace("www.example:8080", second);
            assert!(matches!(sniffed(&line), Sniffed::No), "{line}");
        }
        // nginx's sizes are 0 where these would be "-".
        let nginx = LINE.replace("200 5 ", "304 0 ").replace("\\\"", "");
        assert!(matches!(sniffed(&nginx), Sniffed::No), "{nginx}");
    }

    proptest! {
        #[test]
        fn no_damaged_line_panics(cut in 0usize..160, insert in proptest::collection::vec(any::<u8>(), 0..9)) {
            let (front, back) = LINE.as_bytes().split_at(cut.min(LINE.len()));
            let line = [front, &insert, back].concat();
            let _ = shown_by(&*compile("", &Context::default()).unwrap(), &line);
            let _ = sniff(&[&line], &Context::default());
        }
    }
}
