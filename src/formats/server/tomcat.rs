//! Tomcat's access log valve: common, combined, or any pattern.
//!
//! `%b` and `%B` are the body of the response; what came in cannot be logged. `%t` is when the response was done. The
//! pattern may be given as `server.xml` has it (`&quot;`), after a version where that is 10.1 or later (`10.1 %h …`),
//! since `%D` was in milliseconds before and is in microseconds now.

use crate::event::Role;
use crate::formats::format_string::{Dialect, Layout, tomcat};
use crate::formats::{Context, Format, Kind, Sniffed, SpecError};
use std::sync::Arc;

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "tomcat",
    about: "Tomcat's access log valve: common, combined, or any pattern (10.1 and later: 'tomcat:10.1 %h …')",
    roles: &[Role::Server],
    compile,
    sniff,
    is_header: None,
};

const COMMON: &str = r#"%h %l %u %t "%r" %s %b"#;
const COMBINED: &str = r#"%h %l %u %t "%r" %s %b "%{Referer}i" "%{User-Agent}i""#;

/// What to write into server.xml.
const RESPONSE: &str =
    r#"add %B to the pattern of AccessLogValve: pattern="%h %l %u %t &quot;%r&quot; %s %B""#;

fn compile(spec: &str, context: &Context) -> Result<Arc<dyn Format>, SpecError> {
    let (version, pattern) = version(spec);
    let pattern = pattern.replace("&quot;", "\"");
    let pattern = match pattern.trim() {
        "" | "common" => COMMON,
        "combined" => COMBINED,
        text if !text.contains('%') => {
            let message =
                "not a pattern that is known by name (common, combined), and a pattern has letters like %h";
            return Err(SpecError { message: message.into(), position: 0 });
        }
        _ => pattern.as_str(),
    };
    let pieces =
        if version >= (10, 1) { tomcat::pieces_since_10_1(pattern) } else { tomcat::pieces(pattern) };
    let shift = |error: SpecError| SpecError {
        position: error.position + spec.len().saturating_sub(pattern.len()),
        ..error
    };
    let remedy = RESPONSE;
    let dialect = Dialect { dataset: "tomcat", role: Role::Server, remedy, context };
    Ok(Arc::new(Layout::compile(pieces.map_err(shift)?, dialect).map_err(shift)?))
}

/// The version in front of a pattern, and the pattern.
fn version(spec: &str) -> ((u32, u32), &str) {
    let text = spec.trim_start();
    let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
    let mut numbers = first.split('.').map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), None) => ((major, 0), rest),
        (Some(Ok(major)), Some(Ok(minor))) => ((major, minor), rest),
        _ => ((0, 0), spec),
    }
}

/// Tomcat's own patterns are Apache's, which answers for them; others cannot be told from the lines.
fn sniff(_lines: &[&[u8]], _context: &Context) -> Sniffed {
    Sniffed::No
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::format_string::tests::{shown, shown_by};
    use proptest::prelude::*;

    const STAMP: &str = "[29/Mar/2023:01:02:03 +0000]";

    #[test]
    fn patterns_of_every_sort() {
        let common = format!("192.0.2.7 - jdoe {STAMP} \"GET /a?b HTTP/1.1\" 200 2326");
        let expected =
            "2023-03-29T01:02:03Z | Server | src 192.0.2.7 | dst =2326 | user jdoe | GET | /a?b | 200";
        assert_eq!(shown(&KIND, "", &common), expected);
        let nothing = common.replace("2326", "-");
        assert_eq!(shown(&KIND, "common", &nothing), expected.replace("2326", "0"));
        assert_eq!(
            shown(&KIND, "combined", &format!("{common} \"-\" \"curl/8.1\"")),
            format!("{expected} | agent curl/8.1")
        );
        for (spec, line, expected) in [
            (
                "%h %l %u %t &quot;%r&quot; %s %b %D %I %S",
                format!("{common} 26 http-nio-8080-exec-1 0123ABCD"),
                "2023-03-29T01:02:03Z | Server | src 192.0.2.7 | dst =2326 | 26000us | user jdoe | GET | /a?b | 200",
            ),
            (
                "10.1 %a:%{remote}p %A %v %p %{begin:yyyy-MM-dd HH:mm:ss.SSS Z}t %B %D \"%{X-Forwarded-For}i\"",
                "2001:db8::7:50123 10.0.0.2 www.example 8443 2023-03-29 01:02:03.456 +0000 9 260 \"-\""
                    .into(),
                "from 2023-03-29T01:02:03.456Z | Server | src 2001:db8::7 :50123 | dst 10.0.0.2 www.example :8443 =9 | 260us",
            ),
            (
                "%{msec}t %a %T %b",
                "1680051723456 192.0.2.7 0.026 9".into(),
                "2023-03-29T01:02:03.456Z | Server | src 192.0.2.7 | dst =9 | 26000us",
            ),
            // A negative size is one that Tomcat does not know.
            ("%{msec}t %a %B", "1680051723456 192.0.2.7 -5".into(), "bad_number at 25"),
        ] {
            assert_eq!(shown(&KIND, spec, &line), expected, "{spec}");
        }
    }

    #[test]
    fn blind_and_wrong_patterns() {
        let sight = |spec: &str| compile(spec, &Context::default()).map(|format| format.sight().blind());
        assert_eq!(sight("%h %t %I"), Ok(Some(format!("no response bytes: {RESPONSE}"))));
        assert_eq!(sight("10.1 common"), Ok(None));
        assert_eq!(sight("main").map_err(|error| error.position), Err(0));
        assert_eq!(sight("9.0 %h %t %").map_err(|error| error.position), Err(10));
        assert!(matches!(sniff(&[b"x"], &Context::default()), Sniffed::No));
    }

    proptest! {
        #[test]
        fn no_line_panics(line in proptest::collection::vec(any::<u8>(), 0..200)) {
            for spec in ["", "combined", "%{yyyy-MM-dd HH:mm:ss.SSS}t|%a|%B|%U%q"] {
                let _ = shown_by(&*compile(spec, &Context::default()).unwrap(), &line);
            }
        }

        #[test]
        fn no_string_panics(spec in "([0-9.]{0,5} )?([%{}\"a-zA-Z&;]|\\PC){0,20}") {
            let _ = compile(&spec, &Context::default());
        }
    }
}
