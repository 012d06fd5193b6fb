//! `[[allow]]`: what the operator does not want to be told.

use super::error::line_and_column;
use super::node::Node;
use super::raw::RawAllow;
use super::{ConfigError, Spanned, parsed};
use crate::event::catalogue::met;
use crate::incidents::{Allow, Glob, Hours, Who, deadline};
use ipnet::IpNet;
use jiff::tz::TimeZone;

/// A longer reason is none that anybody reads in a table, in bytes.
const REASON_MAX: usize = 500;

/// A rule, whose hours and dates are those of `zone`.
pub(super) fn read(text: &str, raw: &Spanned<RawAllow>, zone: &TimeZone) -> Result<Allow, ConfigError> {
    let (start, raw) = (raw.span().start, raw.get_ref());
    let at = |start: usize, message: &str| ConfigError::at(text, start, message.to_owned());
    if raw.host.is_none() && raw.role.is_none() && raw.destination.is_none() {
        return Err(at(
            start,
            "a rule for everything would allow everything: name a host, a role or a destination",
        ));
    }
    let Some(reason) = &raw.reason else {
        return Err(at(start, "a rule needs a reason, as in reason = \"nightly off-site copy\""));
    };
    if !(1..=REASON_MAX).contains(&reason.get_ref().trim().len()) {
        let message = format!("a reason has 1 to {REASON_MAX} bytes: say who wants it and why");
        return Err(ConfigError::at(text, reason.span().start, message));
    }
    for given in [&raw.host, &raw.role, &raw.destination].into_iter().flatten() {
        if given.get_ref().trim().is_empty() {
            return Err(at(
                given.span().start,
                "nothing is named here: leave the key out if it does not matter",
            ));
        }
    }
    let until = raw.until.as_ref().map(|until| {
        deadline(until.get_ref(), zone)
            .map_err(|error| ConfigError::at(text, until.span().start, error.to_string()))
    });
    let hours = raw.hours.as_ref().map(|hours| {
        let hours: Hours = parsed(text, hours)?;
        Ok(hours.within(zone.clone()))
    });
    Ok(Allow {
        line: line_and_column(text, start).0,
        host: raw.host.as_ref().map(|host| Who::named(host.get_ref().trim())),
        role: raw.role.as_ref().map(|role| Glob::new(role.get_ref().trim())),
        destination: raw.destination.as_ref().map(|place| destination(text, place)).transpose()?,
        ports: raw.port.as_ref().map(|port| ports(text, port)).transpose()?.unwrap_or_default(),
        hours: hours.transpose()?,
        up_to: raw.up_to.as_ref().map(|cap| parsed(text, cap)).transpose()?,
        until: until.transpose()?,
        reason: reason.get_ref().trim().into(),
    })
}

/// A destination as it can be met: destinations are told apart by registered domains, and addresses by networks.
fn destination(text: &str, written: &Spanned<String>) -> Result<Who, ConfigError> {
    let name = written.get_ref().trim().trim_end_matches('.').to_lowercase();
    let wrong = |by: &str, instead: &str| {
        let message = format!("destinations are told apart by {by}: write \"{instead}\"");
        ConfigError::at(text, written.span().start, message)
    };
    let who = Who::named(&name);
    match &who {
        Who::Net(net) => {
            let length = if net.addr().is_ipv4() { 24 } else { 48 };
            match IpNet::new(net.addr(), length) {
                Ok(group) if net.prefix_len() > length => {
                    Err(wrong("networks of this size", &group.trunc().to_string()))
                }
                _ => Ok(Who::Net(net.trunc())),
            }
        }
        // Of `*.files.example` only `files.example` is ever met; `*.example` may mean all of a suffix.
        Who::Name(_) => match name.strip_prefix("*.").unwrap_or(&name) {
            rest if rest.contains(['*', '?']) => Ok(who),
            rest => match (met(rest), is_registered(rest)) {
                (Err(group), _) => Err(wrong("registered domains", &group)),
                (Ok(()), true) if rest != name => Err(wrong("registered domains", rest)),
                _ => Ok(who),
            },
        },
    }
}

/// Whether a name is a registered domain, and no suffix of such.
fn is_registered(name: &str) -> bool {
    met(&format!("b.{name}")).is_err()
}

/// `443`, or `[443, 8443]`.
fn ports(text: &str, node: &Spanned<Node>) -> Result<Vec<u16>, ConfigError> {
    let wrong = |start| {
        let message = "a port is a number from 1 to 65535, as in port = 443 or port = [443, 8443]";
        ConfigError::at(text, start, message.into())
    };
    let one = |start: usize, node: &Node| match node {
        Node::Number(port) => u16::try_from(*port).ok().filter(|port| *port > 0).ok_or_else(|| wrong(start)),
        _ => Err(wrong(start)),
    };
    match node.get_ref() {
        Node::List(list) if !list.is_empty() => {
            list.iter().map(|port| one(port.span().start, port.get_ref())).collect()
        }
        other => one(node.span().start, other).map(|port| vec![port]),
    }
}
