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
    if !spec.trim().is_empty() {
        let message = "the columns of this log are fixed: leave the string out".into();
        return Err(SpecError { message, position: 0 });
    }
    let context = &Context { zone: jiff::tz::TimeZone::UTC, ..context.clone() };
    let dialect = Dialect { dataset: "aws.nlb", role: Role::Server, remedy: "", context };
    let pieces = nginx::pieces_of(COLUMNS, VARIABLES, Encoding::Raw)?;
    Ok(Arc::new(Layout::compile(pieces, dialect)?))
}

/// A line begins with `tls` and a version, and its fourth column names a balancer of this kind.
fn sniff(lines: &[&[u8]], context: &Context) -> Sniffed {
    let lines = sample::filled(lines);
    let own = |line: &&&[u8]| line.starts_with(b"tls ") && memchr::memmem::find(line, b" net/").is_some();
    if sample::is_most(lines.iter().filter(own).count(), lines.len())
        && compile("", context).is_ok_and(|format| sample::reads_most(&*format, &lines))
    {
        let why = "each line is tls, a stamp and a balancer net/… with AWS's columns behind".into();
        return Sniffed::Yes { spec: String::new(), why };
    }
    Sniffed::No
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
