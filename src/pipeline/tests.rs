//! The sums do not depend on how the input is cut, dealt out or ordered.

use super::*;
use crate::estate::Estate;
use crate::formats::{self, Context, Detail};
use crate::tally::{By, Counts, Distribution, Settings};
use crate::units::Span;
use proptest::prelude::*;
use std::collections::BTreeMap;

const HEADER: &str = "#Software: SGOS\n#Fields: date time c-ip cs-host cs-bytes sc-bytes s-action\n";

/// What a row of the answer is known by, and its sums.
type Rows = BTreeMap<(i64, String, String), (u64, u64, u64, Option<u64>, u64)>;

fn source(path: &str) -> Source {
    let kind = formats::kind("w3c").unwrap();
    let context = Context { detail: Detail::Sums, ..Context::default() };
    Source {
        path: path.into(),
        kind,
        format: (kind.compile)("", &context).unwrap(),
        chosen: String::new(),
        watched: None,
        fallback: String::new(),
    }
}

/// Cuts a text after every `lines` lines.
fn pieces(number: u32, source: &Source, text: &str, lines: usize) -> Vec<Piece> {
    let (mut pieces, mut format) = (Vec::new(), Arc::clone(&source.format));
    let (mut offset, mut lines_before) = (0, 0);
    let all: Vec<&str> = text.split_inclusive('\n').collect();
    for part in all.chunks(lines.max(1)) {
        let bytes = part.concat().into_bytes();
        let chunk = Chunk { offset, lines_before, bytes: bytes.into(), ..Chunk::default() };
        offset += chunk.bytes.len() as u64;
        lines_before += part.len() as u64;
        let after = format_after(source.kind, &format, &chunk);
        pieces.push(Piece { source: number, format: std::mem::replace(&mut format, after), chunk });
    }
    pieces
}

fn rows(sums: Sums<Distribution>) -> Rows {
    let mut rows = Rows::new();
    for tally in sums.into_tallies() {
        for (start, cells) in tally.windows() {
            for ((host, destination), cell) in cells.iter() {
                let name = (
                    start.0,
                    tally.host_name(*host).to_owned(),
                    tally.destination_name(*destination).to_owned(),
                );
                let bytes = &cell.measure;
                let row = (cell.out, cell.back, cell.events, bytes.quantile(0.5), bytes.max());
                assert!(rows.insert(name, row).is_none(), "a row stands in one tally only");
            }
        }
    }
    rows
}

/// One made-up line: minutes since the start, host, destination, bytes; some are damaged.
fn line((minute, host, destination, bytes, damaged): &(u16, u8, u8, u64, u8)) -> String {
    let (hour, minute) = (minute / 60 % 24, minute % 60);
    match damaged {
        0 => "damaged\n".into(),
        1 => "#Date: 2023-03-29 00:00:00\n".into(),
        _ => {
            let host = format!("10.0.{}.{}", host % 3, host);
            format!(
                "2023-03-29 {hour:02}:{minute:02}:00 {host} d{destination}.example {bytes} {minute} TCP_MISS\n"
            )
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn sums_are_the_same_however_the_input_is_cut(
        lines in proptest::collection::vec((0u16..1440, 0u8..20, 0u8..30, 0u64..1 << 40, 0u8..20), 1..300),
        cut in 1usize..80,
        split in 0usize..300,
        shards in 2usize..9,
        by in prop_oneof![Just(By::Host), Just(By::HostDestination), Just(By::Destination)],
        window in prop_oneof![Just(None), Just(Some(Span::HOUR)), Just(Some(Span::MINUTE.times(5)))],
    ) {
        let settings = Settings { by, window, ..Settings::default() };
        let text = |lines: &[_]| HEADER.to_owned() + &lines.iter().map(line).collect::<String>();
        let sums = |shards, sources: usize| Sums::<Distribution>::new(settings, shards, sources, Estate::default(), Take::default());

        // Simply: one source, one piece, one shard.
        let one = [source("a")];
        let mut simple = sums(1, 1);
        simple.add(&one, &pieces(0, &one[0], &text(&lines), usize::MAX));
        let counts = simple.counts[0].clone();
        let expected = rows(simple);
        prop_assert_eq!(counts.events + counts.skipped + counts.rejected_total(), counts.lines);

        // Cut into many pieces for many shards.
        let mut cut_up = sums(shards, 1);
        for pieces in pieces(0, &one[0], &text(&lines), cut).chunks(3) {
            cut_up.add(&one, pieces);
        }
        prop_assert_eq!(cut_up.counts[0].events, counts.events);
        prop_assert_eq!(cut_up.counts[0].rejected_total(), counts.rejected_total());
        prop_assert_eq!(&rows(cut_up), &expected);

        // Two files, read in either order.
        let (early, late) = lines.split_at(split.min(lines.len()));
        for flip in [false, true] {
            let two = [source("a"), source("b")];
            let mut halves = [pieces(0, &two[0], &text(early), cut), pieces(1, &two[1], &text(late), cut)];
            if flip {
                halves.reverse();
            }
            let mut both = sums(shards, 2);
            halves.iter().for_each(|pieces| both.add(&two, pieces));
            prop_assert_eq!(&rows(both), &expected);
        }
    }

    #[test]
    fn late_lines_are_the_same_however_the_input_is_cut(
        lines in proptest::collection::vec((0u16..1440, 0u8..4, 0u8..3, 1u64..1000, 2u8..20), 1..200),
        cut in 1usize..50,
        shards in 1usize..5,
    ) {
        let settings = Settings { by: By::Host, window: Some(Span::MINUTE.times(5)), ..Settings::default() };
        let take = Take { booking: Booking::Close { lateness: Span::MINUTE.times(10) }, ..Take::default() };
        let text = HEADER.to_owned() + &lines.iter().map(line).collect::<String>();
        let source = [source("a")];
        let run = |shards, cut| -> (Counts, Rows) {
            let mut sums = Sums::<Distribution>::new(settings, shards, 1, Estate::default(), take.clone());
            for pieces in pieces(0, &source[0], &text, cut).chunks(2) {
                sums.add(&source, pieces);
            }
            (sums.counts[0].clone(), rows(sums))
        };
        let (simple, expected) = run(1, usize::MAX);
        let (counts, got) = run(shards, cut);
        prop_assert_eq!(counts.late, simple.late);
        prop_assert_eq!(got, expected.clone());
        // Nothing is lost for being late.
        let total: u64 = lines.iter().map(|line| line.3).sum();
        prop_assert_eq!(expected.values().map(|row| row.0).sum::<u64>(), total);
    }
}
