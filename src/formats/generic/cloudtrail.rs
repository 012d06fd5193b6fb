//! AWS CloudTrail's S3 data events: who read and wrote which bucket, and how many bytes went each way. A file is one
//! object with `Records`, or one record a line (EventBridge, CloudTrail Lake).
//!
//! The bucket is what is watched: `bytesTransferredOut` left it. Management events tell of no transfer; of them only those are
//! events that open a bucket or switch off its log. A line longer than the cap of lines is skipped, as any is: split large files (`jq -c .Records[]`).

mod exposure;

use crate::event::reject::{Reason, Reject};
use crate::event::{Event, Role, number};
use crate::formats::fields::Fields;
use crate::formats::json::{self, Items, Members, Value};
use crate::formats::one_line::{holds, sniff_most};
use crate::formats::time::Local;
use crate::formats::{Context, Format, Kind, Scratch, Sight, SpecError, paths};
use exposure::of as exposed;
use std::sync::Arc;

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "cloudtrail",
    about: "AWS CloudTrail S3 data events, {\"Records\":[…]} or one record a line",
    roles: &[Role::Store],
    compile,
    sniff: |lines, _| {
        sniff_most(
            lines,
            |line| {
                line.first() == Some(&b'{')
                    && holds(line, &[b"\"eventSource\"", b"\"eventName\"", b"\"awsRegion\""])
            },
            "the lines are JSON with CloudTrail's eventSource and eventName",
        )
    },
    is_header: None,
};

#[derive(Debug)]
struct CloudTrail {
    local: Local,
}

fn compile(spec: &str, context: &Context) -> Result<Arc<dyn Format>, SpecError> {
    if !spec.trim().is_empty() {
        return Err(SpecError { message: "this format takes no string".into(), position: 0 });
    }
    Ok(Arc::new(CloudTrail { local: Local::of(context) }))
}

const TIME: usize = 0;
const SOURCE: usize = 1;
const NAME: usize = 2;
const CLIENT: usize = 3;
const AGENT: usize = 4;
const BUCKET: usize = 5;
const KEY: usize = 6;
const IN: usize = 7;
const OUT: usize = 8;
const USER: usize = 9;
const ARN: usize = 10;
const ACCOUNT: usize = 11;
const REGION: usize = 12;
const ERROR: usize = 13;
const SLOTS: usize = 14;

fn slot(path: &[u8]) -> usize {
    // EventBridge puts the record into "detail".
    match path.strip_prefix(b"detail.").unwrap_or(path) {
        b"eventTime" => TIME,
        b"eventSource" => SOURCE,
        b"eventName" => NAME,
        b"sourceIPAddress" => CLIENT,
        b"userAgent" => AGENT,
        b"requestParameters.bucketName" => BUCKET,
        b"requestParameters.key" => KEY,
        b"additionalEventData.bytesTransferredIn" => IN,
        b"additionalEventData.bytesTransferredOut" => OUT,
        b"userIdentity.userName" => USER,
        b"userIdentity.arn" => ARN,
        b"userIdentity.accountId" => ACCOUNT,
        b"awsRegion" => REGION,
        b"errorCode" => ERROR,
        _ => SLOTS,
    }
}

impl Format for CloudTrail {
    fn parse<'a>(
        &self,
        line: &'a [u8],
        scratch: &'a Scratch,
        events: &mut Vec<Event<'a>>,
    ) -> Result<(), Reject> {
        let Some(mut records) = records(line)? else {
            events.extend(self.record(&mut json::members(line), line, scratch)?);
            return Ok(());
        };
        while let Some(record) = records.next() {
            let Value::Object(mut members) = record? else { return Err(Reject::line(Reason::Malformed)) };
            events.extend(self.record(&mut members, line, scratch)?);
            records.pass(members.end());
        }
        Ok(())
    }

    fn sight(&self) -> Sight {
        Sight {
            role: Role::Store,
            source_bytes: true,
            destination_bytes: true,
            remedy: "switch on data events for S3 in the trail",
        }
    }
}

/// The records of a document; `None` where the line is a record itself.
fn records(line: &[u8]) -> Result<Option<Items<'_>>, Reject> {
    // Most files were taken apart before; then there is no need to walk the line for it.
    if memchr::memmem::find(line, b"\"Records\"").is_none() {
        return Ok(None);
    }
    let mut records = None;
    for member in json::members(line) {
        let (key, value) = member?;
        if let (b"Records", Value::Array(items)) = (key.raw(), value) {
            records = Some(items);
        }
    }
    Ok(records)
}

