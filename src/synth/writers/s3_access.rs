//! The server access log of Amazon S3, with the columns that it had until 2019 (newer ones are added behind).

use super::*;
use crate::synth::random::mix;
use crate::synth::transfer::{Requester, Service};
use std::io::Write;

pub(super) const WRITER: Writer = Writer {
    name: "s3-access",
    about: "Amazon S3 server access log",
    file: "s3.log",
    tells: |transfer| matches!(transfer.service, Service::Object(_)),
    longest: None,
    open: || Box::new(S3Access { second: Timestamp(i64::MIN), stamp: Vec::new() }),
};

struct S3Access {
    /// The second whose text is `stamp`.
    second: Timestamp,
    stamp: Vec<u8>,
}

impl Lines for S3Access {
    fn transfer(&mut self, transfer: &Transfer, out: &mut Vec<u8>) {
        let Service::Object(object) = transfer.service else { return };
        // S3 stamps the moment at which it got the request.
        let second = transfer.opened.floor(Span::SECOND);
        if second != self.second {
            self.second = second;
            self.stamp.clear();
            text::civil(&mut self.stamp, second, " [%d/%b/%Y:%H:%M:%S +0000] ");
        }
        out.extend_from_slice(b"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be ");
        out.extend_from_slice(transfer.host.name.label().as_bytes());
        out.extend_from_slice(&self.stamp);
        text::address(out, transfer.peer.address);
        out.extend_from_slice(match object.requester {
            Requester::Anonymous => b" - ".as_slice(),
            Requester::Ours => b" arn:aws:sts::123456789012:assumed-role/app/i-0abc ",
            Requester::Partner => b" arn:aws:iam::210987654321:user/exchange ",
        });
        let (number, millis) = (object.number, text::millis(transfer.duration()));
        // Writing into memory does not fail.
        let _ = write!(out, "{:016X} REST.GET.OBJECT files/{number} ", mix(number ^ transfer.host_bytes));
        let _ = write!(out, "\"GET /files/{number} HTTP/1.1\" 200 - ");
        for value in [transfer.host_bytes, transfer.host_bytes, millis, 1 + number % 90] {
            text::number(out, value);
            out.push(b' ');
        }
        out.extend_from_slice(b"\"-\" \"");
        out.extend_from_slice(transfer.agent.as_bytes());
        out.extend_from_slice(b"\" -\n");
    }

    fn host(&self, host: Peer) -> String {
        host.name.label()
    }
}
