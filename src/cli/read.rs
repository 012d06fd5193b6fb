//! What all commands that read logs have in common: their arguments, and opening what they name.

use super::progress::Bar;
use super::{Ending, config, format_from, say};
use crate::batch::{Batch, How, Progress, Told, Wanted};
use crate::config::{Config, LimitsConfig, SourceConfig};
use crate::estate::{Estate, Inventory, default_local};
use crate::event::Role;
use crate::event::catalogue::Catalogue;
use crate::formats::Detail;
use crate::incidents::{Allow, Budget};
use crate::input::{self, Trouble};
use crate::pipeline::Take;
use crate::tally::Counts;
use crate::units::{Span, Timestamp};
use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use ipnet::IpNet;
use jiff::tz::TimeZone;
use std::collections::BTreeSet;
use std::fs::File;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Arguments of every command that reads logs.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct ReadArguments {
    /// Files, quoted globs, directories, or - for standard input (the default, unless -c names sources); compressed files
    /// are recognised
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// Configuration: budget, local_networks, inventory, timezone, [format.NAME], [[source]], [[allow]]; arguments win over it
    #[arg(short = 'c', long = "config", value_name = "FILE.toml")]
    config: Option<PathBuf>,
    /// A format's name (yours too, of [format.NAME]), or 'KIND:STRING' with the server's own format string; auto looks at
    /// each file's first lines, auto-mixed at every line [default: auto]
    #[arg(long, value_name = "FORMAT")]
    format: Option<String>,
    /// Take the format from the server's own configuration: squid.conf, httpd.conf or apache2.conf, nginx.conf,
    /// haproxy.cfg, with what they include. Where it defines several, the log's path decides, or CONF#NAME
    #[arg(long, value_name = "CONF[#NAME]", conflicts_with = "format")]
    format_from: Option<PathBuf>,
    /// The host that server logs watch, where their lines do not say
    #[arg(long, value_name = "NAME")]
    host: Option<String>,
    /// What kind of log it is, where a format allows more than one
    #[arg(long)]
    role: Option<RoleArgument>,
    /// Networks whose addresses are ours [default: 10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7]
    #[arg(long, value_name = "CIDR", value_delimiter = ',')]
    local: Option<Vec<IpNet>>,
    /// Addresses of our proxies: what flow logs tell of them counts only as far as it is more than the proxies' logs, read
    /// in the same run, tell of their clients
    #[arg(long = "proxy", value_name = "IP", value_delimiter = ',')]
    proxies: Vec<IpAddr>,
    /// CSV file with the columns host, role, subnet, owner, criticality
    #[arg(long, value_name = "FILE.csv")]
    inventory: Option<PathBuf>,
    /// The zone of time stamps that carry none, as in Europe/London [default: UTC]
    #[arg(long, value_name = "ZONE")]
    timezone: Option<String>,
    /// Leave out events before this time
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
    /// Leave out events at or after this time
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
    /// Threads; 0 means one per core
    #[arg(long, value_name = "N", default_value_t = 0)]
    threads: usize,
    /// Print JSON lines
    #[arg(long)]
    pub(super) json: bool,
    /// Say nothing but errors
    #[arg(short, long)]
    pub(super) quiet: bool,
    /// Say more: why a format was chosen, which lines were rejected
    #[arg(short, long)]
    pub(super) verbose: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum RoleArgument {
    Proxy,
    Server,
    Flow,
    Store,
    Dns,
}

impl From<RoleArgument> for Role {
    fn from(role: RoleArgument) -> Role {
        match role {
            RoleArgument::Proxy => Role::Proxy,
            RoleArgument::Server => Role::Server,
            RoleArgument::Flow => Role::Flow,
            RoleArgument::Store => Role::Store,
            RoleArgument::Dns => Role::Dns,
        }
    }
}

/// How far in the future a stamp may lie: clocks of other machines differ, but not by a day.
const AHEAD: Span = Span::DAY;

/// What the arguments and the configuration say.
pub(super) struct Prepared {
    pub(super) config: Config,
    pub(super) how: How,
    pub(super) take: Take,
    pub(super) estate: Estate,
    /// What is known of destinations, but for whose their networks are.
    pub(super) catalogue: Catalogue,
    /// Whether a configuration was named.
    pub(super) is_configured: bool,
}

/// Everything opened.
pub(super) struct Opened {
    pub(super) batch: Batch,
    pub(super) estate: Estate,
    pub(super) take: Take,
    pub(super) progress: Arc<Progress>,
    pub(super) threads: usize,
    /// As the configuration says it.
    pub(super) budget: Option<Budget>,
    /// As the configuration says it.
    pub(super) asn: Option<PathBuf>,
    /// As the configuration says them.
    pub(super) limits: LimitsConfig,
    /// As the configuration says them.
    pub(super) allow: Arc<[Allow]>,
    /// What is known of destinations, but for whose their networks are.
    pub(super) catalogue: Catalogue,
    quiet: bool,
}

impl ReadArguments {
    /// Arguments that say nothing but which configuration.
    pub(super) fn of_config(config: Option<PathBuf>) -> ReadArguments {
        ReadArguments { config, ..ReadArguments::default() }
    }

    /// Which configuration they name.
    pub(super) fn config(&self) -> Option<PathBuf> {
        self.config.clone()
    }

    /// The same under another configuration.
    pub(super) fn with_config(&self, config: &Path) -> ReadArguments {
        ReadArguments { config: Some(config.to_path_buf()), ..self.clone() }
    }

    /// The same, of other files.
    pub(super) fn with_paths(&self, paths: Vec<PathBuf>) -> ReadArguments {
        ReadArguments { paths, ..self.clone() }
    }

    /// Whether nothing is read from standard input.
    pub(super) fn names_files(&self) -> bool {
        let no_pipe = self.paths.iter().all(|path| path.as_os_str() != "-");
        no_pipe && (self.config.is_some() || !self.paths.is_empty())
    }

    /// Takes those words off the front of the paths that mean something else, and no file that is there.
    pub(super) fn take_leading(&mut self, is_word: impl Fn(&str) -> bool) -> Vec<String> {
        let word = |path: &PathBuf| path.to_str().is_some_and(&is_word) && !path.exists();
        let count = self.paths.iter().take_while(|path| word(path)).count();
        self.paths.drain(..count).map(|path| path.to_string_lossy().into_owned()).collect()
    }

    /// What the arguments and the configuration say, before anything is opened.
    pub(super) fn prepare(&self, detail: Detail) -> Result<Prepared> {
        // The pool of rayon is global; a second call (in tests) keeps the first.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(self.threads).build_global();
        let config = match &self.config {
            None => Config::default(),
            Some(path) => config::read(path)?,
        };
        let inventory = match self.inventory.as_ref().or(config.inventory.as_ref()) {
            None => Inventory::default(),
            Some(path) => File::open(path)
                .map_err(anyhow::Error::from)
                .and_then(|file| Inventory::read(file).map_err(anyhow::Error::from))
                .with_context(|| format!("inventory {}", path.display()))?,
        };
        let how = How {
            format: told(self.format.as_deref(), self.format_from.as_deref())?,
            host: self.host.clone(),
            role: self.role.map(Role::from),
            zone: match &self.timezone {
                None => config.timezone.clone().unwrap_or(TimeZone::UTC),
                Some(zone) => TimeZone::get(zone)
                    .with_context(|| format!("--timezone {zone}: write a name such as Europe/London"))?,
            },
            detail,
            own: Arc::clone(&config.formats),
            near: Some(now()),
        };
        let take = Take {
            since: self.since.unwrap_or(Timestamp::MIN),
            until: self.until.unwrap_or(Timestamp::MAX),
            latest: now() + AHEAD,
            ..Take::default()
        };
        let local = self.local.clone().or(config.local_networks.clone()).unwrap_or_else(default_local);
        let estate = Estate::new(local, inventory).with_proxies(self.proxies.clone());
        let mut catalogue = Catalogue::default();
        for (service, marks) in &config.services {
            catalogue.add(service.clone(), marks.iter().map(String::as_str));
        }
        Ok(Prepared { config, how, take, estate, catalogue, is_configured: self.config.is_some() })
    }

    /// Opens what the arguments name and says what cannot be opened.
    pub(super) fn open(&self, detail: Detail) -> Result<Opened> {
        let Prepared { config, how, take, estate, catalogue, .. } = self.prepare(detail)?;
        let (wanted, troubles) = self.wanted(&config.sources, how)?;
        let progress = Arc::new(Progress::default());
        let mut batch = Batch::open(&wanted, &progress);
        batch.troubles.splice(0..0, troubles);
        let threads = rayon::current_num_threads();
        let Config { budget, asn, limits, allow, .. } = config;
        Ok(Opened {
            batch,
            estate,
            take,
            progress,
            threads,
            budget,
            asn,
            limits,
            allow,
            catalogue,
            quiet: self.quiet,
        })
    }

    /// What is said of a source of the configuration, of which the arguments may say more.
    pub(super) fn of_source(&self, source: &SourceConfig, how: &How) -> Result<How> {
        let format = told(source.format.as_deref(), source.format_from.as_deref())?;
        Ok(self.of(how, format, (source.role, source.host.clone())))
    }

    /// What the arguments say, and where they say nothing this.
    pub(super) fn of(&self, how: &How, format: Told, (role, host): (Option<Role>, Option<String>)) -> How {
        let format = if matches!(how.format, Told::Nothing) { format } else { how.format.clone() };
        How { format, role: how.role.or(role), host: how.host.clone().or(host), ..how.clone() }
    }

    /// What is to be read: the paths among the arguments, else the sources of the configuration, of which the arguments
    /// may say more.
    fn wanted(&self, sources: &[SourceConfig], how: How) -> Result<(Vec<Wanted>, Vec<Trouble>)> {
        let mut wanted: Vec<Wanted> = Vec::new();
        let (mut troubles, mut seen) = (Vec::new(), BTreeSet::new());
        let mut expand = |paths: &[PathBuf], how: How| {
            let (expanded, how) = (input::expand(paths), Arc::new(how));
            troubles.extend(expanded.troubles);
            for place in expanded.places {
                if seen.insert(place.clone()) {
                    wanted.push(Wanted { place, how: Arc::clone(&how) });
                } else {
                    let what = "is in two sources: leave it out of one, or it would count twice".into();
                    troubles.push(Trouble { path: place.path().to_path_buf(), what });
                }
            }
        };
        if !self.paths.is_empty() || sources.is_empty() {
            expand(&self.paths, how);
            return Ok((wanted, troubles));
        }
        for source in sources {
            expand(&source.paths, self.of_source(source, &how)?);
        }
        Ok((wanted, troubles))
    }
}

impl Opened {
    /// Reads everything into `sink`, with a progress bar on a terminal.
    pub(super) fn read(&mut self, sink: &mut impl crate::batch::Sink) {
        let bar = Bar::start(&self.progress, self.quiet);
        self.batch.read(sink, &self.progress);
        bar.finish();
    }

    /// Says what could not be read; gives the ending that this alone leads to.
    pub(super) fn ending(&self) -> Ending {
        for trouble in &self.batch.troubles {
            say(&format!("{}: {}", trouble.path.display(), trouble.what));
        }
        if self.batch.troubles.is_empty() { Ending::Nothing } else { Ending::Trouble }
    }

    /// Says how each source was read, for commands whose output is only data.
    pub(super) fn talk(&self, counts: &[Counts], verbose: bool) {
        for (source, counts) in self.batch.sources.iter().zip(counts).filter(|_| !self.quiet) {
            let rejected = counts.rejected_total();
            if verbose {
                let kind = source.kind.name;
                say(&format!("{}: {kind} ({}), {} lines", source.path, source.chosen, counts.lines));
                for sample in &counts.samples {
                    let text = String::from_utf8_lossy(&sample.text);
                    let (reason, column) = (sample.reject.reason.name(), sample.reject.column);
                    say(&format!("{}: line {}, column {column}: {reason}: {text}", source.path, sample.line));
                }
            }
            if rejected > 0 {
                let reasons: Vec<String> =
                    counts.rejected_by_reason().map(|(reason, count)| format!("{reason} {count}")).collect();
                say(&format!("{}: rejected {rejected} lines: {}", source.path, reasons.join(", ")));
            }
            if counts.external > 0 {
                let strangers = counts.external;
                say(&format!("{}: {strangers} events between strangers; check --local", source.path));
            }
            if counts.repeated > 0 {
                say(&format!(
                    "{}: {} events told by another line too, counted once",
                    source.path, counts.repeated
                ));
            }
            if counts.overflowed > 0 {
                let (path, many) = (&source.path, counts.overflowed);
                say(&format!("{path}: {many} connections forgotten for want of room, maybe counted twice"));
            }
            if let Some(blind) = source.blind(counts) {
                say(&format!("{}: blind: {blind}", source.path));
            }
        }
    }
}

/// What is said about formats, by name or by a server's configuration.
pub(super) fn told(format: Option<&str>, conf: Option<&Path>) -> Result<Told> {
    Ok(match (conf, format) {
        (Some(conf), _) => Told::Conf(Arc::new(format_from::layouts(&conf.to_string_lossy())?)),
        (None, None | Some("auto")) => Told::Nothing,
        (None, Some(named)) => Told::Named(named.to_owned()),
    })
}

/// The present, only to refuse stamps from the future.
#[expect(
    clippy::disallowed_methods,
    reason = "the one clock: event time must not be dragged into the future"
)]
pub(super) fn now() -> Timestamp {
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_micros()).ok().and_then(Timestamp::from_micros).unwrap_or(Timestamp::MAX)
}
