//! What is written is what is read: transfers → lines → events, by the parsers of this program.

use super::*;
use crate::estate::Estate;
use crate::event::direction::{Party, Verdict, Watched, direction};
use crate::formats::{Context, Scratch, detect};
use crate::framing::Chunk;
use crate::pipeline::{Piece, events};
use crate::synth::calendar::Hour;
use crate::synth::noise::{buckets, look_ups};
use crate::synth::transfer::{Outcome, Service};
use crate::synth::world::World;
use crate::synth::{noise, roles};
use std::net::IpAddr;

/// How each is to be read where detection cannot know.
fn spec(name: &str) -> Option<&'static str> {
    match name {
        "squid" => Some("squid:%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a %mt %>st"),
        "nginx" => Some("nginx"),
        _ => None,
    }
}

/// Host, destination, bytes out, bytes back, closed in whole seconds, as far as the log tells.
type Told = (String, String, Option<u64>, Option<u64>, i64);

fn read(name: &str, text: Vec<u8>) -> Vec<Told> {
    let context = Context::default();
    let lines: Vec<&[u8]> =
        text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).take(40).collect();
    let (kind, format) = match spec(name) {
        Some(spec) => detect::named(spec, &context).unwrap(),
        None => {
            let detected =
                detect::detect(&lines, &context).unwrap_or_else(|_| panic!("{name} is not recognised"));
            (detected.kind, detected.format)
        }
    };
    let piece = Piece { source: 0, format, chunk: Chunk { bytes: text.into(), ..Chunk::default() } };
    let mut told = Vec::new();
    let text = |party: Party<'_>| match party {
        Party::Ip(ip) => IpAddr::from(ip).to_string(),
        Party::Name(name) => String::from_utf8_lossy(name).into_owned(),
    };
    let counts = events(&piece, kind, &Scratch::new(), |event, _, _| {
        let watched = Watched { given: None, otherwise: b"somebody" };
        match direction(event, &Estate::default(), watched) {
            Verdict::Egress(egress) => told.push((
                text(egress.host),
                text(egress.destination),
                egress.bytes_out,
                egress.bytes_in,
                egress.closed.0.div_euclid(1_000_000),
            )),
            Verdict::Internal => {}
            other => panic!("{name}: {other:?} of {event:?}"),
        }
        Ok(())
    });
    assert_eq!(counts.rejected_total(), 0, "{name}");
    told
}

/// A morning hour of a small estate, with everything that any log tells of.
fn transfers() -> Vec<Transfer> {
    let world = World::new(5, Timestamp(1_679_875_200_000_000), 24, 800, 0.4);
    let hour = Hour::new(world.start, 10);
    let mut transfers = Vec::new();
    roles::hour(&world, &hour, &mut transfers);
    noise::NOISE.iter().for_each(|(_, add)| add(&world, &hour, &mut transfers));
    assert!(transfers.iter().any(|transfer| matches!(transfer.service, Service::Question(_))));
    let reader = world.hosts[0].peer;
    let mut random = world.random(1, [0, 0]);
    let requester = crate::synth::transfer::Requester::Partner;
    transfers.push(buckets::read(3, reader, requester, 77, &hour, &mut random));
    let labels = crate::synth::transfer::Labels::Coded { number: 9, length: 189 };
    let record = crate::synth::transfer::Record::Txt;
    let domain = crate::synth::places::unknown(&mut random);
    transfers.push(look_ups::question(&world, reader, domain, labels, record, &hour, &mut random));
    transfers
}

#[test]
fn every_writer_is_read_back() {
    let transfers = transfers();
    for writer in WRITERS {
        let mut lines = (writer.open)();
        let mut text = Vec::new();
        lines.header(Timestamp(1_679_875_200_000_000), &mut text);
        let mut expected: Vec<Told> = Vec::new();
        for transfer in transfers.iter().filter(|transfer| (writer.tells)(transfer)) {
            lines.transfer(transfer, &mut text);
            let outside = !transfer.peer.address.is_private() || !transfer.service.is_connection();
            if outside {
                let host = if writer.name == "nginx" { "somebody".into() } else { lines.host(transfer.host) };
                let at = match writer.name {
                    "bind-query" | "zeek-dns" => transfer.opened,
                    _ => transfer.closed,
                };
                expected.push((
                    host,
                    lines.destination(transfer.peer),
                    Some(transfer.host_bytes),
                    Some(transfer.peer_bytes),
                    at.0.div_euclid(1_000_000),
                ));
            }
        }
        assert!(expected.len() > 30, "{}: {}", writer.name, expected.len());
        lines.footer(Timestamp(1_679_878_800_000_000), &mut text);
        let mut told = read(writer.name, text);
        match writer.name {
            // A record a direction: the bytes back stand in the other one, which is not there if nobody answered.
            "vpc" => {
                let outcome = transfers.iter().filter(|transfer| transfer.outcome == Outcome::Unanswered);
                assert!(outcome.count() > 0);
                told = pairs(told);
                expected = pairs(expected);
            }
            // These do not say what came back, or not all of it.
            "nginx" | "s3-access" | "zeek-dns" | "bind-query" => {
                told.iter_mut().chain(&mut expected).for_each(|told| told.3 = None);
            }
            _ => {}
        }
        // S3 counts whole milliseconds from a whole second.
        if writer.name == "s3-access" {
            for (told, expected) in told.iter_mut().zip(&expected) {
                assert!((expected.4 - told.4).abs() <= 1, "{told:?} {expected:?}");
                told.4 = expected.4;
            }
        }
        assert_eq!(told.len(), expected.len(), "{}", writer.name);
        for (told, expected) in told.iter().zip(&expected) {
            assert_eq!(told, expected, "{}", writer.name);
        }
    }
}

/// Sums by host, destination and second.
fn pairs(told: Vec<Told>) -> Vec<Told> {
    let mut sums: std::collections::BTreeMap<(String, String, i64), (u64, u64)> = Default::default();
    for (host, destination, out, back, at) in told {
        let sum = sums.entry((host, destination, at)).or_default();
        *sum = (sum.0 + out.unwrap_or(0), sum.1 + back.unwrap_or(0));
    }
    sums.into_iter().map(|((host, to, at), (out, back))| (host, to, Some(out), Some(back), at)).collect()
}
