//! Starting programs: output goes to a log file, a line a minute tells that a long one is still running.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use crate::failure::{At, Failure};

/// A program that ended: how, and what it printed on both streams.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) status: ExitStatus,
    pub(crate) output: String,
}

/// Runs a program with its output in `log`, whatever its end.
pub(crate) fn run(what: &str, command: &mut Command, log: &Path) -> Result<Finished, Failure> {
    let file = File::create(log).at("writing", log)?;
    let same_file = file.try_clone().at("writing", log)?;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(file)
        .stderr(same_file)
        .spawn()
        .map_err(|source| not_started(command, source))?;
    let (ended, waiting) = mpsc::channel::<()>();
    let name = what.to_owned();
    let pulse = thread::spawn(move || {
        let started = Instant::now();
        while waiting.recv_timeout(Duration::from_secs(60)) == Err(RecvTimeoutError::Timeout) {
            println!("    … {name}, {:.0} min", started.elapsed().as_secs_f64() / 60.0);
        }
    });
    let status = child.wait().map_err(|source| not_started(command, source))?;
    drop(ended);
    let _ = pulse.join();
    let bytes = fs::read(log).at("reading", log)?;
    Ok(Finished { status, output: String::from_utf8_lossy(&bytes).into_owned() })
}

/// Runs a program that has to end well; returns what it printed.
pub(crate) fn run_well(what: &str, command: &mut Command, log: &Path) -> Result<String, Failure> {
    let Finished { status, output } = run(what, command, log)?;
    if status.success() { Ok(output) } else { Err(Failure::Ended { what: what.to_owned(), status, output }) }
}

/// What a short program printed on its standard output, if it ended well.
pub(crate) fn answer(command: &mut Command) -> Result<String, Failure> {
    let output = command.stdin(Stdio::null()).output().map_err(|source| not_started(command, source))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let what = command.get_program().to_string_lossy().into_owned();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(Failure::Ended { what, status: output.status, output: said })
}

/// Whether a short program is there and ends well; prints nothing.
pub(crate) fn works<I: AsRef<OsStr>>(program: &str, arguments: impl IntoIterator<Item = I>) -> bool {
    answer(Command::new(program).args(arguments)).is_ok()
}

fn not_started(command: &Command, source: std::io::Error) -> Failure {
    Failure::NotStarted { program: command.get_program().to_string_lossy().into_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_streams_and_the_status_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "echo out; echo err >&2; exit 3"]);
        let finished = run("a shell", &mut command, &folder.path().join("log")).unwrap();
        assert_eq!(finished.status.code(), Some(3));
        assert_eq!(finished.output, "out\nerr\n");
    }

    #[test]
    fn a_program_that_must_end_well_and_does_not_gives_its_output() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "echo why; exit 1"]);
        let failure = run_well("a shell", &mut command, &folder.path().join("log")).unwrap_err();
        assert_eq!(failure.output(), Some("why\n"));
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let failure = answer(&mut Command::new("no-such-program-anywhere")).unwrap_err();
        assert!(failure.to_string().contains("no-such-program-anywhere"), "{failure}");
        assert!(!works("no-such-program-anywhere", ["--version"]));
    }
}
