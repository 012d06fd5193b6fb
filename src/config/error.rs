//! What is wrong with the file, and where.

use crate::formats::spelling::nearest;
use std::fmt;

/// What is wrong, where, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// A sentence.
    pub message: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for ConfigError {}

impl ConfigError {
    /// An error at a byte of the text.
    pub(super) fn at(text: &str, start: usize, message: String) -> ConfigError {
        let (line, column) = line_and_column(text, start);
        ConfigError { line, column, message }
    }

    /// An error of the shape of the file.
    pub(super) fn of_toml(text: &str, error: &toml::de::Error) -> ConfigError {
        let start = error.span().map_or(0, |span| span.start);
        // serde's own words: unknown field `budgt`, expected one of `budget`, `inventory`
        let mut names = error.message().split('`').skip(1).step_by(2);
        let said = error.message().lines().collect::<Vec<_>>().join("; ");
        let message = match (said.starts_with("unknown field"), names.next()) {
            (true, Some(unknown)) => unknown_key(unknown, &names.collect::<Vec<_>>()),
            _ => match said
                .strip_prefix("invalid type: ")
                .and_then(|kind| kind.strip_suffix(", expected a string"))
            {
                Some(kind) => format!("write a text in quotes here, not the {kind}"),
                None => said,
            },
        };
        ConfigError::at(text, start, message)
    }
}

/// A key that nobody knows, among those that somebody does.
pub(super) fn unknown_key(unknown: &str, known: &[&str]) -> String {
    let near = nearest(unknown, known).map(|near| format!("; did you mean \"{near}\"?"));
    format!("there is no key \"{unknown}\"{}; the keys are {}", near.unwrap_or_default(), known.join(", "))
}

/// Line and column of a byte, from 1; that of the end for a byte behind it.
pub(super) fn line_and_column(text: &str, start: usize) -> (usize, usize) {
    let start = (0..=start.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let before = text.get(..start).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}
