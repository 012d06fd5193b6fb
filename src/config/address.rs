//! `udp://127.0.0.1:514`, `https://hooks.example/a`: what stands before `://`, and behind it.

use super::error::ConfigError;
use crate::formats::spelling::nearest;
use toml::Spanned;

/// Scheme and rest; the scheme is one of these.
pub(super) fn split<'v>(
    text: &str,
    value: &'v Spanned<String>,
    schemes: &[&str],
) -> Result<(&'v str, &'v str), ConfigError> {
    let all = || schemes.iter().map(|scheme| format!("{scheme}://")).collect::<Vec<_>>().join(", ");
    let address = value.get_ref();
    let message = match address.split_once("://") {
        Some((scheme, "")) => format!("say what comes behind {scheme}://"),
        Some((scheme, rest)) if schemes.contains(&scheme) => return Ok((scheme, rest)),
        Some((scheme, _)) => {
            let near = nearest(scheme, schemes).map(|near| format!("did you mean {near}://? "));
            format!("there is no \"{scheme}://\" here: {}it is one of {}", near.unwrap_or_default(), all())
        }
        // The address itself may be a secret.
        None => format!("this does not say how to get there: begin with one of {}", all()),
    };
    Err(ConfigError::at(text, value.span().start, message))
}

/// `name:514`, `192.0.2.1:514`, `[2001:db8::1]:514` → the host without brackets, and the port.
pub(super) fn host_and_port(rest: &str) -> Option<(&str, u16)> {
    let (host, port) = rest.rsplit_once(':')?;
    let host = match host.strip_prefix('[') {
        Some(inner) => inner.strip_suffix(']')?,
        None if host.contains(':') => return None,
        None => host,
    };
    let port = port.parse().ok().filter(|port| *port > 0)?;
    (!host.is_empty() && !host.contains(['/', '@', ' '])).then_some((host, port))
}

/// Of a web address, the host as people know it: without the path and the password, which are often secrets.
pub(super) fn web_host(rest: &str) -> &str {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit('@').next().unwrap_or_default()
}
