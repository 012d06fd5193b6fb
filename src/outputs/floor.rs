//! What `outflow floor` found: how much could leave and not be told, for people or as JSON lines.

use super::{SCHEMA, escape};
use crate::units::{Bytes, Timestamp};
use serde_json::{Map, Value, json};
use std::io::{self, Write};

/// The lengths of a theft, as keys of JSON end.
const WITHIN: [&str; 3] = ["hour", "day", "month"];

/// The place of a day in [`WITHIN`].
const DAY: usize = 1;

/// The largest theft that is not told; `None`: nothing up to a petabyte is.
pub(crate) type Floor = Option<u64>;

/// The floors of a host by one way.
#[derive(Clone, Copy, Debug)]
pub struct FloorWay {
    /// The way, as in keys of JSON: `new_destination`.
    pub way: &'static str,
    /// In an hour, a day, a month.
    pub within: [Floor; 3],
}

/// A host.
#[derive(Clone, Debug)]
pub struct FloorRow<'a> {
    /// Its name.
    pub host: &'a str,
    /// Its role; empty where that is not known.
    pub role: &'a str,
    /// By each way that the logs show of it.
    pub ways: Vec<FloorWay>,
}

/// Something that hides whatever is stolen.
#[derive(Clone, Debug)]
pub struct BlindSpot {
    /// The log.
    pub path: String,
    /// What is wrong, and the line that cures it where there is one.
    pub why: String,
}

/// What an allow rule costs.
#[derive(Clone, Debug)]
pub struct FloorPrice<'a> {
    /// Where the rule stands in its file.
    pub line: usize,
    /// Why there is one.
    pub reason: &'a str,
    /// Hosts that it is about.
    pub hosts: usize,
    /// What one of them could send in a day without it, the median.
    pub without: Floor,
    /// What it can with it.
    pub with: Floor,
}

/// A floor that was proven, or was not.
#[derive(Clone, Debug)]
pub struct FloorProof<'a> {
    /// The host.
    pub host: &'a str,
    /// By which way.
    pub way: &'static str,
    /// For how long.
    pub within: &'static str,
    /// The floor, in bytes.
    pub floor: u64,
    /// Whether a theft a fifth smaller was told.
    pub below_told: bool,
    /// Whether one a quarter larger was.
    pub above_told: bool,
}

/// All that was found.
#[derive(Clone, Debug)]
pub struct FloorReport<'a> {
    /// A row for each host.
    pub rows: Vec<FloorRow<'a>>,
    /// What hides everything.
    pub blind: Vec<BlindSpot>,
    /// Of each allow rule that is about somebody.
    pub prices: Vec<FloorPrice<'a>>,
    /// Floors that were proven, or were not.
    pub proofs: Vec<FloorProof<'a>>,
    /// All together.
    pub summary: FloorSummary,
}

/// All together.
#[derive(Clone, Debug)]
pub struct FloorSummary {
    /// The day of which all this is true.
    pub day: Timestamp,
    /// Incidents a day that can be read.
    pub budget: u32,
    /// What an incident had to score on that day to be told, in bits.
    pub bits: f64,
    /// How many hosts were computed; the others are like one of them.
    pub computed: usize,
    /// What the logs do not show: `None` where a way is shown.
    pub unseen: Vec<(&'static str, String)>,
}

/// A number of hosts by one way: the middle and the highest.
struct Spread<'a> {
    way: &'static str,
    hosts: usize,
    median: [Floor; 3],
    highest: [(Floor, &'a str); 3],
}

/// Boundless is more than any number.
fn order(floor: Floor) -> u64 {
    floor.unwrap_or(u64::MAX)
}

fn spreads<'a>(rows: &[&FloorRow<'a>]) -> Vec<Spread<'a>> {
    let mut ways: Vec<&'static str> = Vec::new();
    for way in rows.iter().flat_map(|row| row.ways.iter().map(|way| way.way)) {
        if !ways.contains(&way) {
            ways.push(way);
        }
    }
    let spread = |way: &'static str| {
        let of = |within: usize| {
            let floors = rows.iter().flat_map(|row| row.ways.iter().map(move |floors| (row.host, floors)));
            let mut floors: Vec<(Floor, &'a str)> = floors
                .filter(|(_, floors)| floors.way == way)
                .map(|(host, floors)| (floors.within[within], host))
                .collect();
            floors.sort_by_key(|(floor, host)| (order(*floor), std::cmp::Reverse(*host)));
            floors
        };
        let sorted: [Vec<(Floor, &'a str)>; 3] = std::array::from_fn(of);
        let middle = |floors: &Vec<(Floor, &'a str)>| floors.get(floors.len() / 2).and_then(|floor| floor.0);
        Spread {
            way,
            hosts: sorted[DAY].len(),
            median: std::array::from_fn(|within| middle(&sorted[within])),
            highest: std::array::from_fn(|within| sorted[within].last().copied().unwrap_or((None, ""))),
        }
    };
    ways.into_iter().map(spread).collect()
}

/// Rows by role, the roles by name; hosts without a role last.
fn by_role<'r, 'a>(rows: &'r [FloorRow<'a>]) -> Vec<(&'a str, Vec<&'r FloorRow<'a>>)> {
    let mut roles: Vec<&str> = rows.iter().map(|row| row.role).collect();
    roles.sort_unstable_by_key(|role| (role.is_empty(), *role));
    roles.dedup();
    let of = |role: &'a str| (role, rows.iter().filter(|row| row.role == role).collect());
    roles.into_iter().map(of).collect()
}

/// Hosts from which most can leave in a day by any way, the most first.
fn worst<'r, 'a>(rows: &'r [FloorRow<'a>]) -> Vec<(&'r FloorRow<'a>, &'r FloorWay)> {
    let worst_way = |row: &'r FloorRow<'a>| {
        let way = row.ways.iter().max_by_key(|way| way.within.map(order)[DAY])?;
        Some((row, way))
    };
    let mut worst: Vec<_> = rows.iter().filter_map(worst_way).collect();
    worst.sort_by_key(|(row, way)| (std::cmp::Reverse(order(way.within[DAY])), row.host));
    worst
}

