//! Squid with the `logformat` that shows uploads:
//! `%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a %mt %>st`, stamped when the request is over. What does not
//! go through a web proxy (inside, UDP, mail, what the public opens) is not in this log.

use super::*;
use crate::synth::transfer::{Outcome, Service, Side};

pub(super) const WRITER: Writer = Writer {
    name: "squid",
    about: "Squid access.log with %>st, the bytes that the client sent",
    file: "access.squid.log",
    tells: is_proxied,
    longest: None,
    open: || Box::new(Squid),
};

struct Squid;

/// Whether a client asks a web proxy for this.
pub(super) fn is_proxied(transfer: &Transfer) -> bool {
    transfer.opener == Side::Host
        && !transfer.peer.address.is_private()
        && matches!(transfer.service, Service::Ssl | Service::Http | Service::Tcp(_))
}

impl Lines for Squid {
    fn transfer(&mut self, transfer: &Transfer, out: &mut Vec<u8>) {
        text::number(out, text::epoch(transfer.closed));
        out.push(b'.');
        text::thousandths(out, text::epoch_millis(transfer.closed));
        out.push(b' ');
        text::right(out, text::millis(transfer.duration()), b"      ");
        out.push(b' ');
        text::address(out, transfer.host.address);
        let plain = transfer.service == Service::Http;
        out.extend_from_slice(match (transfer.outcome, plain) {
            (Outcome::Unanswered, _) => b" TCP_MISS/503 ".as_slice(),
            (Outcome::Done, false) => b" TCP_TUNNEL/200 ",
            (Outcome::Done, true) => b" TCP_MISS/200 ",
        });
        text::number(out, transfer.peer_bytes);
        if plain {
            out.extend_from_slice(b" GET http://");
            text::name(out, transfer.peer.name);
            out.push(b'/');
        } else {
            out.extend_from_slice(b" CONNECT ");
            text::name(out, transfer.peer.name);
            out.push(b':');
            text::number(out, u64::from(transfer.service.port()));
        }
        out.extend_from_slice(match transfer.outcome {
            Outcome::Done => b" - HIER_DIRECT/",
            Outcome::Unanswered => b" - HIER_NONE/",
        });
        match transfer.outcome {
            Outcome::Done => text::address(out, transfer.peer.address),
            Outcome::Unanswered => out.push(b'-'),
        }
        let kind = if plain && transfer.outcome == Outcome::Done { "application/octet-stream" } else { "-" };
        out.push(b' ');
        out.extend_from_slice(kind.as_bytes());
        out.push(b' ');
        text::number(out, transfer.host_bytes);
        out.push(b'\n');
    }

    fn destination(&self, peer: Peer) -> String {
        peer.name.to_string()
    }
}
