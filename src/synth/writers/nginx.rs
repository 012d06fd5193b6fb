//! nginx's default access log (`combined`) on every public web server, stamped in whole seconds when the answer is out. In a
//! folder of logs each server has its own; a single log holds the lines of all, and does not say which server's they are.

use super::text::Second;
use super::*;
use crate::synth::transfer::{Service, Side};

pub(super) const WRITER: Writer = Writer {
    name: "nginx",
    about: "nginx access.log (combined) of the public web servers",
    file: "access.log",
    tells: |transfer| {
        transfer.opener == Side::Peer
            && matches!(transfer.service, Service::Ssl | Service::Http)
            && transfer.host.name.stem == "web-server"
    },
    longest: None,
    open: || Box::new(Nginx(Second::new("%d/%b/%Y:%H:%M:%S +0000"))),
};

struct Nginx(Second);

impl Lines for Nginx {
    fn transfer(&mut self, transfer: &Transfer, out: &mut Vec<u8>) {
        text::address(out, transfer.peer.address);
        out.extend_from_slice(b" - - [");
        self.0.write(out, transfer.closed);
        out.extend_from_slice(b"] \"GET /");
        text::number(out, transfer.host_bytes % 9_973);
        out.extend_from_slice(b" HTTP/1.1\" 200 ");
        text::number(out, transfer.host_bytes);
        out.extend_from_slice(b" \"-\" \"");
        out.extend_from_slice(if transfer.agent.is_empty() { b"-" } else { transfer.agent.as_bytes() });
        out.extend_from_slice(b"\"\n");
    }

    fn host(&self, host: Peer) -> String {
        host.name.label()
    }

    fn folder(&self, transfer: &Transfer) -> Option<Name> {
        Some(transfer.host.name)
    }
}
