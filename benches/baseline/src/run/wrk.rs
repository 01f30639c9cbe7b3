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

/// Requests that are all different. They are formatted once, with a number that has as many digits as all others.
const DISTINCT: &str = r#"
local threads = 0
function setup(thread)
    thread:set("offset", threads)
    threads = threads + 1
end
local pieces, number = {}, 0
function init()
    local whole, from = wrk.format(method, path, nil, body), 1
    local at, to = whole:find(placeholder, from, true)
    while at do
        pieces[#pieces + 1] = whole:sub(from, at - 1)
        from = to + 1
        at, to = whole:find(placeholder, from, true)
    end
    pieces[#pieces + 1] = whole:sub(from)
    number = base + offset
end
function request()
    number = number + step
    return table.concat(pieces, string.format("%d", number))
end
"#;

/// The first of the numbers in which requests differ. All have ten digits, and are of the type `Int`.
pub(super) const FIRST: u64 = 1_000_000_000;
const NUMBERS_OF_A_RUN: u64 = 10_000_000;

/// One HTTP request.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) body: String,
}

/// What is sent under load.
#[derive(Debug, Clone)]
pub(super) enum Requests {
    /// The same request over and over.
    Same(Call),
    /// Requests of which no two are the same: each has a number of its own where this one has [`FIRST`].
    Distinct(Call),
}

impl Requests {
    pub(super) fn differ(&self) -> bool {
        matches!(self, Requests::Distinct(_))
    }

    /// One of the requests that are sent without load.
    pub(super) fn numbered(&self, number: u64) -> Call {
        match self {
            Requests::Same(call) => call.clone(),
            Requests::Distinct(call) => {
                let numbered =
                    |text: &str| text.replace(&FIRST.to_string(), &(FIRST + number).to_string());
                Call {
                    path: numbered(&call.path),
                    body: numbered(&call.body),
                    ..*call
                }
            }
        }
    }
}

/// What one run came to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    pub(super) requests: u64,
    pub(super) took: Duration,
    pub(super) p50: Duration,
    pub(super) p99: Duration,
}

impl Call {
    /// A GraphQL request with this body.
    pub(super) fn graphql(body: String) -> Call {
        Call {
            method: "POST",
            path: "/graphql".to_owned(),
            body,
        }
    }

    pub(super) fn get(path: String) -> Call {
        Call {
            method: "GET",
            path,
            body: String::new(),
        }
    }
}

impl Load {
    pub(super) fn per_second(&self) -> f64 {
        self.requests as f64 / self.took.as_secs_f64()
    }
}

/// Sends requests to `url`, as fast as answers come. `run` counts the runs of one process: different ones get other numbers.
pub(super) fn send(
    files: &Files,
    url: &str,
    requests: &Requests,
    run: u64,
    seconds: u64,
) -> Result<Load, Box<dyn Error>> {
    match requests {
        Requests::Same(call) => same(files, url, call, seconds),
        Requests::Distinct(call) => distinct(files, url, call, run, seconds),
    }
}

fn same(files: &Files, url: &str, call: &Call, seconds: u64) -> Result<Load, Box<dyn Error>> {
    let Call { method, path, body } = call;
    let body = match body.is_empty() {
        true => String::new(),
        false => format!("wrk.body = {}\n", text(body)),
    };
    let script = format!("{HEADERS}wrk.method = \"{method}\"\n{body}{DONE}");
    let script = files.write("same.lua", script.as_bytes())?;
    load(&format!("{url}{path}"), seconds, &script)
}

fn distinct(
    files: &Files,
    url: &str,
    call: &Call,
    run: u64,
    seconds: u64,
) -> Result<Load, Box<dyn Error>> {
    let Call { method, path, body } = call;
    let first = FIRST + (run + 1) * NUMBERS_OF_A_RUN;
    if first + NUMBERS_OF_A_RUN > u64::from(i32::MAX.unsigned_abs()) {
        return Err(format!("there are no numbers left for run {run}").into());
    }
    let body = match body.is_empty() {
        true => "nil".to_owned(),
        false => text(body),
    };
    let script = format!(
        "{HEADERS}local method, path, body = \"{method}\", {}, {body}\n\
         local placeholder, base, step = \"{FIRST}\", {first}, {THREADS}\n{DISTINCT}{DONE}",
        text(path)
    );
    load(
        url,
        seconds,
        &files.write("distinct.lua", script.as_bytes())?,
    )
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distinct_requests_are_equally_long() {
        let requests = Requests::Distinct(Call::graphql(format!("{{ a{FIRST}: greet }}")));
        let [one, other] = [0, 12].map(|number| requests.numbered(number).body);
        assert_eq!(one, "{ a1000000000: greet }");
        assert_eq!(other, "{ a1000000012: greet }");
    }
}
