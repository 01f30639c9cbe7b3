//! On what figures are taken.

use std::fs;

/// The processors: how many, and which.
#[must_use]
pub fn processors() -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("unknown", |rest| rest.trim_start_matches([' ', '\t', ':']));
    let count = cpus
        .lines()
        .filter(|line| line.starts_with("processor"))
        .count();
    format!("{count} × {model}")
}

/// How busy it is: over the last minute, and the last five.
#[must_use]
pub fn load_average() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(2).collect::<Vec<_>>().join(" ")
}

/// A whole number above 0 from the environment.
///
/// # Errors
/// When it is something else.
pub fn setting(name: &str, default: u64) -> Result<u64, Box<dyn std::error::Error>> {
    match std::env::var(name) {
        Ok(text) => match text.parse() {
            Ok(number) if number > 0 => Ok(number),
            _ => Err(format!("{name}={text}: a whole number above 0 is needed").into()),
        },
        Err(_) => Ok(default),
    }
}
