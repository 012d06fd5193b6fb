//! Skyhigh (McAfee) Secure Web Gateway: the cloud's quoted CSV with its header, and the appliance's access log whose head
//! line names the columns.
//!
//! The cloud has both directions. The appliance's default log has `bytes_to_client` only and is blind to uploads.

use super::named_columns::{Dialect, NamedColumns, Slot, is_header};
use crate::event::Role;
use crate::formats::one_line::sniff_most;
use crate::formats::{Compiled, Context, Format, Kind, Scratch, Sniffed};
use std::sync::Arc;

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "skyhigh",
    about: "Skyhigh / McAfee Web Gateway: cloud CSV or appliance access log ('skyhigh:COLUMNS' without a header)",
    roles: &[Role::Proxy],
    compile,
    sniff,
    is_header: Some(|line| is_header(line, DIALECT.first)),
};

/// The appliance's default access log.
const APPLIANCE: &str = "time_stamp \"auth_user\" src_ip status_code \"req_line\" \"categories\" \"rep_level\" \"media_type\" \
                         bytes_to_client \"user_agent\" \"virus_name\" \"block_res\" \"application_name\"";

const DIALECT: Dialect = Dialect {
    dataset: "skyhigh",
    remedy: "add bytes_from_client (property \"BytesFromClient\") to the log line and its header in the Access Log rule set",
    slot,
    least: usize::MAX,
    first: &["user_id", "time_stamp"],
};

fn slot(name: &str) -> Slot {
    match name {
        "time_stamp" | "request_timestamp" => Slot::Stamp,
        "request_timestamp_epoch" => Slot::Epoch,
        "auth_user" | "username" => Slot::User,
        "source_ip" => Slot::Outer,
        "src_ip" | "client_ip" => Slot::Client,
        "server_to_client_bytes" | "bytes_to_client" => Slot::Received,
        "client_to_server_bytes" | "bytes_from_client" => Slot::Sent,
        "requested_host" | "dest_host" | "host" => Slot::Host,
        "dest_ip" | "server_ip" | "destination_ip" => Slot::Server,
        "requested_path" | "url" => Slot::Url,
        "req_line" => Slot::Request,
        "http_action" | "method" => Slot::Method,
        "http_status_code" | "status_code" => Slot::Status,
        "user_agent" | "user_agent_comment" => Slot::Agent,
        "uri_scheme" => Slot::Protocol,
        _ => Slot::Skip,
    }
}

fn compile(spec: &str, context: &Context) -> Compiled {
    let names = if spec.trim().is_empty() { APPLIANCE } else { spec };
    Ok(Arc::new(NamedColumns::new(names, DIALECT, context)?))
}

fn sniff(lines: &[&[u8]], context: &Context) -> Sniffed {
    let header = lines
        .iter()
        .find(|line| is_header(line, DIALECT.first))
        .and_then(|line| std::str::from_utf8(line).ok());
    let ours = |names: &str| names.contains("server_to_client_bytes") || names.contains("auth_user");
    match header {
        Some(names) if ours(names) && NamedColumns::new(names, DIALECT, context).is_ok() => Sniffed::Yes {
            spec: names.trim_start_matches('#').to_owned(),
            why: "a head line names the columns of Skyhigh's gateway".into(),
        },
        _ => headless(lines, context),
    }
}

