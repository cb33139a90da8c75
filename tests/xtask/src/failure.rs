//! Why a task could not go on.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;

/// What stops a task or a suite.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The file system refused.
    #[error("{doing} {path}: {source}")]
    File { doing: &'static str, path: PathBuf, source: io::Error },
    /// A program is not there, or could not be started.
    #[error("`{program}` could not be started: {source}")]
    NotStarted { program: String, source: io::Error },
    /// A program ended with an error.
    #[error("{what} failed ({status}){}", hint(.output))]
    Ended { what: String, status: ExitStatus, output: String },
    /// A program said something that this task does not understand.
    #[error("{what}: {problem}")]
    NotUnderstood { what: String, problem: String },
    /// Something has to be there first, and the person has to see to it.
    #[error("{0}")]
    Needs(String),
}

impl Failure {
    /// What the program printed, where there is such.
    pub(crate) fn output(&self) -> Option<&str> {
        match self {
            Failure::Ended { output, .. } => Some(output),
            _ => None,
        }
    }
}

/// Names the path in an I/O error.
pub(crate) trait At<T> {
    fn at(self, doing: &'static str, path: impl Into<PathBuf>) -> Result<T, Failure>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, doing: &'static str, path: impl Into<PathBuf>) -> Result<T, Failure> {
        self.map_err(|source| Failure::File { doing, path: path.into(), source })
    }
}

/// How programs of many makers say that there is no network.
const NO_NETWORK: [&str; 11] = [
    "Could not resolve",
    "Couldn't resolve",
    "Temporary failure resolving",
    "Temporary failure in name resolution",
    "Name or service not known",
    "Network is unreachable",
    "Unknown host",
    "Failed to establish a new connection",
    "Connection refused",
    "Couldn't download",
    "Failed getting release file",
];

fn hint(output: &str) -> &'static str {
    if NO_NETWORK.iter().any(|sign| output.contains(sign)) {
        "; the network, or the package registry, could not be reached"
    } else {
        ""
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt;

    #[test]
    fn an_unreachable_registry_is_named_as_the_cause() {
        let output = "W: Temporary failure resolving 'mirror.example'".to_owned();
        let failure = Failure::Ended { what: "apt-get".into(), status: ExitStatus::from_raw(256), output };
        assert!(failure.to_string().contains("could not be reached"), "{failure}");
    }
}
