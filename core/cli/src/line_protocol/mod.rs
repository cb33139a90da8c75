//! Driving a device by lines of JSON, for the demonstration, tests and other programs.
//!
//! The first line of standard input is the vault's key, 64 hexadecimal digits. Then each line asks one thing,
//! `{"id":1,"do":"answer","sitting":"…","path":"…","value":{"one":"yes"}}`, and gets one line back,
//! `{"id":1,"ok":{…}}` or `{"id":1,"failed":{"kind":"offline","text":"…"}}`. The names mirror the facade's methods.
//! A line with `"id":0` says that the vault is open, or why not. The end of standard input closes the device.

mod evaluator;
mod shared;
mod tablet;

use std::io::{BufRead, Read, Write};

use nightjar::Failure;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use zeroize::Zeroizing;

pub(crate) use evaluator::run as run_evaluator;
pub(crate) use tablet::run as run_tablet;

use crate::trouble::{Trouble, kind};

/// Longest line read, in bytes.
const LONGEST: u64 = 1 << 20;

/// A line that asks for something.
#[derive(Deserialize)]
struct Asked<C> {
    id: u64,
    #[serde(flatten)]
    command: C,
}

/// A line that answers.
#[derive(Serialize)]
struct Answered<'a> {
    id: u64,
    #[serde(flatten)]
    answer: Answer<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Answer<'a> {
    Ok(Json),
    Failed { kind: &'a str, text: String },
}

/// What a device does with a command.
trait Device {
    /// The commands it knows.
    type Command: DeserializeOwned;

    /// Does it and says what came of it.
    fn obey(&mut self, command: Self::Command) -> Result<Json, Failure>;
}

/// A view as JSON.
fn ok(view: impl Serialize) -> Result<Json, Failure> {
    serde_json::to_value(view).map_err(|fault| Failure::Internal(fault.to_string()))
}

/// Reads the key line.
fn read_key(input: &mut impl BufRead) -> Result<Zeroizing<String>, Trouble> {
    let mut line = Zeroizing::new(String::with_capacity(80));
    input.by_ref().take(80).read_line(&mut line)?;
    Ok(line)
}

/// Says that the vault is open, or why not, and serves until the end of input.
fn serve<D: Device>(
    opened: Result<D, Trouble>,
    mut input: impl BufRead,
    mut output: impl Write,
) -> Result<(), Trouble> {
    let mut device = match opened {
        Ok(device) => device,
        Err(trouble) => {
            let kind = match &trouble {
                Trouble::Facade(failure) => kind(failure),
                Trouble::Key(_) => "wrong_key",
                _ => "invalid",
            };
            write(&mut output, 0, Answer::Failed { kind, text: trouble.to_string() })?;
            return Err(trouble);
        }
    };
    write(&mut output, 0, Answer::Ok(serde_json::json!({ "opened": true })))?;
    let mut line = String::new();
    loop {
        line.clear();
        if input.by_ref().take(LONGEST).read_line(&mut line)? == 0 {
            return Ok(());
        }
        if line.len() as u64 == LONGEST && !line.ends_with('\n') {
            let text = "a line longer than one mebibyte; the connection is closed".to_owned();
            write(&mut output, 0, Answer::Failed { kind: "invalid", text: text.clone() })?;
            return Err(Trouble::Given(text));
        }
        if line.trim().is_empty() {
            continue;
        }
        let (id, answer) = answer(&mut device, &line);
        write(&mut output, id, answer)?;
    }
}

fn answer<D: Device>(device: &mut D, line: &str) -> (u64, Answer<'static>) {
    let asked: Asked<D::Command> = match serde_json::from_str(line) {
        Ok(asked) => asked,
        // The text of a parse error may repeat what stood in the line, so it is not passed on.
        Err(_) => {
            let id = serde_json::from_str::<Json>(line)
                .ok()
                .and_then(|line| line.get("id")?.as_u64())
                .unwrap_or(0);
            let text = "this line is no command of this device, or lacks what the command needs".to_owned();
            return (id, Answer::Failed { kind: "invalid", text });
        }
    };
    match device.obey(asked.command) {
        Ok(view) => (asked.id, Answer::Ok(view)),
        Err(failure) => (asked.id, Answer::Failed { kind: kind(&failure), text: failure.to_string() }),
    }
}

fn write(output: &mut impl Write, id: u64, answer: Answer<'_>) -> Result<(), Trouble> {
    let mut line = serde_json::to_vec(&Answered { id, answer }).map_err(std::io::Error::from)?;
    line.push(b'\n');
    output.write_all(&line)?;
    output.flush()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Echo;

    #[derive(Deserialize)]
    #[serde(tag = "do", rename_all = "snake_case")]
    enum EchoCommand {
        Say { text: String },
        Fail,
    }

    impl Device for Echo {
        type Command = EchoCommand;

        fn obey(&mut self, command: EchoCommand) -> Result<Json, Failure> {
            match command {
                EchoCommand::Say { text } => ok(text),
                EchoCommand::Fail => Err(Failure::Offline("nobody listens".into())),
            }
        }
    }

    fn talk(lines: &str) -> String {
        let mut output = Vec::new();
        drop(serve(Ok(Echo), lines.as_bytes(), &mut output));
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn each_line_gets_one_line_with_its_id_and_a_bad_line_does_not_end_the_talk() {
        expect_test::expect![[r#"
            {"id":0,"ok":{"opened":true}}
            {"id":7,"ok":"hello"}
            {"id":8,"failed":{"kind":"offline","text":"the hub cannot be reached, everything stays on this device: nobody listens"}}
            {"id":9,"failed":{"kind":"invalid","text":"this line is no command of this device, or lacks what the command needs"}}
            {"id":0,"failed":{"kind":"invalid","text":"this line is no command of this device, or lacks what the command needs"}}
            {"id":10,"ok":"still here"}
        "#]]
        .assert_eq(&talk(concat!(
            "{\"id\":7,\"do\":\"say\",\"text\":\"hello\"}\n",
            "{\"id\":8,\"do\":\"fail\"}\n",
            "{\"id\":9,\"do\":\"fly\"}\n\n",
            "no json\n",
            "{\"id\":10,\"do\":\"say\",\"text\":\"still here\"}\n",
        )));
    }

    #[test]
    fn a_bad_line_is_never_repeated_in_the_answer() {
        let said = talk("{\"id\":1,\"do\":\"say\",\"text\":[\"the moon over the river\"]}\n");
        assert!(said.contains("failed") && !said.contains("moon"), "{said}");
    }

    #[test]
    fn a_line_without_end_is_refused_within_bounds() {
        let said = talk(&"x".repeat(3 << 20));
        assert!(said.contains("longer than one mebibyte"), "{said}");
    }
}
