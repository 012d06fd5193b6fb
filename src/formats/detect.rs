//! Which format is this? By name, as the operator gives it, or from the first lines of a source.
//!
//! Every kind is asked. What is chosen comes with the reason; between two readings that differ in what the bytes mean
//! nothing is chosen, and the operator is told what to pass.

use super::envelope::{Envelope, Enveloped};
use super::format_string::sample;
use super::spelling::nearest;
use super::{Context, Format, KINDS, Kind, Scratch, Sniffed, SpecError, kind};
use crate::event::{Event, Role};
use std::sync::Arc;

/// A format that was recognised.
#[derive(Debug)]
pub struct Detected {
    /// The kind.
    pub kind: &'static Kind,
    /// The format, compiled.
    pub format: Arc<dyn Format>,
    /// What was compiled; `KIND:SPEC` on the command line gives the same (after `ENVELOPE+`, where there is one).
    pub spec: String,
    /// What is taken off each line first, the outermost first.
    pub envelopes: Vec<Envelope>,
    /// Finishes the sentence "chosen because …".
    pub why: String,
}

/// Lines that no kind recognises, or more than one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undetected {
    /// Which of the lines, from 1, is the first that fits nothing.
    pub line: usize,
    /// A sentence that says what to pass.
    pub expected: String,
}

/// How many envelopes may lie in one another: syslog in a container's log is seen, deeper nesting is not.
const ENVELOPES: usize = 2;

/// Recognises the format of a source by its first lines (a hundred are plenty; some may be damaged). Where no kind is
/// sure about the lines as they are, envelopes are taken off and what is inside is looked at.
///
/// # Errors
/// If no kind recognises them, or kinds that differ in what the bytes mean, or one that cannot tell.
pub fn detect(lines: &[&[u8]], context: &Context) -> Result<Detected, Undetected> {
    recognise(lines, context, ENVELOPES).map_err(|advice| Undetected {
        line: first_misfit(lines, context),
        expected: advice.unwrap_or_else(|| nothing_fits(lines)),
    })
}

/// What the lines are, or what to pass where they are something that cannot be told from them alone.
fn recognise(lines: &[&[u8]], context: &Context, deeper: usize) -> Result<Detected, Option<String>> {
    let mut sure: Vec<Detected> = Vec::new();
    let mut unsure: Option<String> = None;
    let mut spare: Option<Detected> = None;
    for kind in KINDS {
        let sniffed = (kind.sniff)(lines, context);
        let is_spare = matches!(sniffed, Sniffed::Else { .. });
        match sniffed {
            Sniffed::No => {}
            Sniffed::Unsure { say } => unsure = unsure.or(Some(say)),
            Sniffed::Yes { spec, why } | Sniffed::Else { spec, why } => {
                if let Ok(format) = (kind.compile)(&spec, context) {
                    let found = Detected { kind, format, spec, envelopes: Vec::new(), why };
                    match is_spare {
                        true => spare = spare.or(Some(found)),
                        false => sure.push(found),
                    }
                }
            }
        }
    }
    if sure.is_empty() {
        sure.extend(spare);
    }
    let mut sure = sure.into_iter();
    // A kind that is sure has recognised something that is its own; one that is not has only a suspicion.
    match sure.next() {
        Some(first) => sure.try_fold(first, |first, other| agree(first, other, lines)).map_err(Some),
        None if deeper > 0 => in_envelope(lines, context, deeper - 1).map_err(|advice| unsure.or(advice)),
        None => Err(unsure),
    }
}

