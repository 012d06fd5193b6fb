//! `outflow synth`: what was asked for on the command line → [`Settings`], or a sentence that says what is wrong. Reads
//! no arguments and opens no files; the command line does.

use super::Settings;
use super::scenarios::{self, SCENARIOS, Scenario};
use super::writers::{self, WRITERS, Writer};
use crate::units::{Bytes, Span, Timestamp};
use std::fmt;
use std::ops::RangeInclusive;

/// As asked for; nothing checked yet.
#[derive(Clone, Debug)]
pub struct Request {
    /// `--hosts`, see [`HOSTS`].
    pub hosts: u32,
    /// `--days`, see [`DAYS`].
    pub days: u32,
    /// `--seed`; the same seed and settings give the same bytes.
    pub seed: u64,
    /// `--start`; its time of day is dropped (UTC).
    pub start: Timestamp,
    /// `--scenario`, repeated or by comma; `all` is every one of them.
    pub scenarios: Vec<String>,
    /// `--format`, repeated or by comma; what fits the place when empty.
    pub formats: Vec<String>,
    /// `--out`: a folder of logs instead of one stream.
    pub in_folder: bool,
    /// `--thefts`: of each scenario, see [`THEFTS`].
    pub thefts: u32,
    /// `--learning`: how long nothing is stolen; a third of the log, at most ten days, when not given.
    pub learning: Option<Span>,
    /// `--leaking`: hosts per theft; what the scenario says when not given.
    pub leaking: Option<u32>,
    /// `--bytes`: stolen per theft; the scenario's own figure when not given.
    pub bytes: Option<Bytes>,
    /// `--tidy`: see [`Settings::is_tidy`].
    pub is_tidy: bool,
    /// `--lines`: see [`Settings::line_power`].
    pub line_power: f64,
}

/// How many hosts an estate may have. Below fifty there is not one of each role.
pub const HOSTS: RangeInclusive<u32> = 50..=1_000_000;
/// How many thefts of each scenario there may be.
pub const THEFTS: RangeInclusive<u32> = 1..=1000;
/// How many days a log may have.
pub const DAYS: RangeInclusive<u32> = 1..=366;

impl Default for Request {
    /// The estate of the README: the days around the theft that it is named after.
    fn default() -> Request {
        Request {
            hosts: 3000,
            days: 8,
            seed: 1,
            start: Timestamp(1_679_529_600_000_000), // 2023-03-23
            scenarios: vec!["capita-2023".to_owned()],
            formats: Vec::new(),
            in_folder: false,
            thefts: 1,
            learning: None,
            leaking: None,
            bytes: None,
            is_tidy: false,
            line_power: 1.0,
        }
    }
}

/// What cannot be generated, as a whole sentence for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestError(String);

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for RequestError {}

impl Request {
    /// Checks everything and fills in what was not given.
    pub fn resolve(&self) -> Result<Settings, RequestError> {
        within("--hosts", self.hosts, HOSTS)?;
        within("--days", self.days, DAYS)?;
        within("--thefts", self.thefts, THEFTS)?;
        if !(self.line_power > 0.0 && self.line_power <= 1.0) {
            return Err(RequestError(format!("--lines {} is not above 0 and at most 1", self.line_power)));
        }
        let end = self.start + Span::DAY.times(i64::from(self.days));
        if self.start < Timestamp::MIN || end > Timestamp::MAX {
            return Err(RequestError(format!("--start {} is outside the years 1970 to 9999", self.start)));
        }
        let length = Span::DAY.times(i64::from(self.days));
        let learning = self.learning.unwrap_or(Span(length.0 / 3).min(Span::DAY.times(10)));
        if learning >= length {
            return Err(RequestError(format!("--learning {learning} leaves no time in {} days", self.days)));
        }
        if let Some(leaking) = self.leaking.filter(|leaking| *leaking == 0 || *leaking > self.hosts / 10) {
            return Err(RequestError(format!(
                "--leaking {leaking} is not between 1 and a tenth of the {} hosts",
                self.hosts
            )));
        }
        Ok(Settings {
            hosts: self.hosts,
            days: self.days,
            seed: self.seed,
            start: self.start.floor(Span::DAY),
            scenarios: self.scenarios()?,
            formats: self.formats()?,
            has_folders: self.in_folder,
            thefts: self.thefts,
            learning,
            leaking: self.leaking,
            bytes: self.bytes,
            is_tidy: self.is_tidy,
            line_power: self.line_power,
        })
    }

