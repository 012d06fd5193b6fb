//! Which format is this?
use super::{Context, Format, KINDS, Kind, Sniffed, SpecError, kind};
use std::sync::Arc;
/// x
#[derive(Debug)]
pub struct Detected { /// x
 pub kind: &'static Kind, /// x
 pub format: Arc<dyn Format>, /// x
 pub spec: String, /// x
 pub why: String }
/// x
#[derive(Debug)]
pub struct Undetected { /// x
 pub line: usize, /// x
 pub expected: String }
/// x
pub fn detect(lines: &[&[u8]], context: &Context) -> Result<Detected, Undetected> {
    for kind in KINDS {
        if let Sniffed::Yes { spec, why } = (kind.sniff)(lines, context) {
            let format = (kind.compile)(&spec, context).unwrap();
            return Ok(Detected { kind, format, spec, why });
        }
    }
    Err(Undetected { line: 1, expected: "no".into() })
}
/// x
pub fn named(text: &str, context: &Context) -> Result<(&'static Kind, Arc<dyn Format>), SpecError> {
    let (name, spec) = text.split_once(':').unwrap_or((text, ""));
    let kind = kind(name).ok_or(SpecError { message: "no".into(), position: 0 })?;
    Ok((kind, (kind.compile)(spec, context)?))
}
