//! softflowd looks at real traffic, nfcapd collects what it exports, and nfdump prints it: a record each way, and joined.

use crate::capture::{Capture, Line, Watched};
use crate::checks::{rejected, within_headers};
use crate::namespace;
use crate::outflow::{Format, outflow};
use std::sync::LazyLock;

const CLIENT: &str = "10.1.2.3";
const SERVER: &str = "203.0.113.9";
const UPLOADED: u64 = 3_000_000;
const DOWNLOADED: u64 = 1_000_000;

/// An upload and a download between two addresses, with the flows of nothing else.
const SCRIPT: &str = "
ip link set lo up
ip addr add CLIENT/32 dev lo
ip addr add SERVER/32 dev lo
mkdir www flows
head -c UPLOADED /dev/urandom >up.bin
head -c DOWNLOADED /dev/urandom >www/down.bin
rclone serve webdav --config rclone.conf --addr SERVER:8080 www >dav.log 2>&1 &
until curl -qs -o /dev/null http://SERVER:8080/; do sleep 0.1; done
nfcapd -b 127.0.0.1 -p 9995 -w flows -t 3600 >nfcapd.log 2>&1 &
collector=$!
until grep -qs Startup nfcapd.log; do sleep 0.1; done
softflowd -d -i lo -B 33554432 -n 127.0.0.1:9995 -v 9 -A milli -p pid -c control >softflowd.log 2>&1 &
until softflowctl -c control statistics >statistics.log 2>&1; do sleep 0.1; done
passed() { awk '$1 == \"lo:\" { print $3 }' /proc/net/dev; }
seen() { softflowctl -c control statistics >statistics.log; awk '/Packets processed/ { print $3 }' statistics.log; }
before=$(passed)
curl -qsS --interface CLIENT -T up.bin http://SERVER:8080/up.bin
curl -qsS --interface CLIENT -o got.bin http://SERVER:8080/down.bin
cmp up.bin www/up.bin
after=$(passed)
# softflowd gets packets a block at a time: others, which are not asked for below, push out the last.
while [ $(seen) -lt $((after - before)) ]; do
    bash -c 'for part in {1..20}; do head -c 50000 up.bin >/dev/udp/127.0.0.1/9; done' 2>fill.log || true
    sleep 0.1
done
softflowctl -c control shutdown >shutdown.log
# It sends what it has as it ends; then the collector's socket (port 9995 is 270B) is read empty.
while softflowctl -c control statistics >>shutdown.log 2>&1; do sleep 0.1; done
until awk '$2 ~ /:270B$/ { print $5 }' /proc/net/udp | grep -q ':00000000$'; do sleep 0.1; done
kill $collector
wait $collector || true
nfdump -R flows -o csv 'proto tcp' >each-way.csv
nfdump -R flows -B -o csv 'proto tcp' >joined.csv
";

struct Run {
    each_way: Capture,
    joined: Capture,
}

/// `None` where the machine gives no network for it.
static RUN: LazyLock<Option<Run>> = LazyLock::new(|| {
    let dir = tempfile::tempdir().expect("a folder");
    let script = SCRIPT.replace("CLIENT", CLIENT).replace("SERVER", SERVER);
    let script =
        script.replace("UPLOADED", &UPLOADED.to_string()).replace("DOWNLOADED", &DOWNLOADED.to_string());
    namespace::run("nfdump", &script, dir.path())?;
    let statistics = std::fs::read_to_string(dir.path().join("statistics.log")).expect("statistics");
    assert!(statistics.contains("dropped by libpcap: 0\n"), "softflowd missed packets:\n{statistics}");
    let capture = |name, file: &str| Capture {
        name,
        format: "nfdump-csv".into(),
        watched: Watched::Clients,
        log: std::fs::read(dir.path().join(file)).unwrap_or_else(|error| panic!("{file}: {error}")),
        read: |line| -> Line { panic!("a flow is no line of a server: {line}") },
    };
    Some(Run {
        each_way: capture("nfdump-each-way", "each-way.csv"),
        joined: capture("nfdump-joined", "joined.csv"),
    })
});

/// The logs of the run.
pub(crate) fn captures() -> Vec<&'static Capture> {
    RUN.iter().flat_map(|run| [&run.each_way, &run.joined]).collect()
}

/// What the rows say of the client: bytes out, bytes in, and how many rows there are.
fn logged(capture: &Capture) -> (u64, u64, u64) {
    let lines = capture.lines();
    let column = |name: &str| {
        lines[0].split(',').position(|column| column == name).unwrap_or_else(|| panic!("no column {name}"))
    };
    let (from, to, forth, back) = (column("sa"), column("da"), column("ibyt"), column("obyt"));
    let rows = lines.iter().skip(1).take_while(|line| *line != "Summary");
    rows.fold((0, 0, 0), |(out, into, rows), line| {
        let cells: Vec<&str> = line.split(',').map(str::trim).collect();
        let bytes = |place: usize| cells[place].parse::<u64>().unwrap_or_else(|_| panic!("bytes: {line}"));
        let (sent, answered) = if cells[from] == CLIENT {
            assert_eq!(cells[to], SERVER, "{line}");
            (bytes(forth), bytes(back))
        } else {
            assert_eq!((cells[from], cells[to]), (SERVER, CLIENT), "{line}");
            (bytes(back), bytes(forth))
        };
        (out + sent, into + answered, rows + 1)
    })
}

#[test]
fn volumes_are_what_nfdump_printed() {
    for capture in captures() {
        let (out, into, rows) = logged(capture);
        for (format, by) in [(Format::Given, "host"), (Format::Detected, "host,destination")] {
            let answer = outflow(&["volumes", "--by", by], capture, format);
            let told: Vec<_> = answer
                .rows
                .iter()
                .map(|row| (row["host"].as_str(), row["bytes_out"].as_u64(), row["bytes_in"].as_u64()))
                .collect();
            assert_eq!(told, [(Some(CLIENT), Some(out), Some(into))], "{}: {}", capture.name, answer.errors);
            assert_eq!(answer.rows[0]["events"], rows, "{}", capture.name);
        }
    }
}

/// A record each way and one of both say the same, and that is what the client sent and got.
#[test]
fn both_ways_are_what_was_sent() {
    let Some(run) = &*RUN else { return };
    let (out, into, each_way) = logged(&run.each_way);
    let (joined_out, joined_in, joined) = logged(&run.joined);
    assert_eq!((out, into, each_way), (joined_out, joined_in, 2 * joined));
    within_headers("sent", UPLOADED, out, 2);
    within_headers("got", DOWNLOADED, into, 2);
}

#[test]
fn nothing_of_nfdump_is_rejected() {
    for capture in captures() {
        let answer = outflow(&["scan"], capture, Format::Detected);
        let source = answer.rows.iter().find(|row| row["type"] == "source").expect("a source line");
        assert_eq!((&source["format"], rejected(source)), (&"nfdump-csv".into(), 0), "{source}");
        assert!(source["blind"].is_null(), "{source}");
    }
}
