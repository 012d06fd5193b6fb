//! Servers' configuration files → format strings (`--format-from nginx.conf`): which log layouts they define, and which
//! log is written in which.
//!
//! Text in, text out: what other files an `include` means is asked of the caller, who knows the disk. What is found is
//! ready for [`super::detect::named`].

mod apache;
mod choose;
mod haproxy;
mod lines;
mod nginx;
mod squid;
#[cfg(test)]
mod tests;

pub use choose::{Choice, Layouts};

use std::fmt;

/// A layout that a configuration defines or uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defined {
    /// Its name there: that of the `log_format`, the `LogFormat`'s nickname, HAProxy's section; the log's path where the
    /// string stands beside it and has no name.
    pub name: String,
    /// `KIND:STRING`.
    pub spec: String,
    /// The logs written in it, as the configuration names them (paths, pipes, addresses); none where it is only defined.
    pub used_by: Vec<String>,
}

/// What is wrong with a configuration, as far as its logs go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfError {
    /// The included file; `None` for the main one.
    pub file: Option<String>,
    /// From 1; 0 where no line is to blame.
    pub line: usize,
    /// What was expected there.
    pub expected: String,
}

impl fmt::Display for ConfError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "in the included {file}, ")?;
        }
        match self.line {
            0 => write!(f, "{}", self.expected),
            line => write!(f, "line {line}: {}", self.expected),
        }
    }
}

impl std::error::Error for ConfError {}

/// Whose configuration it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    /// squid.conf
    Squid,
    /// httpd.conf, apache2.conf
    Apache,
    /// nginx.conf
    Nginx,
    /// haproxy.cfg
    Haproxy,
}

/// A file that an include brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Included {
    /// Its path, for messages and to notice a file that includes itself.
    pub path: String,
    /// What it says.
    pub text: String,
}

/// What it means that the file of an include is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The server would not start.
    Wrong,
    /// Apache's `IncludeOptional`.
    Fine,
}

/// Gives the files that an include's pattern means, in their order, or says what is wrong. The pattern is as written, but
/// for Apache's, which begins with the `ServerRoot` where there is one and the pattern is no full path.
pub type Include<'i> = &'i mut dyn FnMut(&str, Missing) -> Result<Vec<Included>, String>;

/// Includes nested deeper than this are a loop; nginx itself has no limit and runs out of files, Apache stops at 128.
const MAX_DEPTH: usize = 16;

/// More files than any configuration has.
const MAX_FILES: usize = 4_096;

/// More text than any configuration has, in bytes; Squid's own with all its comments is a third of a megabyte.
const MAX_TEXT: usize = 64 << 20;

/// Reads a configuration, whosesoever it is.
///
/// # Errors
/// If it is none of the four servers', or one of its lines about logs cannot be read.
pub fn read(text: &str, include: Include<'_>) -> Result<Vec<Defined>, ConfError> {
    match server_of(text) {
        Some(server) => read_as(server, text, include),
        None => Err(ConfError {
            file: None,
            line: 0,
            expected: "expected the configuration of squid, apache, nginx or haproxy, with a logformat, LogFormat, log_format or \
                       log-format in it"
                .into(),
        }),
    }
}

/// Reads the configuration of this server.
///
/// # Errors
/// If one of its lines about logs cannot be read, or names a layout that is not defined.
pub fn read_as(server: Server, text: &str, include: Include<'_>) -> Result<Vec<Defined>, ConfError> {
    let mut files = Files { include, left: MAX_FILES, text_left: MAX_TEXT };
    let mut found = Found::default();
    let top = Place { files: Vec::new() };
    match server {
        Server::Squid => squid::read(text, &top, &mut files, &mut found)?,
        Server::Apache => {
            let mut roots = apache::Variables::default();
            apache::read(text, &top, &mut files, &mut found, &mut roots)?;
        }
        Server::Nginx => nginx::read(text, &top, &mut files, &mut found)?,
        Server::Haproxy => haproxy::read(text, &top, &mut found)?,
    }
    // Without a word about logs these two write one all the same.
    if !found.spoke {
        match server {
            Server::Squid => found.log("access.log", "squid", &top, 0),
            Server::Nginx => found.log("access.log", "combined", &top, 0),
            Server::Apache | Server::Haproxy => {}
        }
    }
    found.resolve(match server {
        Server::Squid => squid::BUILT_IN,
        Server::Nginx => nginx::BUILT_IN,
        Server::Apache | Server::Haproxy => &[],
    })
}

