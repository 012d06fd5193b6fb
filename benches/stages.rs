//! Each stage alone on a few megabytes in memory, beside a count of newlines in the same bytes, which is as fast as text
//! can be looked at: `cargo bench --bench stages`, or with `-- --quick` behind it.
//!
//! Throughput is in bytes of log text for every stage, so that the stages of one format add up.

#![allow(missing_docs, reason = "criterion's macros write functions without")]
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on stops")]

use criterion::{
    BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime,
};
use outflow::estate::{Estate, Inventory};
use outflow::event::Channel;
use outflow::event::direction::{Verdict, Watched, direction};
use outflow::formats::{Context, Detail, Format, Scratch, kind};
use outflow::framing::{Buffer, Chunker, lines};
use outflow::tally::{By, Distribution, Naming, Record, Settings, Tally};
use outflow::units::{Span, Timestamp};
use std::fmt::Write;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

/// Lines of each text: some two megabytes, more than a core's second cache holds.
const LINES: u64 = 16_000;

/// Hosts and destinations that occur, few of them often.
const HOSTS: u64 = 2_000;

/// What differs from line to line; a fixed sequence (Knuth's MMIX generator), so that runs compare.
struct Lot(u64);

impl Lot {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    /// Small numbers more often than large ones.
    fn skewed(&mut self, end: u64) -> u64 {
        let end = self.below(end) + 1;
        self.below(end)
    }
}

/// Name, `--format` of the kind, what stands before the lines, and a line: its number and its lots in, text out.
type Sample = (&'static str, &'static str, &'static str, fn(u64, &mut Lot) -> String);

const SAMPLES: [Sample; 6] = [
    ("squid", "%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a %mt %>st", "", squid),
    ("nginx", "combined", "", combined),
    ("zeek-conn", "", ZEEK, zeek),
    ("zeek-conn", "", "", zeek_json),
    ("vpc-flow", "", "", vpc),
    ("w3c", "", W3C, w3c),
];

const START: u64 = 1_751_328_000;

fn host(lot: &mut Lot) -> String {
    let number = lot.skewed(HOSTS);
    format!("10.16.{}.{}", number / 250, number % 250 + 1)
}

fn squid(line: u64, lot: &mut Lot) -> String {
    format!(
        "{}.{:03} {:6} {} TCP_MISS/200 {} GET http://www{}.example.net/api/v2/{}/index.html user{} \
         HIER_DIRECT/203.0.113.{} text/html {}",
        START + line / 90,
        lot.below(1000),
        lot.below(900),
        host(lot),
        lot.below(90_000),
        lot.skewed(HOSTS),
        lot.below(1 << 30),
        lot.below(900),
        lot.below(256),
        lot.below(30_000),
    )
}

fn combined(line: u64, lot: &mut Lot) -> String {
    format!(
        "{} - - [01/Jul/2025:{:02}:{:02}:{:02} +0000] \"GET /data/{}/build.svg HTTP/1.1\" 200 {} \
         \"https://www.example.net/v2/index.html\" \"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Safari/537.36\"",
        host(lot),
        line / 3600 % 24,
        line / 60 % 60,
        line % 60,
        lot.below(1 << 30),
        lot.below(900_000),
    )
}

const ZEEK: &str = "#separator \\x09\n#unset_field\t-\n#path\tconn\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\t\
                    id.resp_p\tproto\tservice\tduration\torig_bytes\tresp_bytes\tconn_state\n";

fn zeek(line: u64, lot: &mut Lot) -> String {
    format!(
        "{}.{:06}\tCX5ap50jgX2Fx{}\t{}\t{}\t203.0.113.{}\t443\ttcp\tssl\t0.{:06}\t{}\t{}\tSF",
        START + line / 90,
        lot.below(1_000_000),
        lot.below(9999),
        host(lot),
        lot.below(60_000),
        lot.below(256),
        lot.below(1_000_000),
        lot.below(30_000),
        lot.below(90_000),
    )
}

fn zeek_json(line: u64, lot: &mut Lot) -> String {
    format!(
        "{{\"ts\":{}.{:06},\"uid\":\"CX5ap50jgX2Fx\",\"id.orig_h\":\"{}\",\"id.orig_p\":{},\"id.resp_h\":\"203.0.113.{}\",\
         \"id.resp_p\":443,\"proto\":\"tcp\",\"duration\":0.{:06},\"orig_bytes\":{},\"resp_bytes\":{},\"conn_state\":\"SF\"}}",
        START + line / 90,
        lot.below(1_000_000),
        host(lot),
        lot.below(60_000),
        lot.below(256),
        lot.below(1_000_000),
        lot.below(30_000),
        lot.below(90_000),
    )
}

fn vpc(line: u64, lot: &mut Lot) -> String {
    let start = START + line / 90;
    format!(
        "2 123456789010 eni-00001235b8ca{:05} {} 203.0.113.{} {} 443 6 {} {} {start} {} ACCEPT OK",
        lot.below(90_000),
        host(lot),
        lot.below(256),
        lot.below(60_000),
        lot.below(90),
        lot.below(90_000),
        start + 59,
    )
}

const W3C: &str = "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) \
                   sc-status sc-bytes cs-bytes time-taken\n";

fn w3c(line: u64, lot: &mut Lot) -> String {
    format!(
        "2025-07-01 {:02}:{:02}:{:02} 10.16.0.9 GET /data/{} - 443 - {} Mozilla/5.0+(X11) 200 {} {} {}",
        line / 3600 % 24,
        line / 60 % 60,
        line % 60,
        lot.below(1 << 30),
        host(lot),
        lot.below(900_000),
        lot.below(3_000),
        lot.below(900),
    )
}

fn text(front: &str, line: fn(u64, &mut Lot) -> String) -> Vec<u8> {
    let mut text = front.to_owned();
    let mut lot = Lot(1);
    (0..LINES).for_each(|number| writeln!(text, "{}", line(number, &mut lot)).unwrap());
    text.into_bytes()
}

/// The format in force below the headers of `text`.
fn format(name: &str, spec: &str, text: &[u8], detail: Detail) -> Arc<dyn Format> {
    let context = Context { detail, ..Context::default() };
    let kind = kind(name).unwrap();
    let mut format = (kind.compile)(spec, &context).unwrap();
    for line in lines(text).filter(|line| kind.is_header.is_some_and(|is_header| is_header(line.text))) {
        if let Some(Ok(changed)) = format.header(line.text) {
            format = changed;
        }
    }
    format
}

fn group<'c>(criterion: &'c mut Criterion, name: &str, bytes: usize) -> BenchmarkGroup<'c, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(2)).sample_size(20);
    group.throughput(Throughput::Bytes(bytes as u64));
    group
}