/// For people. Hosts with the highest floors are listed, `top` of them.
pub fn table(report: &FloorReport<'_>, top: usize, to: &mut dyn Write) -> io::Result<()> {
    let FloorReport { rows, blind, prices, proofs, summary } = report;
    let FloorSummary { day, budget, bits, .. } = summary;
    let date = day.to_string();
    writeln!(
        to,
        "What one host could send and not be told, as of {}, with a budget of {budget}/day ({bits:.0} bits that day)\n",
        date.get(..10).unwrap_or(&date)
    )?;
    let all: Vec<&FloorRow<'_>> = rows.iter().collect();
    let mut groups = vec![("estate", all)];
    groups.extend(by_role(rows).into_iter().filter(|(role, _)| !role.is_empty()));
    let width = groups.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0).max(8);
    writeln!(
        to,
        "{:width$}  {:18}  {:>6}  {:>8}  {:>8}  {:>8}  HIGHEST IN A DAY",
        "", "BY", "HOSTS", "AN HOUR", "A DAY", "A MONTH"
    )?;
    for (name, rows) in &groups {
        for spread in spreads(rows) {
            let [hour, day, month] = spread.median.map(size);
            let (most, host) = spread.highest[DAY];
            writeln!(
                to,
                "{:width$}  {:18}  {:>6}  {hour:>8}  {day:>8}  {month:>8}  {} from {}",
                escape::terminal(name),
                spread.way.replace('_', " "),
                spread.hosts,
                size(most),
                escape::terminal(host)
            )?;
        }
    }
    writeln!(to, "\nMedians of hosts. A thief who knew the estate would take the highest.")?;
    if !blind.is_empty() || !summary.unseen.is_empty() {
        writeln!(to, "\nBLIND SPOTS: here anything could leave")?;
        for spot in blind {
            writeln!(to, "  {}: {}", escape::terminal(&spot.path), escape::terminal(&spot.why))?;
        }
        for (way, why) in &summary.unseen {
            writeln!(to, "  {}: {}", way.replace('_', " "), escape::terminal(why))?;
        }
    }
    if !prices.is_empty() {
        writeln!(to, "\nWHAT RULES COST: more may leave in a day by")?;
        for FloorPrice { line, reason, hosts, without, with } in prices {
            writeln!(
                to,
                "  [[allow]] of line {line} ({}): {} instead of {}, from each of {hosts}",
                escape::terminal(reason),
                size(*with),
                size(*without)
            )?;
        }
    }
    let worst = worst(rows);
    if top > 0 && !worst.is_empty() {
        writeln!(to, "\nHOSTS WITH THE HIGHEST FLOORS")?;
        let shown = worst.get(..top.min(worst.len())).unwrap_or_default();
        let width = shown.iter().map(|(row, _)| row.host.chars().count()).max().unwrap_or(0);
        for (row, way) in shown {
            let [hour, day, month] = way.within.map(size);
            let role = if row.role.is_empty() { String::new() } else { format!(" ({})", row.role) };
            writeln!(
                to,
                "  {:width$}  {hour:>8} in an hour, {day:>8} in a day, {month:>8} in a month by {}{}",
                escape::terminal(row.host),
                way.way.replace('_', " "),
                escape::terminal(&role)
            )?;
        }
    }
    if !proofs.is_empty() {
        let held = proofs.iter().filter(|proof| proof.holds()).count();
        writeln!(
            to,
            "\n{held} of {} floors were proven by thefts laid over the logs: a fifth less is not told, a quarter more is.",
            proofs.len()
        )?;
        for proof in proofs.iter().filter(|proof| !proof.holds()) {
            let FloorProof { host, way, within, floor, below_told, .. } = proof;
            writeln!(
                to,
                "  {} by {} in {} {within}: {} {}",
                escape::terminal(host),
                way.replace('_', " "),
                if *within == "hour" { "an" } else { "a" },
                Bytes(*floor),
                if *below_told { "is too much: less was told" } else { "is too little: more was not told" }
            )?;
        }
    }
    Ok(())
}

