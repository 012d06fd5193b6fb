//! Azure Storage: the classic analytics log (versions 1.0 and 2.0, parted by semicolons) and the resource logs
//! (`StorageRead`, `StorageWrite`, `StorageDelete`) as JSON, with the names of the exported records or of the table
//! `StorageBlobLogs`.
//!
//! Sizes are those of bodies; headers are counted apart and not added. The host watched is `account/container`. A
//! request without credentials has no user; one with a shared signature has no name either, so the way it proved
//! itself stands for its user. The stamp is when the request arrived.

use crate::event::reject::Reject;
use crate::event::{Event, Exposure, Role, Stamped};
use crate::formats::format_string::keyed::{self, Key, Keyed};
use crate::formats::format_string::{Dialect, Encoding, Field, Layout, Piece, Style, nginx, sample};
use crate::formats::{Context, Detail, Format, Kind, Scratch, Sight, Sniffed, SpecError};
use std::sync::Arc;

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "azure-storage",
    about: "Azure Storage: classic analytics log, or resource logs as JSON",
    roles: &[Role::Store],
    compile,
    sniff,
    is_header: None,
};

const COLUMNS: &str = "$version;$start;$operation;$request_status;$status;$end_to_end;$server;$authentication;$requester;$owner;$service;$url;$key;$request_id;$operation_count;$client;$request_version;$request_header_size;$request_size;$response_header_size;$response_size;$content_length;$request_md5;$server_md5;$etag;$modified;$conditions;$agent;$others";

const VARIABLES: &[nginx::Variable] = &[
    ("start", 0, Field::Stamp(Style::Iso, Stamped::Start)),
    ("status", 0, Field::Status),
    ("end_to_end", 0, Field::Duration(1_000)),
    ("requester", 0, Field::User),
    ("url", 0, Field::Url),
    ("key", 0, Field::OwnName),
    ("client", 0, Field::ClientAuthority),
    ("request_size", 0, Field::SourceBytes),
    ("response_size", 0, Field::DestinationBytes { dash_is_zero: false }),
    ("agent", 0, Field::Agent),
];

/// The place of the way of authentication in [`COLUMNS`]; no column before it holds what a requester writes.
const AUTHENTICATION: usize = 7;

const KEYS: &[Key] = &[
    ("time", 0, Field::Stamp(Style::Iso, Stamped::Start)),
    ("TimeGenerated", 1, Field::Stamp(Style::Iso, Stamped::Start)),
    ("statusCode", 0, Field::Status),
    ("StatusCode", 1, Field::Status),
    ("durationMs", 0, Field::Duration(1_000)),
    ("DurationMs", 1, Field::Duration(1_000)),
    ("callerIpAddress", 0, Field::ClientAuthority),
    ("CallerIpAddress", 1, Field::ClientAuthority),
    ("identity.requester.upn", 0, Field::User),
    ("RequesterUpn", 1, Field::User),
    ("identity.requester.objectId", 2, Field::User),
    ("RequesterObjectId", 3, Field::User),
    ("identity.type", 4, Field::User),
    ("AuthenticationType", 5, Field::User),
    ("uri", 0, Field::Url),
    ("Uri", 1, Field::Url),
    ("properties.objectKey", 0, Field::OwnName),
    ("ObjectKey", 1, Field::OwnName),
    ("properties.requestBodySize", 0, Field::SourceBytes),
    ("RequestBodySize", 1, Field::SourceBytes),
    ("properties.responseBodySize", 0, Field::DestinationBytes { dash_is_zero: false }),
    ("ResponseBodySize", 1, Field::DestinationBytes { dash_is_zero: false }),
    ("properties.userAgentHeader", 0, Field::Agent),
    ("UserAgentHeader", 1, Field::Agent),
];

#[derive(Debug)]
struct AzureStorage {
    text: Layout,
    json: Keyed,
    detail: Detail,
}

