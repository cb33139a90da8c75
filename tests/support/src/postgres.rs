//! A PostgreSQL server of Debian's package in a temporary folder.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::skip;

/// Who the server runs as where the test is root: it refuses to be.
const USER: &str = "postgres";

/// A running server with one empty database. It is stopped when this is dropped.
pub struct Postgres {
    folder: tempfile::TempDir,
    programs: PathBuf,
    port: u16,
    /// Its certificate and key, where it speaks TLS.
    tls: Option<[PathBuf; 2]>,
    server: Option<Child>,
}

impl Postgres {
    /// Starts one on a free port of this machine. `None` where PostgreSQL is not installed: the test is then skipped, and counted so.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start() -> Option<Self> {
        Self::start_with(None)
    }

    /// The same for one that speaks TLS to whoever asks, with a certificate and its key in PEM.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start_tls(certificate: &str, key: &str) -> Option<Self> {
        Self::start_with(Some([certificate, key]))
    }

    fn start_with(tls: Option<[&str; 2]>) -> Option<Self> {
        let Some(programs) = programs() else {
            skip("no PostgreSQL here; install postgresql");
            return None;
        };
        let folder = tempfile::tempdir().expect("a temporary folder");
        if is_root() {
            done(Command::new("chown").arg(USER).arg(folder.path()));
        }
        let port =
            TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
        let tls = tls.map(|tls| {
            let named = tls.into_iter().zip(["certificate.pem", "key.pem"]);
            let files = named.map(|(pem, name)| Self::own(&folder.path().join(name), pem));
            <[PathBuf; 2]>::try_from(files.collect::<Vec<_>>()).expect("two files")
        });
        let mut postgres = Self { folder, programs, port, tls, server: None };
        let data = postgres.data();
        done(
            postgres
                .run("initdb")
                .args(["--auth=trust", "--username=hub", "--no-sync", "--locale=C", "-D"])
                .arg(data),
        );
        postgres.launch();
        done(postgres.run("createdb").args(["-h", "127.0.0.1", "-U", "hub", "-p", &port.to_string(), "hub"]));
        Some(postgres)
    }

    /// The address of its database.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgresql://hub@127.0.0.1:{}/hub", self.port)
    }

    /// Ends the server as a power cut would, in the middle of whatever it does, and starts it again.
    ///
    /// # Panics
    /// When it does not start again.
    pub fn crash_and_restart(&mut self) {
        self.end();
        self.launch();
    }

    /// The port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A file that only the server may read, or it refuses to start.
    fn own(path: &Path, text: &str) -> PathBuf {
        std::fs::write(path, text).expect("a file");
        if is_root() {
            done(Command::new("chown").arg(USER).arg(path));
        }
        done(Command::new("chmod").arg("600").arg(path));
        path.to_owned()
    }

    fn launch(&mut self) {
        let (data, port) = (self.data(), self.port.to_string());
        let mut server = self.run("postgres");
        server.arg("-D").arg(data).args(["-p", &port, "-c", "listen_addresses=127.0.0.1"]);
        if let Some([certificate, key]) = &self.tls {
            let setting = |name: &str, file: &Path| format!("{name}={}", file.display());
            server.args(["-c", "ssl=on", "-c", &setting("ssl_cert_file", certificate)]);
            server.args(["-c", &setting("ssl_key_file", key)]);
        }
        server.args(["-c", "unix_socket_directories="]).stdout(Stdio::null()).stderr(Stdio::null());
        self.server = Some(server.spawn().expect("PostgreSQL starts"));
        let begun = Instant::now();
        let ready = || {
            let mut ask = Command::new(self.programs.join("pg_isready"));
            ask.args(["-q", "-h", "127.0.0.1", "-p", &port]).status().is_ok_and(|status| status.success())
        };
        while !ready() {
            assert!(begun.elapsed() < Duration::from_secs(60), "PostgreSQL does not get ready");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// SIGQUIT: the server and all that serve a connection exit at once, without writing anything.
    fn end(&mut self) {
        if let Some(mut server) = self.server.take() {
            let _ = Command::new("kill").args(["-QUIT", &server.id().to_string()]).status();
            let _ = server.wait();
        }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// One of its programs, as whoever may run it.
    fn run(&self, program: &str) -> Command {
        let path = self.programs.join(program);
        if !is_root() {
            return Command::new(path);
        }
        let mut command = Command::new("setpriv");
        command.args(["--reuid", USER, "--regid", USER, "--clear-groups", "--"]).arg(path);
        command.current_dir(self.folder.path());
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.end();
    }
}

/// Where Debian's package puts its programs: the newest version's.
fn programs() -> Option<PathBuf> {
    let versions = Path::new("/usr/lib/postgresql").read_dir().ok()?;
    let folders = versions.flatten().map(|version| version.path().join("bin"));
    folders.filter(|folder| folder.join("initdb").is_file()).max()
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|id| id.stdout.trim_ascii() == b"0")
}

fn done(command: &mut Command) {
    let out = command.output().expect("it starts");
    assert!(out.status.success(), "{command:?}: {}", String::from_utf8_lossy(&out.stderr));
}
