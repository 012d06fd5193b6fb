//! Zeek's `ssl.log`: one line per TLS handshake, with the name that the client asked for (SNI). It has no bytes: blind.

use super::zeek::{ENDS, Fields, Log, WHEN_AND_WHO};
use crate::event::reject::Reject;
use crate::event::{Event, Role, Stamped, address};
use crate::formats::{Context, Detail, Kind, Sight};

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "zeek-ssl",
    about: "Zeek ssl.log, TSV or JSON: names, no bytes",
    roles: &[Role::Flow],
    compile: |spec, context| LOG.compile(spec, context),
    sniff: |lines, _: &Context| LOG.sniff(lines),
    is_header: Some(|line| line.first() == Some(&b'#')),
};

static LOG: Log<10> = Log {
    path: "ssl",
    names: [
        ENDS[0],
        ENDS[1],
        ENDS[2],
        ENDS[3],
        ENDS[4],
        "server_name",
        "cipher",
        "established",
        "resumed",
        "_node_name",
    ],
    needs: WHEN_AND_WHO,
    marks: &[5, 6, 7, 8],
    event,
    sight: |_| Sight {
        role: Role::Flow,
        source_bytes: false,
        destination_bytes: false,
        remedy: "read conn.log, which has the bytes of these connections",
    },
};

fn event<'a>(fields: &Fields<'a, '_, 10>, detail: Detail) -> Result<Option<Event<'a>>, Reject> {
    let mut event = Event { role: Role::Flow, stamped: Stamped::Start, ..fields.begun("zeek.ssl")? };
    event.destination.domain = fields.words(5).filter(|name| address(name).is_none());
    if detail == Detail::Full {
        event.transport = Some(b"tcp");
        event.protocol = Some(b"ssl");
        event.observer = fields.text(9);
    }
    Ok(Some(event))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Endpoint, reject::Reason};
    use crate::formats::tests_support::{damaged, detected, read_lines, rejected_lines, survives};
    use crate::units::Timestamp;
    use proptest::prelude::*;

    const HEADER: [&str; 3] = [
        "#separator \\x09",
        "#path\tssl",
        "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tversion\tcipher\tcurve\tserver_name\tresumed\testablished",
    ];
    const ROW: &str = "1680051723.456789\tCabc\t10.1.2.3\t50123\t203.0.113.9\t443\tTLSv13\tTLS_AES_128_GCM_SHA256\tx25519\tfiles.example\tF\tT";
    const FLAT: &str = r#"{"ts":1680051723.456789,"id.orig_h":"10.1.2.3","id.orig_p":50123,"id.resp_h":"203.0.113.9","id.resp_p":443,"version":"TLSv13","server_name":"files.example","established":true}"#;

    #[test]
    fn names_without_bytes() {
        let end = |ip: &str, port| Endpoint {
            ip: Some(ip.parse().unwrap()),
            port: Some(port),
            ..Endpoint::default()
        };
        let expected = Event {
            dataset: "zeek.ssl",
            role: Role::Flow,
            timestamp: Timestamp(1_680_051_723_456_789),
            stamped: Stamped::Start,
            source: end("10.1.2.3", 50123),
            destination: Endpoint { domain: Some(b"files.example"), ..end("203.0.113.9", 443) },
            transport: Some(b"tcp"),
            protocol: Some(b"ssl"),
            ..Event::default()
        };
        assert_eq!(
            read_lines(&KIND, &[&HEADER[..], &[ROW, FLAT]].concat()),
            (vec![expected.clone(), expected], vec![])
        );
        let blind = (KIND.compile)("", &Context::default()).unwrap().sight().blind();
        assert!(blind.is_some_and(|say| say.contains("conn.log")));
    }

    #[test]
    fn hostile_rows_and_sniffing() {
        rejected_lines(&KIND, &[(ROW, Reason::NoHeader), ("{", Reason::BadJson), ("{}", Reason::Malformed)]);
        detected(&KIND, &[&HEADER[..], &[ROW]].concat());
        detected(&KIND, &[FLAT]);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(
            lines in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 0..4),
            edits in proptest::collection::vec((any::<usize>(), any::<u8>()), 0..6),
            cut in prop_oneof![Just(0), any::<usize>()],
        ) {
            survives(&KIND, &lines);
            survives(&KIND, &damaged(&[&HEADER[..], &[ROW, FLAT]].concat(), &edits, cut));
        }
    }
}
