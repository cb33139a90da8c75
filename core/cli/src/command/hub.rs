//! What can be asked for of a hub.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `nightjar hub …`
#[derive(Debug, Subcommand)]
pub(crate) enum HubCommand {
    /// Serve until stopped; prints one line of JSON with its address and, before a study is founded, a setup code
    Serve(ServeArgs),
    /// Say what a hub holds: studies, devices, envelopes, what was taken out; it may be running
    Admin(Whereabouts),
    /// Copy the database of a hub that may be running; PostgreSQL has pg_dump for that
    Backup {
        /// Folder of its log
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// The copy's file; it must not be there
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// Put a backup in the place of the database of a hub that is stopped; devices then offer again what the backup lacks
    Restore {
        #[command(flatten)]
        at: Whereabouts,
        /// The backup; it stays where it is. A PostgreSQL database is put back with pg_restore before this
        #[arg(long, value_name = "FILE", required_unless_present = "database")]
        from: Option<PathBuf>,
    },
}

/// Where a hub keeps its log.
#[derive(Debug, Args)]
pub(crate) struct Whereabouts {
    /// Folder of its log
    #[arg(long, value_name = "DIR", required_unless_present = "database")]
    pub(crate) data: Option<PathBuf>,
    /// A PostgreSQL database instead, such as postgresql://hub@127.0.0.1/hub
    #[arg(
        long,
        value_name = "URL",
        conflicts_with = "data",
        env = "NIGHTJAR_HUB_DATABASE",
        hide_env_values = true
    )]
    pub(crate) database: Option<String>,
}

/// `nightjar hub serve`
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Folder for its log, if that is not in a database elsewhere, and for its own certificate
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// Keep the log in a PostgreSQL database, which several hubs may share, such as postgresql://hub@127.0.0.1/hub. One on another
    /// machine is reached by TLS and has to show a certificate for its name (sslmode=verify-full); ?sslrootcert=FILE names the
    /// authorities that may have signed it, else they are the system's. As with PostgreSQL's own programs sslmode may also be
    /// verify-ca, require or, where nobody can listen on the way, disable
    #[arg(long, value_name = "URL", env = "NIGHTJAR_HUB_DATABASE", hide_env_values = true)]
    pub(crate) database: Option<String>,
    /// Address and port; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,
    /// Its certificate and those that lead from it to a root, as PEM; without one it speaks plain HTTP
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_certificate: Option<PathBuf>,
    /// The certificate's private key, as PEM
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Speak TLS with a certificate that it makes for itself and keeps in its folder; the address it prints holds the pin by which devices know it
    #[arg(long, conflicts_with = "tls_certificate")]
    pub(crate) own_certificate: bool,
    /// Address for counters at /metrics, which only you should be able to reach
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) metrics: Option<SocketAddr>,
    /// Most MiB that the logs of one study may hold; as much as the disk takes if absent
    #[arg(long, value_name = "MIB")]
    pub(crate) study_quota: Option<u64>,
    /// Stop as well when standard input closes
    #[arg(long, hide = true)]
    pub(crate) until_stdin_closes: bool,
}