    fn formats(&self) -> Result<Vec<&'static Writer>, RequestError> {
        let mut chosen: Vec<&'static Writer> = Vec::new();
        let usual: &[&str] = if self.in_folder { &writers::FOLDER } else { &["zeek-conn"] };
        let asked: Vec<&str> = self.formats.iter().flat_map(|names| names.split(',')).collect();
        for name in if asked.is_empty() { usual } else { &asked } {
            let writer = writers::by_name(name)
                .ok_or_else(|| unknown("--format", name, WRITERS.iter().map(|writer| writer.name)))?;
            if !chosen.iter().any(|other| other.name == writer.name) {
                chosen.push(writer);
            }
        }
        if chosen.len() > 1 && !self.in_folder {
            return Err(RequestError("several formats need a folder to write to: pass --out DIR".to_owned()));
        }
        Ok(chosen)
    }

    fn scenarios(&self) -> Result<Vec<&'static Scenario>, RequestError> {
        let mut chosen: Vec<&'static Scenario> = Vec::new();
        for name in self.scenarios.iter().flat_map(|names| names.split(',')) {
            if name == "all" {
                return Ok(SCENARIOS.to_vec());
            }
            let scenario = scenarios::by_name(name).ok_or_else(|| {
                unknown("--scenario", name, SCENARIOS.iter().map(|scenario| scenario.name).chain(["all"]))
            })?;
            if !chosen.iter().any(|other| other.name == scenario.name) {
                chosen.push(scenario);
            }
        }
        Ok(chosen)
    }
}

fn within(option: &str, value: u32, range: RangeInclusive<u32>) -> Result<(), RequestError> {
    if range.contains(&value) {
        return Ok(());
    }
    Err(RequestError(format!("{option} {value} is not between {} and {}", range.start(), range.end())))
}

fn unknown(option: &str, given: &str, names: impl Iterator<Item = &'static str>) -> RequestError {
    let names: Vec<&str> = names.collect();
    RequestError(format!("{option} {given} is not known: choose from {}", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_the_estate_of_the_readme() {
        let settings = Request::default().resolve().unwrap();
        assert_eq!((settings.hosts, settings.thefts, settings.days), (3000, 1, 8));
        assert_eq!(settings.learning, Span::HOUR.times(64));
        assert_eq!(settings.start.to_string(), "2023-03-23T00:00:00Z");
    }

    #[test]
    fn what_is_wrong_is_said() {
        let said = |change: fn(&mut Request)| {
            let mut request = Request::default();
            change(&mut request);
            request.resolve().err().map(|error| error.to_string()).unwrap_or_default()
        };
        assert_eq!(said(|r| r.hosts = 3), "--hosts 3 is not between 50 and 1000000");
        assert_eq!(said(|r| r.days = 0), "--days 0 is not between 1 and 366");
        assert_eq!(
            said(|r| r.formats = vec!["x".into()]),
            "--format x is not known: choose from zeek-conn, zeek-dns, squid, w3c, vpc, nginx, s3-access, bind-query"
        );
        let scenarios = said(|r| r.scenarios = vec!["quiet,x".into()]);
        assert!(scenarios.contains("choose from quiet, capita-2023, ") && scenarios.ends_with(", all"));
        assert!(said(|r| r.formats = vec!["vpc,squid".into()]).ends_with("pass --out DIR"));
        assert!(said(|r| r.thefts = 0).starts_with("--thefts 0"));
        assert!(said(|r| r.learning = Some(Span::DAY.times(8))).starts_with("--learning"));
        assert!(said(|r| r.leaking = Some(0)).starts_with("--leaking 0"));
        assert!(said(|r| r.line_power = f64::NAN).starts_with("--lines NaN"));
        assert!(said(|r| r.start = Timestamp::MAX).starts_with("--start"));
        assert_eq!(said(|r| r.scenarios = vec!["all".into()]), "");
    }
}
