//! Zeek's `dns.log` as TSV with its header: what the machines of the house ask its name servers.

use super::zeek::Uids;
use super::*;
use crate::synth::transfer::{Record, Service};

pub(super) const WRITER: Writer = Writer {
    name: "zeek-dns",
    about: "Zeek dns.log, TSV with header",
    file: "dns.log",
    tells: |transfer| matches!(transfer.service, Service::Question(_)),
    longest: None,
    open: || Box::new(ZeekDns(Uids::new())),
};

struct ZeekDns(Uids);

const FIELDS: &str = "\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\ttrans_id\trtt\tquery\
    \tqclass\tqclass_name\tqtype\tqtype_name\trcode\trcode_name\tAA\tTC\tRD\tRA\tZ\tanswers\tTTLs\trejected\n\
    #types\ttime\tstring\taddr\tport\taddr\tport\tenum\tcount\tinterval\tstring\tcount\tstring\tcount\tstring\
    \tcount\tstring\tbool\tbool\tbool\tbool\tcount\tvector[string]\tvector[interval]\tbool\n";

impl Lines for ZeekDns {
    fn header(&mut self, start: Timestamp, out: &mut Vec<u8>) {
        zeek::header(out, "dns", start, FIELDS);
    }

    fn transfer(&mut self, transfer: &Transfer, out: &mut Vec<u8>) {
        let Service::Question(question) = transfer.service else { return };
        text::seconds(out, transfer.opened.0);
        out.push(b'\t');
        self.0.next(out);
        out.push(b'\t');
        text::address(out, transfer.host.address);
        out.push(b'\t');
        text::number(out, u64::from(transfer.client_port));
        out.push(b'\t');
        text::address(out, question.server);
        out.extend_from_slice(b"\t53\tudp\t");
        text::number(out, self.0.rows * 40_503 % 65_536);
        out.push(b'\t');
        text::seconds(out, transfer.duration().0);
        out.push(b'\t');
        text::question(out, question.labels, transfer.peer.name);
        out.extend_from_slice(match question.record {
            Record::A => b"\t1\tC_INTERNET\t1\tA\t0\tNOERROR\tF\tF\tT\tT\t0\t".as_slice(),
            Record::Txt => b"\t1\tC_INTERNET\t16\tTXT\t0\tNOERROR\tF\tF\tT\tT\t0\t",
        });
        match question.record {
            Record::A => text::address(out, transfer.peer.address),
            Record::Txt => out.extend_from_slice(b"TXT 2 ok"),
        }
        out.extend_from_slice(b"\t300.000000\tF\n");
    }

    fn footer(&mut self, end: Timestamp, out: &mut Vec<u8>) {
        zeek::footer(out, end);
    }

    fn destination(&self, peer: Peer) -> String {
        peer.name.to_string()
    }
}
