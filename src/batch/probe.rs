//! Before reading: opens a source, looks at its first lines, and finds out how to read them.

use crate::event::Role;
use crate::formats::conf::Layouts;
use crate::formats::generic::mapped::Mapping;
use crate::formats::{Context, Detail, Format, Kind, Scratch, detect, mixed};
use crate::framing::{Buffer, Chunk, Chunker, Documents, lines};
use crate::input::{self, Opened, Place, Trouble};
use crate::pipeline::{Piece, Source, events};
use crate::units::Timestamp;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// How many of the first lines are looked at.
const LINES: usize = 100;

/// The same where several formats are mixed, so that rarer ones are met.
const LINES_MIXED: usize = 1000;

/// What the operator says about formats.
#[derive(Clone, Debug)]
pub enum Told {
    /// Nothing: find out.
    Nothing,
    /// `NAME` or `KIND:STRING`.
    Named(String),
    /// The configuration of the server that wrote the logs says it.
    Conf(Arc<Layouts>),
}

/// What the operator says about sources.
#[derive(Clone, Debug)]
pub struct How {
    /// What is said about formats.
    pub format: Told,
    /// The host that server logs watch.
    pub host: Option<String>,
    /// The role, where a format allows more than one.
    pub role: Option<Role>,
    /// The zone of stamps that carry none.
    pub zone: jiff::tz::TimeZone,
    /// How much of each line is wanted.
    pub detail: Detail,
    /// The formats that the operator describes.
    pub own: Arc<[Arc<Mapping>]>,
    /// Where nothing tells when a source was written (a pipe): a moment near its lines, for stamps without a year.
    pub near: Option<Timestamp>,
}

impl How {
    /// `written`: when the source was last written to, as far as that is known.
    fn context(&self, written: Option<Timestamp>) -> Context {
        let near = written.or(self.near);
        let (zone, own) = (self.zone.clone(), Arc::clone(&self.own));
        Context { zone, role: self.role, detail: self.detail, near, own }
    }
}

/// Something to read, and what the operator says about it.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Where it is.
    pub place: Place,
    /// What is said about it.
    pub how: Arc<How>,
}

/// A source that was opened and looked at.
pub(super) struct Probed {
    /// Where it is, and what is said about it.
    pub wanted: Wanted,
    /// The lines not yet looked at; `None` once closed to be opened again later.
    pub chunker: Option<Chunker<Box<dyn Read + Send>>>,
    /// The piece already read.
    pub first: Option<Chunk>,
    /// The stamp at which it begins, as far as the first lines say.
    pub begins: Timestamp,
    /// Bytes read so far, compressed as they are.
    pub consumed: Arc<AtomicU64>,
    /// Bytes of the file; `None` for a pipe.
    pub size: Option<u64>,
}

/// Opens a source and finds out its format. An empty source has none, and is not trouble.
pub(super) fn probe(wanted: &Wanted) -> Result<Option<(Source, Probed)>, Trouble> {
    let place = &wanted.place;
    let trouble = |what: String| Trouble { path: place.path().to_path_buf(), what };
    let (mut chunker, opened) = open(place)?;
    let first = match chunker.next(Buffer::default()) {
        Ok(Some(first)) => first,
        Ok(None) => return Ok(None),
        Err(error) => return Err(trouble(error.to_string())),
    };
    let source = recognised(wanted, &first, input::written(place)).map_err(trouble)?;
    let piece = Piece { source: 0, format: Arc::clone(&source.format), chunk: first };
    let begins = begins(&source, &piece);
    let (consumed, size) = opened;
    let probed = Probed {
        wanted: wanted.clone(),
        chunker: Some(chunker),
        first: Some(piece.chunk),
        begins,
        consumed,
        size,
    };
    Ok(Some((source, probed)))
}

/// How to read a source that begins with these lines and was written to at `written`.
///
/// # Errors
/// A sentence for the operator, where the lines are of no known format or not of the one that was named.
pub fn recognised(wanted: &Wanted, first: &Chunk, written: Option<Timestamp>) -> Result<Source, String> {
    let Wanted { place, how } = wanted;
    let (kind, format, chosen) = recognise(first, place, &how.format, &how.context(written))?;
    Ok(Source {
        path: match place {
            Place::Stdin => "-".into(),
            Place::File(path) => path.to_string_lossy().into_owned(),
        },
        kind,
        format,
        chosen,
        watched: how.host.clone(),
        fallback: fallback(place.path()),
    })
}

/// Recognises a source again, to read it in such detail.
pub(super) fn again(source: &mut Source, probed: &mut Probed, detail: Detail) -> Result<(), Trouble> {
    probed.wanted.how = Arc::new(How { detail, ..(*probed.wanted.how).clone() });
    if probed.first.is_none() {
        if let Some((found, opened)) = probe(&probed.wanted)? {
            (*source, *probed) = (found, Probed { chunker: None, first: None, ..opened });
        }
        return Ok(());
    }
    let Wanted { place, how } = &probed.wanted;
    let context = how.context(input::written(place));
    let trouble = |what: String| Trouble { path: place.path().to_path_buf(), what };
    if let Some(first) = &probed.first {
        (source.kind, source.format, source.chosen) =
            recognise(first, place, &how.format, &context).map_err(trouble)?;
    }
    Ok(())
}

