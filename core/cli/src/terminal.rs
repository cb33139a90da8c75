//! Where a command writes: standard output, or a buffer in tests.

use std::fmt;
use std::io::{self, IsTerminal, Write};

use crate::trouble::Trouble;

/// What a person reads.
pub(crate) struct Screen {
    out: Box<dyn Write>,
    interactive: bool,
}

impl Screen {
    /// Standard output.
    pub(crate) fn stdout() -> Screen {
        let out = io::stdout();
        let interactive = out.is_terminal();
        Screen { out: Box::new(out), interactive }
    }

    /// Whether a person is looking at a terminal.
    pub(crate) fn is_interactive(&self) -> bool {
        self.interactive
    }

    /// Writes one line.
    pub(crate) fn line(&mut self, text: impl fmt::Display) -> Result<(), Trouble> {
        writeln!(self.out, "{text}")?;
        self.out.flush()?;
        Ok(())
    }

    /// Writes a line set off by an empty one before it.
    pub(crate) fn heading(&mut self, text: impl fmt::Display) -> Result<(), Trouble> {
        self.line(format_args!("\n{text}"))
    }

    /// The stream itself, for what writes more than lines.
    pub(crate) fn writer(&mut self) -> &mut dyn Write {
        &mut *self.out
    }
}