fn framing(criterion: &mut Criterion) {
    let text = text("", squid);
    let mut group = group(criterion, "framing", text.len());
    group
        .bench_function("newline count", |b| b.iter(|| memchr::memchr_iter(b'\n', black_box(&text)).count()));
    group.bench_function("lines", |b| {
        b.iter(|| lines(black_box(&text)).map(|line| line.text.len()).sum::<usize>())
    });
    group.bench_function("chunks", |b| {
        b.iter(|| {
            let mut chunker = Chunker::new(&text[..]);
            let mut count = 0;
            let mut buffer = Buffer::default();
            while let Some(chunk) = chunker.next(std::mem::take(&mut buffer)).unwrap() {
                count += chunk.lines;
                buffer = chunk.bytes;
            }
            count
        })
    });
}

fn parse(criterion: &mut Criterion) {
    for (name, spec, front, line) in SAMPLES {
        let text = text(front, line);
        let json = if text.starts_with(b"{") { " JSON" } else { "" };
        let mut group = group(criterion, &format!("parse {name}{json}"), text.len());
        group.bench_function("newline count", |b| {
            b.iter(|| memchr::memchr_iter(b'\n', black_box(&text)).count())
        });
        for detail in [Detail::Hosts, Detail::Sums, Detail::Full] {
            let format = format(name, spec, &text, detail);
            group.bench_function(format!("{detail:?}").to_lowercase(), |b| {
                b.iter(|| {
                    let scratch = Scratch::new();
                    let (mut events, mut bytes) = (Vec::new(), 0);
                    for line in lines(black_box(&text)) {
                        format.parse(line.text, &scratch, &mut events).unwrap();
                        bytes += events.drain(..).filter_map(|event| event.source.bytes).sum::<u64>();
                    }
                    bytes
                })
            });
        }
    }
}

/// The records of a text, made as `pipeline` makes them.
fn records<'a>(text: &'a [u8], format: &dyn Format, scratch: &'a Scratch) -> Vec<Record<'a>> {
    let estate = Estate::default();
    let mut events = Vec::new();
    lines(text).for_each(|line| format.parse(line.text, scratch, &mut events).unwrap());
    let egress = events.iter().filter_map(|event| match direction(event, &estate, Watched::default()) {
        Verdict::Egress(egress) => Some((event.timestamp, egress)),
        _ => None,
    });
    egress.zip(1..).map(|((at, egress), line)| record(at, &egress, line)).collect()
}

fn record<'a>(at: Timestamp, egress: &outflow::event::direction::Egress<'a>, line: u64) -> Record<'a> {
    Record {
        host: egress.host,
        destination: egress.destination,
        channel: Channel::Transfer,
        at,
        began: at,
        out: egress.bytes_out.unwrap_or(0),
        back: egress.bytes_in,
        blind: egress.bytes_out.is_none(),
        late: false,
        sense: outflow::incident::Sense::Out,
        port: 0,
        tunnel: false,
        exposure: None,
        tools: 0,
        offset: 0,
        line,
    }
}

fn tally(criterion: &mut Criterion) {
    let text = text("", squid);
    let (inventory, scratch) = (Inventory::default(), Scratch::new());
    let format = format("squid", SAMPLES[0].1, &text, Detail::Sums);
    let records = records(&text, &*format, &scratch);
    let mut group = group(criterion, "tally", text.len());
    for (name, by) in
        [("host", By::Host), ("host,destination", By::HostDestination), ("destination", By::Destination)]
    {
        group.bench_function(name, |b| {
            let settings = Settings { by, window: Some(Span::HOUR), ..Settings::default() };
            let mut tally: Tally<Distribution> = Tally::new(settings);
            b.iter(|| tally.record(black_box(&records), 0, &Naming { inventory: &inventory }));
        });
    }
}

fn distribution(criterion: &mut Criterion) {
    let mut lot = Lot(1);
    let values: Vec<u64> = (0..LINES).map(|_| lot.skewed(1 << 20)).collect();
    let mut group = criterion.benchmark_group("distribution");
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(2)).sample_size(20);
    group.throughput(Throughput::Elements(LINES));
    for each in [4, 32, LINES] {
        let each = usize::try_from(each).unwrap();
        group.bench_function(format!("{each} values each"), |b| {
            b.iter(|| {
                let fill = |values: &[u64]| {
                    let mut distribution = Distribution::default();
                    values.iter().for_each(|value| distribution.add(*value));
                    distribution.quantiles([0.5, 0.99])
                };
                black_box(&values).chunks(each).map(fill).fold(None, |_, quantiles| Some(quantiles))
            })
        });
    }
}

criterion_group!(stages, framing, parse, tally, distribution);
criterion_main!(stages);
