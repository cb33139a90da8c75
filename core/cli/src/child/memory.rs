//! Peak memory of a process, where the system tells it (Linux).

/// Most memory the process ever held, in bytes; `None` where it is not known.
pub(crate) fn peak_of(process: u32) -> Option<u64> {
    peak_in(&std::fs::read_to_string(format!("/proc/{process}/status")).ok()?)
}

/// The same for this process.
pub(crate) fn own_peak() -> Option<u64> {
    peak_of(std::process::id())
}

fn peak_in(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// Bytes in words.
pub(crate) fn in_words(bytes: u64) -> String {
    match bytes {
        0..10_240 => format!("{bytes} bytes"),
        10_240..10_485_760 => format!("{} KiB", bytes / 1024),
        _ => format!("{} MiB", bytes / (1024 * 1024)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_high_water_mark_and_nothing_else() {
        let status = "Name:\tnightjar\nVmPeak:\t  999999 kB\nVmHWM:\t   12345 kB\nVmRSS:\t      10 kB\n";
        assert_eq!(peak_in(status), Some(12_345 * 1024));
        assert_eq!(peak_in("Name:\tnightjar\n"), None);
    }
}
