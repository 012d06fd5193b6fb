//! The grammar of lighttpd's `accesslog.format`: Apache's, but that `%V` is the `Host` the client asked for, with its port,
//! and that stamps are of the end of a request unless they say otherwise.

use super::apache::{self, Raw};
use super::escape::Encoding;
use super::field::{Directive, Field, Piece};
use crate::formats::SpecError;

/// Reads an `accesslog.format` string.
///
/// # Errors
/// Those of [`apache::pieces`].
pub fn pieces(spec: &str) -> Result<Vec<Piece>, SpecError> {
    apache::pieces_by(spec, meaning)
}

fn meaning(raw: &Raw<'_>, position: usize) -> Result<Vec<Piece>, SpecError> {
    let argument = raw.argument.unwrap_or_default();
    match raw.letter {
        'V' if !raw.caret => {
            let host = Directive::new(Field::Domain, position).encoded(Encoding::Backslash);
            Ok(vec![Piece::Directive(host)])
        }
        't' if !argument.starts_with("begin:") && !argument.starts_with("end:") => {
            apache::stamp(&format!("end:{argument}"), position)
        }
        _ => apache::meaning(raw, position),
    }
}