/// Whose configuration a text looks like, by the words that only one server has.
pub fn server_of(text: &str) -> Option<Server> {
    const WORDS: [(Server, &[&str]); 4] = [
        (Server::Squid, &["logformat", "http_access", "http_port", "cache_dir", "acl", "access_log"]),
        (
            Server::Apache,
            &[
                "LogFormat",
                "CustomLog",
                "ServerRoot",
                "<VirtualHost",
                "LoadModule",
                "DocumentRoot",
                "IncludeOptional",
            ],
        ),
        (
            Server::Nginx,
            &[
                "log_format",
                "http",
                "server",
                "events",
                "worker_processes",
                "server_name",
                "access_log",
                "location",
            ],
        ),
        (
            Server::Haproxy,
            &["log-format", "frontend", "backend", "defaults", "global", "listen", "option", "bind"],
        ),
    ];
    let lines = || text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let firsts: Vec<&str> = lines().filter_map(|line| line.split_ascii_whitespace().next()).collect();
    let score = |server: Server, words: &[&str]| {
        // Only nginx ends its directives so, and opens blocks.
        let nginx = lines().any(|line| line.trim_end().ends_with([';', '{']));
        let count =
            firsts.iter().filter(|first| words.iter().any(|word| first.eq_ignore_ascii_case(word))).count();
        if nginx == (server == Server::Nginx) { count * 2 } else { count }
    };
    let scores = WORDS.map(|(server, words)| (score(server, words), server));
    scores
        .into_iter()
        .filter(|(score, _)| *score > 0)
        .max_by_key(|(score, _)| *score)
        .map(|(_, server)| server)
}

/// The files that includes may still bring.
struct Files<'i> {
    include: Include<'i>,
    left: usize,
    text_left: usize,
}

/// Which text is being read: the included files on the way to it, itself the last; none for the main file.
#[derive(Clone, Debug)]
struct Place {
    files: Vec<String>,
}

impl Place {
    fn wrong(&self, line: usize, expected: impl Into<String>) -> ConfError {
        ConfError { file: self.files.last().cloned(), line, expected: expected.into() }
    }
}

impl Files<'_> {
    /// The texts of an include, each with its place.
    fn texts(
        &mut self,
        pattern: &str,
        missing: Missing,
        place: &Place,
        line: usize,
    ) -> Result<Vec<(String, Place)>, ConfError> {
        if place.files.len() >= MAX_DEPTH {
            return Err(place.wrong(line, format!("expected includes to nest at most {MAX_DEPTH} deep")));
        }
        let mut texts = Vec::new();
        for Included { path, text } in
            (self.include)(pattern, missing).map_err(|what| place.wrong(line, what))?
        {
            if place.files.contains(&path) {
                return Err(
                    place.wrong(line, format!("expected no file that includes itself, as {path} does"))
                );
            }
            let room = (self.left.checked_sub(1), self.text_left.checked_sub(text.len()));
            let (Some(left), Some(text_left)) = room else {
                let expected =
                    format!("expected at most {MAX_FILES} included files of {MAX_TEXT} bytes in all");
                return Err(place.wrong(line, expected));
            };
            (self.left, self.text_left) = (left, text_left);
            let files = place.files.iter().cloned().chain([path]).collect();
            texts.push((text, Place { files }));
        }
        Ok(texts)
    }
}

/// What the lines said; names are resolved at the end, as a log may stand before its layout.
#[derive(Debug, Default)]
struct Found {
    layouts: Vec<Defined>,
    logs: Vec<Log>,
    /// Something was said about logs, if only that there are to be none.
    spoke: bool,
}

/// A log and the name of its layout.
#[derive(Debug)]
struct Log {
    path: String,
    layout: String,
    /// Where to point if there is no such layout.
    place: (Option<String>, usize),
}

impl Found {
    /// A layout; the last of several with one name is the one that counts.
    fn layout(&mut self, name: &str, spec: String) {
        self.spoke = true;
        match self.layouts.iter_mut().find(|layout| layout.name == name) {
            Some(layout) => layout.spec = spec,
            None => self.layouts.push(Defined { name: name.into(), spec, used_by: Vec::new() }),
        }
    }

    fn log(&mut self, path: &str, layout: &str, place: &Place, line: usize) {
        self.spoke = true;
        let place = (place.files.last().cloned(), line);
        self.logs.push(Log { path: path.into(), layout: layout.into(), place });
    }

    /// Gives each log to its layout; `built_in` are those that the server knows itself, with their specs.
    fn resolve(mut self, built_in: &[(&str, &str)]) -> Result<Vec<Defined>, ConfError> {
        for Log { path, layout: name, place } in std::mem::take(&mut self.logs) {
            if !self.layouts.iter().any(|layout| layout.name == name) {
                let Some((_, spec)) = built_in.iter().find(|(known, _)| *known == name) else {
                    let (file, line) = place;
                    let expected = format!("expected the name of a layout that is defined, not \"{name}\"");
                    return Err(ConfError { file, line, expected });
                };
                self.layout(&name, (*spec).into());
            }
            let known = self.layouts.iter_mut().find(|layout| layout.name == name);
            if let Some(layout) = known.filter(|layout| !layout.used_by.contains(&path)) {
                layout.used_by.push(path);
            }
        }
        Ok(self.layouts)
    }
}
