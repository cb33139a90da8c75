//! Child processes: this same program in another role, ended in every way out of the one that started it.

mod hub;
pub(crate) mod memory;

use std::ffi::OsStr;
use std::io::{self, BufReader};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

pub(crate) use hub::HubProcess;

use crate::trouble::Trouble;

/// A child process that does not outlive its owner.
pub(crate) struct Guarded {
    child: Child,
    peak: Option<u64>,
}

impl Guarded {
    /// Starts this same program with other arguments; both ends of its standard streams are ours.
    pub(crate) fn spawn(arguments: &[&OsStr]) -> Result<Guarded, Trouble> {
        let program = std::env::current_exe()?;
        let child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Guarded { child, peak: None })
    }

    /// Standard input, once.
    pub(crate) fn stdin(&mut self) -> Result<ChildStdin, Trouble> {
        self.child.stdin.take().ok_or(Trouble::Stream(io::ErrorKind::BrokenPipe.into()))
    }

    /// Standard output, once.
    pub(crate) fn stdout(&mut self) -> Result<BufReader<ChildStdout>, Trouble> {
        self.child.stdout.take().map(BufReader::new).ok_or(Trouble::Stream(io::ErrorKind::BrokenPipe.into()))
    }

    /// Ends it at once: SIGKILL on Unix. Its peak memory is read before.
    pub(crate) fn kill(&mut self) {
        self.look();
        // It may have ended by itself; then there is nothing to kill, and `wait` collects it either way.
        drop(self.child.kill());
        drop(self.child.wait());
    }

    /// Waits until it has ended by itself. Its peak memory is read before.
    pub(crate) fn wait(&mut self) -> Result<(), Trouble> {
        self.child.wait()?;
        Ok(())
    }

    /// Reads its peak memory while it is still there.
    pub(crate) fn look(&mut self) {
        self.peak = memory::peak_of(self.child.id()).or(self.peak);
    }

    /// Most memory it ever held, in bytes, as last read.
    pub(crate) fn peak(&self) -> Option<u64> {
        self.peak
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        self.kill();
    }
}
