//! The access log of AWS Application Load Balancers, with its columns in the order that AWS has fixed; later ones are
//! added behind and passed over.
//!
//! `received_bytes` came from the client and `sent_bytes` went to it, headers included. The stamp is when the answer was
//! made. The server is who TLS asked for, else the host of the URL, which the balancer writes in full.

use crate::event::{Role, Stamped};
use crate::formats::format_string::{Dialect, Encoding, Field, Layout, Style, nginx, sample};
use crate::formats::{Context, Format, Kind, Sniffed, SpecError};
use std::sync::Arc;

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "aws-alb",
    about: "AWS Application Load Balancer access log",
    roles: &[Role::Server],
    compile,
    sniff,
    is_header: None,
};

const COLUMNS: &str = r#"$type $time $elb $client $target $request_processing_time $target_processing_time $response_processing_time $elb_status_code $target_status_code $received_bytes $sent_bytes "$request" "$user_agent" $ssl_cipher $ssl_protocol $target_group_arn "$trace_id" "$domain_name" "$chosen_cert_arn" $matched_rule_priority $request_creation_time $others"#;

const VARIABLES: &[nginx::Variable] = &[
    ("time", 0, Field::Stamp(Style::Iso, Stamped::End)),
    ("elb", 0, Field::Observer),
    ("client", 0, Field::ClientAuthority),
    ("elb_status_code", 0, Field::Status),
    ("received_bytes", 0, Field::SourceBytes),
    ("sent_bytes", 0, Field::DestinationBytes { dash_is_zero: false }),
    ("request", 0, Field::ServedRequest),
    ("user_agent", 0, Field::Agent),
    ("domain_name", 0, Field::Domain),
    ("request_creation_time", 0, Field::Begun),
];

fn compile(spec: &str, context: &Context) -> Result<Arc<dyn Format>, SpecError> {
    if !spec.trim().is_empty() {
        let message = "the columns of this log are fixed: leave the string out".into();
        return Err(SpecError { message, position: 0 });
    }
    let dialect = Dialect { dataset: "aws.alb", role: Role::Server, remedy: "", context };
    let pieces = nginx::pieces_of(COLUMNS, VARIABLES, Encoding::Backslash)?;
    Ok(Arc::new(Layout::compile(pieces, dialect)?))
}

/// A line begins with one of six words, and the fourth column is a client with its port.
fn sniff(lines: &[&[u8]], context: &Context) -> Sniffed {
    const TYPES: [&[u8]; 6] = [b"http ", b"https ", b"h2 ", b"grpcs ", b"ws ", b"wss "];
    let own = |line: &&[u8]| TYPES.iter().any(|word| line.starts_with(word));
    let lines: Vec<&[u8]> = sample::filled(lines);
    if lines.iter().all(own) && compile("", context).is_ok_and(|format| sample::reads_most(&*format, &lines))
    {
        let why = "each line is a type, a stamp and a balancer with AWS's columns behind".into();
        return Sniffed::Yes { spec: String::new(), why };
    }
    Sniffed::No
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::format_string::tests::{shown, shown_by};
    use proptest::prelude::*;

    const LINE: &str = r#"https 2023-03-29T01:02:03.456789Z app/web/0123456789abcdef 192.0.2.7:50123 10.0.0.1:80 0.086 0.048 0.037 200 200 10190 57 "PUT https://www.example:443/up?x=1 HTTP/1.1" "curl/7.46.0" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elasticloadbalancing:eu-west-2:123456789012:targetgroup/web/0123456789abcdef "Root=1-58337281-1d84f3d73c47ec4e58577259" "files.example" "arn:aws:acm:eu-west-2:123456789012:certificate/0" 1 2023-03-29T01:02:03.200000Z "authenticate,forward" "-" "-" "10.0.0.1:80" "200" "-" "-" TID_0123"#;

    #[test]
    fn lines_of_every_sort() {
        for (line, expected) in [
            (
                LINE.to_owned(),
                "src 192.0.2.7 :50123 =10190 | dst files.example =57 | 256789us | PUT | https://www.example:443/up?x=1 | 200 | agent curl/7.46.0 | by app/web/0123456789abcdef",
            ),
            // No TLS, no target, no answer.
            (
                LINE.replace("https 2023", "http 2023")
                    .replace("\"files.example\"", "\"-\"")
                    .replace("0.086 0.048 0.037 200 200", "-1 -1 -1 502 -"),
                "src 192.0.2.7 :50123 =10190 | dst www.example :443 =57 | 256789us | PUT | https://www.example:443/up?x=1 | 502 | agent curl/7.46.0 | by app/web/0123456789abcdef",
            ),
            (
                LINE.replace("192.0.2.7:50123", "2001:db8::7:50123")
                    .replace("PUT https://www.example:443/up?x=1 HTTP/1.1", "- http://www.example:80- -")
                    .replace("curl/7.46.0", "say \\x22hi\\x22"),
                "src 2001:db8::7 :50123 =10190 | dst files.example =57 | 256789us | 200 | agent say \"hi\" | by app/web/0123456789abcdef",
            ),
        ] {
            assert_eq!(
                shown(&KIND, "", &line),
                format!("2023-03-29T01:02:03.456789Z | Server | {expected}"),
                "{line}"
            );
        }
        let wrong = LINE.replace(" 10190 ", " - ").replace(" 57 ", " x ");
        assert!(shown(&KIND, "", &wrong).starts_with("bad_number"));
        assert!(shown(&KIND, "", &LINE[..200]).starts_with("malformed"));
    }

    #[test]
    fn recognised() {
        assert!(matches!(sniff(&[LINE.as_bytes()], &Context::default()), Sniffed::Yes { .. }));
        assert!(matches!(sniff(&[b"https hello"], &Context::default()), Sniffed::No));
        assert!(matches!(sniff(&[], &Context::default()), Sniffed::No));
        assert!(compile("x", &Context::default()).is_err());
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
