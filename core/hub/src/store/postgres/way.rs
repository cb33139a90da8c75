//! The way to a PostgreSQL database: where it is, and whether what goes there is encrypted. `sslmode` and `sslrootcert` in its address mean what they
//! mean to PostgreSQL's own programs, but that nothing goes to another machine in the clear unless `sslmode=disable` says so.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use postgres::config::{Host, SslMode};
use postgres::{Client, NoTls};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::Failure;

const UNREADABLE: Failure = Failure::Unfit {
    problem: "its address cannot be read: it should look like postgresql://user@host:5432/database",
};

/// Where a database is and how it is reached.
pub(super) struct Way {
    pub(super) config: postgres::Config,
    /// `None`: nothing is encrypted.
    tls: Option<MakeRustlsConnect>,
}

/// What `sslmode` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Nothing is encrypted.
    Disable,
    /// Encrypted if the server can.
    Prefer,
    /// Encrypted, with whoever answers.
    Require,
    /// With a server whose certificate leads to a root that is trusted.
    VerifyCa,
    /// And that is for the server's name.
    VerifyFull,
}

/// What the address says beside what the library reads.
#[derive(Debug, Default, PartialEq, Eq)]
struct Asked {
    mode: Option<Mode>,
    /// A file of roots; that of the system if absent, or `system`.
    roots: Option<PathBuf>,
}

impl Way {
    /// The way that an address describes.
    ///
    /// # Errors
    /// [`Failure::Unfit`], [`Failure::Certificate`]. None says what stands in the address: it may hold a password.
    pub(super) fn of(url: &str) -> Result<Self, Failure> {
        let (url, asked) = read(url)?;
        let mut config: postgres::Config = url.parse().map_err(|_| UNREADABLE)?;
        let mode = decided(asked.mode, asked.roots.is_some(), near(&config))?;
        config.ssl_mode(match mode {
            Mode::Disable => SslMode::Disable,
            Mode::Prefer => SslMode::Prefer,
            Mode::Require | Mode::VerifyCa | Mode::VerifyFull => SslMode::Require,
        });
        let tls = match mode {
            Mode::Disable => None,
            Mode::Prefer | Mode::Require => Some(client(Checks::None)?),
            Mode::VerifyCa => Some(client(Checks::Root(roots(&asked)?))?),
            Mode::VerifyFull => Some(client(Checks::RootAndName(roots(&asked)?))?),
        };
        Ok(Self { config, tls: tls.map(MakeRustlsConnect::new) })
    }

    pub(super) fn connect(&self) -> Result<Client, postgres::Error> {
        match &self.tls {
            None => self.config.connect(NoTls),
            Some(tls) => self.config.connect(tls.clone()),
        }
    }
}

/// How near a database is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Near {
    /// A socket of this machine's file system, which nothing is encrypted on.
    Socket,
    /// This machine, by its network.
    Loopback,
    /// Another machine, or one of several is.
    Elsewhere,
}

fn near(config: &postgres::Config) -> Near {
    let named = |host: &Host| match host {
        #[cfg(unix)]
        Host::Unix(_) => Near::Socket,
        Host::Tcp(name) if name == "localhost" => Near::Loopback,
        Host::Tcp(name) => match name.parse::<IpAddr>() {
            Ok(address) if address.is_loopback() => Near::Loopback,
            _ => Near::Elsewhere,
        },
    };
    // Where addresses are given, names are only what certificates are for.
    let given = config.get_hostaddrs();
    let each: Vec<Near> = match given.is_empty() {
        true => config.get_hosts().iter().map(named).collect(),
        false if given.iter().all(IpAddr::is_loopback) => vec![Near::Loopback],
        false => vec![Near::Elsewhere],
    };
    if each.contains(&Near::Elsewhere) {
        Near::Elsewhere
    } else if each.contains(&Near::Loopback) {
        Near::Loopback
    } else {
        Near::Socket
    }
}

