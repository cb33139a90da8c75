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
    Admin {
        /// Folder of its log
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
    },
    /// Copy the database of a hub that may be running
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
        /// Folder of its log
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// The backup; it stays where it is
        #[arg(long, value_name = "FILE")]
        from: PathBuf,
    },
}

/// `nightjar hub serve`
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Folder for its log
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// Address and port; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,
    /// Its certificate and those that lead from it to a root, as PEM; without one it speaks plain HTTP
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_certificate: Option<PathBuf>,
    /// The certificate's private key, as PEM
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    pub(crate) tls_key: Option<PathBuf>,
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
