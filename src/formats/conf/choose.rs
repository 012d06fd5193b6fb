//! Which of the layouts of a configuration a log is written in, by the log's path.
//!
//! Logs are copied and rotated, and configurations name them with variables: paths are compared from their end, part by
//! part, and what agrees furthest wins. Between two layouts that agree equally nothing is chosen.

use super::Defined;

/// The layouts of one configuration.
#[derive(Clone, Debug)]
pub struct Layouts {
    /// The configuration as the operator named it.
    pub conf: String,
    /// The layout that the operator wants, by its name or by a log written in it; `None`: the path of each log decides.
    pub wanted: Option<String>,
    /// What it defines.
    pub defined: Vec<Defined>,
}

/// A layout that was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice<'l> {
    /// `KIND:STRING`.
    pub spec: &'l str,
    /// Finishes the sentence "chosen because …".
    pub why: String,
    /// The configuration names this log, or the operator the layout; else it is only the one that is left, and the lines
    /// must confirm it.
    pub certain: bool,
}

/// Most layouts that a message lists.
const LISTED: usize = 12;

impl Layouts {
    /// The layout that a log at `path` is written in.
    ///
    /// # Errors
    /// A sentence with the choices, where the configuration does not decide.
    pub fn of_log(&self, path: &str) -> Result<Choice<'_>, String> {
        let conf = &self.conf;
        if let Some(wanted) = &self.wanted {
            let is_it = |layout: &&Defined| layout.name == *wanted || layout.used_by.contains(wanted);
            return match self.defined.iter().find(is_it) {
                Some(layout) => Ok(Choice {
                    spec: &layout.spec,
                    why: format!("{conf} defines it as {wanted}"),
                    certain: true,
                }),
                None => Err(format!("{conf} defines no layout \"{wanted}\"; {}", self.list())),
            };
        }
        let logs = self.defined.iter().flat_map(|layout| layout.used_by.iter().map(move |log| (layout, log)));
        let scored = logs.filter_map(|(layout, log)| Some((agreement(log, path)?, layout, log)));
        let scored: Vec<_> = scored.collect();
        if let Some((best, layout, log)) = scored.iter().max_by_key(|(score, ..)| *score) {
            if scored.iter().any(|(score, other, _)| score == best && other.spec != layout.spec) {
                return Err(format!("{conf} writes logs of this name in several layouts; {}", self.list()));
            }
            let why = format!("{conf} writes {log} as {}", layout.name);
            return Ok(Choice { spec: &layout.spec, why, certain: true });
        }
        match self.only() {
            Some(layout) => Ok(Choice {
                spec: &layout.spec,
                why: format!("{conf} writes no log but as {}", layout.name),
                certain: false,
            }),
            None => Err(format!("{conf} does not name this log; {}", self.list())),
        }
    }

    /// The one layout that is in use, or else the only one there is.
    fn only(&self) -> Option<&Defined> {
        let used = self.defined.iter().filter(|layout| !layout.used_by.is_empty());
        let mut candidates: Vec<&Defined> = used.collect();
        if candidates.is_empty() {
            candidates = self.defined.iter().collect();
        }
        let first = candidates.first()?;
        candidates.iter().all(|layout| layout.spec == first.spec).then_some(*first)
    }

    /// What there is and how to choose.
    fn list(&self) -> String {
        let shown = |layout: &Defined| match layout.used_by.as_slice() {
            [] => format!("{} (not in use)", layout.name),
            [log] if *log == layout.name => layout.name.clone(),
            [log] => format!("{} ({log})", layout.name),
            [log, others @ ..] => format!("{} ({log} and {} more)", layout.name, others.len()),
        };
        let mut list: Vec<String> = self.defined.iter().take(LISTED).map(shown).collect();
        if self.defined.len() > LISTED {
            list.push(format!("{} more", self.defined.len() - LISTED));
        }
        match self.defined.first() {
            Some(first) => format!(
                "it has {}; choose one as in --format-from '{}#{}'",
                list.join(", "),
                self.conf,
                first.name
            ),
            None => "it defines none: pass --format instead".into(),
        }
    }
}