/// How to read a source: its kind, the format compiled, and why that one.
type Recognised = (&'static Kind, Arc<dyn Format>, String);

/// Finds out how to read a source, by what the operator said or by its first piece; the error is a sentence for a person.
fn recognise(first: &Chunk, place: &Place, told: &Told, context: &Context) -> Result<Recognised, String> {
    let texts = || lines(&first.bytes).map(|line| line.text).filter(|text| !text.is_empty());
    match told {
        Told::Named(named) if named == "auto-mixed" => {
            let sample: Vec<&[u8]> = texts().take(LINES_MIXED).collect();
            let (format, names) = mixed::mixed(&sample, context)
                .ok_or("none of the first lines is of a known format: pass --format NAME or 'KIND:STRING'")?;
            Ok((&mixed::KIND, format, format!("line by line: {names}")))
        }
        Told::Named(named) => {
            let (kind, format) = detect::named(named, context).map_err(|error| error.to_string())?;
            let sample: Vec<&[u8]> = texts().take(LINES_MIXED).collect();
            match format.misfit(&sample) {
                Some(misfit) => Err(format!("not written as {named} says: {misfit}")),
                None => Ok((kind, format, format!("as told: {named}"))),
            }
        }
        Told::Conf(layouts) => {
            let choice = layouts.of_log(&place.path().to_string_lossy())?;
            let sample: Vec<&[u8]> = texts().take(LINES).collect();
            let (kind, format, fits) = detect::fitting(choice.spec, &sample, context)
                .map_err(|error| format!("{}, and in {}: {error}", choice.why, choice.spec))?;
            if !fits && !choice.certain {
                return Err(format!("{}, but these lines are not: pass --format for this log", choice.why));
            }
            Ok((kind, format, choice.why))
        }
        Told::Nothing => {
            let sample: Vec<&[u8]> = texts().take(LINES).collect();
            let found = detect::detect(&sample, context).map_err(|undetected| {
                // Detection counts the lines it was shown; blank ones were not.
                let line = lines(&first.bytes)
                    .zip(1..)
                    .filter(|(line, _)| !line.text.is_empty())
                    .nth(undetected.line.saturating_sub(1))
                    .map_or(1, |(_, number)| number);
                format!("line {line}: {}", undetected.expected)
            })?;
            Ok((found.kind, found.format, found.why))
        }
    }
}

type Opening = (Chunker<Box<dyn Read + Send>>, (Arc<AtomicU64>, Option<u64>));

/// Opens a place to read it from its beginning.
pub(super) fn open(place: &Place) -> Result<Opening, Trouble> {
    let Opened { reader, consumed, size_on_disk, .. } = input::open(place)?;
    Ok((Chunker::new(Box::new(Documents::new(reader))), (consumed, size_on_disk)))
}

/// The stamp of the first event among the first lines of a piece; the epoch where there is none.
pub fn begins(source: &Source, piece: &Piece) -> Timestamp {
    // This is asked of every piece, and the very first line answers nearly always.
    first_stamp(source, piece, 1).or_else(|| first_stamp(source, piece, LINES)).unwrap_or(Timestamp::MIN)
}

fn first_stamp(source: &Source, piece: &Piece, lines: usize) -> Option<Timestamp> {
    let ends = memchr::memchr_iter(b'\n', &piece.chunk.bytes).nth(lines - 1);
    let bytes = piece.chunk.bytes.get(..ends.unwrap_or(piece.chunk.bytes.len())).unwrap_or_default().to_vec();
    let head = Piece {
        source: 0,
        format: Arc::clone(&piece.format),
        chunk: Chunk { bytes: bytes.into(), ..Chunk::default() },
    };
    let scratch = Scratch::new();
    let mut first = None;
    events(&head, source.kind, &scratch, |event, _, _| {
        first = first.or(Some(event.timestamp));
        Ok(())
    });
    first
}

/// What a server log watches where neither the operator nor its lines say: the name of its file, or of its folder where
/// the file is called like everybody's.
fn fallback(path: &Path) -> String {
    const EVERYBODYS: [&str; 5] = ["access", "access_log", "other_vhosts_access", "u_ex", "log"];
    let text = |part: Option<&std::ffi::OsStr>| part.map(|part| part.to_string_lossy().into_owned());
    let stem = |name: String| name.split('.').next().unwrap_or_default().to_owned();
    let file = text(path.file_name()).map(stem).unwrap_or_default();
    if EVERYBODYS.contains(&file.as_str()) {
        return text(path.parent().and_then(Path::file_name)).unwrap_or(file);
    }
    if file.is_empty() || file == "-" { "stdin".into() } else { file }
}
