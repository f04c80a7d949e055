//! Certificates that no system knows.

use std::fs;
use std::path::PathBuf;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};

use super::World;
use super::server::{Server, argument};

/// An organisation's own authority.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its certificate, as analysts are given it.
    pub pem: PathBuf,
}

impl World {
    /// A new authority, whose certificate is in a file of that name.
    pub fn authority(&self, name: &str) -> Authority {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        // A leaf of the same name as its issuer would count as self-signed.
        params.distinguished_name.push(DnType::CommonName, "Our authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = self.path(name);
        fs::write(&pem, params.self_signed(&key).unwrap().pem()).unwrap();
        Authority { issuer: Issuer::new(params, key), pem }
    }

    /// Has the server's certificate be one that this authority signed, for these names, until the end of that
    /// year.
    pub fn certify(&self, authority: &Authority, names: &[&str], until: i32) {
        let key = KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(until, 12, 31);
        fs::write(self.path("cert.pem"), params.signed_by(&key, &authority.issuer).unwrap().pem()).unwrap();
        fs::write(self.path("key.pem"), key.serialize_pem()).unwrap();
    }

    /// A server with the certificate that was made last.
    pub fn serve_certified(&self, flags: &[&str]) -> Server {
        let (cert, key) = (self.path("cert.pem"), self.path("key.pem"));
        let tls = ["--tls-cert", argument(&cert), "--tls-key", argument(&key)];
        self.serve(&[&tls[..], flags].concat())
    }

    /// A server whose certificate an authority of our own signed, and that authority's, as a file.
    pub fn serve_privately(&self, flags: &[&str]) -> (Server, PathBuf) {
        let ca = self.path("our ca.pem");
        if !ca.exists() {
            let authority = self.authority("our ca.pem");
            self.certify(&authority, &["localhost", "127.0.0.1"], 2090);
        }
        (self.serve_certified(flags), ca)
    }
}
