//! Zeek's two writers: the same records as TSV and as JSON are the same events.
//!
//! Zeek is in no distribution's packages, so its writers are modelled here, as `Ascii.cc`, `Desc.cc` and the JSON formatter
//! write: what is unset is `-` or left out, sets are joined or arrays, bytes that are no text are `\xHH`.

use crate::outflow::run;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value as Json, json};
use std::fmt::Write as _;
use std::fs;

/// A value of a record, of one of Zeek's types.
#[derive(Clone, Debug)]
enum Value {
    Unset,
    /// Microseconds: both writers give six decimals.
    Time(u64),
    Count(u64),
    Bool(bool),
    /// Addresses, enums and what else holds nothing to escape.
    Word(String),
    Text(Vec<u8>),
    Set(Vec<String>),
}

/// What a field may hold.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Time,
    Interval,
    Count,
    Port,
    Status,
    Bool,
    Address,
    Word(&'static [&'static str]),
    Text,
    Name,
    Hosts,
    /// Some names, or none.
    Tags,
}

/// Names and kinds; a `?` behind a name: it may be unset.
type Fields = &'static [(&'static str, Kind)];

/// The columns that logs of connections begin with.
const CONNECTION: Fields = &[
    ("ts", Kind::Time),
    ("uid", Kind::Word(&["CHhAvVGS1DHFjwGM9"])),
    ("id.orig_h", Kind::Address),
    ("id.orig_p", Kind::Port),
    ("id.resp_h", Kind::Address),
    ("id.resp_p", Kind::Port),
];

const CONN: Fields = &[
    ("proto", Kind::Word(&["tcp", "udp", "icmp"])),
    ("service?", Kind::Word(&["ssl", "http", "ssl,http", "dns"])),
    ("duration?", Kind::Interval),
    ("orig_bytes?", Kind::Count),
    ("resp_bytes?", Kind::Count),
    ("conn_state", Kind::Word(&["SF", "S0", "S1", "RSTO", "OTH"])),
    ("local_orig?", Kind::Bool),
    ("missed_bytes", Kind::Count),
    ("history?", Kind::Word(&["ShADadFf", "S", "D", "^d"])),
    ("orig_pkts?", Kind::Count),
    ("orig_ip_bytes?", Kind::Count),
    ("resp_pkts?", Kind::Count),
    ("resp_ip_bytes?", Kind::Count),
    ("tunnel_parents?", Kind::Tags),
];

const HTTP: Fields = &[
    ("trans_depth", Kind::Count),
    ("method?", Kind::Word(&["GET", "PUT", "POST"])),
    ("host?", Kind::Name),
    ("uri?", Kind::Text),
    ("referrer?", Kind::Text),
    ("version?", Kind::Word(&["1.1", "1.0"])),
    ("user_agent?", Kind::Text),
    ("request_body_len", Kind::Count),
    ("response_body_len", Kind::Count),
    ("status_code?", Kind::Status),
    ("status_msg?", Kind::Text),
    ("tags", Kind::Tags),
    ("username?", Kind::Text),
];

const DNS: Fields = &[
    ("proto", Kind::Word(&["tcp", "udp"])),
    ("trans_id?", Kind::Count),
    ("rtt?", Kind::Interval),
    ("query?", Kind::Text),
    ("qtype?", Kind::Count),
    ("qtype_name?", Kind::Word(&["A", "TXT", "NULL"])),
    ("rcode_name?", Kind::Word(&["NOERROR", "NXDOMAIN"])),
    ("AA", Kind::Bool),
    ("answers?", Kind::Tags),
];

const SSL: Fields = &[
    ("version?", Kind::Word(&["TLSv12", "TLSv13"])),
    ("cipher", Kind::Word(&["TLS_AES_128_GCM_SHA256"])),
    ("server_name?", Kind::Text),
    ("resumed", Kind::Bool),
    ("established", Kind::Bool),
];

const FILES: Fields = &[
    ("ts", Kind::Time),
    ("fuid", Kind::Word(&["FakNcS1Jfe01uljb3"])),
    ("uid?", Kind::Word(&["CHhAvVGS1DHFjwGM9"])),
    ("id.orig_h", Kind::Address),
    ("id.orig_p", Kind::Port),
    ("id.resp_h", Kind::Address),
    ("id.resp_p", Kind::Port),
    ("source", Kind::Word(&["HTTP", "SSL", "SMTP"])),
    ("analyzers", Kind::Tags),
    ("filename?", Kind::Text),
    ("duration?", Kind::Interval),
    ("is_orig?", Kind::Bool),
    ("seen_bytes", Kind::Count),
    ("missing_bytes", Kind::Count),
];

