//! What a thief, or a bad log, may do to a theft that is otherwise found: one small estate, one theft, and a trick each.
//!
//! A trick that works is written down in the README and in the manuals of the detectors that it fools, and pinned here by a
//! test that says so: whoever cures it turns the test round.

use crate::cases::{Log, Traffic, rows};
use crate::outflow::feed;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

type Lines = Vec<(Timestamp, String)>;

/// The budget of every scan here, incidents a day; at most twice as many are told.
const BUDGET: usize = 3;
/// The host that leaks, and where to.
const THIEF: &str = "10.1.0.20";
const PLACE: &str = "upload.example.org";

fn at(text: &str) -> Timestamp {
    format!("2023-03-{text}:00Z").parse().unwrap()
}

fn flow(host: &str, destination: &str, (from, to): (&str, &str), every: i64, bytes_out: u64) -> Traffic {
    Traffic {
        host: host.to_owned(),
        destination: destination.to_owned(),
        places: None,
        places_apart: 0,
        from: at(from),
        to: at(to),
        every,
        bytes_out,
        hours: None,
        port: 443,
        grows: None,
        bytes_in: 0,
        agent: String::new(),
        blind: false,
        method: None,
        operation: None,
        requester: None,
    }
}

/// Three weeks of a hundred hosts: heartbeats of all, and sixty that send 2.4 GB a day to a service of the house.
fn estate() -> Vec<Traffic> {
    let all = ("10T08:00", "31T00:00");
    vec![
        Traffic { bytes_in: 300, ..flow("10.1.0.1+100", "monitor.example", all, 60, 2_048) },
        Traffic { bytes_in: 1_000_000, ..flow("10.1.0.1+60", "files.example", all, 240, 400_000_000) },
    ]
}

/// 6 GB in two hours of the twentieth day.
fn theft() -> Traffic {
    flow(THIEF, PLACE, ("29T10:00", "29T12:00"), 5, 250_000_000)
}

fn with(more: impl IntoIterator<Item = Traffic>) -> Lines {
    rows(Log::Proxy, &estate().into_iter().chain(more).collect::<Vec<_>>())
}

/// The incidents told.
fn told(lines: &[(Timestamp, String)]) -> Vec<Value> {
    let text =
        Log::Proxy.head().to_owned() + &lines.iter().map(|(_, line)| line.as_str()).collect::<String>();
    let run = feed(&["scan", "--json", "--budget", &format!("{BUDGET}/day")], &[text.as_bytes()]);
    assert!(run.code < 2, "{}", run.stderr);
    run.rows("incident")
}

/// When the theft was first told, if it was.
fn found(lines: &[(Timestamp, String)]) -> Option<Timestamp> {
    let is_it = |incident: &&Value| {
        let place = incident["destination"].as_str();
        incident["host"] == THIEF && place.is_none_or(|place| PLACE.ends_with(place))
    };
    let moments = told(lines);
    moments
        .iter()
        .filter(is_it)
        .map(|incident| incident["detected_at"].as_str().unwrap().parse().unwrap())
        .min()
}

fn is_found_within_the_hour(lines: &[(Timestamp, String)], trick: &str) {
    let found = found(lines);
    assert!(found.is_some_and(|found| found <= at("29T11:00")), "{trick}: {found:?}");
}

/// The same lines, of which some stand elsewhere in the log: where `moved` says.
fn moved(lines: Lines, moved: impl Fn(Timestamp, &str) -> SignedDuration) -> Lines {
    let mut lines: Lines = lines.into_iter().map(|(at, line)| (at + moved(at, &line), line)).collect();
    lines.sort_by_key(|(at, _)| *at);
    lines
}

/// Another clock: the stamps of some lines are wrong.
fn stamped(mut lines: Lines, whose: &str, by: SignedDuration) -> Lines {
    for (at, line) in lines.iter_mut().filter(|(_, line)| line.split(' ').nth(2) == Some(whose)) {
        line.replace_range(..19, &(*at + by).strftime("%Y-%m-%d %H:%M:%S").to_string());
    }
    lines
}

fn without(lines: Lines, from: &str, to: &str) -> Lines {
    lines.into_iter().filter(|(moment, _)| !(at(from)..at(to)).contains(moment)).collect()
}

#[test]
fn the_theft_is_found_and_nothing_else() {
    assert_eq!(told(&with([])), [] as [Value; 0]);
    is_found_within_the_hour(&with([theft()]), "none");
    assert_eq!(told(&with([theft()])).len(), 1);
}

#[test]
fn tools_by_other_names() {
    for agent in ["rclone/v1.60.1", "Mozilla/5.0", "svchost"] {
        is_found_within_the_hour(&with([Traffic { agent: agent.to_owned(), ..theft() }]), agent);
    }
}

#[test]
fn split_over_hosts() {
    let parts = Traffic { host: "10.1.0.20+10".to_owned(), bytes_out: 25_000_000, ..theft() };
    let told = told(&with([parts]));
    assert!(told.len() >= BUDGET, "{told:#?}");
    assert!(told.iter().all(|incident| incident["destination"] == "example.org"));
}

#[test]
fn split_over_destinations() {
    for (every, from) in [(5, "29T10:00"), (30, "29T02:00")] {
        let (destination, places) = ("up*-upload.net".to_owned(), Some(20));
        let told = told(&with([Traffic { destination, places, every, from: at(from), ..theft() }]));
        assert!(told.iter().any(|incident| incident["host"] == THIEF), "{every}");
        assert!(told.iter().all(|incident| incident["host"] == THIEF), "{told:#?}");
        assert!(told.len() <= BUDGET, "one host does not fill the list: {told:#?}");
    }
}

