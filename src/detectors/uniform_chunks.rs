//! `uniform-chunks`: what leaves to a new place comes in pieces of one size.

use super::{Case, Detector, Judge, Trait};
use crate::baseline::{Destination, Pair};

/// The row of this detector.
pub(super) const DETECTOR: Detector =
    Detector { name: "uniform-chunks", technique: "T1030", manual: MANUAL, judge: Judge::Trait(TRAIT) };

const TRAIT: Trait = Trait { shows, most: 3.0 };

/// How many pieces it takes.
const PIECES: u32 = 16;

/// The share of them that is of one size, to within a quarter.
const SHARE: f64 = 0.75;

const MANUAL: &str = "\
uniform-chunks: what leaves to a new place comes in pieces of one size (ATT&CK T1030, T1020)

What it sees
  Something that stands out anyway, goes to a group that is new to the host, and comes in equal pieces: an archive that was
  split, a tool that sends so many megabytes at a time, a beacon.

How
  The sizes of single lines from 16 kB on, counted in steps of an eighth of an octave; 16 pieces at least, three in four of
  which stand in two neighbouring steps, and so within a quarter of each other. Servers and buckets are not judged: how
  large a file is was not the reader's choice.
  Adds at most 3 bits, and less where incidents of the last two weeks often show it: -log2 of the share that does. Several
  such traits add -log2 of the share of incidents that show them all, at most 6 bits. It never speaks alone.

What fools it
  Pieces of random size; several files in one connection, where a line tells of the connection. Flow logs that report long
  connections every so many minutes make pieces of them that were none. Honest tools send in pieces too.

Source: heavy hitters by Misra and Gries 1982 over the steps of HdrHistogram; MITRE ATT&CK T1030.";

fn shows(case: &Case<'_>, pair: &Pair, _group: &Destination) -> bool {
    let sizes = pair.weighty.as_ref().and_then(|weighty| weighty.sizes.as_ref());
    !case.host.serves()
        && sizes.is_some_and(|sizes| sizes.count() >= PIECES && sizes.concentration() >= SHARE)
}
