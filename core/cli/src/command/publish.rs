//! `nightjar publish`

use std::path::PathBuf;

use clap::Args;

use super::VaultArgs;

/// What a page looks like, as `--help` prints it.
const FORM: &str = r##"The file is TOML, and all text in it is plain:

  # Only where it takes the place of something: the beginnings of ids that --list prints
  replaces = ["3fa9c0d1"]

  # One for each language; without any it only takes back what it replaces
  [[page]]
  language = "en"            # such as en or pl
  easy_read = true           # left out: no
  title = "What came of it"
  text = """
  # Thank you
  Forty people answered.

  - Most sleep badly.
  - Doors bang.
  """                        # "# " begins a heading, "- " an item, an empty line a paragraph

  # One for each thing that people said
  [[page.theme]]
  name = "Doors"
  said = "Doors wake people up."
  state = "planned"          # or "done", or "not"
  change = "Doors get soft closers."
  who = "Estates"            # a role, never a name
  when = "by the end of June"
  # state = "not" has no who and when, and says why = "…" instead

It is signed by this device, sealed from nobody, and shown to everybody who takes up a tablet: no answer, no name
and no figure below the study's rule belongs in it."##;

/// `nightjar publish`
#[derive(Debug, Args)]
#[command(after_help = FORM)]
pub(crate) struct PublishArgs {
    #[command(flatten)]
    pub(crate) device: VaultArgs,
    /// File with what to publish; `-` reads it from standard input
    #[arg(value_name = "FILE", required_unless_present = "list")]
    pub(crate) file: Option<PathBuf>,
    /// Check it and show it as it would be read; publish nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// List what was published and stands, by any evaluator
    #[arg(long, conflicts_with_all = ["file", "dry_run"])]
    pub(crate) list: bool,
}
