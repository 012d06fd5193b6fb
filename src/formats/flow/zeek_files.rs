//! Zeek's `files.log`: one line per file that was seen in some connection, with its bytes and the host that sent it.
//!
//! `is_orig` says whether the opener sent the file (an upload). Up to Zeek 4 a row names only sender and receiver
//! (`tx_hosts`, `rx_hosts`, the first of each is read) and no ports. Bytes that were missed on the way left all the same.
//! **`conn.log` tells the same transfers**, with all that is no file: read one of the two, or every upload counts twice.

use super::zeek::{ENDS, Fields, Log};
use crate::event::reject::{Reason, Reject};
use crate::event::{Endpoint, Event, Role, Stamped};
use crate::formats::{Context, Detail, Kind, Sight};

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "zeek-files",
    about: "Zeek files.log, TSV or JSON; conn.log tells the same transfers, read only one",
    roles: &[Role::Flow],
    compile: |spec, context| LOG.compile(spec, context),
    sniff: |lines, _: &Context| LOG.sniff(lines),
    is_header: Some(|line| line.first() == Some(&b'#')),
};

static LOG: Log<13> = Log {
    path: "files",
    names: [
        ENDS[0],
        ENDS[1],
        ENDS[2],
        ENDS[3],
        ENDS[4],
        "seen_bytes",
        "missing_bytes",
        "tx_hosts",
        "rx_hosts",
        "is_orig",
        "duration",
        "source",
        "_node_name",
    ],
    needs: &[0, 5],
    marks: &[5],
    event,
    sight: |has| Sight {
        role: Role::Flow,
        source_bytes: has(5),
        destination_bytes: has(5),
        remedy: "log seen_bytes in files.log (it is there unless a Log::Filter excludes it)",
    },
};

fn event<'a>(fields: &Fields<'a, '_, 13>, detail: Detail) -> Result<Option<Event<'a>>, Reject> {
    let mut event = Event { role: Role::Flow, stamped: Stamped::Start, ..fields.stamped("zeek.files")? };
    let host = |slot| {
        let ip = fields.host(slot)?;
        Ok(ip.map(|ip| Endpoint { ip: Some(ip), ..Endpoint::default() }))
    };
    let (sender, receiver) = (host(7)?, host(8)?);
    // A row that does not say who opened the connection has the sender for its opener.
    let upload = !matches!(fields.text(9), Some(b"F" | b"false"));
    let (opener, server) = if upload { (sender, receiver) } else { (receiver, sender) };
    let absent = Reject::line(Reason::Malformed);
    event.source = fields.end(1, 2)?.or(opener).ok_or(absent)?;
    event.destination = fields.end(3, 4)?.or(server).ok_or(absent)?;
    let bytes =
        fields.count(5)?.map(|seen| Ok(seen.saturating_add(fields.count(6)?.unwrap_or(0)))).transpose()?;
    let end = if upload { &mut event.source } else { &mut event.destination };
    end.bytes = bytes;
    // The other direction carried no file.
    event.one_way = true;
    event.duration = fields.span(10)?;
    if detail == Detail::Full {
        event.protocol = fields.text(11);
        event.observer = fields.text(12);
    }
    Ok(Some(event))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::tests_support::{
        damaged, details_agree, detected, read_lines, rejected_lines, sniffed, survives,
    };
    use crate::units::{Span, Timestamp};
    use proptest::prelude::*;

    const HEADER: [&str; 4] = [
        "#separator \\x09",
        "#unset_field\t-",
        "#path\tfiles",
        "#fields\tts\tfuid\ttx_hosts\trx_hosts\tconn_uids\tsource\tdepth\tanalyzers\tmime_type\tfilename\tduration\tlocal_orig\tis_orig\tseen_bytes\ttotal_bytes\tmissing_bytes\toverflow_bytes\ttimedout",
    ];
    const ROW: &str = "1680051723.456789\tFabc\t10.1.2.3\t203.0.113.9\tCabc\tHTTP\t0\tMD5\ttext/plain\t-\t1.500000\tT\tT\t10000000\t10000184\t184\t0\tF";
    const FLAT: &str = r#"{"ts":1680051723.456789,"fuid":"Fabc","uid":"Cabc","id.orig_h":"10.1.2.3","id.orig_p":50123,"id.resp_h":"203.0.113.9","id.resp_p":80,"source":"HTTP","duration":1.5,"is_orig":true,"seen_bytes":10000000,"missing_bytes":184}"#;

    fn expected() -> Event<'static> {
        let end = |ip: &str, bytes| Endpoint { ip: Some(ip.parse().unwrap()), bytes, ..Endpoint::default() };
        Event {
            dataset: "zeek.files",
            role: Role::Flow,
            timestamp: Timestamp(1_680_051_723_456_789),
            stamped: Stamped::Start,
            duration: Some(Span(1_500_000)),
            source: end("10.1.2.3", Some(10_000_184)),
            destination: end("203.0.113.9", None),
            one_way: true,
            protocol: Some(b"HTTP"),
            ..Event::default()
        }
    }

    #[test]
    fn a_file_goes_from_its_sender() {
        assert_eq!(read_lines(&KIND, &[&HEADER[..], &[ROW]].concat()), (vec![expected()], vec![]));
        let mut with_ports = expected();
        (with_ports.source.port, with_ports.destination.port) = (Some(50123), Some(80));
        for line in
            [FLAT.to_owned(), FLAT.replace("id.", "id_"), format!("{{\"_path\":\"files\",{}", &FLAT[1..])]
        {
            assert_eq!(read_lines(&KIND, &[&line]), (vec![with_ports.clone()], vec![]), "{line}");
        }
        let old = r#"{"ts":1680051723.456789,"fuid":"F","tx_hosts":["203.0.113.9"],"rx_hosts":["10.1.2.3"],"source":"SSL","is_orig":false,"seen_bytes":947}"#;
        let (events, rejects) = read_lines(&KIND, &[old]);
        assert_eq!((rejects, events[0].source.ip), (vec![], Some("10.1.2.3".parse().unwrap())));
        assert_eq!((events[0].source.bytes, events[0].destination.bytes), (None, Some(947)));
    }

    #[test]
    fn hostile_rows_and_sniffing() {
        rejected_lines(
            &KIND,
            &[
                (ROW, Reason::NoHeader),
                ("{}", Reason::Malformed),
                (&FLAT.replace("10000000", "-1"), Reason::BadNumber),
                (&FLAT.replace("10.1.2.3", "10.1.2.x"), Reason::BadAddress),
                (r#"{"ts":1680051723,"tx_hosts":[],"seen_bytes":1}"#, Reason::Malformed),
            ],
        );
        detected(&KIND, &[&HEADER[..], &[ROW]].concat());
        detected(&KIND, &[FLAT]);
        assert_eq!(
            sniffed(&KIND, &[r#"{"ts":1680051723,"uid":"C","id.orig_h":"10.1.2.3","method":"GET"}"#]),
            "no"
        );
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
