//! The command line: one file per command, one place that prints errors, one that decides the exit code.
//!
//! Data goes to stdout, talk to stderr. Exit code 0: read everything, nothing found; 1: incidents in budget; 2: trouble.
//! The only folder that knows clap and anyhow, and the one that looks at the clock (for "not later than tomorrow").

mod ack;
mod bench;
mod compare;
mod config;
mod doctor;
mod doors;
mod drill;
mod eval;
mod explain;
mod floor;
mod follow;
mod format_from;
mod formats;
mod incidents;
mod judge;
mod parse;
mod progress;
mod read;
mod report;
mod scan;
mod store;
mod synth;
mod volumes;
mod watch;

use clap::{Parser, Subcommand};
use std::io;
use std::process::ExitCode;

/// Whose data is leaving, and to where? Reads server, proxy, flow and DNS logs and names the few hosts that leak.
#[derive(Debug, Parser)]
#[command(name = "outflow", version, max_term_width = 110, disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Read logs once and name the hosts whose data is leaving, the worst first
    Scan(scan::Arguments),
    /// Sum what goes out per host (and destination, and window)
    Volumes(volumes::Arguments),
    /// Follow logs as they grow, for ever: what is told, sums and where reading stopped survive any crash
    Watch(watch::Arguments),
    /// Write one page for people: who sent how much to where, since when, and what cannot be seen
    Report(report::Arguments),
    /// Print the incidents that a daemon's store holds, as a scan would
    Incidents(incidents::Arguments),
    /// Say that an incident is known, so that the daemon does not tell it again until a time; or list what was acknowledged
    Ack(ack::Arguments),
    /// Print what each line says as JSON with ECS names
    Parse(parse::Arguments),
    /// Say what each source can and cannot show, and the line of configuration that fixes it
    Doctor(doctor::Arguments),
    /// Say why an incident was told, and whether its lines still say so, also where the log was rotated since; or print what a
    /// detector sees, how it decides, and what fools it
    Explain(explain::Arguments),
    /// List the formats that can be read
    Formats(formats::Arguments),
    /// Check a configuration, or print all settings and where each comes from
    Config(config::Arguments),
    /// Write the log of an invented estate with a theft in it, and the truth beside it
    Synth(synth::Arguments),
    /// Score the incidents of a scan against what was really stolen
    Eval(eval::Arguments),
    /// Would we have caught it? Lay labelled thefts over your own logs, in memory, and say which were told
    Drill(drill::Arguments),
    /// How much could leave each host and not be told? In an hour, a day, a month, by each way; and what hides the most
    Floor(floor::Arguments),
    /// Measure how fast this machine reads these logs, stage by stage, beside a count of newlines
    Bench(bench::Arguments),
}

/// How a command ended, when it did not fail outright.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// Exit code 0.
    Nothing,
    /// Exit code 1: incidents within the budget.
    Found,
    /// Exit code 2: something could not be read; it was said already.
    Trouble,
}

/// Runs the program.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // clap prints help to stdout and mistakes to stderr; a closed pipe there is nobody's trouble.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    let ending = match arguments.command {
        Command::Scan(arguments) => scan::run(&arguments),
        Command::Volumes(arguments) => volumes::run(&arguments),
        Command::Watch(arguments) => watch::run(&arguments),
        Command::Report(arguments) => report::run(&arguments),
        Command::Incidents(arguments) => incidents::run(&arguments),
        Command::Ack(arguments) => ack::run(&arguments),
        Command::Parse(arguments) => parse::run(&arguments),
        Command::Doctor(arguments) => doctor::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Formats(arguments) => formats::run(&arguments),
        Command::Config(arguments) => config::run(&arguments),
        Command::Synth(arguments) => synth::run(&arguments),
        Command::Eval(arguments) => eval::run(&arguments),
        Command::Drill(arguments) => drill::run(&arguments),
        Command::Floor(arguments) => floor::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments),
    };
    match ending {
        Ok(Ending::Nothing) => ExitCode::SUCCESS,
        Ok(Ending::Found) => ExitCode::from(1),
        Ok(Ending::Trouble) => ExitCode::from(2),
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("{error:#}"));
            ExitCode::from(2)
        }
    }
}

/// The reader of our output has seen enough (`| head`).
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let io = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        let json = cause.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind);
        io.or(json) == Some(io::ErrorKind::BrokenPipe)
    })
}

/// Talks to the person: one line on stderr.
#[expect(clippy::print_stderr, reason = "the one place that talks")]
fn say(line: &str) {
    eprintln!("outflow: {}", crate::outputs::escaped(line));
}
