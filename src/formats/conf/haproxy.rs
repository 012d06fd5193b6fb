//! haproxy.cfg: `log-format "STRING"`, `option httplog [clf]`, `option httpslog`, `option tcplog`, by section. The layout
//! of a `defaults` section is that of the sections below it which say nothing of their own.

use super::lines::first_word;
use super::{ConfError, Found, Place};

/// The layout and the logs of the section being read.
#[derive(Clone, Debug, Default)]
struct Section {
    name: String,
    spec: Option<String>,
    logs: Vec<String>,
    /// Lines of the section that say something of logs, for blame.
    line: usize,
}

pub(super) fn read(text: &str, place: &Place, found: &mut Found) -> Result<(), ConfError> {
    let mut global: Vec<String> = Vec::new();
    let mut defaults = Section::default();
    let mut section = Section::default();
    for (number, line) in (1..).zip(text.lines()) {
        let (directive, rest) = first_word(line);
        match directive {
            "global" | "defaults" | "frontend" | "backend" | "listen" | "userlist" | "peers"
            | "resolvers" | "program" | "cache" | "mailers" | "ring" | "http-errors" | "log-profile" => {
                close(section, &mut global, &mut defaults, place, found);
                let name = if rest.is_empty() { directive.into() } else { line.trim().to_owned() };
                section = Section { name, line: number, ..Section::default() };
            }
            "log-format" => {
                let string = word(rest).filter(|string| !string.is_empty());
                let wrong = || place.wrong(number, "expected log-format \"STRING\", with its closing quote");
                section.spec = Some(format!("haproxy:{}", string.ok_or_else(wrong)?));
            }
            "option" => {
                let mut words = rest.split_ascii_whitespace();
                section.spec = match (words.next(), words.next()) {
                    (Some("httplog"), Some("clf")) => Some("haproxy:clf".into()),
                    (Some("httplog"), _) => Some("haproxy:http".into()),
                    (Some("httpslog"), _) => Some("haproxy:https".into()),
                    (Some("tcplog"), _) => Some("haproxy:tcp".into()),
                    _ => section.spec,
                };
            }
            "log" => section.logs.extend(rest.split_ascii_whitespace().next().map(str::to_owned)),
            _ => {}
        }
    }
    close(section, &mut global, &mut defaults, place, found);
    Ok(())
}

/// Ends a section: says its layout, or keeps it for those below.
fn close(
    section: Section,
    global: &mut Vec<String>,
    defaults: &mut Section,
    place: &Place,
    found: &mut Found,
) {
    let kind = section.name.split_ascii_whitespace().next().unwrap_or_default();
    match kind {
        "global" => *global = section.logs,
        "defaults" => {
            if let Some(spec) = &section.spec {
                found.layout(&section.name, spec.clone());
            }
            *defaults = section;
        }
        "frontend" | "listen" => {
            let name = match (&section.spec, &defaults.spec) {
                (Some(spec), _) => {
                    found.layout(&section.name, spec.clone());
                    section.name.as_str()
                }
                (None, Some(_)) => defaults.name.as_str(),
                (None, None) => return,
            };
            let logs = if section.logs.is_empty() { &defaults.logs } else { &section.logs };
            for log in logs {
                // `log global` sends lines where the global section says.
                let targets = if log == "global" { global.as_slice() } else { std::slice::from_ref(log) };
                for target in targets {
                    found.log(target, name, place, section.line);
                }
            }
        }
        _ => {}
    }
}

/// The first word, out of its quotes and escapes; `None` if a quote stays open.
fn word(text: &str) -> Option<String> {
    let mut word = String::new();
    let mut quote = None;
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (None, letter) if letter.is_whitespace() => break,
            (None, '#') => break,
            (None, '"' | '\'') => quote = Some(letter),
            (Some(open), letter) if letter == open => quote = None,
            (None | Some('"'), '\\') => match letters.next() {
                Some('n') => word.push('\n'),
                Some('t') => word.push('\t'),
                Some('r') => word.push('\r'),
                // The string is read with backslashes in it, so one that is meant comes as two.
                Some('\\') => word.push_str("\\\\"),
                Some(letter) => word.push(letter),
                None => return None,
            },
            // Strong quotes keep a backslash as it is, and the string's own reader must too.
            (Some('\''), '\\') => word.push_str("\\\\"),
            (_, letter) => word.push(letter),
        }
    }
    quote.is_none().then_some(word)
}
