//! The access log of TLS listeners of AWS Network Load Balancers; later columns are added behind and passed over.
//!
//! `received_bytes` came from the client and `sent_bytes` went to it, both as decrypted. A line is written when the
//! connection ends; its stamp has no zone and is UTC. The server is who TLS asked for.

use crate::event::{Role, Stamped};
use crate::formats::format_string::{Dialect, Encoding, Field, Layout, Style, nginx, sample};
use crate::formats::{Context, Format, Kind, Sniffed, SpecError};
use std::sync::Arc;

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "aws-nlb",
    about: "AWS Network Load Balancer access log (TLS listeners)",
    roles: &[Role::Server],
    compile,
    sniff,
    is_header: None,
};

const COLUMNS: &str = "tls $version $time $elb $listener $client $target $connection_time $tls_handshake_time $received_bytes $sent_bytes $alert $certificate $serial $cipher $protocol $group $domain_name $others";

/// Version 1.0 ends with the name that was asked for.
const OLD_COLUMNS: &str = "tls $version $time $elb $listener $client $target $connection_time $tls_handshake_time $received_bytes $sent_bytes $alert $certificate $serial $cipher $protocol $group $domain_name";

const VARIABLES: &[nginx::Variable] = &[
    ("time", 0, Field::Stamp(Style::Iso, Stamped::End)),
    ("elb", 0, Field::Observer),
    ("client", 0, Field::ClientAuthority),
    ("connection_time", 0, Field::Duration(1_000)),
    ("received_bytes", 0, Field::SourceBytes),
    ("sent_bytes", 0, Field::DestinationBytes { dash_is_zero: false }),
    ("domain_name", 0, Field::Domain),
];

fn compile(spec: &str, context: &Context) -> Result<Arc<dyn Format>, SpecError> {
    let columns = match spec.trim() {
        "" => COLUMNS,
        "1.0" => OLD_COLUMNS,
        _ => {
            let message = "the columns of this log are fixed: leave the string out, or pass 1.0 for a log of that version";
            return Err(SpecError { message: message.into(), position: 0 });
        }
    };
    let context = &Context { zone: jiff::tz::TimeZone::UTC, ..context.clone() };
    let dialect = Dialect { dataset: "aws.nlb", role: Role::Server, remedy: "", context };
    let pieces = nginx::pieces_of(columns, VARIABLES, Encoding::Raw)?;
    Ok(Arc::new(Layout::compile(pieces, dialect)?))
}

/// A line begins with `tls` and a version, and its fourth column names a balancer of this kind.
fn sniff(lines: &[&[u8]], context: &Context) -> Sniffed {
    let lines = sample::filled(lines);
    let own = |line: &&&[u8]| line.starts_with(b"tls ") && memchr::memmem::find(line, b" net/").is_some();
    if !sample::is_most(lines.iter().filter(own).count(), lines.len()) {
        return Sniffed::No;
    }
    let reads = |spec: &&str| compile(spec, context).is_ok_and(|format| sample::reads_most(&*format, &lines));
    match ["", "1.0"].into_iter().find(reads) {
        Some(spec) => Sniffed::Yes {
            spec: spec.into(),
            why: "each line is tls, a stamp and a balancer net/… with AWS's columns behind".into(),
        },
        None => Sniffed::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::format_string::tests::{shown, shown_by};
    use proptest::prelude::*;

    const LINE: &str = "tls 2.0 2023-03-29T01:02:03 net/web/0123456789abcdef 0123456789abcdef 192.0.2.7:50123 10.0.0.1:443 5000 2 10190 246 - arn:aws:acm:eu-west-2:123456789012:certificate/0 - ECDHE-RSA-AES128-SHA tlsv12 - files.example h2 h2 \"h2\",\"http/1.1\" 2023-03-29T01:01:58";

    #[test]
    fn lines_of_every_sort() {
        let told = "src 192.0.2.7 :50123 =10190 | dst";
        assert_eq!(
            shown(&KIND, "", LINE),
            format!(
                "2023-03-29T01:02:03Z | Server | {told} files.example =246 | 5000000us | by net/web/0123456789abcdef"
            )
        );
        // The handshake failed.
        let failed = LINE.replace("5000 2 10190 246", "0 - 0 0").replace(" files.example", " -");
        assert_eq!(
            shown(&KIND, "", &failed),
            "2023-03-29T01:02:03Z | Server | src 192.0.2.7 :50123 =0 | dst =0 | 0us | by net/web/0123456789abcdef"
        );
        let (old, _) = LINE.split_once(" h2").unwrap();
        assert_eq!(shown(&KIND, "1.0", old), shown(&KIND, "", LINE));
        let spec = |line: &str| match sniff(&[line.as_bytes()], &Context::default()) {
            Sniffed::Yes { spec, .. } => spec,
            other => format!("{other:?}"),
        };
        assert_eq!((spec(old), spec(LINE)), ("1.0".into(), String::new()));
        assert!(shown(&KIND, "", &LINE.replace(" 246 ", " x ")).starts_with("bad_number"));
        assert!(matches!(sniff(&[LINE.as_bytes()], &Context::default()), Sniffed::Yes { .. }));
        assert!(matches!(sniff(&[b"tls 2.0 hello"], &Context::default()), Sniffed::No));
        assert!(compile("x", &Context::default()).is_err());
    }

    proptest! {
        #[test]
        fn no_damaged_line_panics(cut in 0usize..300, insert in proptest::collection::vec(any::<u8>(), 0..9)) {
            let (front, back) = LINE.as_bytes().split_at(cut.min(LINE.len()));
            let line = [front, &insert, back].concat();
            let _ = shown_by(&*compile("", &Context::default()).unwrap(), &line);
            let _ = sniff(&[&line], &Context::default());
        }
    }
}