/// Up to Zeek 4.
const FILES_OLD: Fields = &[
    ("ts", Kind::Time),
    ("fuid", Kind::Word(&["FakNcS1Jfe01uljb3"])),
    ("tx_hosts", Kind::Hosts),
    ("rx_hosts", Kind::Hosts),
    ("source", Kind::Word(&["HTTP", "SSL", "SMTP"])),
    ("duration?", Kind::Interval),
    ("is_orig?", Kind::Bool),
    ("seen_bytes", Kind::Count),
    ("missing_bytes", Kind::Count),
];

/// A log's name, the columns that it begins with, and its own.
const LOGS: [(&str, Fields, Fields); 6] = [
    ("conn", CONNECTION, CONN),
    ("http", CONNECTION, HTTP),
    ("dns", CONNECTION, DNS),
    ("ssl", CONNECTION, SSL),
    ("files", &[], FILES),
    ("files", &[], FILES_OLD),
];

fn address() -> BoxedStrategy<String> {
    prop_oneof![
        (0u8..4, 1u8..250).prop_map(|(net, host)| format!("10.1.{net}.{host}")),
        (1u8..250).prop_map(|host| format!("203.0.113.{host}")),
        (1u16..9_999).prop_map(|host| format!("2001:db8::{host:x}")),
    ]
    .boxed()
}

/// What clients send: words, quotes, backslashes, what looks like an escape or like an unset value, and bytes that are no text.
fn text() -> BoxedStrategy<Vec<u8>> {
    prop_oneof![
        4 => "[ -~]{1,40}".prop_map(String::into_bytes),
        2 => "\\PC{1,20}".prop_map(String::into_bytes),
        1 => proptest::sample::select(vec!["-", "(empty)", "a,b", "\\", "\\n", "a\\tb", "tab\there", "\"", "''", "%00"])
            .prop_map(|text| text.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 1..20),
    ]
    .prop_map(|mut text| {
        // What a byte that is no text becomes in Zeek's JSON cannot be told from its being sent as such, so nobody sends it.
        text.retain(|byte| *byte != b'x');
        if text.is_empty() { b"a".to_vec() } else { text }
    })
    .boxed()
}

fn value(kind: Kind) -> BoxedStrategy<Value> {
    let word = |words: &'static [&'static str]| proptest::sample::select(words).prop_map(str::to_owned);
    match kind {
        Kind::Time => (0u64..86_400_000_000).prop_map(|at| Value::Time(1_680_000_000_000_000 + at)).boxed(),
        Kind::Interval => (1u64..7_200_000_000).prop_map(Value::Time).boxed(),
        Kind::Count => prop_oneof![Just(0), 1u64..100_000, 1u64..1 << 40].prop_map(Value::Count).boxed(),
        Kind::Port => (1u64..65_536).prop_map(Value::Count).boxed(),
        Kind::Status => (100u64..600).prop_map(Value::Count).boxed(),
        Kind::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Kind::Address => address().prop_map(Value::Word).boxed(),
        Kind::Word(words) => word(words).prop_map(Value::Word).boxed(),
        Kind::Text => text().prop_map(Value::Text).boxed(),
        Kind::Name => prop_oneof![
            word(&["files.example", "files.example:8080", "203.0.113.9", "[2001:db8::9]:80"])
                .prop_map(String::into_bytes),
            text(),
        ]
        .prop_map(Value::Text)
        .boxed(),
        Kind::Hosts => proptest::collection::vec(address(), 1..3).prop_map(Value::Set).boxed(),
        Kind::Tags => proptest::collection::vec(word(&["MD5", "SHA1"]), 0..3).prop_map(Value::Set).boxed(),
    }
}

/// A record of a log, its values in the order of the fields.
fn record(fields: &[(&str, Kind)]) -> BoxedStrategy<Vec<Value>> {
    let values: Vec<BoxedStrategy<Value>> = fields
        .iter()
        .map(|(name, kind)| match name.ends_with('?') {
            true => prop_oneof![1 => Just(Value::Unset), 3 => value(*kind)].boxed(),
            false => value(*kind),
        })
        .collect();
    values.boxed()
}