/// What is done, by what is asked, whether roots are named, and how near the database is.
fn decided(asked: Option<Mode>, with_roots: bool, near: Near) -> Result<Mode, Failure> {
    Ok(match (asked, near) {
        (_, Near::Socket) => Mode::Disable,
        (None, Near::Elsewhere) => Mode::VerifyFull,
        (Some(Mode::Prefer), Near::Elsewhere) => {
            return Err(Failure::Unfit {
                problem: "sslmode=prefer may send everything to another machine in the clear: say verify-full, verify-ca or require, or \
                          disable if nobody can listen on the way",
            });
        }
        (None, Near::Loopback) if with_roots => Mode::VerifyFull,
        (None, Near::Loopback) => Mode::Prefer,
        // As PostgreSQL's own programs read it.
        (Some(Mode::Require), _) if with_roots => Mode::VerifyCa,
        (Some(mode), _) => mode,
    })
}

/// Takes out of an address what the library does not know.
fn read(url: &str) -> Result<(String, Asked), Failure> {
    if !(url.starts_with("postgresql://") || url.starts_with("postgres://")) {
        return Err(UNREADABLE);
    }
    let mut asked = Asked::default();
    let Some((before, parameters)) = url.split_once('?') else { return Ok((url.to_owned(), asked)) };
    let mut kept = Vec::new();
    for parameter in parameters.split('&') {
        match parameter.split_once('=') {
            Some(("sslmode", mode)) if asked.mode.is_none() => {
                asked.mode = Some(match mode {
                    "disable" => Mode::Disable,
                    "prefer" => Mode::Prefer,
                    "require" => Mode::Require,
                    "verify-ca" => Mode::VerifyCa,
                    "verify-full" => Mode::VerifyFull,
                    _ => {
                        let problem = "sslmode is one of disable, prefer, require, verify-ca and verify-full";
                        return Err(Failure::Unfit { problem });
                    }
                });
            }
            Some(("sslrootcert", file)) if asked.roots.is_none() => {
                asked.roots = Some(decoded(file).filter(|file| !file.is_empty()).ok_or(UNREADABLE)?.into());
            }
            Some(("sslmode" | "sslrootcert", _)) => {
                return Err(Failure::Unfit { problem: "sslmode and sslrootcert are said once" });
            }
            _ => kept.push(parameter),
        }
    }
    if asked.roots.as_deref().is_some_and(|file| file == "system") {
        asked.roots = None;
    }
    let rest = if kept.is_empty() { String::new() } else { format!("?{}", kept.join("&")) };
    Ok((format!("{before}{rest}"), asked))
}

/// A text with its `%20` read.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = match (first, after) {
            (b'%', [a, b, after @ ..]) => {
                let digit =
                    |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
                bytes.push(digit(*a)? * 16 + digit(*b)?);
                after
            }
            (b'%', _) => return None,
            (byte, after) => {
                bytes.push(*byte);
                after
            }
        };
    }
    String::from_utf8(bytes).ok()
}

fn roots(asked: &Asked) -> Result<RootCertStore, Failure> {
    let mut store = RootCertStore::empty();
    let Some(file) = &asked.roots else {
        // One that does not read is as if it were not there: what leads to it fails.
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        return match store.is_empty() {
            true => Err(Failure::Unfit {
                problem: "this system names no authorities that its certificate could lead to: name a file with sslrootcert",
            }),
            false => Ok(store),
        };
    };
    let problem = |problem: String| Failure::Certificate { file: file.clone(), problem };
    let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    for root in read.map_err(|error| problem(error.to_string()))? {
        store.add(root).map_err(|error| problem(error.to_string()))?;
    }
    match store.is_empty() {
        true => Err(problem("it holds no certificate in PEM".into())),
        false => Ok(store),
    }
}

/// What of a server's certificate is looked at. That it has the key to it is in any case.
#[derive(Debug)]
enum Checks {
    None,
    Root(RootCertStore),
    RootAndName(RootCertStore),
}

/// TLS 1.2 and 1.3 with these checks.
fn client(checks: Checks) -> Result<ClientConfig, Failure> {
    let crypto = Arc::new(ring::default_provider());
    let verifier = Arc::new(Verifier { checks, crypto: Arc::clone(&crypto) });
    let builder = ClientConfig::builder_with_provider(crypto)
        .with_safe_default_protocol_versions()
        .map_err(|_| Failure::Unfit { problem: "TLS cannot be set up" })?;
    let mut config = builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
    config.alpn_protocols = vec![b"postgresql".to_vec()];
    Ok(config)
}

