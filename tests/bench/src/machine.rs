//! Which machine it was measured on.

use std::fs;
use std::thread;

/// Processor, cores and memory, as far as the system tells.
pub(crate) fn describe() -> String {
    let processor = line_of("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".to_owned());
    let cores = thread::available_parallelism().map_or(0, usize::from);
    let kilobytes = line_of("/proc/meminfo", "MemTotal")
        .and_then(|text| text.split_whitespace().next().and_then(|number| number.parse::<f64>().ok()));
    let memory = kilobytes
        .map_or("unknown memory".to_owned(), |kilobytes| format!("{:.1} GiB", kilobytes / 1_048_576.0));
    format!(
        "machine: {processor}, {cores} cores, {memory}, {} {}",
        std::env::consts::OS,
        std::env::consts::ARCH
    )
}

/// What follows the colon in the first line that begins so.
fn line_of(file: &str, begin: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(begin))?;
    line.split_once(':').map(|(_, value)| value.trim().to_owned())
}
