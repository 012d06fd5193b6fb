//! The short list: what belongs together, and a row for each of the worst incidents, with a link to what is said of it.

use super::super::report::{Report, Shares, Told};
use super::{begin_table, text};
use crate::units::Bytes;
use std::fmt::Write as _;
use std::io::{self, Write};

/// How many hosts of a campaign are named.
const HOSTS_NAMED: usize = 5;

/// What several hosts have in common, which is one story, and the days on which the whole estate stands out.
pub(super) fn together(report: &Report<'_>, told: &[&Told<'_>], to: &mut dyn Write) -> io::Result<()> {
    for campaign in &report.campaigns {
        let shares = match campaign.shares {
            Shares::Destination(name) => format!("to <span class=\"name\">{}</span>", text(name)),
            Shares::Owner(number, name) => format!("to networks of AS{number} {}", text(name)),
            Shares::Size => "with one volume each, to different places".to_owned(),
        };
        let named: Vec<String> =
            campaign.hosts.iter().take(HOSTS_NAMED).map(|host| link(host, told)).collect();
        let more = if campaign.hosts.len() > HOSTS_NAMED { ", …" } else { "" };
        writeln!(
            to,
            "<p>Together, {} hosts ({}{more}) sent <strong>{}</strong> {shares}.</p>",
            campaign.hosts.len(),
            named.join(", "),
            Bytes(campaign.bytes_out)
        )?;
    }
    for day in report.days.iter().filter(|day| day.alarms()) {
        let start = day.start.to_string();
        writeln!(
            to,
            "<p>The estate as a whole stands out on {}: higher criticism {:.1}, at most {:.1} in the two weeks before.</p>",
            start.split('T').next().unwrap_or_default(),
            day.criticism.unwrap_or_default(),
            day.expected.unwrap_or_default()
        )?;
    }
    Ok(())
}

/// A row for each of these incidents.
pub(super) fn write(told: &[&Told<'_>], to: &mut dyn Write) -> io::Result<()> {
    let mut page = begin_table(
        "The list",
        "<th class=\"number\">#<th>Host<th>To<th class=\"number\">Sent<th class=\"number\">Usual a day<th>Since (UTC)<th>Severity",
    );
    for told in told {
        let severity = told.severity.name();
        let _ = write!(
            page,
            "<tr><td class=\"number\">{}<td class=\"name\"><a href=\"#i{}\">{}</a><td class=\"name\">{}<td class=\"number\">{}<td class=\"number\">{}<td class=\"time\">{}<td class=\"{severity}\">{severity}</tr>",
            told.rank,
            told.id,
            text(told.host),
            told.destination.map_or_else(|| "several places".to_owned(), text),
            Bytes(told.incident.bytes_out),
            told.usual(),
            told.since()
        );
    }
    writeln!(to, "{page}</table></div>")
}

/// A host's name, which leads to its worst incident.
fn link(host: &str, told: &[&Told<'_>]) -> String {
    let name = text(host);
    match told.iter().find(|told| told.host == host) {
        Some(told) => format!("<a class=\"name\" href=\"#i{}\">{name}</a>", told.id),
        None => name,
    }
}
