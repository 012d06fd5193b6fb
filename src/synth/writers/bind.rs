//! BIND's query log with the print options that its manual shows: time, category, severity.

use super::*;
use crate::synth::transfer::{Record, Service};

pub(super) const WRITER: Writer = Writer {
    name: "bind-query",
    about: "BIND query log, with time, category and severity",
    file: "queries.log",
    tells: |transfer| matches!(transfer.service, Service::Question(_)),
    longest: None,
    open: || Box::new(Bind { second: Timestamp(i64::MIN), stamp: Vec::new() }),
};

struct Bind {
    /// The second whose text is `stamp`.
    second: Timestamp,
    stamp: Vec<u8>,
}

impl Lines for Bind {
    fn transfer(&mut self, transfer: &Transfer, out: &mut Vec<u8>) {
        let Service::Question(question) = transfer.service else { return };
        // A query is logged when it comes in.
        let second = transfer.opened.floor(Span::SECOND);
        if second != self.second {
            self.second = second;
            self.stamp.clear();
            text::civil(&mut self.stamp, second, "%d-%b-%Y %H:%M:%S.");
        }
        out.extend_from_slice(&self.stamp);
        text::padded(out, u64::try_from(transfer.opened.0 / 1000 % 1000).unwrap_or(0), 3);
        out.extend_from_slice(b" queries: info: client @0x7f2f9a557098 ");
        text::address(out, transfer.host.address);
        out.push(b'#');
        text::number(out, u64::from(transfer.client_port));
        out.extend_from_slice(b" (");
        text::question(out, question.labels, transfer.peer.name);
        out.extend_from_slice(b"): query: ");
        text::question(out, question.labels, transfer.peer.name);
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
