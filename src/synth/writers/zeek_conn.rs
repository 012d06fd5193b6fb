//! Zeek's `conn.log` as TSV with its header, as Zeek 5 and 6 write it by default. A row is written when the connection
//! is over, so rows are in the order of `ts` + `duration`. `uid`s are counted, not random: they tell nothing and would
//! be half of a compressed log.

use super::zeek::Uids;
use super::*;
use crate::synth::transfer::{Outcome, Service};
use std::net::Ipv4Addr;

pub(super) const WRITER: Writer = Writer {
    name: "zeek-conn",
    about: "Zeek conn.log, TSV with header, rows written when a connection closes",
    file: "conn.log",
    tells: |transfer| transfer.service.is_connection(),
    longest: None,
    open: || Box::new(ZeekConn(Uids::new())),
};

struct ZeekConn(Uids);

const FIELDS: &str = "\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\torig_bytes\
    \tresp_bytes\tconn_state\tlocal_orig\tlocal_resp\tmissed_bytes\thistory\torig_pkts\torig_ip_bytes\tresp_pkts\
    \tresp_ip_bytes\ttunnel_parents\n#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tinterval\tcount\tcount\
    \tstring\tbool\tbool\tcount\tstring\tcount\tcount\tcount\tcount\tset[string]\n";

impl Lines for ZeekConn {
    fn header(&mut self, start: Timestamp, out: &mut Vec<u8>) {
        zeek::header(out, "conn", start, FIELDS);
    }

    fn transfer(&mut self, transfer: &Transfer, out: &mut Vec<u8>) {
        let (origin, sent) = transfer.origin();
        let (responder, received) = transfer.responder();
        let udp = transfer.service.is_udp();
        text::seconds(out, transfer.opened.0);
        out.push(b'\t');
        self.0.next(out);
        out.push(b'\t');
        text::address(out, origin.address);
        out.push(b'\t');
        text::number(out, u64::from(transfer.client_port));
        out.push(b'\t');
        text::address(out, responder.address);
        out.push(b'\t');
        text::number(out, u64::from(transfer.service.port()));
        out.extend_from_slice(if udp { b"\tudp\t" } else { b"\ttcp\t" });
        if transfer.outcome == Outcome::Unanswered {
            // Three SYNs of 60 bytes; Zeek knows neither service nor payload.
            out.extend_from_slice(b"-\t");
            text::seconds(out, transfer.duration().0);
            out.extend_from_slice(b"\t0\t0\tS0\t");
            locality(out, origin.address, responder.address);
            out.extend_from_slice(b"\t0\tS\t3\t180\t0\t0\t-\n");
            return;
        }
        out.extend_from_slice(transfer.service.word().unwrap_or("-").as_bytes());
        out.push(b'\t');
        text::seconds(out, transfer.duration().0);
        out.push(b'\t');
        text::number(out, sent);
        out.push(b'\t');
        text::number(out, received);
        out.extend_from_slice(b"\tSF\t");
        locality(out, origin.address, responder.address);
        out.extend_from_slice(if udp { b"\t0\tDd" } else { b"\t0\tShADadFf" });
        for (own, other) in [(sent, received), (received, sent)] {
            let packets = packets(transfer.service, own, other);
            out.push(b'\t');
            text::number(out, packets);
            out.push(b'\t');
            text::number(out, own + packets * header_bytes(transfer.service));
        }
        out.extend_from_slice(b"\t-\n");
    }

    fn footer(&mut self, end: Timestamp, out: &mut Vec<u8>) {
        zeek::footer(out, end);
    }
}

/// Whether each end is ours.
fn locality(out: &mut Vec<u8>, origin: Ipv4Addr, responder: Ipv4Addr) {
    let word = |address: Ipv4Addr| if address.is_private() { b'T' } else { b'F' };
    out.extend_from_slice(&[word(origin), b'\t', word(responder)]);
}

/// Full segments of 1,448 bytes for the own data, an acknowledgement for every other segment of the other end, and four
/// to open and close; a datagram per question.
fn packets(service: Service, own: u64, other: u64) -> u64 {
    if service.is_udp() {
        own.div_ceil(1_200).max(1)
    } else {
        own.div_ceil(1_448) + other.div_ceil(2_896) + 4
    }
}

/// IPv4 and UDP, or IPv4 and TCP with time stamps.
fn header_bytes(service: Service) -> u64 {
    if service.is_udp() { 28 } else { 52 }
}
