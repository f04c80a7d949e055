//! TLS by rustls, with a certificate that can be renewed while serving.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use arc_swap::ArcSwap;
use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_rustls::TlsAcceptor;

use super::error::ServeError;
use super::settings::TlsFiles;

/// The certificate of now, and the files that it came from.
#[derive(Debug)]
pub(super) struct Certificate {
    files: TlsFiles,
    provider: Arc<CryptoProvider>,
    current: ArcSwap<CertifiedKey>,
    /// What the files looked like when they were last read, whatever came of it.
    seen: Mutex<Option<Looks>>,
}

/// Enough to see that a file was replaced or rewritten.
type Looks = [(u64, u64, Option<SystemTime>); 2];

impl Certificate {
    pub fn load(files: TlsFiles) -> Result<Arc<Self>, ServeError> {
        let provider = Arc::new(default_provider());
        let seen = looks(&files);
        let current = ArcSwap::from_pointee(read(&files, &provider)?);
        Ok(Arc::new(Self { files, provider, current, seen: Mutex::new(seen) }))
    }

    pub fn acceptor(self: &Arc<Self>) -> Result<TlsAcceptor, ServeError> {
        let mut config = rustls::ServerConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()
            .map_err(|why| ServeError::tls(&self.files.cert, why))?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(self) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    /// Reads the files again if they look different, or anyway. A pair that cannot be used leaves the
    /// one before in use.
    pub fn renew(&self, anyway: bool) {
        let now = looks(&self.files);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if !anyway && *seen == now {
            return;
        }
        *seen = now;
        drop(seen);
        match read(&self.files, &self.provider) {
            Ok(key) => {
                self.current.store(Arc::new(key));
                tracing::info!(cert = %self.files.cert.display(), "the TLS certificate was read again");
            }
            Err(error) => {
                tracing::error!(%error, "the TLS certificate cannot be renewed; the one before stays in use");
            }
        }
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.load_full())
    }
}

fn looks(files: &TlsFiles) -> Option<Looks> {
    let look = |path| fs::metadata(path).ok().map(|facts| (facts.ino(), facts.len(), facts.modified().ok()));
    Some([look(&files.cert)?, look(&files.key)?])
}

fn read(files: &TlsFiles, provider: &CryptoProvider) -> Result<CertifiedKey, ServeError> {
    let TlsFiles { cert, key } = files;
    let chain: Vec<_> = CertificateDer::pem_file_iter(cert)
        .and_then(Iterator::collect)
        .map_err(|why| ServeError::tls(cert, why))?;
    if chain.is_empty() {
        return Err(ServeError::tls(cert, "there is no certificate in it"));
    }
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|why| ServeError::tls(key, why))?;
    CertifiedKey::from_der(chain, secret, provider).map_err(|why| ServeError::tls(key, why))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn write_pair(folder: &Path) {
        let made = rcgen::generate_simple_self_signed(vec!["agnes.example".to_owned()]).unwrap();
        fs::write(folder.join("cert.pem"), made.cert.pem()).unwrap();
        fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    }

    fn files(folder: &Path) -> TlsFiles {
        TlsFiles { cert: folder.join("cert.pem"), key: folder.join("key.pem") }
    }

    #[test]
    fn a_new_pair_is_taken_and_a_broken_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        write_pair(folder.path());
        let certificate = Certificate::load(files(folder.path())).unwrap();
        let current = || certificate.current.load().cert[0].to_vec();
        let first = current();
        certificate.renew(false);
        assert_eq!(current(), first);

        write_pair(folder.path());
        certificate.renew(false);
        let second = current();
        assert_ne!(second, first);

        for broken in ["", "-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n"] {
            fs::write(folder.path().join("cert.pem"), broken).unwrap();
            certificate.renew(false);
            assert_eq!(current(), second);
        }
        fs::remove_file(folder.path().join("key.pem")).unwrap();
        certificate.renew(true);
        assert_eq!(current(), second);
    }

    #[test]
    fn a_key_that_is_not_the_certificates_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        write_pair(folder.path());
        let cert = fs::read(folder.path().join("cert.pem")).unwrap();
        write_pair(folder.path());
        fs::write(folder.path().join("cert.pem"), cert).unwrap();
        let error = Certificate::load(files(folder.path())).unwrap_err();
        assert!(error.to_string().contains("key.pem"), "{error}");
    }
}
