//! The hub's own certificate.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::{Failure, Tls};

/// TLS 1.2 and 1.3 with this certificate; devices show none, they sign their requests.
pub(crate) fn config(tls: &Tls) -> Result<Arc<ServerConfig>, Failure> {
    let certificate = |problem: String| Failure::Certificate { file: tls.certificate.clone(), problem };
    let key = |problem: String| Failure::Certificate { file: tls.key.clone(), problem };
    let chain = CertificateDer::pem_file_iter(&tls.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| certificate(error.to_string()))?;
    if chain.is_empty() {
        return Err(certificate("it holds no certificate in PEM".into()));
    }
    let private = PrivateKeyDer::from_pem_file(&tls.key).map_err(|error| key(error.to_string()))?;
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| certificate(error.to_string()))?
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .map_err(|error| certificate(error.to_string()))?;
    Ok(Arc::new(config))
}
