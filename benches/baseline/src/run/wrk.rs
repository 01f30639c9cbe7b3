//! The load generator: wrk, a process of its own.

use std::error::Error;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;

/// The connections that the load comes from; each has one request under way at a time.
pub(super) const CONNECTIONS: u64 = 100;
/// wrk's threads.
const THREADS: u64 = 2;

pub(super) const SCRIPT: &str = include_str!("load.lua");

/// What one run came to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    pub(super) requests: u64,
    pub(super) took: Duration,
    pub(super) p50: Duration,
    pub(super) p99: Duration,
}

impl Load {
    pub(super) fn per_second(&self) -> f64 {
        self.requests as f64 / self.took.as_secs_f64()
    }
}

/// Sends `body` to `url` as fast as answers come, for `seconds`.
///
/// # Errors
/// wrk is not there, or some request was not answered with success.
pub(super) fn load(
    url: &str,
    body: &str,
    seconds: u64,
    script: &Path,
) -> Result<Load, Box<dyn Error>> {
    let output = Command::new("wrk")
        .arg(format!("-t{THREADS}"))
        .arg(format!("-c{CONNECTIONS}"))
        .arg(format!("-d{seconds}s"))
        .arg("-s")
        .arg(script)
        .arg(url)
        .env("BODY", body)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| {
            format!(
                "wrk cannot be started ({error}); install it, for example with apt-get install wrk"
            )
        })?;
    let text = String::from_utf8_lossy(&output.stdout);
    read(&text).ok_or_else(|| format!("wrk said what is not understood:\n{text}"))?
}

fn read(text: &str) -> Option<Result<Load, Box<dyn Error>>> {
    let line = text.lines().find_map(|line| line.strip_prefix("RESULT "))?;
    let numbers: Vec<u64> = line
        .split(' ')
        .map(str::parse)
        .collect::<Result<_, _>>()
        .ok()?;
    let [requests, took, p50, p99, refused, broken] = numbers[..] else {
        return None;
    };
    if refused + broken > 0 || requests == 0 {
        let message = format!(
            "of {requests} requests, {refused} were answered with a failing status and {broken} not at all"
        );
        return Some(Err(message.into()));
    }
    Some(Ok(Load {
        requests,
        took: Duration::from_micros(took),
        p50: Duration::from_micros(p50),
        p99: Duration::from_micros(p99),
    }))
}
