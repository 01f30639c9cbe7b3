//! The load generator: wrk, a process of its own.

use std::error::Error;
use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use sangam_harness::Files;

/// The connections that the load comes from; each has one request under way at a time.
pub(super) const CONNECTIONS: u64 = 100;
/// wrk's threads.
const THREADS: u64 = 2;

/// One line with what came of a run.
const DONE: &str = r#"
function done(summary, latency)
    local errors = summary.errors
    local broken = errors.connect + errors.read + errors.write + errors.timeout
    io.write(string.format("RESULT %d %d %d %d %d %d\n", summary.requests, summary.duration,
        latency:percentile(50), latency:percentile(99), errors.status, broken))
end
"#;

/// Several requests in turn.
const IN_TURN: &str = r#"
local requests, last = {}, 0
function init()
    for number, call in ipairs(calls) do
        requests[number] = wrk.format(call[1], call[2], nil, call[3])
    end
end
function request()
    last = last % #requests + 1
    return requests[last]
end
"#;

/// One HTTP request.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) body: String,
}

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

/// Sends a GraphQL request to `url`, over and over.
pub(super) fn post(
    files: &Files,
    url: &str,
    body: &str,
    seconds: u64,
) -> Result<Load, Box<dyn Error>> {
    let script = format!(
        "{HEADERS}wrk.method = \"POST\"\nwrk.body = {}\n{DONE}",
        text(body)
    );
    load(url, seconds, &files.write("post.lua", script.as_bytes())?)
}

/// Sends `calls` in turn, over and over.
pub(super) fn in_turn(
    files: &Files,
    url: &str,
    calls: &[Call],
    seconds: u64,
) -> Result<Load, Box<dyn Error>> {
    let mut script = format!("{HEADERS}local calls = {{\n");
    for Call { method, path, body } in calls {
        let _ = writeln!(
            script,
            "    {{ {}, {}, {} }},",
            text(method),
            text(path),
            text(body)
        );
    }
    let _ = write!(script, "}}\n{IN_TURN}{DONE}");
    load(url, seconds, &files.write("calls.lua", script.as_bytes())?)
}

const HEADERS: &str = "wrk.headers[\"Content-Type\"] = \"application/json\"\nwrk.headers[\"Accept\"] = \"application/json\"\n";

/// As Lua writes it; nothing that is sent here has the closing bracket in it.
fn text(text: &str) -> String {
    format!("[==[{text}]==]")
}

/// Runs a script against `url`, as fast as answers come.
///
/// # Errors
/// wrk is not there, or some request was not answered with success.
fn load(url: &str, seconds: u64, script: &Path) -> Result<Load, Box<dyn Error>> {
    let output = Command::new("wrk")
        .arg(format!("-t{THREADS}"))
        .arg(format!("-c{CONNECTIONS}"))
        .arg(format!("-d{seconds}s"))
        .arg("-s")
        .arg(script)
        .arg(url)
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
