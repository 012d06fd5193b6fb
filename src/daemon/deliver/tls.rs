//! Whom to trust when a receiver is reached over TLS.

use super::files::read_small;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::path::Path;
use std::sync::Arc;

/// The certificates of those who may vouch for a receiver: of this PEM file, else those that the system trusts.
pub(super) fn roots(ca: Option<&Path>) -> Result<Vec<CertificateDer<'static>>, String> {
    let Some(path) = ca else {
        let found = rustls_native_certs::load_native_certs();
        return match found.certs.is_empty() {
            true => {
                Err("this system trusts no certificate: install ca-certificates, or set ca = \"FILE.pem\""
                    .into())
            }
            false => Ok(found.certs),
        };
    };
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&read_small(path)?).collect();
    match certificates {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(format!("{}: no certificate in PEM", path.display())),
    }
}

/// What a client of TLS needs.
pub(super) fn client(ca: Option<&Path>) -> Result<Arc<ClientConfig>, String> {
    let mut store = RootCertStore::empty();
    let (added, _) = store.add_parsable_certificates(roots(ca)?);
    if added == 0 {
        return Err("none of the certificates that may vouch for the receiver can be used".into());
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|error| error.to_string())?.with_root_certificates(store);
    Ok(Arc::new(config.with_no_client_auth()))
}