fn compile(spec: &str, context: &Context) -> Result<Arc<dyn Format>, SpecError> {
    if !spec.trim().is_empty() {
        let message = "the columns of this log are fixed: leave the string out".into();
        return Err(SpecError { message, position: 0 });
    }
    // Stamps without a zone are UTC here, wherever they are read.
    let utc = Context { zone: jiff::tz::TimeZone::UTC, ..context.clone() };
    let dialect = Dialect { dataset: "azure.storage", role: Role::Store, remedy: "", context: &utc };
    let mut pieces = nginx::pieces_of(COLUMNS, VARIABLES, Encoding::Quoted)?;
    for piece in &mut pieces {
        // Azure writes `&quot;` for a quote inside, so the first that closes a value is the right one.
        if let Piece::Directive(directive) = piece {
            directive.one_word = true;
        }
    }
    let text = Layout::compile(pieces, dialect)?;
    let json = Keyed::new(KEYS, None, &[], dialect);
    Ok(Arc::new(AzureStorage { text, json, detail: context.detail }))
}

impl Format for AzureStorage {
    fn parse<'a>(
        &self,
        line: &'a [u8],
        scratch: &'a Scratch,
        events: &mut Vec<Event<'a>>,
    ) -> Result<(), Reject> {
        let place = events.len();
        let proof = if line.first() == Some(&b'{') {
            self.json.parse(line, scratch, events)?;
            None
        } else {
            self.text.parse(line, scratch, events)?;
            line.split(|byte| *byte == b';').nth(AUTHENTICATION)
        };
        for event in events.iter_mut().skip(place) {
            let known = |user: &&[u8]| !user.is_empty() && !user.eq_ignore_ascii_case(b"anonymous");
            event.user = event.user.or(proof.filter(|_| self.detail >= Detail::Sums)).filter(known);
            event.destination.domain = event.destination.domain.map(container);
            event.anonymous = event.user.is_none() && self.detail >= Detail::Sums;
            let judged = self.detail >= Detail::Judged;
            let opens = judged && memchr::memmem::find(line, b"SetContainerACL").is_some();
            event.exposure =
                (opens && event.status.is_some_and(|status| status < 300)).then_some(Exposure::Changed);
        }
        Ok(())
    }

    fn sight(&self) -> Sight {
        self.text.sight()
    }
}

/// `account/container` of `/account/container/path/of/the/blob`.
fn container(key: &[u8]) -> &[u8] {
    let key = key.strip_prefix(b"/").unwrap_or(key);
    let end = memchr::memchr_iter(b'/', key).nth(1).unwrap_or(key.len());
    let name = key.get(..end).unwrap_or(key);
    name.strip_suffix(b"/").unwrap_or(name)
}