/// The first envelope that most lines have and whose inside some kind is sure about.
fn in_envelope(lines: &[&[u8]], context: &Context, deeper: usize) -> Result<Detected, Option<String>> {
    let scratch = Scratch::new();
    let filled = sample::filled(lines);
    let mut advice = None;
    for envelope in Envelope::ALL {
        let name = envelope.name();
        let inside: Vec<&[u8]> = filled
            .iter()
            .filter_map(|&line| envelope.open(line, &scratch).ok())
            .map(|opened| opened.inner)
            .collect();
        if !sample::is_most(inside.len(), filled.len()) {
            continue;
        }
        match recognise(&inside, context, deeper) {
            Ok(mut found) => {
                found.format = Enveloped::wrap(envelope, found.format);
                found.why = format!("in {name} envelopes, {}", found.why);
                found.envelopes.insert(0, envelope);
                return Ok(found);
            }
            Err(say) => {
                let say =
                    say.map(|say| format!("in {name} envelopes (put {name}+ before what to pass), {say}"));
                advice = advice.or(say);
            }
        }
    }
    Err(advice)
}

/// Keeps the first of two readings if they say the same about every byte; else says what to pass.
fn agree(first: Detected, other: Detected, lines: &[&[u8]]) -> Result<Detected, String> {
    if meanings(&*first.format, lines) == meanings(&*other.format, lines) {
        let why = format!("{}; {} would read the same bytes on the same side", first.why, other.kind.name);
        return Ok(Detected { why, ..first });
    }
    let command = |detected: &Detected| match detected.spec.as_str() {
        "" => detected.kind.name.to_owned(),
        spec => format!("'{}:{spec}'", detected.kind.name),
    };
    Err(format!(
        "the lines fit two formats that differ in what the bytes mean: pass --format {} ({}) or --format {} ({})",
        command(&first),
        first.why,
        command(&other),
        other.why
    ))
}

/// Who sent how much on which side: what two readings must agree on.
#[derive(Debug, PartialEq)]
struct Meaning {
    role: Role,
    client: Option<std::net::IpAddr>,
    up: Option<u64>,
    down: Option<u64>,
}

fn meanings(format: &dyn Format, lines: &[&[u8]]) -> Vec<Vec<Meaning>> {
    let scratch = Scratch::new();
    let meaning = |line: &&[u8]| {
        let mut events = Vec::new();
        // A line that does not read has no meaning; how many do is the kind's own business.
        if format.parse(line, &scratch, &mut events).is_err() {
            events.clear();
        }
        let of = |event: &Event<'_>| Meaning {
            role: event.role,
            client: event.source.ip,
            up: event.source.bytes,
            down: event.destination.bytes,
        };
        events.iter().map(of).collect()
    };
    lines.iter().map(meaning).collect()
}

fn nothing_fits(lines: &[&[u8]]) -> String {
    if lines.iter().all(|line| line.trim_ascii().is_empty()) {
        return "there is no line to recognise a format by: pass --format NAME".into();
    }
    let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
    format!(
        "no known format fits: pass --format NAME ({}) --format 'KIND:STRING' with the server's own format string, or describe it in a configuration ([format.NAME], -c)",
        names.join(", ")
    )
}

/// The first line, from 1, that no kind recognises even alone.
fn first_misfit(lines: &[&[u8]], context: &Context) -> usize {
    let fits = |line: &[u8]| {
        line.trim_ascii().is_empty()
            || KINDS.iter().any(|kind| !matches!((kind.sniff)(&[line], context), Sniffed::No))
    };
    lines.iter().position(|line| !fits(line)).map_or(1, |place| place + 1)
}

