//! `outflow watch` at work beside a folder of logs, and what its store holds of them.

use crate::servers::{folder, give_to_servers, wait_until};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// Events, bytes out and bytes in, by host and destination.
pub(crate) type Volumes = BTreeMap<(String, String), [u64; 3]>;

/// A line of squid with the bytes sent ([`crate::servers::SQUID_UPLOAD`]).
pub(crate) fn squid_line(at: i64, client: &str, destination: &str, sent: i64) -> String {
    format!(
        "{at}.000    100 {client} TCP_MISS/200 500 POST http://{destination}/ - HIER_DIRECT/203.0.113.7 text/plain {sent}\n"
    )
}

/// A folder with logs, and a store beside them.
pub(crate) struct Place {
    folder: TempDir,
    /// What follows `watch` and `volumes`: how the logs are read.
    how: Vec<String>,
    /// The logs that the daemon follows.
    follows: Vec<PathBuf>,
    store: PathBuf,
    /// The environment of the daemon.
    pub(crate) environment: Vec<(String, String)>,
}

impl Place {
    /// Logs of this format; those of servers with the name of the server.
    pub(crate) fn new(format: &str, host: Option<&str>) -> Place {
        let folder = folder();
        fs::create_dir(folder.path().join("logs")).expect("a folder for the logs");
        give_to_servers(&folder.path().join("logs"));
        let mut how = vec!["--format".to_owned(), format.to_owned()];
        how.extend(host.into_iter().flat_map(|host| ["--host".to_owned(), host.to_owned()]));
        // Its web server where nobody else is.
        let config = folder.path().join("outflow.toml");
        fs::write(&config, "[http]\nbind = \"127.0.0.1:0\"\n").expect("outflow.toml");
        how.extend(["-c".to_owned(), config.display().to_string()]);
        let store = folder.path().join("store");
        let follows = vec![folder.path().join("logs/access.log*")];
        Place { folder, how, follows, store, environment: Vec::new() }
    }

    /// Without logs to follow: this configuration says where messages come in.
    pub(crate) fn listening(config: &str) -> Place {
        let folder = folder();
        let path = folder.path().join("outflow.toml");
        fs::write(&path, format!("{config}[http]\nbind = \"127.0.0.1:0\"\n")).expect("outflow.toml");
        let (how, store) = (vec!["-c".to_owned(), path.display().to_string()], folder.path().join("store"));
        Place { folder, how, follows: Vec::new(), store, environment: Vec::new() }
    }

    /// The same with its store elsewhere.
    pub(crate) fn with_store(self, store: PathBuf) -> Place {
        Place { store, ..self }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn logs(&self) -> PathBuf {
        self.path().join("logs")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.logs().join("access.log")
    }

    pub(crate) fn append(&self, name: &str, text: &str) {
        use std::io::Write;
        let mut log =
            OpenOptions::new().create(true).append(true).open(self.logs().join(name)).expect("a log");
        log.write_all(text.as_bytes()).expect("a log is written");
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--", env!("CARGO_BIN_EXE_outflow")]).args(arguments);
        command.stdin(Stdio::null());
        command
    }

    fn watch(&self, more: &[&str]) -> Command {
        let mut command = self.command(&["watch", "--commit-every", "100ms"]);
        command.args(&self.how).args(more).arg("--store").arg(&self.store).args(&self.follows);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Starts the daemon.
    pub(crate) fn start(&self) -> Daemon<'_> {
        let said =
            OpenOptions::new().create(true).append(true).open(self.path().join("said")).expect("a file");
        let child =
            self.watch(&[]).stdout(Stdio::null()).stderr(said).spawn().expect("setpriv (util-linux) starts");
        Daemon { place: self, child }
    }

    /// Reads what is there and ends: its exit code, and what it said.
    pub(crate) fn once(&self) -> (Option<i32>, String) {
        let output = self.watch(&["--once"]).output().expect("setpriv (util-linux) starts");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// All that a daemon said here.
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(self.path().join("said")).unwrap_or_default()
    }

    /// What the store holds; nothing where nothing was written yet.
    pub(crate) fn kept(&self) -> Volumes {
        let mut command = self.command(&["volumes", "--json", "-q", "--by", "host,destination"]);
        match volumes(command.arg("--store").arg(&self.store)) {
            Ok(volumes) => volumes,
            Err(said) if said.contains("nothing was stored here yet") => Volumes::new(),
            Err(said) => panic!("{said}"),
        }
    }

    /// What these files hold.
    pub(crate) fn read(&self, files: &[PathBuf]) -> Volumes {
        let mut command = self.command(&["volumes", "--json", "-q", "--by", "host,destination"]);
        volumes(command.args(&self.how).args(files)).unwrap_or_else(|said| panic!("{said}"))
    }

    /// Waits until the daemon has read this much, stops it, starts it once more, and asks for exactly this.
    pub(crate) fn holds(&self, daemon: Daemon<'_>, expected: &Volumes) {
        let wanted = events(expected);
        let read = |kept: &Volumes| events(kept) >= wanted;
        daemon.wait_until(&format!("{wanted} lines were read"), || read(&self.kept()));
        daemon.stop();
        assert_same(&self.kept(), expected, &self.said());
        let (code, said) = self.once();
        assert!(code.is_some_and(|code| code < 2), "{said}");
        assert_same(&self.kept(), expected, &format!("after a restart: {said}"));
    }
}

/// Where they differ is said, and no more.
fn assert_same(kept: &Volumes, expected: &Volumes, said: &str) {
    let differs = |(pair, sums): (&(String, String), &[u64; 3])| {
        (kept.get(pair) != Some(sums)).then(|| format!("{pair:?}: {sums:?}, kept {:?}", kept.get(pair)))
    };
    let missing: Vec<String> = expected.iter().filter_map(differs).take(5).collect();
    assert!(
        missing.is_empty() && kept.len() == expected.len(),
        "{} of {} events; {missing:#?}\n{said}",
        events(kept),
        events(expected)
    );
}

/// How many events there are in all.
pub(crate) fn events(volumes: &Volumes) -> u64 {
    volumes.values().map(|[events, ..]| events).sum()
}

/// What a command says, or why it does not.
fn volumes(command: &mut Command) -> Result<Volumes, String> {
    let output = command.output().expect("setpriv (util-linux) starts");
    if output.status.code() != Some(0) {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let row = |line: &str| {
        let row: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let word = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
        let sums = ["events", "bytes_out", "bytes_in"].map(|key| row[key].as_u64().unwrap_or(0));
        ((word("host"), word("destination")), sums)
    };
    Ok(text.lines().map(row).collect())
}

/// A running daemon. Dropping it kills it.
pub(crate) struct Daemon<'p> {
    place: &'p Place,
    child: Child,
}

impl Daemon<'_> {
    /// As [`wait_until`], with what it said should that be in vain.
    pub(crate) fn wait_until(&self, what: &str, is_done: impl Fn() -> bool) {
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| wait_until(what, is_done)));
        assert!(done.is_ok(), "{what}: it said\n{}", self.place.said());
    }

    /// How many files it has open.
    pub(crate) fn open_files(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.child.id())).map_or(0, Iterator::count)
    }

    /// Asks it to end, which it does well.
    pub(crate) fn stop(mut self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill").success());
        let status = self.child.wait().expect("a child to wait for");
        assert_eq!(status.code(), Some(0), "{}", self.place.said());
    }
}

impl Drop for Daemon<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
