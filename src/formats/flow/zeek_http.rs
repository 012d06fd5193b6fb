//! Zeek's `http.log`: one line per request, with the bodies' sizes in each direction; the host asked for is the destination.
//!
//! `request_body_len` is what the client uploaded, whatever the answer was: a PUT answered 401 still sent its body. Headers
//! are not counted. `conn.log` tells the same transfers: read beside it, each counts once, and here under the name that was
//! asked for.

use super::zeek::{ENDS, Fields, Log, WHEN_AND_WHO};
use crate::event::reject::Reject;
use crate::event::{Event, Role, Stamped, address, number, split_authority};
use crate::formats::{Context, Detail, Kind, Sight};

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "zeek-http",
    about: "Zeek http.log, TSV or JSON; beside conn.log each transfer counts once",
    roles: &[Role::Flow],
    compile: |spec, context| LOG.compile(spec, context),
    sniff: |lines, _: &Context| LOG.sniff(lines),
    is_header: Some(|line| line.first() == Some(&b'#')),
};

static LOG: Log<16> = Log {
    path: "http",
    names: [
        ENDS[0],
        ENDS[1],
        ENDS[2],
        ENDS[3],
        ENDS[4],
        "request_body_len",
        "response_body_len",
        "host",
        "method",
        "uri",
        "user_agent",
        "status_code",
        "username",
        "trans_depth",
        "_node_name",
        "status_msg",
    ],
    needs: WHEN_AND_WHO,
    marks: &[5, 6, 8, 11, 13],
    event,
    sight: |has| Sight {
        role: Role::Flow,
        source_bytes: has(5),
        destination_bytes: has(6),
        remedy: "log request_body_len and response_body_len in http.log (they are there unless a Log::Filter excludes them)",
    },
};

