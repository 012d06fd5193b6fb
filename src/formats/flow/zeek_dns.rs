//! Zeek's `dns.log`: one line per query, together with its answer. Rows without a query (answers that were seen alone) say
//! nothing and are left out.

use super::zeek::{ENDS, Fields, Log, WHEN_AND_WHO};
use crate::event::reject::Reject;
use crate::event::{Event, Question, Role, Stamped};
use crate::formats::{Context, Detail, Kind, Sight};

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "zeek-dns",
    about: "Zeek dns.log, TSV or JSON",
    roles: &[Role::Dns],
    compile: |spec, context| LOG.compile(spec, context),
    sniff: |lines, _: &Context| LOG.sniff(lines),
    is_header: Some(|line| line.first() == Some(&b'#')),
};

static LOG: Log<12> = Log {
    path: "dns",
    names: [
        ENDS[0],
        ENDS[1],
        ENDS[2],
        ENDS[3],
        ENDS[4],
        "query",
        "qtype_name",
        "qtype",
        "proto",
        "_node_name",
        "rcode_name",
        "trans_id",
    ],
    needs: WHEN_AND_WHO,
    marks: &[5, 6, 7, 10, 11],
    event,
    sight: |_| Sight { role: Role::Dns, source_bytes: true, destination_bytes: false, remedy: "" },
};

fn event<'a>(fields: &Fields<'a, '_, 12>, detail: Detail) -> Result<Option<Event<'a>>, Reject> {
    let mut event = Event { role: Role::Dns, stamped: Stamped::Start, ..fields.begun("zeek.dns")? };
    let Some(name) = fields.words(5) else { return Ok(None) };
    event.question = Some(Question { name, record_type: fields.text(6).or(fields.text(7)) });
    if detail == Detail::Full {
        event.transport = fields.text(8);
        event.protocol = Some(b"dns");
        event.observer = fields.text(9);
    }
    Ok(Some(event))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Endpoint, reject::Reason};
    use crate::formats::tests_support::{
        damaged, details_agree, detected, read_lines, rejected_lines, survives,
    };
    use crate::units::Timestamp;
    use proptest::prelude::*;

    const HEADER: [&str; 3] = [
        "#separator \\x09",
        "#path\tdns",
        "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\ttrans_id\trtt\tquery\tqclass\tqclass_name\tqtype\tqtype_name\trcode\trcode_name\tAA\tTC\tRD\tRA\tZ\tanswers\tTTLs\trejected",
    ];
    const ROW: &str = "1680051723.456789\tCabc\t10.1.2.3\t53124\t10.0.0.53\t53\tudp\t7\t0.001\taGVsbG8.tunnel.example\t1\tC_INTERNET\t16\tTXT\t0\tNOERROR\tF\tF\tT\tT\t0\tx\t1.0\tF";
    const FLAT: &str = r#"{"ts":1680051723.456789,"uid":"Cabc","id.orig_h":"10.1.2.3","id.orig_p":53124,"id.resp_h":"10.0.0.53","id.resp_p":53,"proto":"udp","trans_id":7,"query":"aGVsbG8.tunnel.example","qtype":16,"qtype_name":"TXT","rcode_name":"NOERROR","AA":false}"#;

    #[test]
    fn tsv_and_json_say_the_same() {
        let end = |ip: &str, port| Endpoint {
            ip: Some(ip.parse().unwrap()),
            port: Some(port),
            ..Endpoint::default()
        };
        let expected = Event {
            dataset: "zeek.dns",
            role: Role::Dns,
            timestamp: Timestamp(1_680_051_723_456_789),
            stamped: Stamped::Start,
            source: end("10.1.2.3", 53124),
            destination: end("10.0.0.53", 53),
            transport: Some(b"udp"),
            protocol: Some(b"dns"),
            question: Some(Question { name: b"aGVsbG8.tunnel.example", record_type: Some(b"TXT") }),
            ..Event::default()
        };
        assert_eq!(
            read_lines(&KIND, &[&HEADER[..], &[ROW, FLAT]].concat()),
            (vec![expected.clone(), expected], vec![])
        );
        let alone = ROW.replace("aGVsbG8.tunnel.example", "-");
        assert_eq!(read_lines(&KIND, &[&HEADER[..], &[&alone]].concat()), (vec![], vec![]));
    }

    #[test]
    fn hostile_rows() {
        rejected_lines(
            &KIND,
            &[
                (ROW, Reason::NoHeader),
                ("{\"ts\":1}", Reason::Malformed),
                (&FLAT.replace("10.1.2.3", "nobody"), Reason::BadAddress),
                (&FLAT.replace("53124", "70000"), Reason::BadNumber),
            ],
        );
    }

    #[test]
    fn sniffing() {
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
            let lines = damaged(&[&HEADER[..], &[ROW, FLAT]].concat(), &edits, cut);
            survives(&KIND, &lines);
            details_agree(&KIND, "", &lines);
        }
    }
}
