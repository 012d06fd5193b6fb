//! httpd.conf and apache2.conf: `LogFormat "STRING" [nickname]`, `CustomLog PATH nickname|"STRING"`, `TransferLog PATH`,
//! with `Define`d variables and includes.

use super::lines::{Indent, first_word, logical};
use super::{ConfError, Files, Found, Missing, Place};

/// What lines above have set.
#[derive(Debug, Default)]
pub(super) struct Variables {
    root: Option<String>,
    defined: Vec<(String, String)>,
    /// The string of the last `LogFormat` without a nickname, for `TransferLog`.
    default: Option<String>,
}

/// More definitions than any configuration has.
const MAX_DEFINED: usize = 1_024;

/// What `TransferLog` writes where no `LogFormat` says otherwise.
const COMMON: &str = r#"%h %l %u %t "%r" %>s %b"#;

pub(super) fn read(
    text: &str,
    place: &Place,
    files: &mut Files<'_>,
    found: &mut Found,
    variables: &mut Variables,
) -> Result<(), ConfError> {
    for (number, line) in logical(text, Indent::Kept) {
        let (directive, rest) = first_word(&line);
        let known = [
            "logformat",
            "customlog",
            "globallog",
            "transferlog",
            "include",
            "includeoptional",
            "serverroot",
            "define",
        ];
        let directive = directive.to_ascii_lowercase();
        if !known.contains(&directive.as_str()) {
            continue;
        }
        let words = words(rest).ok_or_else(|| place.wrong(number, "expected the closing quote"))?;
        let words: Vec<String> = words.iter().map(|word| variables.fill(word)).collect();
        let word = |place: usize| words.get(place).map(String::as_str);
        match (directive.as_str(), word(0), word(1)) {
            ("logformat", Some(string), Some(name)) => found.layout(name, format!("apache:{string}")),
            ("logformat", Some(string), None) => {
                // Either a string, or the nickname that TransferLog is to use.
                variables.default = Some(string.to_owned());
            }
            ("logformat", None, _) => {
                return Err(place.wrong(number, "expected LogFormat \"STRING\" nickname"));
            }
            ("customlog" | "globallog", Some(path), Some(layout)) if layout.contains('%') => {
                found.layout(path, format!("apache:{layout}"));
                found.log(path, path, place, number);
            }
            ("customlog" | "globallog", Some(path), Some(name)) => found.log(path, name, place, number),
            ("customlog" | "globallog", ..) => {
                return Err(place.wrong(number, "expected CustomLog PATH followed by a nickname or a string"));
            }
            ("transferlog", Some(path), _) => match variables.default.as_deref() {
                Some(name) if !name.contains('%') => found.log(path, name, place, number),
                string => {
                    found.layout(path, format!("apache:{}", string.unwrap_or(COMMON)));
                    found.log(path, path, place, number);
                }
            },
            ("include" | "includeoptional", Some(pattern), _) => {
                let pattern = variables.below_root(pattern);
                let missing = if directive == "include" { Missing::Wrong } else { Missing::Fine };
                for (text, inside) in files.texts(&pattern, missing, place, number)? {
                    read(&text, &inside, files, found, variables)?;
                }
            }
            ("serverroot", Some(root), _) => variables.root = Some(root.trim_end_matches('/').to_owned()),
            ("define", Some(name), Some(value)) if variables.defined.len() < MAX_DEFINED => {
                variables.defined.push((name.to_owned(), value.to_owned()));
            }
            _ => {}
        }
    }
    Ok(())
}

impl Variables {
    /// Puts what is defined for `${NAME}`; others come from the environment and stay.
    fn fill(&self, word: &str) -> String {
        let mut filled = String::new();
        let mut rest = word;
        while let Some((before, after)) = rest.split_once("${") {
            filled.push_str(before);
            let (name, after_name) = after.split_once('}').unwrap_or((after, ""));
            match self.defined.iter().rev().find(|(known, _)| known == name) {
                Some((_, value)) => {
                    filled.push_str(value);
                    rest = after_name;
                }
                None => {
                    filled.push_str("${");
                    rest = after;
                }
            }
        }
        filled + rest
    }

    fn below_root(&self, pattern: &str) -> String {
        match &self.root {
            Some(root) if !pattern.starts_with('/') => format!("{root}/{pattern}"),
            _ => pattern.to_owned(),
        }
    }
}

/// Words, bare or in quotes, in which a backslash protects a quote or a backslash; `None` if a quote stays open.
fn words(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut letters = text.chars().peekable();
    loop {
        while letters.next_if(|letter| letter.is_whitespace()).is_some() {}
        if letters.peek().is_none() {
            return Some(words);
        }
        let quote = letters.next_if(|letter| matches!(letter, '"' | '\''));
        let mut word = String::new();
        loop {
            match (letters.next(), quote) {
                (None, Some(_)) => return None,
                (None, None) => break,
                (Some(letter), Some(quote)) if letter == quote => break,
                (Some(letter), None) if letter.is_whitespace() => break,
                (Some('\\'), Some(quote)) => {
                    let next = letters.next_if(|letter| *letter == quote || *letter == '\\');
                    word.push(next.unwrap_or('\\'));
                }
                (Some(letter), _) => word.push(letter),
            }
        }
        words.push(word);
    }
}