/// How far a log as the configuration names it agrees with a path: in how many parts from the end, and in how many letters
/// of the last part; `None` where not even the names do.
fn agreement(log: &str, path: &str) -> Option<(usize, usize)> {
    log_paths(log).filter_map(|log| agreement_of_paths(log, path)).max()
}

/// The paths in the name of a log: itself, or the arguments of a program that it is piped to.
fn log_paths(log: &str) -> impl Iterator<Item = &str> {
    let piped = log.strip_prefix('|');
    let alone = piped.is_none().then_some(log);
    let arguments = piped.into_iter().flat_map(|command| command.split_ascii_whitespace().skip(1));
    alone.into_iter().chain(arguments.filter(|word| word.contains('/')))
}

fn agreement_of_paths(log: &str, path: &str) -> Option<(usize, usize)> {
    let parts = |path| str::rsplit(path, '/').filter(|part: &&str| !matches!(*part, "" | "."));
    let (mut logs, mut paths) = (parts(log), parts(path));
    let letters = is_written_as(logs.next()?, paths.next()?, true)?;
    let above = logs.zip(paths).take_while(|(log, part)| is_written_as(log, part, false).is_some()).count();
    Some((1 + above, letters))
}

/// Whether `part` of a path is what `log` stands for, with anything in place of its variables; how many letters of `log`
/// agree. The name of a file may have more behind it, as rotated ones do: `access.log.2.gz`, `access.log-20230329`.
fn is_written_as(log: &str, part: &str, is_name: bool) -> Option<usize> {
    let literals = literals(log);
    let letters = literals.iter().map(|literal| literal.len()).sum::<usize>();
    let (first, others) = literals.split_first()?;
    let mut rest = part.strip_prefix(first)?;
    if let Some((last, between)) = others.split_last() {
        for literal in between {
            rest = rest.split_once(literal).map(|(_, rest)| rest)?;
        }
        let at = if last.is_empty() { rest.len() } else { rest.rfind(last)? };
        rest = rest.get(at + last.len()..)?;
    }
    let rotated = is_name && rest.starts_with(['.', '-', '_', '~']);
    (letters > 0 && (rest.is_empty() || rotated) || letters == 0 && !is_name).then_some(letters)
}