/// The format named on the command line or in the configuration, and its kind: `NAME` or `KIND:STRING`, with the envelopes
/// to take off before it, as in `syslog+squid` or `docker+nginx:STRING`.
///
/// # Errors
/// If there is no such kind (with the nearest name, where one is near) or its string cannot be compiled; the position
/// counts from the beginning of `text`.
pub fn named(text: &str, context: &Context) -> Result<(&'static Kind, Arc<dyn Format>), SpecError> {
    let before = text.split_once(':').map_or(text, |(name, _)| name);
    if let Some((outer, inner)) = before.split_once('+').and_then(|_| text.split_once('+')) {
        let envelope = Envelope::named(outer).ok_or_else(|| SpecError {
            message: format!(
                "there is no envelope \"{outer}\"; before a + may stand {}",
                Envelope::ALL.map(Envelope::name).join(", ")
            ),
            position: 0,
        })?;
        let shift = |error: SpecError| SpecError { position: error.position + outer.len() + 1, ..error };
        let (kind, format) = named(inner, context).map_err(shift)?;
        return Ok((kind, Enveloped::wrap(envelope, format)));
    }
    let (name, spec, start) = match text.split_once(':') {
        Some((name, spec)) => (name, spec, name.len() + 1),
        None => (text, "", text.len()),
    };
    if name.trim().is_empty() {
        let message = "no format is named: leave it out to have it found out, or write one that `outflow formats` lists";
        return Err(SpecError { message: message.into(), position: 0 });
    }
    if let Some(own) = context.own.iter().find(|own| own.kind().name == name) {
        return match spec {
            "" => Ok((own.kind(), own.compile(context))),
            _ => {
                let message = format!("{name} is described in the configuration: it takes no string");
                Err(SpecError { message, position: start })
            }
        };
    }
    let kind = kind(name).ok_or_else(|| SpecError { message: no_such_kind(name, context), position: 0 })?;
    let shift = |error: SpecError| SpecError { position: error.position + start, ..error };
    Ok((kind, (kind.compile)(spec, context).map_err(shift)?))
}

/// The format that a configuration gives for a log, in the envelopes that the log's first lines show: what a server sends
/// to syslog is defined without syslog's header. Also says whether it reads most of the lines.
///
/// # Errors
/// As [`named`].
pub fn fitting(
    text: &str,
    lines: &[&[u8]],
    context: &Context,
) -> Result<(&'static Kind, Arc<dyn Format>, bool), SpecError> {
    let (kind, format) = named(text, context)?;
    match enveloped(&format, lines, ENVELOPES) {
        Some(fitting) => Ok((kind, fitting, true)),
        None => Ok((kind, format, false)),
    }
}

/// `format` in the first envelopes in which it reads most of the lines, if only in none.
fn enveloped(format: &Arc<dyn Format>, lines: &[&[u8]], deeper: usize) -> Option<Arc<dyn Format>> {
    if sample::reads_most(&**format, lines) {
        return Some(Arc::clone(format));
    }
    let (scratch, filled) = (Scratch::new(), sample::filled(lines));
    Envelope::ALL.into_iter().filter(|_| deeper > 0).find_map(|envelope| {
        let opened = filled.iter().filter_map(|line| envelope.open(line, &scratch).ok());
        let inside: Vec<&[u8]> = opened.map(|opened| opened.inner).collect();
        if !sample::is_most(inside.len(), filled.len()) {
            return None;
        }
        Some(Enveloped::wrap(envelope, enveloped(format, &inside, deeper - 1)?))
    })
}

fn no_such_kind(name: &str, context: &Context) -> String {
    let nickname = name.to_ascii_lowercase();
    let asked = nickname.replace(['_', '.', ' '], "-");
    // A kind that ignores its string would take any name; it is asked for nonsense too.
    let knows = |kind: &&&Kind| {
        (kind.compile)(&nickname, context).is_ok() && (kind.compile)("no such layout", context).is_err()
    };
    let nicknames: Vec<String> =
        KINDS.iter().filter(knows).map(|kind| format!("{}:{nickname}", kind.name)).collect();
    let own = context.own.iter().map(|own| own.kind().name);
    let names: Vec<&str> = own.chain(KINDS.iter().map(|kind| kind.name)).collect();
    let list = "`outflow formats` lists them";
    match nearest(&asked, &names) {
        Some(near) => format!("there is no format \"{name}\"; did you mean \"{near}\"? ({list})"),
        _ if !nicknames.is_empty() => {
            format!("there is no format \"{name}\"; did you mean {}? ({list})", nicknames.join(" or "))
        }
        _ => format!("there is no format \"{name}\"; the formats are {}", names.join(", ")),
    }
}

#[cfg(test)]
mod tests;
