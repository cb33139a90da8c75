//! The hub's own certificate.

use std::path::Path;
use std::sync::Arc;

use nightjar_sync::Pin;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::ParsedCertificate;

use crate::{Failure, Tls, store};

/// What a certificate that the hub makes for itself says: devices know it by its key.
const NAME: &str = "nightjar-hub";

impl Tls {
    /// The certificate that a hub made for itself in its folder: made now, if there is none. Its key never changes, so that devices which
    /// were given its pin go on trusting it; whoever has the folder has the key.
    ///
    /// # Errors
    /// [`Failure::Folder`], [`Failure::Certificate`].
    pub fn own(folder: &Path) -> Result<Self, Failure> {
        let own = Self { certificate: folder.join("certificate.pem"), key: folder.join("key.pem") };
        if own.certificate.exists() {
            return Ok(own);
        }
        let problem = |problem: String| Failure::Certificate { file: own.certificate.clone(), problem };
        store::folder(folder)?;
        let made = rcgen::generate_simple_self_signed(vec![NAME.to_owned()])
            .map_err(|error| problem(error.to_string()))?;
        let write = |path: &Path, pem: String| {
            let unusable = |source| Failure::Folder { folder: path.to_owned(), source };
            // Whole under another name first: a power cut leaves no half of a key.
            let draft = path.with_extension("new");
            let mut options = std::fs::OpenOptions::new();
            options.write(true).create(true).truncate(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut file = options.open(&draft).map_err(unusable)?;
            std::io::Write::write_all(&mut file, pem.as_bytes()).map_err(unusable)?;
            file.sync_all().map_err(unusable)?;
            std::fs::rename(&draft, path).map_err(unusable)
        };
        // The certificate last: where it is, its key is.
        write(&own.key, made.signing_key.serialize_pem())?;
        write(&own.certificate, made.cert.pem())?;
        Ok(own)
    }

    /// By what devices know a hub with this certificate.
    ///
    /// # Errors
    /// [`Failure::Certificate`].
    pub fn pin(&self) -> Result<Pin, Failure> {
        let problem = |problem: String| Failure::Certificate { file: self.certificate.clone(), problem };
        let chain = chain(self)?;
        let first = chain.first().ok_or_else(|| problem("it holds no certificate in PEM".into()))?;
        let read = ParsedCertificate::try_from(first).map_err(|error| problem(error.to_string()))?;
        Ok(Pin::of(read.subject_public_key_info().as_ref()))
    }
}

fn chain(tls: &Tls) -> Result<Vec<CertificateDer<'static>>, Failure> {
    CertificateDer::pem_file_iter(&tls.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| Failure::Certificate { file: tls.certificate.clone(), problem: error.to_string() })
}

/// TLS 1.2 and 1.3 with this certificate; devices show none, they sign their requests.
pub(crate) fn config(tls: &Tls) -> Result<Arc<ServerConfig>, Failure> {
    let certificate = |problem: String| Failure::Certificate { file: tls.certificate.clone(), problem };
    let key = |problem: String| Failure::Certificate { file: tls.key.clone(), problem };
    let chain = chain(tls)?;
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
