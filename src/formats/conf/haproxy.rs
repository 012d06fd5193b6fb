//! haproxy.cfg: `log-format "STRING"`, `option httplog [clf]`, `option httpslog`, `option tcplog`, by section. The layout
//! of a `defaults` section is that of the sections which say nothing of their own: those below it, or those which name it
//! with `from`.

use super::lines::first_word;
use super::{ConfError, Found, Place};

/// The layout and the logs of the section being read.
#[derive(Clone, Debug, Default)]
struct Section {
    /// `frontend web`.
    name: String,
    /// The `defaults` that it names with `from`.
    from: Option<String>,
    spec: Option<String>,
    logs: Vec<String>,
    /// Where it begins, for blame.
    line: usize,
}

/// What sections inherit.
#[derive(Debug, Default)]
struct Above {
    /// Where `log global` sends lines.
    global: Vec<String>,
    /// The last one is that of the sections below which name none.
    defaults: Vec<Section>,
}

/// More `defaults` than any configuration has.
const MAX_DEFAULTS: usize = 1_024;

/// What begins a section.
const SECTIONS: &[&str] = &[
    "global",
    "defaults",
    "frontend",
    "backend",
    "listen",
    "userlist",
    "peers",
    "resolvers",
    "program",
    "cache",
    "mailers",
    "ring",
    "http-errors",
    "fcgi-app",
    "crt-store",
    "traces",
    "log-forward",
    "log-profile",
    "acme",
];

pub(super) fn read(text: &str, place: &Place, found: &mut Found) -> Result<(), ConfError> {
    let mut above = Above::default();
    let mut section = Section::default();
    for (number, line) in (1..).zip(text.lines()) {
        let (directive, rest) = first_word(line);
        match directive {
            kind if SECTIONS.contains(&kind) => {
                close(section, &mut above, place, found)?;
                section = begin(kind, rest, number);
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
    close(section, &mut above, place, found)
}

fn begin(kind: &str, rest: &str, line: usize) -> Section {
    let rest = rest.split('#').next().unwrap_or_default();
    let mut words = rest.split_ascii_whitespace().peekable();
    let own = words.next_if(|word| *word != "from");
    let from = words.skip_while(|word| *word != "from").nth(1).map(str::to_owned);
    let name = own.map_or(kind.to_owned(), |own| format!("{kind} {own}"));
    Section { name, from, line, ..Section::default() }
}

/// Ends a section: says its layout, or keeps it for others.
fn close(mut section: Section, above: &mut Above, place: &Place, found: &mut Found) -> Result<(), ConfError> {
    let kind = section.name.split_ascii_whitespace().next().unwrap_or_default();
    let inherited = match &section.from {
        Some(from) => {
            let name = format!("defaults {from}");
            let named = above.defaults.iter().rev().find(|defaults| defaults.name == name);
            let missing =
                || place.wrong(section.line, format!("expected a \"{name}\" above, to inherit from"));
            Some(named.ok_or_else(missing)?)
        }
        // Sections called `defaults` begin anew.
        None if kind == "defaults" => None,
        None => above.defaults.last(),
    };
    match kind {
        "global" => above.global = section.logs,
        "defaults" => {
            if let Some(inherited) = inherited {
                section.spec = section.spec.or_else(|| inherited.spec.clone());
                if section.logs.is_empty() {
                    section.logs.clone_from(&inherited.logs);
                }
            }
            if above.defaults.iter().any(|defaults| defaults.name == section.name) {
                section.name = format!("{} at line {}", section.name, section.line);
            }
            if let Some(spec) = &section.spec {
                found.layout(&section.name, spec.clone());
            }
            if above.defaults.len() < MAX_DEFAULTS {
                above.defaults.push(section);
            }
        }
        "frontend" | "listen" => {
            let name = match (&section.spec, inherited) {
                (Some(spec), _) => {
                    found.layout(&section.name, spec.clone());
                    &section.name
                }
                (None, Some(defaults)) if defaults.spec.is_some() => &defaults.name,
                _ => return Ok(()),
            };
            let logs = match (section.logs.as_slice(), inherited) {
                ([], Some(inherited)) => inherited.logs.as_slice(),
                (logs, _) => logs,
            };
            for log in logs {
                // `log global` sends lines where the global section says.
                let targets =
                    if log == "global" { above.global.as_slice() } else { std::slice::from_ref(log) };
                for target in targets {
                    found.log(target, name, place, section.line);
                }
            }
        }
        _ => {}
    }
    Ok(())
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
