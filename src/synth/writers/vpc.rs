//! AWS VPC flow log, version 2 in its default order with a header line: one record per direction and capture window of
//! ten minutes. `bytes` is the payload of the transfer; a real one would count packet headers too.

use super::*;
use crate::synth::transfer::Outcome;

pub(super) const WRITER: Writer = Writer {
    name: "vpc",
    about: "AWS VPC flow log v2, default fields, a record per direction and ten minutes",
    file: "vpc-flow.log",
    tells: |transfer| transfer.service.is_connection(),
    longest: Some(Span(10 * Span::MINUTE.0)),
    open: || Box::new(Vpc),
};

struct Vpc;

impl Lines for Vpc {
    fn header(&mut self, _start: Timestamp, out: &mut Vec<u8>) {
        out.extend_from_slice(
            b"version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action \
              log-status\n",
        );
    }

    fn transfer(&mut self, transfer: &Transfer, out: &mut Vec<u8>) {
        let (origin, sent) = transfer.origin();
        let (responder, received) = transfer.responder();
        let client = (origin.address, transfer.client_port, sent);
        let server = (responder.address, transfer.service.port(), received);
        for ((from, from_port, bytes), (to, to_port, back)) in [(client, server), (server, client)] {
            let answer = from == server.0;
            if answer && transfer.outcome == Outcome::Unanswered {
                continue;
            }
            out.extend_from_slice(b"2 123456789012 eni-0");
            text::right(out, u64::from(u32::from(transfer.host.address)), b"0000000000000000");
            for address in [from, to] {
                out.push(b' ');
                text::address(out, address);
            }
            let protocol = if transfer.service.is_udp() { 17 } else { 6 };
            let packets = match transfer.outcome {
                Outcome::Done => bytes.div_ceil(1_448) + back.div_ceil(2_896) + 1,
                Outcome::Unanswered => 3,
            };
            let (start, end) = (text::epoch(transfer.opened), text::epoch(transfer.closed));
            for value in [u64::from(from_port), u64::from(to_port), protocol, packets, bytes, start, end] {
                out.push(b' ');
                text::number(out, value);
            }
            let refused = transfer.outcome == Outcome::Unanswered;
            out.extend_from_slice(if refused { b" REJECT OK\n" } else { b" ACCEPT OK\n" });
        }
    }
}