impl CloudTrail {
    fn record<'a>(
        &self,
        members: &mut Members<'a>,
        line: &'a [u8],
        scratch: &'a Scratch,
    ) -> Result<Option<Event<'a>>, Reject> {
        let mut f = Fields::<SLOTS>::new(line);
        let whole = *members;
        paths::scalars_of(members, scratch, |path, text| f.set(slot(path), text))?;
        let (Some(source), Some(name)) = (f.text(SOURCE), f.text(NAME)) else {
            return Err(Reject::line(Reason::Malformed));
        };
        let told = f.text(IN).or(f.text(OUT)).is_some();
        let data = matches!(
            name,
            b"GetObject" | b"PutObject" | b"CopyObject" | b"UploadPart" | b"SelectObjectContent"
        );
        let of_buckets = matches!(source, b"s3.amazonaws.com" | b"s3control.amazonaws.com");
        let exposure = match f.text(ERROR) {
            None if of_buckets && !data => exposed(name, whole, scratch),
            _ => None,
        };
        // A block that is taken away from the whole account names no bucket.
        let bucket = f.text(BUCKET).or(f.text(ACCOUNT).filter(|_| exposure.is_some()));
        let Some(bucket) = bucket.filter(|_| of_buckets && (told || data || exposure.is_some())) else {
            return Ok(None);
        };
        let mut event = Event { dataset: "cloudtrail", role: Role::Store, ..Event::default() };
        event.timestamp =
            f.stamp(TIME, |text| self.local.any(text))?.ok_or_else(|| Reject::line(Reason::BadTimestamp))?;
        // A service of Amazon's stands there by its name.
        event.source.set_host(f.text(CLIENT).unwrap_or_default());
        event.source.bytes = self.bytes(&f, IN)?;
        event.destination.domain = Some(bucket);
        event.destination.bytes = self.bytes(&f, OUT)?;
        event.user = f.first(&[USER, ARN, ACCOUNT]);
        event.method = Some(name);
        event.url = f.text(KEY);
        event.user_agent = f.text(AGENT);
        event.observer = f.text(REGION);
        event.anonymous = data && f.text(ACCOUNT) == Some(b"anonymous");
        event.exposure = exposure;
        if exposure.is_some() {
            // It moves no object.
            event.source.bytes = Some(event.source.bytes.unwrap_or(0));
            event.destination.bytes = Some(event.destination.bytes.unwrap_or(0));
        }
        Ok(Some(event))
    }

    /// CloudTrail writes numbers as doubles: `10000184.0`, and large ones with an exponent.
    fn bytes(&self, f: &Fields<'_, SLOTS>, slot: usize) -> Result<Option<u64>, Reject> {
        let whole = |text: &[u8]| {
            let value: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
            // Doubles are exact up to 2^53, nine petabytes.
            let fits = value.fract() == 0.0 && (0.0..9e15).contains(&value);
            #[expect(clippy::cast_sign_loss, reason = "checked to be positive")]
            fits.then_some(value as u64)
        };
        let read = |text: &[u8]| number(text).or_else(|| whole(text));
        f.text(slot).map(|text| read(text).ok_or_else(|| f.wrong(Reason::BadNumber, text))).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Endpoint, Exposure};
    use crate::formats::tests_support::*;
    use proptest::prelude::*;

    const RECORD: &str = r#"{"eventVersion":"1.09","userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/jdoe","accountId":"111122223333","userName":"jdoe"},"eventTime":"2023-03-29T01:02:03Z","eventSource":"s3.amazonaws.com","eventName":"GetObject","awsRegion":"eu-west-2","sourceIPAddress":"203.0.113.9","userAgent":"[rclone/v1.60.1]","requestParameters":{"bucketName":"backups","key":"a/b.zip"},"additionalEventData":{"bytesTransferredIn":0,"bytesTransferredOut":10000184.0}}"#;

    fn expected() -> Event<'static> {
        Event {
            dataset: "cloudtrail",
            role: Role::Store,
            timestamp: AT,
            source: Endpoint {
                ip: Some("203.0.113.9".parse().unwrap()),
                bytes: Some(0),
                ..Endpoint::default()
            },
            destination: Endpoint {
                domain: Some(b"backups"),
                bytes: Some(10_000_184),
                ..Endpoint::default()
            },
            user: Some(b"jdoe"),
            method: Some(b"GetObject"),
            url: Some(b"a/b.zip"),
            user_agent: Some(b"[rclone/v1.60.1]"),
            observer: Some(b"eu-west-2"),
            ..Event::default()
        }
    }

    #[test]
    fn a_download() {
        assert_eq!(one(&KIND, RECORD), expected());
        let file = format!("{{\"Records\":[{RECORD},{RECORD}]}}");
        assert_eq!(read(&KIND, &file).unwrap(), [expected(), expected()]);
        assert_eq!(one(&KIND, &format!("{{\"source\":\"aws.s3\",\"detail\":{RECORD}}}")), expected());
        let large = one(&KIND, &RECORD.replace("10000184.0", "1.0000184E7"));
        assert_eq!(large.destination.bytes, Some(10_000_184));
        let anonymous = RECORD
            .replace("\"userName\":\"jdoe\"", "\"x\":1")
            .replace("arn:aws:iam::111122223333:user/jdoe", "");
        assert_eq!(one(&KIND, &anonymous.replace("111122223333", "anonymous")).user, Some(&b"anonymous"[..]));
        let service = one(&KIND, &RECORD.replace("203.0.113.9", "athena.amazonaws.com"));
        assert_eq!(service.source.domain, Some(&b"athena.amazonaws.com"[..]));
    }

    #[test]
    fn management_tells_of_no_transfer() {
        let listing = RECORD.replace("GetObject", "ListBuckets").replace("bytesTransferred", "x");
        nothing(
            &KIND,
            &[&listing, &RECORD.replace("s3.amazonaws.com", "ec2.amazonaws.com"), "{\"Records\":[]}"],
        );
        // A read whose bytes are not told is blind, not quiet.
        assert_eq!(one(&KIND, &RECORD.replace("bytesTransferred", "x")).destination.bytes, None);
    }

    #[test]
    fn calls_that_open_a_bucket() {
        let call = |name: &str, parameters: &str| {
            let record = RECORD.replace("GetObject", name).replace("bytesTransferred", "x");
            let record = record.replace("\"key\":\"a/b.zip\"", parameters);
            read(&KIND, &record).unwrap().first().and_then(|event| event.exposure)
        };
        let policy = |statement: &str| format!("\"bucketPolicy\":{{\"Statement\":[{{{statement}}}]}}");
        let everybody = policy(r#""Effect": "Allow", "Principal": {"AWS": ["*"]}, "Action": "s3:GetObject""#);
        let ours = policy(
            r#""Effect":"Allow","Principal":"*","Condition":{"IpAddress":{"aws:SourceIp":"198.51.100.0/24"}}"#,
        );
        let deny = policy(r#""Effect":"Deny","Principal":"*""#);
        let grant = r#""AccessControlPolicy":{"AccessControlList":{"Grant":[{"Grantee":{"URI":"http://acs.amazonaws.com/groups/global/AllUsers"},"Permission":"READ"}]}}"#;
        let block = |value: &str| {
            format!(
                "\"PublicAccessBlockConfiguration\":{{\"BlockPublicAcls\":{value},\"BlockPublicPolicy\":true}}"
            )
        };
        for (name, parameters, expected) in [
            ("PutBucketPolicy", everybody.as_str(), Some(Exposure::Public)),
            ("PutBucketPolicy", &policy(r#""Effect":"Allow","Principal":"*""#), Some(Exposure::Public)),
            ("PutBucketPolicy", &ours, Some(Exposure::Changed)),
            ("PutBucketPolicy", &deny, Some(Exposure::Changed)),
            ("PutBucketAcl", r#""x-amz-acl":["public-read"]"#, Some(Exposure::Public)),
            ("PutBucketAcl", grant, Some(Exposure::Public)),
            ("PutBucketAcl", r#""x-amz-acl":["private"]"#, Some(Exposure::Changed)),
            ("CreateBucket", r#""x-amz-acl":["private"]"#, None),
            ("CreateBucket", r#""x-amz-acl":["public-read"]"#, Some(Exposure::Public)),
            ("DeleteBucketPublicAccessBlock", r#""publicAccessBlock":"""#, Some(Exposure::Unblocked)),
            ("PutBucketPublicAccessBlock", &block("false"), Some(Exposure::Unblocked)),
            ("PutBucketPublicAccessBlock", &block("true"), None),
            ("PutBucketLogging", r#""BucketLoggingStatus":{"xmlns":"x"}"#, Some(Exposure::Unlogged)),
            ("PutBucketLogging", r#""BucketLoggingStatus":{"LoggingEnabled":{"TargetBucket":"logs"}}"#, None),
            ("GetBucketPolicy", &everybody, None),
        ] {
            assert_eq!(call(name, parameters), expected, "{name} {parameters}");
        }
        let refused =
            RECORD.replace("GetObject", "DeleteBucketPublicAccessBlock").replace("bytesTransferred", "x");
        nothing(&KIND, &[&refused.replace("\"awsRegion\"", "\"errorCode\":\"AccessDenied\",\"awsRegion\"")]);
        let done = one(&KIND, &refused);
        assert_eq!((done.destination.domain, done.destination.bytes), (Some(&b"backups"[..]), Some(0)));
    }

    #[test]
    fn hostile_lines() {
        rejected(&KIND, RECORD, "Out\":10000184.0", "Out\":-1", Reason::BadNumber);
        rejected(&KIND, RECORD, "2023-03-29T01", "2023-03-32T01", Reason::BadTimestamp);
        for line in ["", "hello", "{", "{}", "{\"Records\":[1]}"] {
            assert!(read(&KIND, line).is_err(), "{line}");
        }
    }

    #[test]
    fn detection() {
        assert_eq!(chosen(&[RECORD]), "cloudtrail");
    }

    proptest! {
        #[test]
        fn broken_lines(
            edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
            cut: prop::sample::Index,
            other in proptest::collection::vec(any::<u8>(), 0..60),
        ) {
            torture(&KIND, "", RECORD, &edits, cut, &other);
        }
    }
}