#[derive(Debug)]
struct Verifier {
    checks: Checks,
    crypto: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let (roots, with_name) = match &self.checks {
            Checks::None => return Ok(ServerCertVerified::assertion()),
            Checks::Root(roots) => (roots, false),
            Checks::RootAndName(roots) => (roots, true),
        };
        let certificate = ParsedCertificate::try_from(end_entity)?;
        let algorithms = self.crypto.signature_verification_algorithms.all;
        verify_server_cert_signed_by_trust_anchor(&certificate, roots, intermediates, now, algorithms)?;
        if with_name {
            verify_server_name(&certificate, name)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.crypto.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.crypto.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.crypto.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(url: &str) -> Option<Mode> {
        let (url, asked) = read(url).ok()?;
        let config: postgres::Config = url.parse().ok()?;
        decided(asked.mode, asked.roots.is_some(), near(&config)).ok()
    }

    #[test]
    fn nothing_goes_to_another_machine_in_the_clear_unless_that_is_said() {
        for (url, wanted) in [
            ("postgresql://hub@127.0.0.1/hub", Some(Mode::Prefer)),
            ("postgresql://hub@localhost:5433/hub", Some(Mode::Prefer)),
            ("postgresql://hub@[::1]/hub?connect_timeout=3", Some(Mode::Prefer)),
            ("postgresql://hub@/hub?host=/run/postgresql", Some(Mode::Disable)),
            ("postgresql://hub@127.0.0.1/hub?sslrootcert=/r.pem", Some(Mode::VerifyFull)),
            ("postgresql://hub@db.example.org/hub", Some(Mode::VerifyFull)),
            ("postgres://hub@db.example.org/hub?sslmode=require", Some(Mode::Require)),
            ("postgresql://hub@db.example.org/hub?sslmode=require&sslrootcert=r.pem", Some(Mode::VerifyCa)),
            ("postgresql://hub@db.example.org/hub?sslmode=require&sslrootcert=system", Some(Mode::Require)),
            ("postgresql://hub@db.example.org/hub?sslmode=verify-ca", Some(Mode::VerifyCa)),
            ("postgresql://hub@db.example.org/hub?sslmode=disable", Some(Mode::Disable)),
            ("postgresql://hub@db.example.org/hub?sslmode=prefer", None),
            ("postgresql://hub@127.0.0.1,db.example.org/hub?sslmode=prefer", None),
            ("postgresql://hub@127.0.0.1,db.example.org/hub", Some(Mode::VerifyFull)),
            ("postgresql://hub@localhost/hub?hostaddr=192.0.2.7", Some(Mode::VerifyFull)),
            ("postgresql://hub@db.example.org/hub?hostaddr=127.0.0.1", Some(Mode::Prefer)),
            ("postgresql://hub@127.0.0.1/hub?sslmode=allow", None),
            ("postgresql://hub@127.0.0.1/hub?sslmode=require&sslmode=disable", None),
            ("postgresql://hub@127.0.0.1/hub?sslrootcert=%zz", None),
            ("host=127.0.0.1 user=hub sslmode=verify-full", None),
        ] {
            assert_eq!(mode(url), wanted, "{url}");
        }
    }

    #[test]
    fn what_the_library_does_not_know_is_taken_out_of_an_address() {
        let url =
            "postgresql://hub:p%3Fw@db/hub?sslmode=verify-full&connect_timeout=3&sslrootcert=/etc/a%20b.pem";
        let (rest, asked) = read(url).expect("it reads");
        assert_eq!(rest, "postgresql://hub:p%3Fw@db/hub?connect_timeout=3");
        let roots = Some(PathBuf::from("/etc/a b.pem"));
        assert_eq!(asked, Asked { mode: Some(Mode::VerifyFull), roots });
        assert_eq!(read("postgresql://db/hub?sslmode=require").expect("it reads").0, "postgresql://db/hub");
    }

    #[test]
    fn no_password_stands_in_what_is_said_of_an_address() {
        for url in [
            "postgresql://hub:the-moon@db.example.org/hub?sslmode=the-moon",
            "postgresql://hub:the-moon@db.example.org:port/hub",
            "postgresql://hub:the-moon@db.example.org/hub?sslrootcert=/nowhere.pem",
            "postgresql://hub:the-moon@db.example.org/hub?sslmode=prefer",
            "hub:the-moon@db",
        ] {
            let Err(failure) = Way::of(url) else { panic!("{url}") };
            assert!(!format!("{failure} {failure:?}").contains("the-moon"), "{failure:?}");
        }
    }
}
