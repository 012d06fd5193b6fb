//! nginx's access log: combined and any `log_format` string.
//!
//! `$body_bytes_sent` leaves the headers out, `$bytes_sent` has them and wins; `$request_length` is what came in. The
//! line is written when the answer has been sent. `$http_x_forwarded_for` is taken for the client as in
//! [`super::apache`], with the same limit to what it is worth. `$upstream_…` may hold lists and are passed over.

use super::clf::{self, Front, Writer};
use crate::event::Role;
use crate::formats::format_string::{Dialect, Layout, nginx, sample};
use crate::formats::{Context, Format, Kind, Sniffed, SpecError};
use std::sync::Arc;

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "nginx",
    about: "nginx: combined, ingress, or any log_format string",
    roles: &[Role::Server, Role::Proxy],
    compile,
    sniff,
    is_header: None,
};

/// The layout that nginx has built in.
pub(super) const COMBINED: &str = r#"$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent""#;

/// What ingress-nginx writes unless told otherwise; the length of the request is in it.
const INGRESS: &str = r#"$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" $request_length $request_time [$proxy_upstream_name] [$proxy_alternative_upstream_name] $upstream_addr $upstream_response_length $upstream_response_time $upstream_status $req_id"#;

/// What to write into nginx.conf; `$request_length` and `$bytes_sent` are there in every version that is in use.
const UPLOAD: &str = "add $request_length to log_format: log_format outflow '$remote_addr - $remote_user [$time_local] \"$request\" $status \
     $body_bytes_sent \"$http_referer\" \"$http_user_agent\" $request_length $bytes_sent'; access_log /var/log/nginx/access.log outflow;";
const RESPONSE: &str = "add $bytes_sent to log_format: log_format outflow '$remote_addr - $remote_user [$time_local] \"$request\" $status \
     $body_bytes_sent \"$http_referer\" \"$http_user_agent\" $request_length $bytes_sent'; access_log /var/log/nginx/access.log outflow;";

fn compile(spec: &str, context: &Context) -> Result<Arc<dyn Format>, SpecError> {
    let spec = match spec.trim() {
        "" | "combined" => COMBINED,
        "ingress" => INGRESS,
        text if !text.contains('$') => {
            let message = "not a layout that is known by name (combined, ingress), and a log_format string has variables like \
                           $remote_addr";
            return Err(SpecError { message: message.into(), position: 0 });
        }
        _ => spec,
    };
    let (role, remedy) = match context.role {
        Some(Role::Proxy) => (Role::Proxy, UPLOAD),
        _ => (Role::Server, RESPONSE),
    };
    let dialect = Dialect { dataset: "nginx", role, remedy, context };
    Ok(Arc::new(Layout::compile(nginx::pieces(spec)?, dialect)?))
}

/// Answers for the combined log, also with `X-Forwarded-For` behind it as in the configuration file that nginx is
/// shipped with; [`super::apache`] speaks for what neither can tell.
fn sniff(lines: &[&[u8]], context: &Context) -> Sniffed {
    let Some(survey) = clf::survey(lines) else { return Sniffed::No };
    if survey.front != Front::Nothing || survey.writer == Writer::Apache {
        return Sniffed::No;
    }
    if survey.absolute && context.role.is_none() {
        return Sniffed::No;
    }
    let forwarded = format!("{COMBINED} \"$http_x_forwarded_for\"");
    let (spec, name) = match survey.columns.as_str() {
        // The columns behind the time are two names in brackets and what was asked of the servers behind.
        columns if columns.starts_with("qqnfww") => ("ingress", "log of ingress-nginx"),
        _ if survey.mixed => return Sniffed::No,
        "qq" => ("combined", "combined log"),
        "qqq" if survey.third_is_addresses => (forwarded.as_str(), "combined log with X-Forwarded-For"),
        _ => return Sniffed::No,
    };
    if !compile(spec, context).is_ok_and(|format| sample::reads_most(&*format, lines)) {
        return Sniffed::No;
    }
    let why = match survey.writer {
        Writer::Nginx => {
            format!("the lines are the {name} with zeros, statuses or escapes as nginx writes them")
        }
        Writer::Apache | Writer::Either => format!("the lines are the {name}"),
    };
    Sniffed::Yes { spec: spec.into(), why }
}

#[cfg(test)]
mod tests;
