//! An insider at month end: in the working hours of the last two working days of a month, when everybody closes books, a
//! workstation sends 0.5 to 10 GB to the file-transfer service that colleagues use for small things.

use super::*;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "insider",
    about: "0.5 to 10 GB from a workstation to personal cloud storage, in working hours at month end",
    plan,
};

fn plan(world: &World, brief: &mut Brief<'_>) -> Box<dyn Theft> {
    let mut random = brief.random(world, SCENARIO.name);
    let count = brief.hosts(1);
    let hosts = brief.choose(world, SCENARIO.name, count, |host| host.role.name == "workstation");
    let window =
        month_end(world, brief.learning).unwrap_or_else(|| working_day(world, brief.learning, &mut random));
    let bytes = brief.bytes(&mut random, 0.5e9, 10e9);
    let peer = places::TRANSFER.peer(&mut random);
    let leak = |(host, bytes)| Leak {
        agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:109.0) Gecko/20100101 Firefox/111.0",
        pace: Pace::WorkingHours,
        parts: Parts::Transfers(3, 3e6),
        ..Leak::new(host, peer, brief.position, bytes, window.clone())
    };
    Box::new(dealt(bytes, hosts, &mut random).into_iter().map(leak).collect::<Vec<Leak>>())
}

/// The first two days of month end after this hour that the log has in full.
fn month_end(world: &World, after: u32) -> Option<Range<u32>> {
    let mut days = days(world, after).filter(|day| Hour::new(world.start, day * 24).is_month_end());
    let first = days.next()?;
    Some(first * 24..days.next().unwrap_or(first) * 24 + 24)
}

/// Any working day, in a log without a month end; the last day where there is none.
fn working_day(world: &World, after: u32, random: &mut Random) -> Range<u32> {
    let days: Vec<u32> =
        days(world, after).filter(|day| Hour::new(world.start, day * 24).is_working_day()).collect();
    let at = usize::try_from(random.below(days.len() as u64)).unwrap_or(0);
    let day = days.get(at).copied().unwrap_or(world.hours / 24 - 1);
    day * 24..day * 24 + 24
}

/// The days after this hour.
fn days(world: &World, after: u32) -> Range<u32> {
    after.div_ceil(24)..world.hours / 24
}
