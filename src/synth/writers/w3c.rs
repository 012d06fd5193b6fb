//! W3C extended log format as a ProxySG writes it, with `cs-bytes`. Stamps are whole seconds at the end of a request.

use super::squid::is_proxied;
use super::text::Second;
use super::*;
use crate::synth::transfer::{Outcome, Service};

pub(super) const WRITER: Writer = Writer {
    name: "w3c",
    about: "W3C extended log format with the fields of a ProxySG, cs-bytes among them",
    file: "proxy.w3c.log",
    tells: is_proxied,
    longest: None,
    open: || Box::new(W3c(Second::new("%Y-%m-%d %H:%M:%S "))),
};

struct W3c(Second);

const FIELDS: &str = "#Fields: date time time-taken c-ip cs-username cs-auth-group x-exception-id sc-filter-result \
    cs-categories cs(Referer) sc-status s-action cs-method rs(Content-Type) cs-uri-scheme cs-host cs-uri-port \
    cs-uri-path cs-uri-query cs-uri-extension cs(User-Agent) s-ip sc-bytes cs-bytes x-virus-id r-ip\n";

impl Lines for W3c {
    fn header(&mut self, start: Timestamp, out: &mut Vec<u8>) {
        out.extend_from_slice(b"#Software: SGOS 6.7.5.3\n#Version: 1.0\n#Start-Date: ");
        text::civil(out, start, "%Y-%m-%d %H:%M:%S");
        out.extend_from_slice(b"\n#Date: ");
        text::civil(out, start, "%Y-%m-%d %H:%M:%S");
        out.push(b'\n');
        out.extend_from_slice(FIELDS.as_bytes());
    }

    fn transfer(&mut self, transfer: &Transfer, out: &mut Vec<u8>) {
        self.0.write(out, transfer.closed);
        text::number(out, text::millis(transfer.duration()));
        out.push(b' ');
        text::address(out, transfer.host.address);
        let done = transfer.outcome == Outcome::Done;
        let plain = transfer.service == Service::Http;
        out.extend_from_slice(if done { b" - - - OBSERVED" } else { b" - - tcp_error FAILED" });
        out.extend_from_slice(match (done, plain) {
            (true, true) => b" \"none\" - 200 TCP_NC_MISS GET application/octet-stream http ".as_slice(),
            (true, false) => b" \"none\" - 200 TCP_TUNNELED CONNECT - tcp ",
            (false, true) => b" \"none\" - 503 TCP_ERR_MISS GET - http ",
            (false, false) => b" \"none\" - 503 TCP_ERR_MISS CONNECT - tcp ",
        });
        text::name(out, transfer.peer.name);
        out.push(b' ');
        text::number(out, u64::from(transfer.service.port()));
        out.extend_from_slice(b" / - - ");
        if transfer.agent.is_empty() {
            out.push(b'-');
        } else {
            out.push(b'"');
            out.extend_from_slice(transfer.agent.as_bytes());
            out.push(b'"');
        }
        out.extend_from_slice(b" 10.255.0.1 ");
        text::number(out, transfer.peer_bytes);
        out.push(b' ');
        text::number(out, transfer.host_bytes);
        out.extend_from_slice(b" - ");
        text::address(out, transfer.peer.address);
        out.push(b'\n');
    }

    fn destination(&self, peer: Peer) -> String {
        peer.name.to_string()
    }
}
