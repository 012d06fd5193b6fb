//! The server access log of Amazon S3, with the columns that it had until 2019 (newer ones are added behind).

use super::text::Second;
use super::*;
use crate::synth::random::mix;
use crate::synth::transfer::{Requester, Service};

pub(super) const WRITER: Writer = Writer {
    name: "s3-access",
    about: "Amazon S3 server access log",
    file: "s3.log",
    tells: |transfer| matches!(transfer.service, Service::Object(_)),
    longest: None,
    open: || Box::new(S3Access(Second::new(" [%d/%b/%Y:%H:%M:%S +0000] "))),
};

struct S3Access(Second);

impl Lines for S3Access {
    fn transfer(&mut self, transfer: &Transfer, out: &mut Vec<u8>) {
        let Service::Object(object) = transfer.service else { return };
        out.extend_from_slice(b"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be ");
        text::label(out, transfer.host.name);
        // S3 stamps the moment at which it got the request.
        self.0.write(out, transfer.opened);
        text::address(out, transfer.peer.address);
        out.extend_from_slice(match object.requester {
            Requester::Anonymous => b" - ".as_slice(),
            Requester::Ours => b" arn:aws:sts::123456789012:assumed-role/app/i-0abc ",
            Requester::Partner => b" arn:aws:iam::210987654321:user/exchange ",
        });
        let (number, millis) = (object.number, text::millis(transfer.duration()));
        text::hexadecimal(out, mix(number ^ transfer.host_bytes));
        out.extend_from_slice(b" REST.GET.OBJECT files/");
        text::number(out, number);
        out.extend_from_slice(b" \"GET /files/");
        text::number(out, number);
        out.extend_from_slice(b" HTTP/1.1\" 200 - ");
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
