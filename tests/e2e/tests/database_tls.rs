//! Promise: a hub speaks to its PostgreSQL database as `sslmode` in its address asks, and to no other database than the one that shows the right
//! certificate. No password stands in what it says.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::fs;
use std::path::Path;

use nightjar_e2e::run;
use nightjar_test_support::{HubProcess, Postgres, program};
use postgres::{Client, NoTls};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

/// What must stand nowhere.
const PASSWORD: &str = "the-moon-over-the-river";

/// An authority of its own.
fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A hub's address for the database, by this name of the machine.
fn url(postgres: &Postgres, host: &str, more: &str) -> String {
    format!("postgresql://hub:{PASSWORD}@{host}:{}/hub?{more}", postgres.port())
}

/// Whether a hub's database is read by this address; what was said where it is not.
fn reads(url: &str) -> Result<(), String> {
    let ran = run(["hub", "admin", "--database", url], "");
    let said = format!("{}{}", ran.out, ran.err);
    assert!(!said.contains(PASSWORD), "{said}");
    if ran.code == 0 { Ok(()) } else { Err(said) }
}

#[test]
fn a_hub_speaks_to_its_database_as_it_is_asked_to_and_to_no_other() {
    let (ours, other) = (authority(), authority());
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &ours).unwrap();
    let Some(postgres) = Postgres::start_tls(&certificate.pem(), &key.serialize_pem()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let [right, wrong] = [file("right root.pem", &ours.pem()), file("wrong.pem", &other.pem())];
    let rooted = |mode: &str, root: &Path| {
        format!("sslmode={mode}&sslrootcert={}", root.display().to_string().replace(' ', "%20"))
    };

    // A hub that runs so: every one of its connections is encrypted.
    let full = url(&postgres, "localhost", &rooted("verify-full", &right));
    let hub =
        HubProcess::start_with(&program(), &folder.path().join("hub"), "127.0.0.1:0", &["--database", &full]);
    assert!(!hub.setup_code.is_empty());
    let mut client = Client::connect(&postgres.url(), NoTls).unwrap();
    let sql =
        "SELECT count(*), count(*) FILTER (WHERE ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
               WHERE application_name = 'nightjar-hub'";
    let row = client.query_one(sql, &[]).unwrap();
    let (all, encrypted): (i64, i64) = (row.get(0), row.get(1));
    assert!(all > 0 && all == encrypted, "{encrypted} of {all}");

    assert_eq!(reads(&full), Ok(()));
    assert_eq!(reads(&url(&postgres, "localhost", &rooted("verify-ca", &right))), Ok(()));
    // The certificate is not for this name of the machine: only whoever looks at names minds.
    assert_eq!(reads(&url(&postgres, "127.0.0.1", &rooted("verify-ca", &right))), Ok(()));
    let said = reads(&url(&postgres, "127.0.0.1", &rooted("verify-full", &right))).unwrap_err();
    assert!(said.contains("not valid for name"), "{said}");
    // Another authority has not signed it.
    for mode in ["verify-full", "verify-ca", "require"] {
        let said = reads(&url(&postgres, "localhost", &rooted(mode, &wrong))).unwrap_err();
        assert!(said.contains("invalid peer certificate"), "{mode}: {said}");
    }
    // With whoever answers, and in the clear on the same machine.
    for more in ["sslmode=require", "sslmode=prefer", "sslmode=disable", ""] {
        assert_eq!(reads(&url(&postgres, "127.0.0.1", more)), Ok(()), "{more}");
    }
    assert!(
        reads(&url(&postgres, "localhost", &rooted("verify-full", &folder.path().join("none")))).is_err()
    );
    drop(hub);
}

#[test]
fn a_database_that_does_not_encrypt_is_not_spoken_to_where_that_is_asked() {
    let Some(postgres) = Postgres::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let plain = url(&postgres, "127.0.0.1", "sslmode=prefer");
    let hub = HubProcess::start_with(
        &program(),
        &folder.path().join("hub"),
        "127.0.0.1:0",
        &["--database", &plain],
    );
    assert_eq!(reads(&plain), Ok(()));
    assert_eq!(reads(&url(&postgres, "127.0.0.1", "")), Ok(()));
    let said = reads(&url(&postgres, "127.0.0.1", "sslmode=require")).unwrap_err();
    assert!(said.contains("TLS"), "{said}");
    // To another machine nothing goes in the clear by itself.
    let said = reads(&url(&postgres, "db.example.invalid", "sslmode=prefer")).unwrap_err();
    assert!(said.contains("sslmode=prefer"), "{said}");
    drop(hub);
}
