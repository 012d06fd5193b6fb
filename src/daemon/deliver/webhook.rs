//! A POST for each incident.
//!
//! A receiver knows an incident by `X-Outflow-Id`, and us by `X-Outflow-Signature: sha256=HEX`, the HMAC-SHA256 of the body with the
//! secret of `secret_file`. The address is often a secret itself: it is in no message.

use super::files::read_small;
use super::{Failure, Item, Receiver, tls};
use crate::units::Span;
use ring::hmac;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// No receiver may ask for more patience.
const RETRY_AFTER_MAX: u64 = 3_600;

pub(super) struct Webhook {
    url: String,
    key: Option<hmac::Key>,
    agent: Agent,
}

impl Webhook {
    pub(super) fn new(
        url: &str,
        secret_file: Option<&Path>,
        ca: Option<&Path>,
        limit: Span,
    ) -> Result<Webhook, String> {
        let key = secret_file.map(|path| {
            let secret = read_small(path)?;
            match secret.trim_ascii_end() {
                b"" => Err(format!("{}: there is no secret in it", path.display())),
                secret => Ok(hmac::Key::new(hmac::HMAC_SHA256, secret)),
            }
        });
        let mut config = Agent::config_builder()
            .timeout_global(Some(Duration::from_secs_f64(limit.seconds().max(0.1))))
            .http_status_as_error(false)
            // What is signed for one is not for another.
            .max_redirects(0)
            .user_agent(concat!("outflow/", env!("CARGO_PKG_VERSION")));
        if url.starts_with("https://") {
            let roots: Vec<Certificate<'static>> =
                tls::roots(ca)?.iter().map(|root| Certificate::from_der(root).to_owned()).collect();
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            config = config.tls_config(
                TlsConfig::builder()
                    .unversioned_rustls_crypto_provider(provider)
                    .root_certs(RootCerts::Specific(Arc::new(roots)))
                    .build(),
            );
        }
        Ok(Webhook { url: url.into(), key: key.transpose()?, agent: config.build().into() })
    }
}

impl Receiver for Webhook {
    fn deliver(&mut self, items: &[Item]) -> Result<usize, Failure> {
        let Some(item) = items.first() else { return Ok(0) };
        let mut request = self
            .agent
            .post(&self.url)
            .header("Content-Type", "application/json")
            .header("X-Outflow-Id", &item.id);
        if let Some(key) = &self.key {
            request = request.header("X-Outflow-Signature", signature(key, item.text.as_bytes()));
        }
        let response = request.send(item.text.as_bytes()).map_err(|error| match error {
            ureq::Error::BadUri(_) | ureq::Error::Http(_) => Failure::later("its address cannot be used"),
            error => Failure::later(error.to_string().replace(&self.url, "…")),
        })?;
        let after =
            response.headers().get("retry-after").and_then(|after| after.to_str().ok()?.trim().parse().ok());
        let after = after.map(|seconds: u64| Duration::from_secs(seconds.min(RETRY_AFTER_MAX)));
        match response.status().as_u16() {
            200..=299 => Ok(1),
            // These speak of the message, and it will be the same next time.
            status @ (400 | 413 | 415 | 422) => Err(Failure::Never(format!("it answers {status}"))),
            status => Err(Failure::Later(format!("it answers {status}"), after)),
        }
    }
}

/// `sha256=…`
fn signature(key: &hmac::Key, body: &[u8]) -> String {
    let tag = hmac::sign(key, body);
    tag.as_ref().iter().fold("sha256=".to_owned(), |hex, byte| format!("{hex}{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test case 2.
    #[test]
    fn signs_as_the_standard_does() {
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"Jefe");
        assert_eq!(
            signature(&key, b"what do ya want for nothing?"),
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
