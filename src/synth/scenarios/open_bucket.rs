//! An open bucket, after the councils' data at Capita: a bucket of our own that anybody can read, and somebody does. The first
//! theft has the published figures, 3,000 objects and 655 GB; others 5 to 655 GB in objects of the same size. A few addresses
//! share the work, for one to five days.

use super::*;
use crate::synth::noise::buckets::{self, Audience};
use crate::synth::transfer::{Peer, Requester};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "open-bucket",
    about: "3,000 objects, 655 GB, read anonymously from a bucket that was meant for us",
    plan,
};

const BYTES: u64 = 655_000_000_000;
const OBJECTS: u64 = 3_000;
const DRAWS: u64 = stream("open-bucket hour");

struct OpenBucket {
    bucket: u32,
    readers: Vec<Peer>,
    bytes: u64,
    objects: u64,
    window: Range<u32>,
    theft: usize,
}

fn plan(world: &World, brief: &mut Brief<'_>) -> Box<dyn Theft> {
    let mut random = brief.random(world, SCENARIO.name);
    // One of our own in each row of ten, another row for every theft.
    let bucket = (brief.number * 10 + random.pick(7)) % buckets::count(world).max(10);
    let bucket = if buckets::audience(bucket) == Audience::Us { bucket } else { 0 };
    let (low, high) = if brief.number == 0 { (BYTES as f64, BYTES as f64) } else { (5e9, BYTES as f64) };
    let bytes = brief.bytes(&mut random, low, high);
    let objects = share(OBJECTS, 0, bytes, BYTES).clamp(20, OBJECTS);
    let length = 24 + random.pick(97);
    let window = brief.window(world, &mut random, length);
    let readers = (0..1 + random.pick(8)).map(|_| places::visitor(&mut random)).collect();
    Box::new(OpenBucket { bucket, readers, bytes, objects, window, theft: brief.position })
}

impl Theft for OpenBucket {
    fn hour(&mut self, world: &World, hour: &Hour, out: &mut Vec<Transfer>) {
        if !self.window.contains(&hour.index) {
            return;
        }
        let hours = u64::from(self.window.end - self.window.start);
        let place = u64::from(hour.index - self.window.start);
        let mut random = world.random(DRAWS, [u64::from(self.bucket), u64::from(hour.index)]);
        for object in share(self.objects, 0, place, hours)..share(self.objects, 0, place + 1, hours) {
            let bytes = share(self.bytes, object, object + 1, self.objects);
            let at = usize::try_from(random.below(self.readers.len() as u64)).unwrap_or(0);
            let Some(reader) = self.readers.get(at) else { continue };
            let read = buckets::read(self.bucket, *reader, Requester::Anonymous, bytes, hour, &mut random);
            // A large object takes its time, but the log shall not end before it.
            let closed = read.closed.min(hour.start + crate::units::Span::HOUR);
            out.push(Transfer { closed, theft: Some(self.theft), ..read });
        }
    }
}
