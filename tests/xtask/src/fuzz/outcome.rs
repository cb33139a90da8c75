//! What libFuzzer says at its end.

use std::fmt;

/// How far a target got.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    /// Inputs that were run.
    executions: u64,
    /// Inputs a second.
    rate: u64,
    /// Edges of the program that some input reached.
    coverage: u64,
    /// Inputs kept because they reached something.
    corpus: String,
    /// Lines that tell what went wrong.
    pub(super) complaints: Vec<String>,
}

/// How its complaints begin.
const COMPLAINTS: [&str; 5] = ["thread '", "panicked at", "==", "SUMMARY", "ALARM"];

/// Reads the statistics and the last line of progress.
pub(super) fn read(output: &str) -> Outcome {
    let mut outcome = Outcome::default();
    let number = |text: &str| text.trim().parse().unwrap_or(0);
    let mut lines = output.lines().peekable();
    while let Some(line) = lines.next() {
        if let Some(count) = line.strip_prefix("stat::number_of_executed_units:") {
            outcome.executions = number(count);
        } else if let Some(rate) = line.strip_prefix("stat::average_exec_per_sec:") {
            outcome.rate = number(rate);
        } else if line.starts_with('#') {
            let mut words = line.split_whitespace();
            while let Some(word) = words.next() {
                match word {
                    "cov:" => outcome.coverage = words.next().map_or(0, number),
                    "corp:" => outcome.corpus = words.next().unwrap_or_default().to_owned(),
                    _ => {}
                }
            }
        } else if COMPLAINTS.iter().any(|begin| line.starts_with(begin)) && outcome.complaints.len() < 12 {
            outcome.complaints.push(line.to_owned());
            // What a panic says is on the line after its place.
            if line.starts_with("thread '") {
                outcome.complaints.extend(lines.peek().map(|next| (*next).to_owned()));
            }
        }
    }
    outcome
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Outcome { executions, rate, coverage, corpus, .. } = self;
        write!(f, "{executions} executions ({rate} a second), {coverage} edges covered, corpus {corpus}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_run_is_read() {
        let output = "#2\tINITED cov: 12 ft: 13 corp: 1/1b exec/s: 0 rss: 30Mb\n\
            #65536\tpulse  cov: 345 ft: 999 corp: 78/9Kb lim: 4096 exec/s: 21845 rss: 50Mb\n\
            #70000\tDONE   cov: 350 ft: 1001 corp: 80/10Kb lim: 4096 exec/s: 20000 rss: 51Mb\n\
            stat::number_of_executed_units: 70000\nstat::average_exec_per_sec:     20000\n";
        let outcome = read(output);
        assert_eq!(
            outcome.to_string(),
            "70000 executions (20000 a second), 350 edges covered, corpus 80/10Kb"
        );
        assert!(outcome.complaints.is_empty());
    }

    #[test]
    fn a_crash_is_told_with_its_place_and_words() {
        let output = "thread '<unnamed>' panicked at core/form/src/x.rs:3:5:\nindex out of bounds\nnote: run with\n\
            ==12== ERROR: libFuzzer: deadly signal\nSUMMARY: libFuzzer: deadly signal\n";
        let complaints = read(output).complaints;
        assert_eq!(complaints.len(), 4, "{complaints:?}");
        assert_eq!(complaints[1], "index out of bounds");
    }
}