fn event<'a>(fields: &Fields<'a, '_, 16>, detail: Detail) -> Result<Option<Event<'a>>, Reject> {
    let mut event = Event { role: Role::Flow, stamped: Stamped::Start, ..fields.begun("zeek.http")? };
    event.source.bytes = fields.count(5)?;
    event.destination.bytes = fields.count(6)?;
    // The header is the client's word; an address in it says no more than the connection does.
    let host = fields.words(7).map(|host| split_authority(host).0);
    event.destination.domain = host.filter(|host| !host.is_empty() && address(host).is_none());
    event.user_agent = fields.words(10);
    if detail == Detail::Full {
        (event.method, event.url, event.user) = (fields.words(8), fields.words(9), fields.words(12));
        event.status = fields.text(11).and_then(number).filter(|status| (100..=999).contains(status));
        event.transport = Some(b"tcp");
        event.protocol = Some(b"http");
        event.observer = fields.text(14);
    }
    Ok(Some(event))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Endpoint, reject::Reason};
    use crate::formats::tests_support::{
        damaged, details_agree, detected, read_lines, rejected_lines, sniffed, survives,
    };
    use crate::units::Timestamp;
    use proptest::prelude::*;

    const HEADER: [&str; 4] = [
        "#separator \\x09",
        "#unset_field\t-",
        "#path\thttp",
        "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\ttrans_depth\tmethod\thost\turi\treferrer\tversion\tuser_agent\torigin\trequest_body_len\tresponse_body_len\tstatus_code\tstatus_msg\ttags\tusername",
    ];
    const ROW: &str = "1680051723.456789\tCabc\t10.1.2.3\t50123\t203.0.113.9\t80\t1\tPUT\tfiles.example:80\t/plain\t-\t1.1\trclone/v1.60.1\t-\t10000184\t224\t401\tUnauthorized\t(empty)\tjdoe";
    const FLAT: &str = r#"{"ts":1680051723.456789,"uid":"Cabc","id.orig_h":"10.1.2.3","id.orig_p":50123,"id.resp_h":"203.0.113.9","id.resp_p":80,"trans_depth":1,"method":"PUT","host":"files.example:80","uri":"/plain","version":"1.1","user_agent":"rclone/v1.60.1","request_body_len":10000184,"response_body_len":224,"status_code":401,"tags":[],"username":"jdoe"}"#;

    fn expected() -> Event<'static> {
        let end = |ip: &str, port, bytes| Endpoint {
            ip: Some(ip.parse().unwrap()),
            port: Some(port),
            bytes: Some(bytes),
            domain: None,
        };
        Event {
            dataset: "zeek.http",
            role: Role::Flow,
            timestamp: Timestamp(1_680_051_723_456_789),
            stamped: Stamped::Start,
            source: end("10.1.2.3", 50123, 10_000_184),
            destination: Endpoint { domain: Some(b"files.example"), ..end("203.0.113.9", 80, 224) },
            user: Some(b"jdoe"),
            method: Some(b"PUT"),
            status: Some(401),
            url: Some(b"/plain"),
            user_agent: Some(b"rclone/v1.60.1"),
            transport: Some(b"tcp"),
            protocol: Some(b"http"),
            ..Event::default()
        }
    }

    #[test]
    fn tsv_and_json_say_the_same() {
        assert_eq!(read_lines(&KIND, &[&HEADER[..], &[ROW]].concat()), (vec![expected()], vec![]));
        let nested = FLAT.replace(
            r#""id.orig_h":"10.1.2.3","id.orig_p":50123,"id.resp_h":"203.0.113.9","id.resp_p":80"#,
            r#""id":{"orig_h":"10.1.2.3","orig_p":50123,"resp_h":"203.0.113.9","resp_p":80}"#,
        );
        for line in [
            FLAT.to_owned(),
            FLAT.replace("id.", "id_"),
            FLAT.replace("{\"ts\"", "{\"_path\":\"http\",\"ts\""),
            FLAT.replace("1680051723.456789", "\"2023-03-29T01:02:03.456789Z\""),
            nested.clone(),
            format!("{{\"http\":{nested}}}"),
        ] {
            assert_eq!(read_lines(&KIND, &[&line]), (vec![expected()], vec![]), "{line}");
        }
    }

    #[test]
    fn the_host_is_a_name_or_nothing() {
        for host in ["203.0.113.9", "[2001:db8::9]:80", "", "-"] {
            let row = ROW.replace("files.example:80", host);
            let (events, _) = read_lines(&KIND, &[&HEADER[..], &[&row]].concat());
            assert_eq!(events[0].destination.domain, None, "{host}");
        }
    }

    #[test]
    fn hostile_rows_and_headers() {
        rejected_lines(
            &KIND,
            &[
                (ROW, Reason::NoHeader),
                ("{}", Reason::Malformed),
                (&FLAT.replace("{\"ts\"", "{\"_path\":\"dns\",\"ts\""), Reason::Malformed),
                (&FLAT.replace("10000184", "-1"), Reason::BadNumber),
                (&FLAT.replace("10.1.2.3", "10.1.2.300"), Reason::BadAddress),
                (&FLAT.replace("1680051723.456789", "\"now\""), Reason::BadTimestamp),
                (&FLAT.replace("\"ts\"", "\"t\""), Reason::Malformed),
            ],
        );
        let other = ["#path\tdns", HEADER[3], ROW];
        assert_eq!(read_lines(&KIND, &other), (vec![], vec![Reject::line(Reason::BadHeader)]));
        let short = [&HEADER[..], &["1680051723\t10.1.2.3"]].concat();
        assert_eq!(read_lines(&KIND, &short).1[0].reason, Reason::Malformed);
        assert!((KIND.compile)("ts host", &Context::default()).is_err());
        let blind =
            (KIND.compile)("ts id.orig_h id.resp_h method", &Context::default()).unwrap().sight().blind();
        assert!(blind.is_some_and(|say| say.contains("request_body_len")));
    }

    #[test]
    fn sniffing() {
        detected(&KIND, &[&HEADER[..], &[ROW]].concat());
        detected(&KIND, &[FLAT, FLAT]);
        assert_eq!(sniffed(&KIND, &[]), "no");
        assert_eq!(sniffed(&KIND, &["#path\tconn", "#fields\tts\tid.orig_h\tid.resp_h\torig_bytes"]), "no");
    }

    proptest! {
        #[test]
        fn no_bytes_panic(
            lines in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 0..4),
            edits in proptest::collection::vec((any::<usize>(), any::<u8>()), 0..6),
            cut in prop_oneof![Just(0), any::<usize>()],
        ) {
            survives(&KIND, &lines);
            let lines = damaged(&[&HEADER[..], &[ROW, FLAT]].concat(), &edits, cut);
            survives(&KIND, &lines);
            details_agree(&KIND, "", &lines);
        }
    }
}
