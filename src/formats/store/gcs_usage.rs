//! Google Cloud Storage usage logs: CSV, each file with its header, columns in any order.
//!
//! `cs_bytes` came with the request and `sc_bytes` went back. The stamp is when the request was done. These logs do not
//! say who asked, only from which address; an address of type 5 in `c_ip_type` is none of the client's own.

use crate::event::reject::{Reason, Reject};
use crate::event::{Event, Exposure, Role, Stamped};
use crate::formats::format_string::{Dialect, Directive, Encoding, Field, Layout, Piece, Style, sample};
use crate::formats::{Context, Format, Kind, Scratch, Sight, Sniffed, SpecError};
use std::sync::Arc;

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "gcs-usage",
    about: "Google Cloud Storage usage log (CSV)",
    roles: &[Role::Store],
    compile,
    sniff,
    is_header: Some(is_header),
};

/// The columns as Google writes them.
const USUAL: &str = "time_micros,c_ip,c_ip_type,c_ip_region,cs_method,cs_uri,sc_status,cs_bytes,sc_bytes,time_taken_micros,cs_host,cs_referer,cs_user_agent,s_request_id,cs_operation,cs_bucket,cs_object";

const COLUMNS: &[(&str, Field)] = &[
    ("time_micros", Field::Stamp(Style::EpochUnits(1), Stamped::End)),
    ("c_ip", Field::Client),
    ("cs_method", Field::Method),
    ("cs_uri", Field::Url),
    ("sc_status", Field::Status),
    ("cs_bytes", Field::SourceBytes),
    ("sc_bytes", Field::DestinationBytes { dash_is_zero: false }),
    ("time_taken_micros", Field::Duration(1)),
    ("cs_host", Field::Domain),
    ("cs_user_agent", Field::Agent),
    ("cs_bucket", Field::OwnName),
];

const REMEDY: &str = "read the usage log as Google writes it, with its column sc_bytes";

/// More columns than any header has.
const MAX_COLUMNS: usize = 64;

#[derive(Debug)]
struct GcsUsage {
    /// `None` below a header that cannot be used.
    layout: Option<Layout>,
    context: Context,
}

fn compile(spec: &str, context: &Context) -> Result<Arc<dyn Format>, SpecError> {
    let spec = if spec.trim().is_empty() { USUAL } else { spec };
    let layout = Some(layout(spec, context)?);
    Ok(Arc::new(GcsUsage { layout, context: context.clone() }))
}

/// Lists of who may read are set by PUT, and policies too, or by POST and PATCH in JSON's API. The log does not say to whom.
fn exposed(event: &Event<'_>) -> Option<Exposure> {
    let path = event.url?;
    let mut parts = path.splitn(2, |byte| *byte == b'?');
    let (path, query) = (parts.next()?, parts.next().unwrap_or_default());
    let rules = query.split(|byte| *byte == b'&').any(|word| word == b"acl")
        || [&b"/iam"[..], b"/acl", b"/defaultObjectAcl"].iter().any(|end| path.ends_with(end));
    let sets = matches!(event.method, Some(b"PUT" | b"POST" | b"PATCH"));
    let done = event.status.is_some_and(|status| status < 300);
    (rules && sets && done).then_some(Exposure::Changed)
}

/// The layout of rows below this header.
fn layout(header: &str, context: &Context) -> Result<Layout, SpecError> {
    let mut pieces = vec![Piece::Literal(b"\"".into())];
    let names: Vec<&str> = header.split(',').map(|name| name.trim().trim_matches('"')).collect();
    let wrong = |message: &str| SpecError { message: message.into(), position: 0 };
    if names.len() > MAX_COLUMNS {
        return Err(wrong("more columns than a usage log has"));
    }
    for (place, name) in names.iter().enumerate() {
        if place > 0 {
            pieces.push(Piece::Literal(b"\",\"".into()));
        }
        let known = COLUMNS.iter().find(|(known, _)| known == name);
        let field = known.map_or(Field::Opaque, |(_, field)| field.clone());
        pieces.push(Piece::Directive(Directive::new(field, 0).encoded(Encoding::Doubled)));
    }
    pieces.push(Piece::Literal(b"\"".into()));
    let dialect = Dialect { dataset: "gcp.storage", role: Role::Store, remedy: REMEDY, context };
    Layout::compile(pieces, dialect)
        .map_err(|_| wrong("a usage log's header names time_micros among its columns, parted by commas"))
}

fn is_header(line: &[u8]) -> bool {
    line.starts_with(b"\"time_micros\"") || (line.starts_with(b"\"") && line.ends_with(b"\"cs_object\""))
}

impl Format for GcsUsage {
    fn parse<'a>(
        &self,
        line: &'a [u8],
        scratch: &'a Scratch,
        events: &mut Vec<Event<'a>>,
    ) -> Result<(), Reject> {
        match &self.layout {
            _ if is_header(line) => Ok(()),
            Some(layout) => {
                let place = events.len();
                layout.parse(line, scratch, events)?;
                events.iter_mut().skip(place).for_each(|event| event.exposure = exposed(event));
                Ok(())
            }
            None => Err(Reject::line(Reason::BadHeader)),
        }
    }

    fn header(&self, line: &[u8]) -> Option<Result<Arc<dyn Format>, Reject>> {
        let names = std::str::from_utf8(line).ok().filter(|_| is_header(line))?;
        let layout = layout(names, &self.context).ok();
        Some(Ok(Arc::new(GcsUsage { layout, context: self.context.clone() })))
    }

    fn sight(&self) -> Sight {
        let blind =
            Sight { role: Role::Store, source_bytes: false, destination_bytes: false, remedy: REMEDY };
        self.layout.as_ref().map_or(blind, Layout::sight)
    }
}

