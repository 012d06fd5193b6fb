//! Buckets at a provider's, one for every fifty hosts: most are read by our own applications all day, some by a partner's
//! nightly job, some are meant for the public, which also sends its crawlers.

use crate::synth::arithmetic::whole;
use crate::synth::calendar::{Hour, Rhythm, milliseconds};
use crate::synth::places;
use crate::synth::random::{Random, stream};
use crate::synth::transfer::{Object, Outcome, Peer, Requester, Service, Side, Transfer, client_port};
use crate::synth::world::World;

const HABIT: u64 = stream("buckets");
const DRAWS: u64 = stream("buckets hour");

/// Whom a bucket is meant for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::synth) enum Audience {
    Us,
    Partner,
    Public,
}

/// How many buckets there are.
pub(in crate::synth) fn count(world: &World) -> u32 {
    u32::try_from(world.hosts.len() / 50).unwrap_or(u32::MAX).max(10)
}

/// Of ten, seven are our own and two are public.
pub(in crate::synth) fn audience(number: u32) -> Audience {
    match number % 10 {
        0..7 => Audience::Us,
        7 => Audience::Partner,
        _ => Audience::Public,
    }
}

/// An object read from a bucket.
pub(in crate::synth) fn read(
    bucket: u32,
    reader: Peer,
    requester: Requester,
    bytes: u64,
    hour: &Hour,
    random: &mut Random,
) -> Transfer {
    let opened = hour.at(random.unit());
    let agent = match requester {
        Requester::Anonymous => {
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:109.0) Gecko/20100101 Firefox/111.0"
        }
        Requester::Ours => "aws-sdk-java/2.20.26",
        Requester::Partner => "Boto3/1.26.90",
    };
    Transfer {
        opened,
        closed: opened + milliseconds(0.03 + bytes as f64 / random.log_normal(15e6, 0.6)),
        host: places::bucket(bucket),
        peer: reader,
        opener: Side::Peer,
        client_port: client_port(random),
        service: Service::Object(Object { number: random.below(1_000_000), requester }),
        host_bytes: bytes,
        peer_bytes: 400,
        agent,
        outcome: Outcome::Done,
        theft: None,
    }
}

pub(super) fn hour(world: &World, hour: &Hour, out: &mut Vec<Transfer>) {
    let ours = world.of_role("application-server");
    for number in 0..count(world) {
        let mut habit = world.random(HABIT, [u64::from(number), 0]);
        let vigour = habit.log_normal(1.0, 1.0).clamp(0.05, 20.0);
        let size = habit.log_normal(90_000.0, 1.2);
        let reader = usize::try_from(habit.below(ours.len() as u64)).ok().and_then(|at| ours.get(at));
        let partner = places::partner(habit.pick(200));
        let mut random = world.random(DRAWS, [u64::from(number), u64::from(hour.index)]);
        let audience = audience(number);
        let (per_day, rhythm) = match audience {
            Audience::Us | Audience::Partner => (400.0 * vigour, Rhythm::Office),
            Audience::Public => (3_000.0 * vigour, Rhythm::Public),
        };
        let lines = world.lines(per_day);
        for _ in 0..random.poisson(lines / 24.0 * rhythm.weight(hour, 0)) {
            let bytes = whole(random.log_normal(size, 1.5) * per_day / lines);
            let (who, requester) = match (audience, reader) {
                (Audience::Public, _) | (_, None) => (places::visitor(&mut random), Requester::Anonymous),
                (_, Some(host)) => (host.peer, Requester::Ours),
            };
            out.push(read(number, who, requester, bytes, hour, &mut random));
        }
        if audience == Audience::Partner && hour.of_day == 2 {
            for _ in 0..1 + random.below(20) {
                let bytes = whole(random.log_normal(40e6, 0.8));
                out.push(read(number, partner, Requester::Partner, bytes, hour, &mut random));
            }
        }
        // A crawler or a mirror takes much of a public bucket about once a fortnight.
        if audience == Audience::Public && random.chance(1.0 / (14.0 * 24.0)) {
            let crawler = places::visitor(&mut random);
            for _ in 0..20 + random.below(200) {
                let bytes = whole(random.log_normal(6e6, 1.0));
                out.push(read(number, crawler, Requester::Anonymous, bytes, hour, &mut random));
            }
        }
    }
}
