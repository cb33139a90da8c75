//! `nightjar form xpath`: evaluates an expression, or one a line with `--batch`, over a document.

use std::collections::BTreeMap;
use std::io::{BufRead, Write};

use jiff::Zoned;
use jiff::tz::TimeZone;
use nightjar_form::xpath::{Answer, Request, Wanted, evaluate};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::trouble::Trouble;

/// Longest line of a batch, in bytes.
const MAX_LINE: u64 = 32 << 20;

/// One line of a batch.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Job {
    pub(super) id: Value,
    pub(super) expression: String,
    pub(super) xml: Option<String>,
    pub(super) context: Option<String>,
    pub(super) root: Option<String>,
    pub(super) ns: Option<BTreeMap<String, String>>,
    pub(super) lang: Option<String>,
    pub(super) now: Option<String>,
    pub(super) tz: Option<String>,
    #[serde(rename = "type")]
    pub(super) wanted: Option<String>,
}

/// Runs a batch from standard input to standard output.
pub(super) fn run_batch() -> Result<(), Trouble> {
    let output = std::io::BufWriter::new(std::io::stdout().lock());
    batch(std::io::stdin().lock(), output)
        .map_err(|fault| Trouble::Given(format!("the batch ended: {fault}")))
}

/// Answers each line with one line: `{id, type, value}`; a line that is no job gets an error and the batch goes on.
fn batch(mut input: impl BufRead, mut output: impl Write) -> std::io::Result<()> {
    loop {
        let mut line = Vec::new();
        std::io::Read::take(&mut input, MAX_LINE).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return output.flush();
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let answer = match serde_json::from_slice::<Job>(&line) {
            Ok(job) => answer(&job),
            Err(fault) => json!({ "id": null, "type": "error", "value": fault.to_string() }),
        };
        writeln!(output, "{answer}")?;
    }
}

/// What an expression computes, as JSON.
pub(super) fn answer(job: &Job) -> Value {
    match run(job) {
        Ok(Answer::Boolean(yes)) => json!({ "id": job.id, "type": "boolean", "value": yes }),
        Ok(Answer::Number(n)) => json!({ "id": job.id, "type": "number", "value": number(n) }),
        Ok(Answer::String(text)) => json!({ "id": job.id, "type": "string", "value": text }),
        Ok(Answer::Nodes(nodes)) => {
            let (paths, texts): (Vec<_>, Vec<_>) =
                nodes.into_iter().map(|node| (node.path, node.text)).unzip();
            json!({ "id": job.id, "type": "nodeset", "value": paths, "text": texts })
        }
        Err(fault) => json!({ "id": job.id, "type": "error", "value": fault }),
    }
}

fn run(job: &Job) -> Result<Answer, String> {
    let zone = job.tz.as_deref().unwrap_or("America/Phoenix");
    let zone = TimeZone::get(zone).map_err(|fault| fault.to_string())?;
    let now = match &job.now {
        Some(at) => at.parse::<jiff::Timestamp>().map_err(|fault| fault.to_string())?.to_zoned(zone),
        None => Zoned::now().with_time_zone(zone),
    };
    let wanted = match job.wanted.as_deref() {
        None | Some("any") => Wanted::Any,
        Some("boolean") => Wanted::Boolean,
        Some("number") => Wanted::Number,
        Some("string") => Wanted::String,
        Some("nodes") => Wanted::Nodes,
        Some(other) => return Err(format!("there is no type {other}")),
    };
    evaluate(&Request {
        expression: &job.expression,
        xml: job.xml.as_deref(),
        context: job.context.as_deref(),
        root: job.root.as_deref(),
        namespaces: &job.ns.clone().unwrap_or_default(),
        language: job.lang.as_deref(),
        now: &now,
        wanted,
    })
}

/// JSON has no NaN, infinity or negative zero: they travel as texts.
fn number(n: f64) -> Value {
    if n.is_nan() {
        json!("NaN")
    } else if n.is_infinite() {
        json!(if n > 0.0 { "Infinity" } else { "-Infinity" })
    } else if n == 0.0 && n.is_sign_negative() {
        json!("-0")
    } else {
        json!(n)
    }
}
