//! BIND's query log with the print options that its manual shows: time, category, severity.

use super::text::Second;
use super::*;
use crate::synth::transfer::{Record, Service};

pub(super) const WRITER: Writer = Writer {
    name: "bind-query",
    about: "BIND query log, with time, category and severity",
    file: "queries.log",
    tells: |transfer| matches!(transfer.service, Service::Question(_)),
    longest: None,
    open: || Box::new(Bind(Second::new("%d-%b-%Y %H:%M:%S."))),
};

struct Bind(Second);

impl Lines for Bind {
    fn transfer(&mut self, transfer: &Transfer, out: &mut Vec<u8>) {
        let Service::Question(question) = transfer.service else { return };
        // A query is logged when it comes in.
        self.0.write(out, transfer.opened);
        text::thousandths(out, text::epoch_millis(transfer.opened));
        out.extend_from_slice(b" queries: info: client @0x7f2f9a557098 ");
        text::address(out, transfer.host.address);
        out.push(b'#');
        text::number(out, u64::from(transfer.client_port));
        out.extend_from_slice(b" (");
        let name = out.len();
        text::question(out, question.labels, transfer.peer.name);
        let name = name..out.len();
        out.extend_from_slice(b"): query: ");
        out.extend_from_within(name);
        out.extend_from_slice(match question.record {
            Record::A => b" IN A +E(0) (".as_slice(),
            Record::Txt => b" IN TXT +E(0) (",
        });
        text::address(out, question.server);
        out.extend_from_slice(b")\n");
    }

    fn destination(&self, peer: Peer) -> String {
        peer.name.to_string()
    }
}
