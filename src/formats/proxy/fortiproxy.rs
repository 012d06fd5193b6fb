//! FortiProxy: FortiGate's lines, written by a proxy, so that what is watched is the client.

use crate::event::Role;
use crate::formats::Kind;
use crate::formats::firewall::fortigate;
use crate::formats::one_line::sniff_most;

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "fortiproxy",
    about: "FortiProxy traffic log, key=value as FortiGate's",
    roles: &[Role::Proxy],
    compile: |spec, context| fortigate::compile_as(Role::Proxy, spec, context),
    sniff: |lines, _| {
        sniff_most(lines, fortigate::is_fortiproxy, "the serial numbers in devid= begin with FPX")
    },
    is_header: None,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::tests_support::*;

    const LINE: &str = r#"date=2023-03-29 time=01:02:03 eventtime=1680051723000000000 logid="0006000001" type="traffic" subtype="http-transaction" devname="px-1" devid="FPXVM00000000001" vd="root" srcip=10.1.2.3 srcport=50123 dstip=203.0.113.9 dstport=443 hostname="files.example" url="https://files.example/a" reqmethod="PUT" statuscode=201 agent="rclone/v1.60.1" user="jdoe" sentbyte=10000184 rcvdbyte=224 action="accept""#;

    #[test]
    fn a_transaction() {
        let event = one(&KIND, LINE);
        assert_eq!((event.role, event.timestamp), (Role::Proxy, AT));
        assert_eq!(event.source, end("10.1.2.3", 50123, Some(10_000_184)));
        assert_eq!(event.destination.domain, Some(&b"files.example"[..]));
        assert_eq!(event.destination.bytes, Some(224));
        assert_eq!((event.method, event.status), (Some(&b"PUT"[..]), Some(201)));
        assert_eq!(event.user_agent, Some(&b"rclone/v1.60.1"[..]));
    }

    #[test]
    fn detection() {
        assert_eq!(chosen(&[LINE]), "fortiproxy");
    }
}
