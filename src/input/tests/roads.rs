//! One content down every road: the size of reads changes nothing, and no bytes make it panic.

use std::mem;

use proptest::prelude::*;

use super::*;

fn any_packed() -> impl Strategy<Value = Vec<u8>> {
    let member = (prop::sample::select(&PACKED[..]), 0..400_usize, 1..4_usize);
    let flips = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3);
    (member, flips, any::<prop::sample::Index>(), any::<bool>()).prop_map(
        |((compression, count, members), flips, cut, whole)| {
            let mut packed: Vec<u8> =
                (0..members).flat_map(|i| pack(compression, &lines(count * i + 3))).collect();
            for (at, byte) in flips {
                let at = at.index(packed.len());
                packed[at] ^= byte;
            }
            if !whole {
                packed.truncate(cut.index(packed.len() + 1));
            }
            packed
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whole, cut and damaged content alike gives the same bytes and the same kind of end on every road.
    #[test]
    fn short_reads_change_nothing(
        packed in any_packed(),
        sizes in prop::collection::vec(1..70_usize, 1..5),
        room in 1..5_000_usize,
    ) {
        let at_once = read(&packed);
        let in_pieces = read_in(&packed, &sizes, room);
        prop_assert_eq!(at_once.compression, in_pieces.compression);
        // The kind: the decoder's words may differ.
        let kind = |out: &Out| out.fault().as_ref().map(mem::discriminant);
        prop_assert_eq!(kind(&at_once), kind(&in_pieces), "{:?} and {:?}", at_once.error, in_pieces.error);
        prop_assert!(at_once.content == in_pieces.content, "{} and {} bytes", at_once.content.len(), in_pieces.content.len());
    }

    #[test]
    fn arbitrary_bytes_never_panic(mark in 0..8_usize, rest in prop::collection::vec(any::<u8>(), 0..300)) {
        let marks: [&[u8]; 8] = [
            b"", b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ\0", b"BZh91AY&SY", b"\x04\x22\x4d\x18",
            b"\x50\x2a\x4d\x18", b"\xff\xfe",
        ];
        read(&[marks[mark], &rest].concat());
    }
}
