//! `outflow ack`: an incident is known and need not be told again for a while.
//!
//! What is acknowledged stands in a file beside the store, so that it can be said while a daemon holds that.

use super::read::now;
use super::{Ending, incidents, store};
use crate::config::Config;
use crate::incidents::{Ack, deadline};
use crate::outputs::{Told, escaped};
use crate::store::acknowledge;
use crate::units::{Span, Timestamp};
use anyhow::{Result, anyhow, bail};
use clap::Args;
use jiff::tz::TimeZone;
use std::io::{Write, stdout};
use std::time::Duration;

/// A longer reason is none that anybody reads in a table, in bytes.
const REASON_MAX: usize = 500;

const ABOUT: &str = "\
A daemon that runs heeds it within a second or two. Until that time of its logs neither this incident nor a new one of the same \
host and destination is told; incidents and /api/v1/incidents show who is acknowledged, why and until when, and an incident that is \
acknowledged does not make incidents end with 1. After it, the same is told again if it still goes on and stands out. Of two \
acknowledgements of the same host and destination the later holds: to take one back, give another that ends in the past.";

#[derive(Debug, Args)]
#[command(after_help = ABOUT)]
pub(super) struct Arguments {
    /// The incident's id, or how it begins
    #[arg(value_name = "ID", required_unless_present = "list")]
    id: Option<String>,
    /// Until when: a date (to its end, in the timezone of -c), a date and time, or a span from now as in 30d
    #[arg(long, value_name = "TIME", required_unless_present = "list")]
    until: Option<String>,
    /// Why it need not be told again
    #[arg(long, value_name = "TEXT", required_unless_present = "list")]
    reason: Option<String>,
    /// List what was acknowledged, in the order in which it was said
    #[arg(long, conflicts_with_all = ["id", "until", "reason"])]
    list: bool,
    #[command(flatten)]
    store: store::StoreArguments,
}

pub(super) fn run(arguments: &Arguments) -> Result<Ending> {
    let config = arguments.store.configuration()?;
    let (Some(id), Some(until), Some(reason)) = (&arguments.id, &arguments.until, &arguments.reason) else {
        return list(arguments, &config);
    };
    let reason = reason.trim();
    if !(1..=REASON_MAX).contains(&reason.len()) {
        bail!("--reason has 1 to {REASON_MAX} bytes: say who knows of it and why it is no theft");
    }
    let until = moment(until, &config.timezone.clone().unwrap_or(TimeZone::UTC))?;
    let (scanned, sources, inventory) = incidents::finished(&arguments.store)?;
    let report = scanned.report(&sources, &inventory, Duration::ZERO);
    let told = chosen(&report.incidents, id)?;
    let ack = Ack {
        id: told.id.clone(),
        host: told.host.to_owned(),
        destination: told.destination.map(str::to_owned),
        since: told.incident.detected_at,
        until,
        reason: reason.to_owned(),
    };
    acknowledge(arguments.store.folder(&config), &ack, now())?;
    line(&ack, &mut stdout().lock())?;
    Ok(Ending::Nothing)
}

fn list(arguments: &Arguments, config: &Config) -> Result<Ending> {
    let mut to = stdout().lock();
    for ack in arguments.store.acks(config)?.iter() {
        line(ack, &mut to)?;
    }
    Ok(Ending::Nothing)
}

/// `dd9b6a0a393a49e4 db-17 to vault.example, until 2027-02-01T00:00:00Z: moved by hand`
fn line(ack: &Ack, to: &mut impl Write) -> Result<()> {
    let Ack { id, host, destination, until, reason, .. } = ack;
    let destination = destination.as_deref().unwrap_or("several destinations");
    let text = format!("{id} {host} to {destination}, until {until}: {reason}");
    Ok(writeln!(to, "{}", escaped(&text))?)
}

/// A span from now, or a time.
fn moment(text: &str, zone: &TimeZone) -> Result<Timestamp> {
    match text.parse::<Span>() {
        Ok(span) => Ok(now() + span),
        Err(_) => {
            deadline(text, zone).map_err(|error| anyhow!("--until: {error}; or a span from now, as in 30d"))
        }
    }
}

/// The one whose id begins so.
fn chosen<'r, 'a>(incidents: &'r [Told<'a>], id: &str) -> Result<&'r Told<'a>> {
    let mut alike = incidents.iter().filter(|told| told.id.starts_with(id));
    match (alike.next(), alike.count()) {
        (Some(told), 0) => Ok(told),
        (None, _) => bail!(
            "the id of none of the {} incidents of this store begins with \"{id}\": outflow incidents --all --json names them",
            incidents.len()
        ),
        (Some(_), more) => bail!("\"{id}\" is how {} incidents begin: write more of the id", more + 1),
    }
}
