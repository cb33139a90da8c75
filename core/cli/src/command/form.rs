//! What can be asked for of a form.

use std::path::PathBuf;

use clap::Subcommand;

/// `nightjar form …`
#[derive(Debug, Subcommand)]
pub(crate) enum FormCommand {
    /// List everything wrong with forms, what a reviewer of a ward study would ask about, and how big an answer can become
    Check {
        /// The forms. Of several that are variants or versions of one, the order and codes of choices are compared
        #[arg(value_name = "FILE", required = true)]
        files: Vec<PathBuf>,
        /// The reading age in years that English words may need (Flesch–Kincaid)
        #[arg(long, value_name = "YEARS", default_value_t = 11, value_parser = clap::value_parser!(u8).range(5..=25))]
        reading_age: u8,
        /// How many questions a form may ask before it is called long
        #[arg(long, value_name = "N", default_value_t = 40)]
        questions: usize,
    },
    /// Evaluate an expression over an XML document, or one a line
    Xpath {
        /// The expression
        #[arg(value_name = "EXPRESSION", required_unless_present = "batch")]
        expression: Option<String>,
        /// The document; `<root/>` if none is given
        #[arg(value_name = "XML")]
        document: Option<PathBuf>,
        /// Position of the node it belongs to, as `/*[1]/*[2]`
        #[arg(long, value_name = "PATH")]
        context: Option<String>,
        /// The clock, as `2026-01-15T08:30:00Z`; the machine's if none is given
        #[arg(long, value_name = "TIME")]
        now: Option<String>,
        /// Time zone of the clock
        #[arg(long, value_name = "ZONE", default_value = "Europe/London")]
        tz: String,
        /// Read jobs as lines of JSON from standard input, answer each with a line
        #[arg(long, conflicts_with_all = ["expression", "document", "context", "now"])]
        batch: bool,
    },
    /// Answer a form by steps and print the submission, or do so for one job a line
    Run {
        /// The form: an XForm (.xml) or XLSForm
        #[arg(value_name = "FILE", required_unless_present = "batch")]
        file: Option<PathBuf>,
        /// JSON array of steps: {"set":"/data/q","value":"a"}, {"addRepeat":"/data/r"}, {"removeRepeat":"/data/r[2]"},
        /// {"lang":"fr"}; `-` reads standard input
        #[arg(long, value_name = "FILE")]
        steps: Option<PathBuf>,
        /// Folder with the files that the form names (.csv, .xml, .geojson)
        #[arg(long, value_name = "DIR")]
        attachments: Option<PathBuf>,
        /// The clock, as `2026-01-15T08:30:00Z`; the machine's if none is given
        #[arg(long, value_name = "TIME")]
        now: Option<String>,
        /// Time zone of the clock
        #[arg(long, value_name = "ZONE", default_value = "Europe/London")]
        tz: String,
        /// Fixes what is random; another each time if none is given
        #[arg(long, value_name = "N")]
        seed: Option<u64>,
        /// Read jobs {id, form | xml, steps, attachments} as lines of JSON from standard input, answer each with a line
        /// {id, xml, ms}
        #[arg(long, conflicts_with_all = ["file", "steps"])]
        batch: bool,
    },
    /// Print a form's groups, questions, choices and logic in every language
    Show {
        /// The form
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Only this language, by its name or code
        #[arg(long, value_name = "LANGUAGE")]
        language: Option<String>,
    },
    /// List what differs between two versions of a form, and what it means for the answers to both
    Diff {
        /// The version in use
        #[arg(value_name = "OLD")]
        old: PathBuf,
        /// The version to come
        #[arg(value_name = "NEW")]
        new: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Write a form as a page to print, its logic in words
    Paper {
        /// The form; pictures are taken from the folder `media` beside it
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The language, by its name or code; the form's default if absent
        #[arg(long, value_name = "LANGUAGE")]
        language: Option<String>,
        /// How often a repeat is printed that the form does not count
        #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=20))]
        copies: u8,
        /// The HTML file to write
        #[arg(short, long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Write a form as a FHIR R4 Questionnaire, and list on standard error what it cannot hold
    Fhir {
        /// The form
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The JSON file to write; standard output if absent
        #[arg(short, long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}