/// The text before, between and behind variables: `$host`, `${APACHE_LOG_DIR}`, `%Y`, `%{REMOTE}e`.
fn literals(log: &str) -> Vec<&str> {
    let mut literals = Vec::new();
    let (mut start, mut at) = (0, 0);
    while let Some(found) = log.get(at..).and_then(|rest| rest.find(['$', '%'])) {
        let mark = at + found;
        let after = log.get(mark + 1..).unwrap_or_default();
        let length = match (log.as_bytes().get(mark), after.find('}').filter(|_| after.starts_with('{'))) {
            (Some(b'%'), Some(brace)) => brace + 2,
            (_, Some(brace)) => brace + 1,
            (Some(b'%'), None) => 1,
            _ => after.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(after.len()),
        };
        literals.push(log.get(start..mark).unwrap_or_default());
        // A letter of several bytes is no variable's; what follows is then looked at from its own beginning.
        start = (mark + 1 + length..=log.len()).find(|end| log.is_char_boundary(*end)).unwrap_or(log.len());
        at = start;
    }
    literals.push(log.get(start..).unwrap_or_default());
    literals
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn layouts(defined: &[(&str, &[&str])], wanted: Option<&str>) -> Layouts {
        let one = |(name, logs): &(&str, &[&str])| Defined {
            name: (*name).into(),
            spec: format!("nginx:{name}"),
            used_by: logs.iter().map(|log| (*log).to_owned()).collect(),
        };
        Layouts {
            conf: "nginx.conf".into(),
            wanted: wanted.map(str::to_owned),
            defined: defined.iter().map(one).collect(),
        }
    }

    fn chosen(layouts: &Layouts, path: &str) -> String {
        match layouts.of_log(path) {
            Ok(choice) => format!("{}{}", choice.spec, if choice.certain { "" } else { "?" }),
            Err(say) => say,
        }
    }

    const LOGS: &[(&str, &[&str])] = &[
        ("main", &["/var/log/nginx/access.log", "/srv/a/access.log"]),
        ("upload", &["/srv/b/access.log", "logs/$host.up.log"]),
        ("piped", &["|/usr/bin/rotatelogs -l ${LOGS}/other.%Y-%m-%d.log 86400"]),
        ("spare", &[]),
    ];

    #[test]
    fn the_path_decides() {
        let layouts = layouts(LOGS, None);
        for (path, expected) in [
            ("/var/log/nginx/access.log", "nginx:main"),
            ("/var/log/nginx/access.log.2.gz", "nginx:main"),
            ("b/access.log-20230329", "nginx:upload"),
            ("/mnt/copy/srv/b/access.log", "nginx:upload"),
            ("/tmp/www.example.up.log.1", "nginx:upload"),
            ("other.2023-03-29.log.zst", "nginx:piped"),
        ] {
            assert_eq!(chosen(&layouts, path), expected, "{path}");
        }
        assert_eq!(
            chosen(&layouts, "access.log"),
            "nginx.conf writes logs of this name in several layouts; it has main (/var/log/nginx/access.log and 1 more), \
             upload (/srv/b/access.log and 1 more), piped (|/usr/bin/rotatelogs -l ${LOGS}/other.%Y-%m-%d.log 86400), \
             spare (not in use); choose one as in --format-from 'nginx.conf#main'"
        );
        for path in ["-", "error.log", "access.logger", "x/up.log"] {
            let said = chosen(&layouts, path);
            assert!(said.starts_with("nginx.conf does not name this log; it has main ("), "{path}: {said}");
        }
    }

    #[test]
    fn the_operator_decides() {
        for (wanted, expected) in
            [("spare", "nginx:spare"), ("/srv/b/access.log", "nginx:upload"), ("main", "nginx:main")]
        {
            assert_eq!(chosen(&layouts(LOGS, Some(wanted)), "access.log"), expected);
        }
        let said = chosen(&layouts(LOGS, Some("mian")), "access.log");
        assert!(said.starts_with("nginx.conf defines no layout \"mian\"; it has main"), "{said}");
    }

    #[test]
    fn what_is_left_needs_the_lines_to_confirm_it() {
        assert_eq!(chosen(&layouts(&LOGS[..1], None), "-"), "nginx:main?");
        assert_eq!(chosen(&layouts(&[LOGS[0], LOGS[3]], None), "-"), "nginx:main?");
        assert_eq!(chosen(&layouts(&LOGS[3..], None), "-"), "nginx:spare?");
        assert!(chosen(&layouts(&[], None), "-").ends_with("it defines none: pass --format instead"));
    }

    #[test]
    fn variables_stand_for_anything() {
        assert_eq!(literals("${A}/x.$b_1-%Y%{c}e.log"), ["", "/x.", "-", "", ".log"]);
        assert_eq!(literals("%é$"), ["", "", ""]);
        assert_eq!(is_written_as("$host", "a", true), None);
        assert_eq!(is_written_as("$host", "a", false), Some(0));
        assert_eq!(is_written_as("a$b.log", "ax.log.log.1", true), Some(5));
    }

    proptest! {
        #[test]
        fn no_text_panics(log in "([|/$%{}. a-c]|\\PC){0,20}", path in "([/. a-c]|\\PC){0,20}") {
            let _ = agreement(&log, &path);
        }

        #[test]
        fn a_path_agrees_with_itself(path in "(/[a-c.]{1,5}[a-c]){1,4}") {
            let parts = path.matches('/').count();
            prop_assert!(agreement(&path, &path).is_some_and(|(agreed, _)| agreed == parts));
        }
    }
}