fn seconds(micros: u64) -> String {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

/// A text in a column: valid text as it is, a backslash doubled, all else as `\xHH`; so is the first byte of what would
/// read as unset or empty.
fn escaped(text: &[u8]) -> Vec<u8> {
    if matches!(text, b"-" | b"(empty)") {
        return [format!("\\x{:02x}", text[0]).as_bytes(), &text[1..]].concat();
    }
    let plain = std::str::from_utf8(text)
        .is_ok_and(|text| !text.chars().any(|letter| letter.is_control() && !letter.is_ascii()));
    let mut written = Vec::new();
    for &byte in text {
        match byte {
            b'\\' => written.extend(b"\\\\"),
            b' '..=b'~' => written.push(byte),
            128.. if plain => written.push(byte),
            _ => written.extend(format!("\\x{byte:02x}").bytes()),
        }
    }
    written
}

fn tsv(value: &Value) -> Vec<u8> {
    match value {
        Value::Unset => b"-".to_vec(),
        Value::Time(micros) => seconds(*micros).into_bytes(),
        Value::Count(count) => count.to_string().into_bytes(),
        Value::Bool(yes) => (if *yes { b"T" } else { b"F" }).to_vec(),
        Value::Word(word) => word.clone().into_bytes(),
        Value::Text(text) => escaped(text),
        Value::Set(items) if items.is_empty() => b"(empty)".to_vec(),
        Value::Set(items) => items.join(",").into_bytes(),
    }
}

fn json(value: &Value) -> Option<Json> {
    Some(match value {
        Value::Unset => return None,
        Value::Time(micros) => Json::Number(seconds(*micros).parse().unwrap()),
        Value::Count(count) => json!(count),
        Value::Bool(yes) => json!(yes),
        Value::Word(word) => json!(word),
        Value::Text(text) => json!(readable(text)),
        Value::Set(items) => json!(items),
    })
}

/// A text in JSON: valid text as it is, the bytes of any other as `\xHH` where they are not ASCII.
fn readable(text: &[u8]) -> String {
    let bad = |letter: char| letter.is_control() && !matches!(letter, '\u{8}' | '\u{c}' | '\n' | '\r' | '\t');
    match std::str::from_utf8(text) {
        Ok(text) if !text.contains(bad) => text.to_owned(),
        _ => text.iter().fold(String::new(), |mut written, &byte| {
            match byte {
                b' '..=b'~' | 8 | 9 | 10 | 12 | 13 => written.push(char::from(byte)),
                _ => write!(written, "\\x{byte:02x}").unwrap(),
            }
            written
        }),
    }
}

/// What the program says of a log, without where it stands.
fn events(log: &[u8]) -> Vec<Json> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("zeek.log");
    fs::write(&path, log).unwrap();
    let run = run(&["parse", &path.to_string_lossy()]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let mut rows = run.rows("");
    for row in &mut rows {
        row["outflow"]
            .as_object_mut()
            .unwrap()
            .retain(|key, _| !matches!(key.as_str(), "file" | "offset" | "line"));
    }
    rows
}

#[test]
fn tsv_and_json_of_the_same_records_are_equal_events() {
    for (path, first, rest) in LOGS {
        let fields = &[first, rest].concat();
        let mut runner = TestRunner::deterministic();
        let records = proptest::collection::vec(record(fields), 500).new_tree(&mut runner).unwrap().current();
        let names: Vec<&str> = fields.iter().map(|(name, _)| name.trim_end_matches('?')).collect();
        let mut text = format!(
            "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\t{path}\n#fields\t{}\n",
            names.join("\t")
        )
        .into_bytes();
        let mut lines = Vec::new();
        for record in &records {
            text.extend(record.iter().map(tsv).collect::<Vec<_>>().join(&b'\t'));
            text.push(b'\n');
            let object: Map<String, Json> = names
                .iter()
                .zip(record)
                .filter_map(|(name, value)| Some(((*name).to_owned(), json(value)?)))
                .collect();
            lines.extend(format!("{}\n", Json::Object(object)).bytes());
        }
        let (from_text, from_json) = (events(&text), events(&lines));
        assert!(from_text.len() > 300, "{path}: {}", from_text.len());
        assert_eq!(from_text.len(), from_json.len(), "{path}");
        for (number, (one, other)) in from_text.iter().zip(&from_json).enumerate() {
            assert_eq!(one, other, "{path}, event {number}");
        }
    }
}
