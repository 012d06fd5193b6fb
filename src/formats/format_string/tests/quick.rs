//! The fast road against the plain one, and each detail against the others, on lines that are whole, damaged, and none.

use crate::event::reject::Reject;
use crate::event::{Event, Role};
use crate::formats::format_string::{Dialect, Layout, squid};
use crate::formats::{Context, Detail, Format, Scratch};
use proptest::prelude::*;

const SPECS: [&str; 7] = [
    "%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a %mt %>st",
    "%ts.%03tu %>a %ru %>st",
    "%ts.%03tu %rm %9tr %6<st %>a %Ss:%Sh %>st %mt",
    "%>a %ts %ru %un:%>p %<st/%>st",
    "%tl %>a %ru %>st",
    "%tl%>a %ru %>st",
    "%ts %>a %rp %>st",
];

fn layout(spec: &str, detail: Detail) -> Layout {
    let context = Context { detail, ..Context::default() };
    let dialect = Dialect { dataset: "squid", role: Role::Proxy, remedy: "", context: &context };
    Layout::compile(squid::pieces(spec).unwrap(), dialect).unwrap()
}

fn line() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        4 => "[0-9]{1,7}",
        2 => "1751328[0-9]{3}\\.[0-9]{3}",
        2 => "10\\.[0-9]{1,2}\\.[0-9]{1,3}\\.7",
        2 => "(TCP_MISS|HIER_DIRECT)/[0-9.]{1,9}",
        1 => "(GET|PUT)",
        1 => "TCP_MISS/[a-z0-9]{0,3}",
        1 => "http://[a-z]{1,9}\\.example(:80)?/[a-z /]{0,90}",
        1 => "[-/ a-z0-9:.]{0,70}",
        1 => Just(String::new()),
    ];
    let whole = ("[ ]{0,4}[0-9]{1,5}", 0u32..1000, "[0-9]{1,9}|-", "[a-z/]{0,150}", "[0-9]{1,12}|-").prop_map(
        |(elapsed, status, down, path, up)| {
            format!(
                "1751328000.253 {elapsed} 10.16.31.61 TCP_MISS/{status:03} {down} PUT http://a.example/{path} linda \
                 HIER_DIRECT/58.67.20.139 text/plain {up}"
            )
        },
    );
    prop_oneof![whole, proptest::collection::vec(word, 0..14).prop_map(|words| words.join(" "))]
}

proptest! {
    #[test]
    fn the_fast_road_says_what_the_plain_one_says(
        line in line(),
        spec in prop::sample::select(SPECS.to_vec()),
        detail in prop::sample::select(vec![Detail::Hosts, Detail::Sums, Detail::Full]),
    ) {
        let layout = layout(spec, detail);
        let scratch = Scratch::new();
        let (mut quick, mut plain) = (layout.blank(), layout.blank());
        if layout.quickly(line.as_bytes(), &scratch, &mut quick).is_some() {
            prop_assert_eq!(layout.plainly(line.as_bytes(), &scratch, &mut plain), Ok(()));
            prop_assert_eq!(quick, plain);
        }
    }
}

/// What is summed, or why the line is rejected.
fn summed(spec: &str, line: &str, detail: Detail) -> Result<String, Reject> {
    let (scratch, mut events) = (Scratch::new(), Vec::new());
    let read = layout(spec, detail).parse(line.as_bytes(), &scratch, &mut events);
    // Columns count from 1, and that behind the line is where something is missing.
    read.inspect_err(|reject| assert!(reject.column as usize <= line.len() + 1, "{reject:?}"))?;
    let sums = |event: &Event<'_>| format!("{:?}", (event.timestamp, event.source, event.destination.bytes));
    Ok(events.iter().map(sums).collect())
}

proptest! {
    #[test]
    fn every_detail_rejects_and_counts_the_same_lines(line in line(), spec in prop::sample::select(SPECS.to_vec())) {
        let full = summed(spec, &line, Detail::Full);
        prop_assert_eq!(&summed(spec, &line, Detail::Sums), &full);
        prop_assert_eq!(&summed(spec, &line, Detail::Hosts), &full);
    }
}

#[test]
fn a_status_that_is_no_number_is_absent() {
    let line = "1751328000.253 110 10.16.31.61 TCP_MISS/3o2 3052 PUT http://a.example/b - HIER_NONE/- text/plain 1671";
    let full = summed(SPECS[0], line, Detail::Full);
    assert!(full.as_ref().is_ok_and(|events| events.contains("1671")), "{full:?}");
    assert_eq!(full, summed(SPECS[0], line, Detail::Sums));
    assert_eq!(full, summed(SPECS[0], line, Detail::Hosts));
}

#[test]
fn a_path_that_is_a_whole_url_names_the_server() {
    for detail in [Detail::Sums, Detail::Full] {
        let (scratch, mut events) = (Scratch::new(), Vec::new());
        let line = b"1751328000 10.1.2.3 http://files.example/a 77";
        assert_eq!(layout("%ts %>a %rp %>st", detail).parse(line, &scratch, &mut events), Ok(()));
        assert_eq!(events[0].destination.domain, Some(&b"files.example"[..]), "{detail:?}");
    }
}

#[test]
fn a_whole_line_of_squid_takes_the_fast_road() {
    let line = b"1751328000.253    110 10.16.31.61 TCP_MISS/302 3052 PUT http://a.example/b linda HIER_DIRECT/58.67.20.139 \
                 text/plain 1671";
    for detail in [Detail::Hosts, Detail::Sums, Detail::Full] {
        let (layout, scratch, mut event) = (layout(SPECS[0], detail), Scratch::new(), Event::default());
        assert_eq!(layout.quickly(line, &scratch, &mut event), Some(()), "{detail:?}");
        assert_eq!(event.source.bytes, Some(1671));
    }
}
