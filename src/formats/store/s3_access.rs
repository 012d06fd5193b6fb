//! The server access log of Amazon S3 (and of stores that write the same): who read or wrote which bucket.
//!
//! `Bytes Sent` is what the requester got. `Object Size` is what he brought only where the operation stores an object he
//! sends; elsewhere it is the size of what lies there. A copy out of the bucket sends nothing to the requester though the
//! object leaves, so there the object's size counts; a copied part's size is not in the log. The requester `-` is nobody
//! in particular: anonymous.

use crate::event::reject::Reject;
use crate::event::{Event, Exposure, Role, Stamped};
use crate::formats::format_string::{Dialect, Encoding, Field, Layout, Style, nginx, sample};
use crate::formats::{Context, Format, Kind, Scratch, Sight, Sniffed, SpecError};
use std::sync::Arc;

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "s3-access",
    about: "Amazon S3 server access log",
    roles: &[Role::Store],
    compile,
    sniff,
    is_header: None,
};

/// Columns are added at the end from time to time and passed over.
const COLUMNS: &str = "$bucket_owner $bucket [$time] $remote_ip $requester $request_id $operation $key $request $status $error_code $bytes_sent $object_size $total_time $turn_around_time $referer $user_agent $others";

const VARIABLES: &[nginx::Variable] = &[
    ("bucket", 0, Field::OwnName),
    ("time", 0, Field::Stamp(Style::Clf, Stamped::Start)),
    ("remote_ip", 0, Field::Client),
    ("requester", 0, Field::User),
    ("request", 0, Field::Request),
    ("status", 0, Field::Status),
    ("bytes_sent", 0, Field::DestinationBytes { dash_is_zero: true }),
    ("object_size", 0, Field::SourceBytes),
    ("total_time", 0, Field::Duration(1_000)),
    ("user_agent", 0, Field::Agent),
];

#[derive(Debug)]
struct S3Access {
    layout: Layout,
}

fn compile(spec: &str, context: &Context) -> Result<Arc<dyn Format>, SpecError> {
    if !spec.trim().is_empty() {
        let message = "the columns of this log are fixed: leave the string out".into();
        return Err(SpecError { message, position: 0 });
    }
    let dialect = Dialect { dataset: "aws.s3access", role: Role::Store, remedy: "", context };
    let pieces = nginx::pieces_of(COLUMNS, VARIABLES, Encoding::Quoted)?;
    Ok(Arc::new(S3Access { layout: Layout::compile(pieces, dialect)? }))
}

impl Format for S3Access {
    fn parse<'a>(
        &self,
        line: &'a [u8],
        scratch: &'a Scratch,
        events: &mut Vec<Event<'a>>,
    ) -> Result<(), Reject> {
        let place = events.len();
        self.layout.parse(line, scratch, events)?;
        for event in events.iter_mut().skip(place) {
            let (size, operation) = (event.source.bytes.take(), operation(line));
            event.anonymous = event.user.is_none() && asks(operation);
            event.exposure = exposed(operation).filter(|_| event.status.is_some_and(|status| status < 300));
            match of(operation) {
                Moves::In => event.source.bytes = size,
                Moves::Copied => event.destination.bytes = event.destination.bytes.max(size),
                Moves::SomeCopied => {
                    event.destination.bytes = event.destination.bytes.filter(|bytes| *bytes > 0)
                }
                Moves::Out => {}
            }
        }
        Ok(())
    }

    fn sight(&self) -> Sight {
        self.layout.sight()
    }
}

/// Whether an operation gives an object to whoever asks.
fn asks(operation: &[u8]) -> bool {
    matches!(operation, b"REST.GET.OBJECT" | b"WEBSITE.GET.OBJECT" | b"SOAP.GetObject")
}

/// What an operation opens. The log does not say to whom.
fn exposed(operation: &[u8]) -> Option<Exposure> {
    match operation {
        b"REST.PUT.ACL" | b"REST.PUT.BUCKETPOLICY" | b"REST.PUT.PUBLIC_ACCESS_BLOCK" => {
            Some(Exposure::Changed)
        }
        b"REST.PUT.LOGGING_STATUS" => Some(Exposure::Changed),
        b"REST.DELETE.PUBLIC_ACCESS_BLOCK" => Some(Exposure::Unblocked),
        _ => None,
    }
}

/// What an operation does with the object's bytes.
#[derive(Clone, Copy)]
enum Moves {
    /// The requester brings them.
    In,
    /// The requester gets what `Bytes Sent` says.
    Out,
    /// The whole object goes to another bucket.
    Copied,
    /// A part of it does.
    SomeCopied,
}

