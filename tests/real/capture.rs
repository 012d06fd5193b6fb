//! What a run left behind: the log, how to read it by hand, and what the clients know that they sent.

use crate::client::Transfer;
use jiff::Timestamp;
use std::fs;
use std::path::Path;

/// The log of one run.
#[derive(Clone)]
pub(crate) struct Capture {
    /// The name of its folder in `sample-logs/`.
    pub(crate) name: &'static str,
    /// What `--format` takes.
    pub(crate) format: String,
    /// Whose bytes the log watches.
    pub(crate) watched: Watched,
    pub(crate) log: Vec<u8>,
    /// A reading that is independent of `outflow`: a deliberately simple splitter for this very format.
    pub(crate) read: fn(&str) -> Line,
}

/// Whose bytes a log watches.
#[derive(Clone, Copy)]
pub(crate) enum Watched {
    /// A proxy's log: each client, and what it sends.
    Clients,
    /// A server's log: the server of this name, and what it answers.
    Server(&'static str),
}

/// One line as the test reads it. `None`: the line does not say.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) client: String,
    pub(crate) time: Timestamp,
    pub(crate) status: Option<u16>,
    /// Towards the client: the response.
    pub(crate) bytes_back: Option<u64>,
    /// From the client: the request.
    pub(crate) bytes_sent: Option<u64>,
    pub(crate) method: Option<String>,
    /// As written in the log, escapes and all.
    pub(crate) agent: Option<String>,
}

impl Line {
    /// `22/Nov/2026:00:21:24 +0000`.
    pub(crate) fn clf_time(text: &str) -> Timestamp {
        Timestamp::strptime("%d/%b/%Y:%H:%M:%S %z", text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    /// `1795306884.123`.
    pub(crate) fn epoch_time(text: &str) -> Timestamp {
        let milliseconds = text.replace('.', "").parse().expect("seconds and three digits");
        Timestamp::from_millisecond(milliseconds).expect("a time")
    }

    /// A line of the common log's form, whatever follows it. `-` stands for no bytes.
    pub(crate) fn common(line: &str) -> Line {
        let parts = quoted_parts(line);
        let [head, request, numbers, ..] = &parts[..] else { panic!("not common: {line}") };
        let numbers: Vec<&str> = numbers.split_whitespace().collect();
        let (before, time) = head.rsplit_once(" [").expect("a time in brackets");
        Line {
            client: before.split(' ').next().expect("a client").into(),
            time: Line::clf_time(time.trim_end().trim_end_matches(']')),
            status: numbers[0].parse().ok(),
            bytes_back: Some(if numbers[1] == "-" { 0 } else { numbers[1].parse().expect("bytes") }),
            bytes_sent: None,
            method: Line::method_of(request),
            agent: None,
        }
    }

    /// The same with referrer and agent behind it.
    pub(crate) fn combined(line: &str) -> Line {
        let agent = quoted_parts(line).swap_remove(5);
        Line { agent: Some(agent).filter(|agent| agent != "-"), ..Line::common(line) }
    }

    /// The method of a request line that is one; `None` for what is not HTTP.
    pub(crate) fn method_of(request: &str) -> Option<String> {
        let method = request.split(' ').next()?;
        let is_method = request.contains(" /") && method.bytes().all(|byte| byte.is_ascii_uppercase());
        is_method.then(|| method.to_owned())
    }
}

/// Splits a line at its quotes: even parts stand outside quotes, odd ones inside. A quote after a backslash is none,
/// unless that backslash itself is escaped.
pub(crate) fn quoted_parts(line: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut escaped = false;
    for letter in line.chars() {
        if letter == '"' && !escaped {
            parts.push(String::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(letter);
        }
        escaped = letter == '\\' && !escaped;
    }
    parts
}

impl Capture {
    /// Each line, without its line end. nginx writes bytes into its JSON that are no text.
    pub(crate) fn lines(&self) -> Vec<String> {
        String::from_utf8_lossy(&self.log).lines().map(str::to_owned).collect()
    }

    /// Each line as the test reads it.
    pub(crate) fn readings(&self) -> Vec<Line> {
        self.lines().iter().map(|line| (self.read)(line)).collect()
    }

    /// Writes the log to `folder/<name>/access.log`.
    pub(crate) fn write_into(&self, folder: &Path) {
        let folder = folder.join(self.name);
        fs::create_dir_all(&folder).expect("a folder for the capture");
        fs::write(folder.join("access.log"), &self.log).expect("the capture");
    }
}

/// What one client did, told by the client.
pub(crate) struct Driven {
    /// Its loopback address, by which its lines are found in the log.
    pub(crate) client: &'static str,
    pub(crate) transfers: Vec<Transfer>,
}

impl Driven {
    pub(crate) fn by(client: &'static str) -> Driven {
        Driven { client, transfers: Vec::new() }
    }

    pub(crate) fn add(&mut self, transfer: Transfer) {
        self.transfers.push(transfer);
    }

    pub(crate) fn add_all(&mut self, transfers: Vec<Transfer>) {
        self.transfers.extend(transfers);
    }
}
