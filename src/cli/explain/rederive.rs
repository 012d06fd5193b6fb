//! The lines that an incident names, read again.

use super::Arguments;
use crate::batch::Sink;
use crate::cli::Ending;
use crate::estate::Estate;
use crate::event::direction::{Verdict, direction};
use crate::event::{Channel, Event};
use crate::formats::{Detail, Scratch};
use crate::outputs::{self, Evident, Found, Named};
use crate::pipeline::{Piece, Source, events};
use crate::tally::{Directory, Naming};
use crate::units::{Span, Timestamp};
use anyhow::Result;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What the logs say of an incident now.
#[derive(Debug)]
pub(super) struct Rederived {
    /// Each line that it names.
    pub(super) evidence: Vec<Evident>,
    /// Bytes that left by the hour, to its destinations, as far as the files that it names say.
    pub(super) hours: BTreeMap<Timestamp, u64>,
    /// Trouble where a file that it names could not be read; that was said.
    pub(super) ending: Ending,
}

/// Reads the files that an incident names, and those of the same folder that may be they under another name.
pub(super) fn rederive(arguments: &Arguments, incident: &Value) -> Result<Rederived> {
    let Named { host, destinations, evidence } = outputs::named(incident);
    let files: BTreeSet<PathBuf> = evidence.iter().map(|line| PathBuf::from(&line.file)).collect();
    let (named, lost): (Vec<PathBuf>, Vec<PathBuf>) = files.into_iter().partition(|file| file.is_file());
    let others = named.iter().chain(&lost).flat_map(|file| other_names(file)).collect::<BTreeSet<_>>();
    let others = others.into_iter().filter(|file| !named.contains(file)).collect();
    let mut rederived = Rederived { evidence, hours: BTreeMap::new(), ending: Ending::Nothing };
    let mut lines = Lines {
        host,
        destinations,
        estate: Estate::default(),
        wanted: rederived.evidence.iter().map(|line| line.offset).collect(),
        found: BTreeMap::new(),
        hours: BTreeMap::new(),
    };
    for (files, are_named) in [(named, true), (others, false)] {
        let is_whole = rederived.evidence.iter().all(|line| matches!(line.found, Found::Same { .. }));
        if is_whole || files.is_empty() {
            continue;
        }
        let mut opened = arguments.read.with_paths(files).open(Detail::Full)?;
        lines.estate = opened.estate.clone();
        opened.read(&mut lines);
        // What only has a like name may be anything.
        if are_named {
            rederived.ending = opened.ending();
        }
        for line in &mut rederived.evidence {
            line.found = said(line, &lines.found);
        }
    }
    rederived.hours = lines.hours_of(&rederived.evidence);
    Ok(rederived)
}

/// What is there of a line: in the file that the incident names, else in another.
fn said(line: &Evident, found: &BTreeMap<(u64, String), u64>) -> Found {
    let there: Vec<(&String, u64)> = found
        .range((line.offset, String::new())..(line.offset + 1, String::new()))
        .map(|((_, file), bytes)| (file, *bytes))
        .collect();
    // What two lines tell of one transfer counts as the most that one says, so a line may tell more than was counted.
    let same = |bytes: u64| bytes == line.bytes || (line.is_paired && bytes > line.bytes);
    let own = there.iter().find(|(file, _)| **file == line.file);
    match own.filter(|(_, bytes)| same(*bytes)).or(there.iter().find(|(_, bytes)| same(*bytes))) {
        Some((file, _)) => Found::Same { file: (*file).clone() },
        None => own
            .or(there.first())
            .map_or(Found::Gone, |(file, bytes)| Found::Differs { file: (*file).clone(), bytes: *bytes }),
    }
}

/// Endings of compressed logs.
const COMPRESSED: [&str; 5] = [".gz", ".zst", ".xz", ".bz2", ".lz4"];

/// What rotation may have made of a log: `access.log.1`, `access.log-20230401.gz`.
fn other_names(file: &Path) -> Vec<PathBuf> {
    let Some(own) = file.file_name().and_then(|name| name.to_str()) else { return Vec::new() };
    // One that was rotated when it was read goes on being rotated.
    let is_number = |end: char| end.is_ascii_digit() || end == '.' || end == '-';
    let compressed = COMPRESSED.iter().find_map(|ending| own.strip_suffix(ending));
    let stem = compressed.unwrap_or(own).trim_end_matches(is_number);
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let there = std::fs::read_dir(folder.unwrap_or(Path::new("."))).into_iter().flatten().flatten();
    let names = there.map(|entry| entry.file_name()).filter(|name| {
        let rest = name.to_str().and_then(|name| name.strip_prefix(stem));
        rest.is_some_and(|rest| !stem.is_empty() && (rest.is_empty() || rest.starts_with(['.', '-'])))
    });
    let paths = names.map(|name| folder.map_or(PathBuf::from(&name), |folder| folder.join(&name)));
    paths.filter(|path| path.is_file()).collect()
}

/// Looks for what one host sent to some destinations.
struct Lines {
    host: String,
    destinations: BTreeSet<String>,
    estate: Estate,
    wanted: BTreeSet<u64>,
    /// By offset and file: bytes that left.
    found: BTreeMap<(u64, String), u64>,
    /// By file: a copy of a log would count twice.
    hours: BTreeMap<String, BTreeMap<Timestamp, u64>>,
}

impl Sink for Lines {
    fn add(&mut self, sources: &[Source], pieces: &[Piece]) {
        for piece in pieces {
            if let Some(source) = sources.get(piece.source as usize) {
                self.piece(source, piece);
            }
        }
    }

    fn reached(&mut self, _unfinished: &[(u32, Timestamp)]) {}
}

impl Lines {
    /// Those of the files in which lines were found.
    fn hours_of(&self, evidence: &[Evident]) -> BTreeMap<Timestamp, u64> {
        let files: BTreeSet<&String> = evidence.iter().filter_map(Evident::found_in).collect();
        let mut hours = BTreeMap::new();
        for (hour, bytes) in files.into_iter().filter_map(|file| self.hours.get(file)).flatten() {
            *hours.entry(*hour).or_default() += bytes;
        }
        hours
    }

    fn piece(&mut self, source: &Source, piece: &Piece) {
        let scratch = Scratch::new();
        let estate = self.estate.clone();
        let naming = Naming { inventory: &estate.inventory };
        let (mut hosts, mut groups) = (Directory::new(usize::MAX), Directory::new(usize::MAX));
        let each = |event: &Event<'_>, _line: u64, offset: u64| {
            if let Verdict::Egress(egress) = direction(event, &estate, source.watching()) {
                let bytes = egress.bytes_out.unwrap_or(0);
                let host = hosts.host(egress.host, Channel::default(), &naming);
                let group = groups.group(egress.destination, Channel::default());
                if hosts.name(host) == self.host {
                    if self.wanted.contains(&offset) {
                        *self.found.entry((offset, source.path.clone())).or_default() += bytes;
                    }
                    if self.destinations.contains(groups.name(group)) && event.aside.is_none() {
                        let hours = self.hours.entry(source.path.clone()).or_default();
                        *hours.entry(event.closed().floor(Span::HOUR)).or_default() += bytes;
                    }
                }
            }
            Ok(())
        };
        events(piece, source.kind, &scratch, each);
    }
}