/// The end of a multipart upload names the whole object, which its parts have brought already.
fn of(operation: &[u8]) -> Moves {
    match operation {
        b"REST.PUT.OBJECT" | b"REST.PUT.PART" | b"REST.POST.OBJECT" | b"SOAP.PutObject" => Moves::In,
        b"REST.COPY.OBJECT_GET" => Moves::Copied,
        b"REST.COPY.PART_GET" => Moves::SomeCopied,
        _ => Moves::Out,
    }
}

/// The fourth column behind the stamp. Before it stands nothing that a requester chooses.
fn operation(line: &[u8]) -> &[u8] {
    let rest = memchr::memmem::find(line, b"] ").and_then(|at| line.get(at + 2..)).unwrap_or_default();
    rest.split(|byte| *byte == b' ').nth(3).unwrap_or_default()
}

/// Operations are written as no other log writes them: `REST.GET.OBJECT`.
fn sniff(lines: &[&[u8]], context: &Context) -> Sniffed {
    let lines = sample::filled(lines);
    let own = |line: &&&[u8]| {
        let operation = operation(line);
        let first = operation.split(|byte| *byte == b'.').next().unwrap_or_default();
        matches!(first, b"REST" | b"SOAP" | b"BATCH" | b"S3" | b"WEBSITE") && operation.len() > first.len()
    };
    if sample::is_most(lines.iter().filter(own).count(), lines.len())
        && compile("", context).is_ok_and(|format| sample::reads_most(&*format, &lines))
    {
        let why = "the operations are those of S3, as in REST.GET.OBJECT".into();
        return Sniffed::Yes { spec: String::new(), why };
    }
    Sniffed::No
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::Detail;
    use crate::formats::format_string::tests::{shown, shown_by, shown_in};
    use proptest::prelude::*;

    const FRONT: &str = "0123456789abcdef0123456789abcdef vault [29/Mar/2023:01:02:03 +0000] 192.0.2.7";

    fn read(rest: &str) -> String {
        shown(&KIND, "", &format!("{FRONT} {rest}"))
    }

    #[test]
    fn operations_of_every_sort() {
        for (rest, expected) in [
            (
                r#"arn:aws:iam::123456789012:user/jdoe 3E57427F3EXAMPLE REST.GET.OBJECT a%2520b.zip "GET /vault/a%20b.zip?versionId=1 HTTP/1.1" 200 - 2662992 2662992 70 10 "-" "aws-cli/2.1" - x= SigV4 ECDHE-RSA-AES128-GCM-SHA256 AuthHeader vault.s3.example TLSV1.2 - -"#,
                "src 192.0.2.7 | dst vault =2662992 | 70000us | user arn:aws:iam::123456789012:user/jdoe | GET | /vault/a%20b.zip?versionId=1 | 200 | agent aws-cli/2.1",
            ),
            // Nobody in particular, and an agent with quotes.
            (
                r#"- 3E57427F3EXAMPLE REST.GET.OBJECT list.csv "GET /vault/list.csv HTTP/1.1" 206 - 1000 655000000000 7 6 "https://a.example/" "say "hi"" - x= - ECDHE AuthHeader vault.s3.example TLSV1.2"#,
                "src 192.0.2.7 | dst vault =1000 | 7000us | GET | /vault/list.csv | 206 | agent say \"hi\"",
            ),
            (
                r#"jdoe 3E57427F3EXAMPLE REST.PUT.OBJECT a.zip "PUT /vault/a.zip HTTP/1.1" 200 - - 10000000 70 10 "-" "rclone/v1.60.1" - x= SigV4"#,
                "src 192.0.2.7 =10000000 | dst vault =0 | 70000us | user jdoe | PUT | /vault/a.zip | 200 | agent rclone/v1.60.1",
            ),
            // The parts have been counted.
            (
                r#"jdoe 3E57427F3EXAMPLE REST.POST.UPLOAD a.zip "POST /vault/a.zip?uploadId=1 HTTP/1.1" 200 - 320 10000000 70 10 "-" "-" - x= SigV4"#,
                "src 192.0.2.7 | dst vault =320 | 70000us | user jdoe | POST | /vault/a.zip?uploadId=1 | 200",
            ),
            (
                r#"jdoe 3E57427F3EXAMPLE REST.COPY.OBJECT_GET a.zip - 200 - - 10000000 - - - - - x= SigV4"#,
                "src 192.0.2.7 | dst vault =10000000 | user jdoe | 200",
            ),
            (
                r#"jdoe 3E57427F3EXAMPLE REST.COPY.PART_GET a.zip - 200 - - 10000000 - - - - - x= SigV4"#,
                "src 192.0.2.7 | dst vault | user jdoe | 200",
            ),
            (
                r#"- 3E57427F3EXAMPLE REST.GET.OBJECT a"b.zip "GET /vault/a"b c.zip HTTP/1.1" 403 AccessDenied 243 - 7 - "-" "curl/8.1" - x= -"#,
                "src 192.0.2.7 | dst vault =243 | 7000us | GET | /vault/a\"b c.zip | 403 | agent curl/8.1",
            ),
        ] {
            assert_eq!(read(rest), format!("from 2023-03-29T01:02:03Z | Store | {expected}"), "{rest}");
        }
    }

    #[test]
    fn nobody_in_particular_and_what_opens() {
        use crate::formats::tests_support::one;
        let line = |requester: &str, operation: &str, status: &str| {
            let line = format!(
                "{FRONT} {requester} 3E57 {operation} - \"PUT /vault?acl HTTP/1.1\" {status} - - - 7 - \"-\" \"curl\" - x="
            );
            let event = one(&KIND, &line);
            (event.anonymous, event.exposure)
        };
        assert_eq!(line("-", "REST.GET.OBJECT", "200"), (true, None));
        assert_eq!(line("jdoe", "REST.GET.OBJECT", "200"), (false, None));
        // Nobody is named where the store works by itself.
        assert_eq!(line("-", "S3.EXPIRE.OBJECT", "-"), (false, None));
        assert_eq!(line("jdoe", "REST.PUT.ACL", "200"), (false, Some(Exposure::Changed)));
        assert_eq!(line("jdoe", "REST.PUT.ACL", "403"), (false, None));
        assert_eq!(
            line("jdoe", "REST.DELETE.PUBLIC_ACCESS_BLOCK", "204"),
            (false, Some(Exposure::Unblocked))
        );
    }

    #[test]
    fn what_the_store_does_by_itself() {
        let line = "0123 vault [29/Mar/2023:01:02:03 +0000] - AmazonS3 3E57 S3.EXPIRE.OBJECT a.zip - - - - 3357 - - - - - x=";
        assert_eq!(
            shown(&KIND, "", line),
            "from 2023-03-29T01:02:03Z | Store | src  | dst vault =0 | user AmazonS3"
        );
    }

    #[test]
    fn lines_that_do_not_read() {
        for (rest, expected) in [
            (r#"- 3E57 REST.GET.OBJECT a "GET / HTTP/1.1" 200 - x - 7 - "-" "-" - x="#, "bad_number"),
            (r#"- 3E57 REST.GET.OBJECT a "GET / HTTP/1.1" 200"#, "malformed"),
            ("", "malformed"),
        ] {
            assert!(read(rest).starts_with(expected), "{rest}: {}", read(rest));
        }
    }

    #[test]
    fn sums_name_the_requester() {
        let context = Context { detail: Detail::Sums, ..Context::default() };
        let line = format!(
            "{FRONT} jdoe 3E57 REST.GET.OBJECT a \"GET /vault/a HTTP/1.1\" 200 - 9 9 7 - \"-\" \"curl\" - x="
        );
        assert_eq!(
            shown_in(&KIND, "", &line, &context),
            "from 2023-03-29T01:02:03Z | Store | src 192.0.2.7 | dst vault =9 | 7000us | user jdoe | agent curl"
        );
    }

    #[test]
    fn recognised() {
        let line =
            format!("{FRONT} - 3E57 REST.GET.OBJECT a \"GET / HTTP/1.1\" 200 - 9 9 7 - \"-\" \"-\" - x=");
        assert!(matches!(sniff(&[line.as_bytes()], &Context::default()), Sniffed::Yes { .. }));
        assert!(matches!(sniff(&[b"a b [c] d e f g"], &Context::default()), Sniffed::No));
        assert!(compile("x", &Context::default()).is_err());
    }

    proptest! {
        #[test]
        fn no_line_panics(line in proptest::collection::vec(any::<u8>(), 0..200)) {
            let line = [FRONT.as_bytes(), b" - x REST.PUT.OBJECT ", &line].concat();
            let _ = shown_by(&*compile("", &Context::default()).unwrap(), &line);
            let _ = sniff(&[&line], &Context::default());
        }
    }
}