/// A header, or rows as they stand below the usual one.
fn sniff(lines: &[&[u8]], context: &Context) -> Sniffed {
    let header = lines.iter().find(|line| is_header(line)).and_then(|line| std::str::from_utf8(line).ok());
    let spec = header.map(|line| line.replace('"', "")).unwrap_or_default();
    let spec = if spec == USUAL { String::new() } else { spec };
    let rows: Vec<&[u8]> = lines.iter().copied().filter(|line| !is_header(line)).collect();
    let reads = compile(&spec, context).is_ok_and(|format| {
        (header.is_some() && sample::filled(&rows).is_empty()) || sample::reads_most(&*format, &rows)
    });
    match (reads, header) {
        (true, Some(_)) => {
            Sniffed::Yes { spec, why: "a header names time_micros and Google's other columns".into() }
        }
        (true, None) => {
            Sniffed::Yes { spec, why: "rows as in Google's usage logs, with microseconds first".into() }
        }
        (false, _) => Sniffed::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::format_string::tests::{shown, shown_by};
    use proptest::prelude::*;

    const ROW: &str = r#""1680051723456789","192.0.2.7","1","","GET","/storage/v1/b/vault/o/a?alt=media","200","0","2662992","70000","storage.example","","rclone/v1.60.1","req","GET_Object","vault","a""#;

    #[test]
    fn rows_good_and_bad() {
        let expected = "2023-03-29T01:02:03.456789Z | Store | src 192.0.2.7 =0 | dst vault =2662992 | 70000us | GET | /storage/v1/b/vault/o/a?alt=media | 200 | agent rclone/v1.60.1";
        assert_eq!(shown(&KIND, "", ROW), expected);
        let quoted = ROW.replace("rclone/v1.60.1", r#"say ""hi"", ok"#).replace("192.0.2.7", "2001:db8::7");
        let expected =
            expected.replace("rclone/v1.60.1", r#"say "hi", ok"#).replace("192.0.2.7", "2001:db8::7");
        assert_eq!(shown(&KIND, "", &quoted), expected);
        assert_eq!(shown(&KIND, "", &format!("\"{}\"", USUAL.replace(',', "\",\""))), "");
        assert!(shown(&KIND, "", &ROW.replace("2662992", "")).starts_with("bad_number"));
        assert!(shown(&KIND, "", &ROW.replace(",\"vault\",\"a\"", "")).starts_with("malformed"));
    }

    #[test]
    fn calls_that_change_who_may_read() {
        use crate::formats::tests_support::one;
        let call = |method: &str, uri: &str, status: &str| {
            let row =
                ROW.replace("\"GET\"", &format!("\"{method}\"")).replace("\"200\"", &format!("\"{status}\""));
            one(&KIND, &row.replace("/storage/v1/b/vault/o/a?alt=media", uri)).exposure
        };
        assert_eq!(call("PUT", "/vault?acl", "200"), Some(Exposure::Changed));
        assert_eq!(call("PUT", "/storage/v1/b/vault/iam?alt=json", "200"), Some(Exposure::Changed));
        assert_eq!(call("POST", "/storage/v1/b/vault/acl", "200"), Some(Exposure::Changed));
        assert_eq!(call("PUT", "/vault?acl", "403"), None);
        assert_eq!(call("GET", "/vault?acl", "200"), None);
        assert_eq!(call("PUT", "/vault/a?acls=1", "200"), None);
    }

    #[test]
    fn another_header_changes_the_columns() {
        let format = compile("", &Context::default()).unwrap();
        assert!(format.header(ROW.as_bytes()).is_none());
        let header = br#""time_micros","sc_bytes","cs_bucket","cs_object""#;
        let other = format.header(header).unwrap().unwrap();
        let row = br#""1680051723456789","9","vault","a""#;
        assert_eq!(shown_by(&*other, row), "2023-03-29T01:02:03.456789Z | Store | src  | dst vault =9");
        let useless = format.header(br#""c_ip","cs_object""#).unwrap().unwrap();
        assert!(shown_by(&*useless, row).starts_with("bad_header"));
        assert!(useless.sight().blind().is_some());
    }

    #[test]
    fn recognised() {
        let header = format!("\"{}\"", USUAL.replace(',', "\",\""));
        for lines in [vec![header.as_bytes(), ROW.as_bytes()], vec![ROW.as_bytes()], vec![header.as_bytes()]]
        {
            let found = sniff(&lines, &Context::default());
            assert!(matches!(&found, Sniffed::Yes { spec, .. } if spec.is_empty()), "{found:?}");
        }
        assert!(matches!(sniff(&[b"\"a\",\"b\""], &Context::default()), Sniffed::No));
        assert!(matches!(sniff(&[], &Context::default()), Sniffed::No));
        assert!(compile("a,b", &Context::default()).is_err());
    }

    proptest! {
        #[test]
        fn no_damaged_line_panics(cut in 0usize..200, insert in proptest::collection::vec(any::<u8>(), 0..9)) {
            let (front, back) = ROW.as_bytes().split_at(cut.min(ROW.len()));
            let line = [front, &insert, back].concat();
            let format = compile("", &Context::default()).unwrap();
            let _ = (shown_by(&*format, &line), format.header(&line));
            let _ = sniff(&[&line], &Context::default());
        }
    }
}