/// The appliance's default log, which has no head line where it goes to syslog: a stamp in brackets, a quoted user, an
/// address, a status and a request in this order are no other log's.
fn headless(lines: &[&[u8]], context: &Context) -> Sniffed {
    let Ok(format) = NamedColumns::new(APPLIANCE, DIALECT, context) else { return Sniffed::No };
    let scratch = Scratch::new();
    let reads = |line: &[u8]| {
        let mut events = Vec::new();
        let stamped =
            line.first() == Some(&b'[') && memchr::memmem::find(line, b"] \"").is_some_and(|at| at < 30);
        stamped
            && format.parse(line, &scratch, &mut events).is_ok()
            && events.iter().all(|event| event.source.ip.is_some() && event.status.is_some())
    };
    sniff_most(lines, reads, "the lines read as the default access log of Skyhigh's appliance")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::reject::Reason;
    use crate::event::{Endpoint, Event};
    use crate::formats::tests_support::*;
    use proptest::prelude::*;

    const HEADER: &str = r#""user_id","username","source_ip","http_action","server_to_client_bytes","client_to_server_bytes","requested_host","requested_path","result","virus","request_timestamp_epoch","request_timestamp","uri_scheme","category","http_status_code","client_ip","user_agent""#;
    const ROW: &str = r#""-1","J ""D"" Doe","198.51.100.1","PUT","224","10000184","files.example","/a,b","OBSERVED","","1680051723","2023-03-29 01:02:03","https","Other","201","10.1.2.3","rclone/v1.60.1""#;
    const OWN: &str = r#"[29/Mar/2023:01:02:03 +0000] "jdoe" 10.1.2.3 201 "PUT http://files.example/a HTTP/1.1" "Other" "-" "text/plain" 224 "rclone/v1.60.1" "" "" "-""#;

    #[test]
    fn the_cloud() {
        let events = read_with(&KIND, HEADER, &context(), ROW).unwrap();
        let expected = Event {
            dataset: "skyhigh",
            role: Role::Proxy,
            timestamp: AT,
            source: Endpoint {
                ip: Some("10.1.2.3".parse().unwrap()),
                bytes: Some(10_000_184),
                ..Endpoint::default()
            },
            destination: Endpoint { domain: Some(b"files.example"), bytes: Some(224), ..Endpoint::default() },
            user: Some(b"J \"D\" Doe"),
            method: Some(b"PUT"),
            status: Some(201),
            url: Some(b"/a,b"),
            user_agent: Some(b"rclone/v1.60.1"),
            protocol: Some(b"https"),
            ..Event::default()
        };
        assert_eq!(events, [expected]);
        assert_eq!(read_with(&KIND, HEADER, &context(), HEADER).unwrap(), []);
    }

    #[test]
    fn the_appliance_is_blind_until_told() {
        let event = one(&KIND, OWN);
        assert_eq!((event.timestamp, event.user), (AT, Some(&b"jdoe"[..])));
        assert_eq!((event.source.bytes, event.destination.bytes), (None, Some(224)));
        assert_eq!(
            (event.method, event.destination.domain),
            (Some(&b"PUT"[..]), Some(&b"files.example"[..]))
        );
        assert!(
            (KIND.compile)("", &context()).unwrap().sight().blind().unwrap().contains("bytes_from_client")
        );
        let more = format!("#{} bytes_from_client", APPLIANCE);
        let format = (KIND.compile)("", &context()).unwrap().header(more.as_bytes()).unwrap().unwrap();
        assert_eq!(format.sight().blind(), None);
        let mut events = Vec::new();
        let line = format!("{OWN} 10000184");
        let scratch = crate::formats::Scratch::new();
        format.parse(line.as_bytes(), &scratch, &mut events).unwrap();
        assert_eq!(events[0].source.bytes, Some(10_000_184));
    }

    #[test]
    fn hostile_lines() {
        rejected(&KIND, OWN, "10.1.2.3", "10.1.2.x", Reason::BadAddress);
        rejected(&KIND, OWN, " 224 ", " 22x ", Reason::BadNumber);
        rejected(&KIND, OWN, "29/Mar", "32/Mar", Reason::BadTimestamp);
        for line in ["", "hello", &OWN.replace(" \"\" \"\" \"-\"", "")] {
            assert!(read(&KIND, line).is_err(), "{line}");
        }
        assert!((KIND.compile)("nothing,known", &context()).is_err());
    }

    #[test]
    fn detection() {
        assert_eq!(chosen(&[HEADER, ROW]), format!("skyhigh:{HEADER}"));
        assert!(chosen(&[&format!("#{APPLIANCE}"), OWN]).starts_with("skyhigh:time_stamp"));
    }

    proptest! {
        #[test]
        fn broken_lines(
            edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
            cut: prop::sample::Index,
            other in proptest::collection::vec(any::<u8>(), 0..60),
            cloud: bool,
        ) {
            let (spec, sample) = if cloud { (HEADER, ROW) } else { ("", OWN) };
            torture(&KIND, spec, sample, &edits, cut, &other);
        }
    }
}
