//! The access log of AWS Classic Load Balancers; lines of TCP listeners have neither request nor status.
//!
//! `received_bytes` came from the client and `sent_bytes` went to it: bodies for HTTP, all of it for TCP. The stamp is
//! when the answer was made. The three times are those up to first bytes, not of the transfer, and are not read.

use crate::event::{Role, Stamped};
use crate::formats::format_string::{Dialect, Encoding, Field, Layout, Style, nginx, sample};
use crate::formats::{Context, Format, Kind, Sniffed, SpecError};
use std::sync::Arc;

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "aws-elb",
    about: "AWS Classic Load Balancer access log",
    roles: &[Role::Server],
    compile,
    sniff,
    is_header: None,
};

const COLUMNS: &str = r#"$time $elb $client $backend $request_processing_time $backend_processing_time $response_processing_time $elb_status_code $backend_status_code $received_bytes $sent_bytes "$request" "$user_agent" $ssl_cipher $ssl_protocol"#;

/// Until 2014 the log ended with the request.
const OLD_COLUMNS: &str = r#"$time $elb $client $backend $request_processing_time $backend_processing_time $response_processing_time $elb_status_code $backend_status_code $received_bytes $sent_bytes "$request""#;

const VARIABLES: &[nginx::Variable] = &[
    ("time", 0, Field::Stamp(Style::Iso, Stamped::End)),
    ("elb", 0, Field::Observer),
    ("client", 0, Field::ClientAuthority),
    ("elb_status_code", 0, Field::Status),
    ("received_bytes", 0, Field::SourceBytes),
    ("sent_bytes", 0, Field::DestinationBytes { dash_is_zero: false }),
    ("request", 0, Field::ServedRequest),
    ("user_agent", 0, Field::Agent),
];

fn compile(spec: &str, context: &Context) -> Result<Arc<dyn Format>, SpecError> {
    let columns = match spec.trim() {
        "" => COLUMNS,
        "2014" => OLD_COLUMNS,
        _ => {
            let message = "the columns of this log are fixed: leave the string out, or pass 2014 for a log that ends \
                           with the request";
            return Err(SpecError { message: message.into(), position: 0 });
        }
    };
    let dialect = Dialect { dataset: "aws.elb", role: Role::Server, remedy: "", context };
    Ok(Arc::new(Layout::compile(nginx::pieces_of(columns, VARIABLES, Encoding::Backslash)?, dialect)?))
}

/// No other log has the stamp first and a client with its port third.
fn sniff(lines: &[&[u8]], context: &Context) -> Sniffed {
    let lines = sample::filled(lines);
    let own = |line: &&&[u8]| {
        let mut words = line.split(|byte| *byte == b' ');
        let client = words.nth(2).unwrap_or_default();
        line.get(10) == Some(&b'T') && crate::event::split_authority(client).1.is_some()
    };
    if !sample::is_most(lines.iter().filter(own).count(), lines.len()) {
        return Sniffed::No;
    }
    for spec in ["", "2014"] {
        if compile(spec, context).is_ok_and(|format| sample::reads_most(&*format, &lines)) {
            let why = "each line is a stamp, a balancer and a client with its port".into();
            return Sniffed::Yes { spec: spec.into(), why };
        }
    }
    Sniffed::No
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::format_string::tests::{shown, shown_by};
    use proptest::prelude::*;

    const LINE: &str = r#"2023-03-29T01:02:03.456789Z web-lb 192.0.2.7:50123 10.0.0.1:80 0.000073 0.001048 0.000057 200 200 29 57 "POST http://www.example:80/up HTTP/1.1" "curl/7.38.0" - -"#;

    #[test]
    fn lines_of_every_sort() {
        let front = "2023-03-29T01:02:03.456789Z | Server | src 192.0.2.7 :50123 =29 | dst";
        assert_eq!(
            shown(&KIND, "", LINE),
            format!(
                "{front} www.example :80 =57 | POST | http://www.example:80/up | 200 | agent curl/7.38.0 | by web-lb"
            )
        );
        let tcp = LINE
            .replace("200 200", "- -")
            .replace("POST http://www.example:80/up HTTP/1.1", "- - - ")
            .replace("curl/7.38.0", "-");
        assert_eq!(shown(&KIND, "", &tcp), format!("{front} =57 | by web-lb"));
        let old = LINE.replace(" \"curl/7.38.0\" - -", "");
        assert_eq!(
            shown(&KIND, "2014", &old),
            format!("{front} www.example :80 =57 | POST | http://www.example:80/up | 200 | by web-lb")
        );
        assert!(shown(&KIND, "", &LINE.replace(" 57 ", " -1 ")).starts_with("bad_number"));
        assert!(shown(&KIND, "", "nonsense").starts_with("malformed"));
    }

    #[test]
    fn recognised() {
        let spec = |line: &str| match sniff(&[line.as_bytes()], &Context::default()) {
            Sniffed::Yes { spec, .. } => spec,
            other => format!("{other:?}"),
        };
        assert_eq!(spec(LINE), "");
        assert_eq!(spec(&LINE.replace(" \"curl/7.38.0\" - -", "")), "2014");
        assert_eq!(spec("2023-03-29T01:02:03Z hello"), "No");
        assert!(compile("x", &Context::default()).is_err());
    }

    proptest! {
        #[test]
        fn no_damaged_line_panics(cut in 0usize..200, insert in proptest::collection::vec(any::<u8>(), 0..9)) {
            let (front, back) = LINE.as_bytes().split_at(cut.min(LINE.len()));
            let line = [front, &insert, back].concat();
            let _ = shown_by(&*compile("", &Context::default()).unwrap(), &line);
            let _ = sniff(&[&line], &Context::default());
        }
    }
}