fn sniff(lines: &[&[u8]], context: &Context) -> Sniffed {
    let lines = sample::filled(lines);
    let classic = lines.iter().filter(|line| line.starts_with(b"1.0;") || line.starts_with(b"2.0;")).count();
    if sample::is_most(classic, lines.len())
        && compile("", context).is_ok_and(|format| sample::reads_most(&*format, &lines))
    {
        let why = "the lines begin with a version and have the columns of Azure's analytics log".into();
        return Sniffed::Yes { spec: String::new(), why };
    }
    let scratch = Scratch::new();
    let exported = |line: &&[u8]| {
        let own: [&[&str]; 4] =
            [&["time"], &["callerIpAddress"], &["resourceId", "category"], &["properties"]];
        keyed::has_keys(line, &own, &scratch)
            && memchr::memmem::find(line, b"\"Storage").is_some()
            && memchr::memmem::find(line, b"BodySize").is_some()
    };
    let table = |line: &&[u8]| {
        keyed::has_keys(line, &[&["TimeGenerated"], &["CallerIpAddress"], &["ResponseBodySize"]], &scratch)
    };
    let count = lines.iter().filter(|line| exported(line) || table(line)).count();
    if sample::is_most(count, lines.len()) {
        let why = "JSON lines with the caller and body sizes of Azure Storage".into();
        return Sniffed::Yes { spec: String::new(), why };
    }
    Sniffed::No
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::format_string::tests::{shown, shown_by};
    use proptest::prelude::*;

    const LINE: &str = r#"1.0;2023-03-29T01:02:03.4567890Z;GetBlob;AnonymousSuccess;200;18;10;anonymous;;acct;blob;"https://acct.blob.example/pics/a%3Bb.zip?x=1&amp;y=2";"/acct/pics/a;b.zip";a84aa705-8a85-48c5-b064-b43bd22979c3;0;192.0.2.7:50123;2009-09-19;252;0;265;2662992;0;;;"0x8D101F7E4B662C4";Tuesday, 28-Mar-23 10:00:00 GMT;;"say; hi";"https://www.example/";"44dfd78e""#;

    #[test]
    fn the_classic_log() {
        let front = "from 2023-03-29T01:02:03.456789Z | Store | src 192.0.2.7 :50123 =0 | dst acct/pics =2662992 | 18000us";
        let back = "https://acct.blob.example/pics/a%3Bb.zip?x=1&amp;y=2 | 200 | agent say; hi";
        assert_eq!(shown(&KIND, "", LINE), format!("{front} | {back}"));
        let named = LINE.replace("anonymous;;", "authenticated;jdoe;");
        assert_eq!(shown(&KIND, "", &named), format!("{front} | user jdoe | {back}"));
        let signed = LINE.replace("anonymous;;", "SAS;;").replacen("1.0;", "2.0;", 1) + ";;;;;;;;";
        assert_eq!(shown(&KIND, "", &signed), format!("{front} | user SAS | {back}"));
        assert!(shown(&KIND, "", &LINE.replace(";2662992;", ";x;")).starts_with("bad_number"));
        assert!(shown(&KIND, "", &LINE[..250]).starts_with("malformed"));
    }

    #[test]
    fn strangers_and_what_opens() {
        use crate::formats::tests_support::one;
        assert!(one(&KIND, LINE).anonymous);
        assert!(!one(&KIND, &LINE.replace("anonymous;;", "authenticated;jdoe;")).anonymous);
        let opened = LINE.replace("GetBlob", "SetContainerACL").replace("anonymous;;", "authenticated;jdoe;");
        assert_eq!(one(&KIND, &opened).exposure, Some(Exposure::Changed));
        assert_eq!(one(&KIND, &opened.replace(";200;", ";403;")).exposure, None);
        assert_eq!(one(&KIND, LINE).exposure, None);
    }

    #[test]
    fn resource_logs() {
        let exported = r#"{"time":"2023-03-29T01:02:03.4567890Z","resourceId":"/subscriptions/0/storageAccounts/acct/blobServices/default","category":"StorageWrite","operationName":"PutBlob","statusCode":201,"durationMs":18,"callerIpAddress":"[2001:db8::7]:50123","identity":{"type":"OAuth","requester":{"upn":"jdoe@corp.example"}},"properties":{"accountName":"acct","objectKey":"/acct/pics/a.zip","responseBodySize":5,"requestBodySize":10000,"userAgentHeader":"rclone/v1.60.1"},"uri":"https://acct.blob.example/pics/a.zip"}"#;
        assert_eq!(
            shown(&KIND, "", exported),
            "from 2023-03-29T01:02:03.456789Z | Store | src 2001:db8::7 :50123 =10000 | dst acct/pics =5 | 18000us | user jdoe@corp.example | https://acct.blob.example/pics/a.zip | 201 | agent rclone/v1.60.1"
        );
        let table = r#"{"TimeGenerated":"2023-03-29T01:02:03Z","AuthenticationType":"Anonymous","CallerIpAddress":"192.0.2.7:50123","StatusCode":"200","ResponseBodySize":9,"RequestBodySize":null,"ObjectKey":"/acct/pics"}"#;
        assert_eq!(
            shown(&KIND, "", table),
            "from 2023-03-29T01:02:03Z | Store | src 192.0.2.7 :50123 | dst acct/pics =9 | 200"
        );
        for line in [exported, table, LINE] {
            assert!(matches!(sniff(&[line.as_bytes()], &Context::default()), Sniffed::Yes { .. }), "{line}");
        }
        assert!(matches!(
            sniff(&[br#"{"time":1,"properties":{}}"#, b"1.0;x"], &Context::default()),
            Sniffed::No
        ));
        assert!(compile("x", &Context::default()).is_err());
    }

    proptest! {
        #[test]
        fn no_damaged_line_panics(cut in 0usize..500, insert in proptest::collection::vec(any::<u8>(), 0..9)) {
            let (front, back) = LINE.as_bytes().split_at(cut.min(LINE.len()));
            let line = [front, &insert, back].concat();
            let _ = shown_by(&*compile("", &Context::default()).unwrap(), &line);
            let _ = sniff(&[&line], &Context::default());
        }
    }
}
