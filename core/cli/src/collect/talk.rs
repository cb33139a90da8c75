//! What is said and typed in the terminal. Words of a form may come from anyone: control characters are not passed on.

use std::io::{BufRead, Read, Write};

use super::typed::Typed;
use crate::trouble::Trouble;

/// Longest line taken, in bytes.
const LONGEST: u64 = 64 * 1024;

/// A conversation over two streams.
pub(super) struct Talk<R, W> {
    input: R,
    output: W,
    interactive: bool,
}

impl<R: BufRead, W: Write> Talk<R, W> {
    /// `interactive` says whether the output is a terminal that can be cleared.
    pub(super) fn new(input: R, output: W, interactive: bool) -> Self {
        Talk { input, output, interactive }
    }

    /// Says something, on lines of its own.
    pub(super) fn say(&mut self, words: &str) -> Result<(), Trouble> {
        let plain: String = words.chars().filter(|c| !c.is_control() || *c == '\n').collect();
        writeln!(self.output, "{plain}")?;
        Ok(())
    }

    /// Says something and waits for a line; `None` at the end of input.
    pub(super) fn ask(&mut self, words: &str) -> Result<Option<Typed>, Trouble> {
        write!(self.output, "{words}> ")?;
        self.output.flush()?;
        let mut line = String::new();
        if self.input.by_ref().take(LONGEST).read_line(&mut line)? == 0 {
            writeln!(self.output)?;
            return Ok(None);
        }
        if !self.interactive {
            writeln!(self.output)?;
        }
        Ok(Some(Typed::from_line(&line)))
    }

    /// Asks for one of some lines, counted from 1; `None` at the end of input or when the person goes back.
    pub(super) fn choose(&mut self, question: &str, lines: &[String]) -> Result<Option<usize>, Trouble> {
        loop {
            self.say(&format!("\n{question}"))?;
            for (at, line) in lines.iter().enumerate() {
                self.say(&format!("  {}  {line}", at + 1))?;
            }
            match self.ask("")? {
                None | Some(Typed::Back | Typed::Stop) => return Ok(None),
                Some(Typed::Words(words)) => match words.parse::<usize>() {
                    Ok(number) if (1..=lines.len()).contains(&number) => return Ok(Some(number - 1)),
                    _ => self.say(&format!("Type a number from 1 to {}, or b to go back.", lines.len()))?,
                },
                Some(_) => self.say(&format!("Type a number from 1 to {}, or b to go back.", lines.len()))?,
            }
        }
    }

    /// Hides what is on the screen and above it.
    pub(super) fn clear(&mut self) -> Result<(), Trouble> {
        if self.interactive {
            write!(self.output, "\x1b[2J\x1b[3J\x1b[H")?;
        } else {
            writeln!(self.output, "\n--- the screen is cleared ---")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_cannot_steer_the_terminal() {
        let mut shown = Vec::new();
        let mut talk = Talk::new(&b""[..], &mut shown, true);
        talk.say("How did you \u{1b}[2J\u{7}sleep?\nTell us.").unwrap();
        assert_eq!(String::from_utf8(shown).unwrap(), "How did you [2Jsleep?\nTell us.\n");
    }

    #[test]
    fn choosing_goes_on_until_a_number_is_one_of_those_shown() {
        let mut shown = Vec::new();
        let lines = ["one".to_owned(), "two".to_owned()];
        let mut talk = Talk::new(&b"0\nthree\n\n2\n"[..], &mut shown, false);
        assert_eq!(talk.choose("Which?", &lines).unwrap(), Some(1));
        assert_eq!(talk.choose("Which?", &lines).unwrap(), None);
    }
}