impl FloorProof<'_> {
    /// Whether the floor holds.
    pub fn holds(&self) -> bool {
        !self.below_told && self.above_told
    }
}

fn size(floor: Floor) -> String {
    floor.map_or("any".to_owned(), |bytes| Bytes(bytes).to_string())
}

/// One object a line: every host, every role, the estate, blind spots, what rules cost, proofs, then all together.
pub fn json(report: &FloorReport<'_>, to: &mut dyn Write) -> io::Result<()> {
    let FloorReport { rows, blind, prices, proofs, summary } = report;
    for row in rows {
        let mut object = Map::new();
        object.insert("host".into(), row.host.into());
        if !row.role.is_empty() {
            object.insert("role".into(), row.role.into());
        }
        let mut boundless = Vec::new();
        for way in &row.ways {
            for (floor, within) in way.within.iter().zip(WITHIN) {
                let key = format!("{}_per_{within}", way.way);
                if floor.is_none() {
                    boundless.push(key.clone());
                }
                object.insert(key, json!(floor));
            }
        }
        // As everybody may rely on them.
        for key in ["new_destination_per_day", "known_destination_per_day", "dns_per_day"] {
            object.entry(key).or_insert(Value::Null);
        }
        if !boundless.is_empty() {
            object.insert("boundless".into(), json!(boundless));
        }
        line(to, "floor", &object)?;
    }
    let groups = by_role(rows).into_iter().filter(|(role, _)| !role.is_empty());
    let groups = groups.map(|(role, rows)| (Some(role), rows));
    for (role, rows) in groups.chain([(None, rows.iter().collect())]) {
        let mut object = Map::new();
        if let Some(role) = role {
            object.insert("role".into(), role.into());
        }
        object.insert("hosts".into(), rows.len().into());
        for spread in spreads(&rows) {
            for (place, within) in WITHIN.into_iter().enumerate() {
                let (highest, host) = spread.highest[place];
                object.insert(
                    format!("{}_per_{within}", spread.way),
                    json!({"hosts": spread.hosts, "median": spread.median[place], "highest": highest, "highest_host": host}),
                );
            }
        }
        line(to, if role.is_some() { "floor_role" } else { "floor_estate" }, &object)?;
    }
    for BlindSpot { path, why } in blind {
        let mut object = Map::new();
        object.insert("path".into(), path.as_str().into());
        object.insert("why".into(), why.as_str().into());
        line(to, "blind_spot", &object)?;
    }
    for FloorPrice { line: place, reason, hosts, without, with } in prices {
        let mut object = Map::new();
        object.insert("line".into(), (*place).into());
        object.insert("reason".into(), (*reason).into());
        object.insert("hosts".into(), (*hosts).into());
        object.insert("without_per_day".into(), json!(without));
        object.insert("with_per_day".into(), json!(with));
        line(to, "floor_allow", &object)?;
    }
    for proof in proofs {
        let mut object = Map::new();
        object.insert("host".into(), proof.host.into());
        object.insert("way".into(), proof.way.into());
        object.insert("within".into(), proof.within.into());
        object.insert("bytes".into(), proof.floor.into());
        object.insert("below_told".into(), proof.below_told.into());
        object.insert("above_told".into(), proof.above_told.into());
        object.insert("holds".into(), proof.holds().into());
        line(to, "floor_proof", &object)?;
    }
    let unseen: Map<String, Value> =
        summary.unseen.iter().map(|(way, why)| ((*way).to_owned(), why.as_str().into())).collect();
    let mut object = Map::new();
    object.insert("day".into(), summary.day.to_string().into());
    object.insert("budget_per_day".into(), summary.budget.into());
    object.insert("bits".into(), json!(summary.bits));
    object.insert("hosts".into(), rows.len().into());
    object.insert("computed".into(), summary.computed.into());
    object.insert("unseen".into(), unseen.into());
    object.insert("proofs".into(), proofs.len().into());
    object.insert("proofs_held".into(), proofs.iter().filter(|proof| proof.holds()).count().into());
    line(to, "summary", &object)
}

/// A line with its type first, as all have it.
fn line(to: &mut dyn Write, of: &str, object: &Map<String, Value>) -> io::Result<()> {
    write!(to, "{{\"type\":\"{of}\",\"schema\":\"{SCHEMA}\"")?;
    for (key, value) in object {
        write!(to, ",{}:{value}", Value::from(key.as_str()))?;
    }
    to.write_all(b"}\n")
}