#[test]
fn poisoning_by_a_ramp() {
    // From 1 MB an hour, half as much again every day: two weeks later it is 1.9 GB.
    let ramp = Traffic { grows: Some(1.5), ..flow(THIEF, PLACE, ("15T10:00", "30T09:00"), 60, 1_000_000) };
    let told = told(&with([ramp]));
    let incident = told.iter().find(|incident| incident["host"] == THIEF).unwrap();
    let [gone, all] = ["bytes_out_at_detection", "bytes_out"].map(|key| incident[key].as_u64().unwrap());
    assert!(gone < all / 100, "{gone} of {all}");
}

#[test]
fn poisoning_by_decoys() {
    // A week of harmless uploads of the same size, first by the thief, then by sixteen others.
    let two_hours = |day: i64| {
        let from = at("20T10:00") + SignedDuration::from_hours(24 * day);
        (from, from + SignedDuration::from_hours(2))
    };
    let decoy = |host: i64, day: i64| {
        let (from, to) = two_hours(day);
        let host = format!("10.1.0.{}", 20 + host);
        Traffic { host, destination: format!("box{day}.net"), from, to, ..theft() }
    };
    is_found_within_the_hour(&with((0..8).map(|day| decoy(0, day)).chain([theft()])), "its own");
    let others = (0..16)
        .map(|number| Traffic { destination: format!("junk{number}.net"), ..decoy(10 + number, number % 8) });
    is_found_within_the_hour(&with(others.chain([theft()])), "others'");
}

fn loud(host: usize, number: usize) -> Traffic {
    let (host, destination) = (format!("10.1.0.{host}"), format!("junk{number}.net"));
    flow(&host, &destination, ("29T08:00", "29T09:30"), 5, 1_000_000_000)
}

#[test]
fn flooding_the_budget_from_one_host() {
    is_found_within_the_hour(&with((0..20).map(|number| loud(30, number)).chain([theft()])), "20 places");
}

/// A limit: who holds twice as many hosts as the budget has incidents a day, and makes louder noise with all of them towards
/// as many places, crowds out what is quieter, for that day.
#[test]
fn flooding_the_budget_from_many_hosts_works_for_a_day() {
    let flood = |hosts: usize| (0..hosts).map(|number| loud(30 + number, number));
    is_found_within_the_hour(&with(flood(BUDGET - 1).chain([theft()])), "as many as there is room for");
    assert_eq!(found(&with(flood(2 * BUDGET).chain([theft()]))), None, "cured? Then say so in the README");
    let longer = Traffic { to: at("30T12:00"), ..theft() };
    let found = found(&with(flood(2 * BUDGET).chain([longer])));
    assert!(found.is_some_and(|found| found <= at("30T01:00")), "{found:?}");
}

/// A limit: what is judged is what left less what came back, towards each place.
#[test]
fn padding_by_downloads_works_at_the_same_place_only() {
    let padded = Traffic { bytes_in: 260_000_000, ..theft() };
    assert_eq!(found(&with([padded.clone()])), None, "cured? Then say so in the README");
    let elsewhere = Traffic { destination: "mirror.example.net".to_owned(), bytes_out: 1_000, ..padded };
    is_found_within_the_hour(&with([elsewhere, theft()]), "padded elsewhere");
    is_found_within_the_hour(&with([Traffic { bytes_in: 125_000_000, ..theft() }]), "half as much back");
}

#[test]
fn clocks_that_are_off() {
    for seconds in [-7_200, -120, 120, 7_200] {
        let by = SignedDuration::from_secs(seconds);
        let found = found(&stamped(with([theft()]), THIEF, by));
        let latest = at("29T11:00") + by.max(SignedDuration::ZERO);
        assert!(found.is_some_and(|found| found <= latest), "{seconds}: {found:?}");
        assert_eq!(told(&stamped(with([]), THIEF, by)), [] as [Value; 0], "{seconds}");
    }
}

#[test]
fn gaps() {
    for (from, to) in [("27T00:00", "29T00:00"), ("29T00:00", "29T09:00"), ("29T10:20", "29T11:40")] {
        is_found_within_the_hour(&without(with([theft()]), from, to), from);
        // That the log itself fell silent may be told.
        let told = told(&without(with([]), from, to));
        assert!(told.iter().all(|incident| incident["bytes_out"] == 0), "{from}: {told:#?}");
    }
}

#[test]
fn duplicates() {
    let twice = |from: Timestamp, lines: Lines| -> Lines {
        lines.into_iter().flat_map(|line| vec![line.clone(); 1 + usize::from(line.0 >= from)]).collect()
    };
    // From the start, and from a day on: then all seem to send twice as much.
    for from in [at("10T00:00"), at("28T00:00")] {
        is_found_within_the_hour(&twice(from, with([theft()])), "twice");
        assert_eq!(told(&twice(from, with([]))), [] as [Value; 0], "{from}");
    }
}

#[test]
fn late_lines() {
    // A sensor's lines come so many minutes late, the thief's alone or all of an afternoon's.
    for minutes in [3, 45, 420] {
        let late = SignedDuration::from_mins(minutes);
        for whose in [Some(THIEF), None] {
            let moves = |moment: Timestamp, line: &str| {
                let is_late = whose.is_none_or(|host| line.split(' ').nth(2) == Some(host));
                let is_then = (at("29T10:00")..at("29T18:00")).contains(&moment);
                if is_late && is_then { late } else { SignedDuration::ZERO }
            };
            let found = found(&moved(with([theft()]), moves));
            assert!(found.is_some_and(|found| found <= at("29T11:00") + late), "{minutes}: {found:?}");
            assert_eq!(told(&moved(with([]), moves)), [] as [Value; 0], "{minutes}");
        }
    }
}
