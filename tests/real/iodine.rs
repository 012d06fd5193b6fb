//! A DNS tunnel: iodine sends bytes out of a network whose only way out is BIND, and BIND's query log shows how many.

use crate::capture::{Capture, Line, Watched};
use crate::checks::{self, rejected};
use crate::namespace::{self, untested};
use crate::outflow::{Format, outflow};
use std::fs::{self, File};
use std::sync::LazyLock;

/// What is sent: so many packets with so many random bytes, from which iodine's compression takes nothing away.
const PACKETS: u64 = 20;
const PAYLOAD: u64 = 500;
/// The same with the headers of IP and UDP.
const SENT: u64 = PACKETS * (PAYLOAD + 28);

/// Both ends of the tunnel are here. What is sent to a network behind the client's end leaves by queries, and is counted
/// where it comes out of the server's end.
const SCRIPT: &str = "
ip link set lo up
named -f -c named.conf >named.log 2>&1 &
iodined -f -c -p 5353 -l 127.0.0.1 -P secret -d out0 10.9.0.1/24 t.tunnel.example >iodined.log 2>&1 &
until grep -qs Listening iodined.log && dig +tries=1 +time=1 @127.0.0.1 version.bind CH TXT >dig.log; do sleep 0.1; done
iodine -f -r -m 900 -P secret -d in0 127.0.0.1 t.tunnel.example >iodine.log 2>&1 &
until grep -qs 'setup complete' iodine.log; do sleep 0.1; done
ip route add 198.51.100.0/24 dev in0
arrived() { awk '$1 == \"out0:\" { print $2 }' /proc/net/dev; }
for packet in $(seq PACKETS); do
    head -c PAYLOAD /dev/urandom >packet
    bash -c 'cat packet >/dev/udp/198.51.100.1/9'
    sleep 0.05
done
for second in $(seq 60); do
    [ $(arrived) -lt SENT ] || break
    sleep 1
done
arrived
";

const NAMED: &str = r#"
options { directory "."; listen-on port 53 { 127.0.0.1; }; listen-on-v6 { none; }; recursion yes; pid-file none;
          session-keyfile none; dnssec-validation no; };
controls { };
logging { channel queries { file "query.log"; print-time yes; print-category yes; print-severity yes; };
          category queries { queries; }; };
zone "t.tunnel.example" { type forward; forward only; forwarders { 127.0.0.1 port 5353; }; };
"#;

struct Run {
    queries: Capture,
    /// Bytes that came out of the tunnel, headers of IP and UDP included.
    arrived: u64,
}

/// `None` where no tunnel can be opened.
static RUN: LazyLock<Option<Run>> = LazyLock::new(|| {
    if let Err(error) = File::options().read(true).write(true).open("/dev/net/tun") {
        untested("iodine", &format!("/dev/net/tun: {error}"));
        return None;
    }
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join("named.conf"), NAMED).expect("named.conf");
    let numbers = [("PACKETS", PACKETS), ("PAYLOAD", PAYLOAD), ("SENT", SENT)];
    let script = numbers
        .iter()
        .fold(SCRIPT.to_owned(), |script, (name, number)| script.replace(name, &number.to_string()));
    let said = namespace::run("iodine", &script, dir.path())?;
    let queries = Capture {
        name: "iodine",
        format: "bind-query".into(),
        watched: Watched::Clients,
        log: fs::read(dir.path().join("query.log")).expect("a query log"),
        read: |line| -> Line { panic!("a DNS log is not read so: {line}") },
    };
    Some(Run { queries, arrived: said.trim().parse().unwrap_or_else(|error| panic!("{error}: {said}")) })
});

/// The bytes that a query's name carries: what stands left of the registered domain, without the dots. A byte that is no
/// letter is written `\DDD`, one that has a meaning of its own `\.`.
fn carried(line: &str) -> u64 {
    let (_, query) = line.split_once(": query: ").expect("a query");
    let name = query.split(' ').next().expect("a name");
    let mut letters = name.strip_suffix(".tunnel.example").unwrap_or_default().chars();
    let mut bytes = 0;
    while let Some(letter) = letters.next() {
        if letter == '\\' && letters.next().is_some_and(|next| next.is_ascii_digit()) {
            letters.nth(1);
        }
        bytes += u64::from(letter != '.');
    }
    bytes
}

/// Names of any bytes are read: iodine's are mostly none that a host could have.
#[test]
fn every_query_of_a_tunnel_is_read() {
    let Some(run) = &*RUN else { return };
    let expected: Vec<u64> = run.queries.lines().iter().map(|line| carried(line)).collect();
    let bytes =
        |event: &serde_json::Value| event.pointer("/outflow/bytes_out").and_then(|bytes| bytes.as_u64());
    let told: Vec<u64> = checks::events(&run.queries).iter().filter_map(bytes).collect();
    assert_eq!(told, expected);
    let answer = outflow(&["scan"], &run.queries, Format::Detected);
    let source = answer.rows.iter().find(|row| row["type"] == "source").expect("a source line");
    assert_eq!((&source["events"], rejected(source)), (&expected.len().into(), 0), "{source}");
}

/// A letter carries seven bits at best (Base128), and beside the data stands what keeps the tunnel open: more is told than
/// came through.
#[test]
fn what_a_tunnel_carries_is_seen() {
    let Some(run) = &*RUN else { return };
    let carried: u64 = run.queries.lines().iter().map(|line| carried(line)).sum();
    assert!(
        SENT <= run.arrived && run.arrived < carried,
        "{} came through of {SENT} by {carried}",
        run.arrived
    );
    for format in [Format::Given, Format::Detected] {
        let answer = outflow(&["volumes", "--by", "host"], &run.queries, format);
        let told: Vec<_> =
            answer.rows.iter().map(|row| (row["host"].as_str(), row["bytes_out"].as_u64())).collect();
        assert_eq!(told, [(Some("127.0.0.1"), Some(carried))], "{}", answer.errors);
    }
}
