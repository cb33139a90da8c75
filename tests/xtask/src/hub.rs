//! A real hub on loopback for the tests of a language.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::failure::{At, Failure};

/// A hub process with an empty log; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Hub {
    process: Child,
    /// Such as `http://127.0.0.1:40123`.
    pub(crate) address: String,
    /// The code that founds a study on it.
    pub(crate) setup_code: String,
    // Removed last, after the process ended.
    _folder: tempfile::TempDir,
}

/// How long a hub may take until it listens.
const PATIENCE: Duration = Duration::from_secs(60);

impl Hub {
    /// Starts `nightjar hub serve` on a free port and waits for the line that says where it listens.
    pub(crate) fn start(program: &Path, log: &Path) -> Result<Hub, Failure> {
        let folder = tempfile::tempdir().at("making", std::env::temp_dir())?;
        let log_file = std::fs::File::create(log).at("writing", log)?;
        let mut process = Command::new(program)
            .args(["hub", "serve", "--until-stdin-closes", "--listen", "127.0.0.1:0", "--data"])
            .arg(folder.path().join("hub"))
            // Held open by `process`: the hub ends when this program does, even if it is killed.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log_file)
            .spawn()
            .map_err(|source| Failure::NotStarted { program: program.display().to_string(), source })?;
        let first_line = first_line(&mut process);
        match first_line.and_then(|line| parse(&line)) {
            Ok((address, setup_code)) => Ok(Hub { process, address, setup_code, _folder: folder }),
            Err(failure) => {
                end(&mut process);
                Err(failure)
            }
        }
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        end(&mut self.process);
    }
}

fn end(process: &mut Child) {
    // It may have ended by itself, which is as good.
    let _ = process.kill();
    let _ = process.wait();
}

/// The first line a process prints. What it prints later is read and dropped, so that it never waits for a reader.
fn first_line(process: &mut Child) -> Result<String, Failure> {
    let problem = |problem: String| Failure::NotUnderstood { what: "nightjar hub serve".to_owned(), problem };
    let output = process.stdout.take().ok_or_else(|| problem("its output is not connected".to_owned()))?;
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            // After the first line nobody listens.
            let _ = sender.send(line);
        }
    });
    receiver
        .recv_timeout(PATIENCE)
        .map_err(|_| problem(format!("printed no line in {} s", PATIENCE.as_secs())))
}

/// `{"listening":"http://127.0.0.1:PORT","setup_code":"…"}` → address and code.
fn parse(line: &str) -> Result<(String, String), Failure> {
    let text = |name: &str| -> Option<String> {
        serde_json::from_str::<serde_json::Value>(line).ok()?.get(name)?.as_str().map(str::to_owned)
    };
    text("listening").zip(text("setup_code")).ok_or_else(|| Failure::NotUnderstood {
        what: "nightjar hub serve".to_owned(),
        problem: "its first line is not {\"listening\": …, \"setup_code\": …}".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_gives_address_and_code() {
        let line = r#"{"listening":"http://127.0.0.1:4711","setup_code":"abc"}"#;
        assert_eq!(parse(line).unwrap(), ("http://127.0.0.1:4711".to_owned(), "abc".to_owned()));
        assert!(parse("listening on 4711").is_err());
    }

    #[test]
    fn a_program_that_ends_without_a_line_is_an_error_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let failure = Hub::start(Path::new("true"), &folder.path().join("log")).unwrap_err();
        assert!(failure.to_string().contains("printed no line"), "{failure}");
    }
}
