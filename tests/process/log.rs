//! A log that is not read delays neither requests nor the end of the process, and dropped lines are counted.

use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStderr, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::departments::{Departments, OF_RAIN, QUERY, connectors};
use super::running::{Folder, client, text};

/// More lines than fit into a pipe (64 KB) and the queue of the log.
const REFUSED: usize = 2_000;

/// `sangam serve`; only the test reads its log.
struct Serving {
    child: Child,
    log: Lines<BufReader<ChildStderr>>,
    url: String,
    admin: String,
    // Must live as long as the gateway.
    _departments: Departments,
    _folder: Folder,
}

impl Serving {
    async fn start(log: &str) -> Serving {
        let departments = Departments::start().await;
        let settings = departments.settings(OF_RAIN)
            + "[admin]\nlisten = \"127.0.0.1:0\"\n[log]\nqueue_bytes = \"100KB\"\n"
            + log;
        let connectors = connectors();
        let connectors = connectors
            .each_ref()
            .map(|(name, schema)| (*name, &**schema));
        let folder = Folder::new(&settings, &connectors);
        let mut command = folder.command(&["serve"]);
        command.env("RAIN_UNIT", "millimetres");
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut serving = Serving {
            child,
            log,
            url: String::new(),
            admin: String::new(),
            _departments: departments,
            _folder: folder,
        };
        serving.url = serving.address("listening");
        serving.admin = serving.address("listening for operators");
        serving
    }

    fn line(&mut self) -> Option<Value> {
        let line = self.log.next()?.unwrap();
        Some(serde_json::from_str(&line).unwrap_or_else(|_| panic!("no line: {line}")))
    }

    fn address(&mut self, message: &str) -> String {
        loop {
            let line = self.line().unwrap();
            if line["message"] == message {
                return line["address"].as_str().unwrap().to_owned();
            }
        }
    }

    fn stop(&mut self) -> ExitStatus {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, Signal::TERM).unwrap();
        self.child.wait().unwrap()
    }

    /// Sends queries that are refused, each with a log line; then one that succeeds.
    async fn refuse_many(&self) {
        let client = client();
        let post = |query: &str| {
            let body = json!({ "query": query }).to_string();
            let request = client.post(format!("{}/graphql", self.url));
            request
                .header("content-type", "application/json")
                .body(body)
        };
        for _ in 0..REFUSED {
            let answer = text(post("{ nothing }")).await;
            assert!(answer.contains("INVALID"), "{answer}");
        }
        let live = client.get(format!("{}/health/live", self.url)).send();
        assert_eq!(live.await.unwrap().status(), 200);
        let answer = text(post(QUERY)).await;
        assert!(answer.starts_with(r#"{"data":{"gauges":[{"#), "{answer}");
    }

    /// The number of lines that were not written for this reason, by the metrics.
    async fn dropped(&self, reason: &str) -> u64 {
        let page = text(client().get(format!("{}/metrics", self.admin))).await;
        let name = format!("sangam_log_lines_dropped_total{{reason=\"{reason}\"}} ");
        let mut lines = page.lines();
        let number = lines.find_map(|line| line.strip_prefix(&name));
        number.map_or(0, |number| number.parse().unwrap())
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test(threads)]
async fn a_log_that_is_not_read_holds_nothing_up() {
    let mut serving =
        Serving::start("lines_per_second = 1000000\nflush_timeout = \"100s\"\n").await;
    serving.refuse_many().await;
    let dropped = serving.dropped("queue").await;
    assert!(dropped > 0);
    // When the log is read again, a line reports the number of missing lines.
    let (mut written, mut missing) = (0, 0);
    while missing == 0 {
        let line = serving.line().unwrap();
        match line["message"].as_str().unwrap() {
            "request" => written += 1,
            message if message.starts_with("lines were dropped") => {
                missing = line["count"].as_u64().unwrap();
            }
            _ => {}
        }
    }
    assert_eq!(missing, dropped);
    assert_eq!(written + missing, REFUSED as u64);
    assert!(serving.stop().success());
    let mut last = None;
    while let Some(line) = serving.line() {
        last = Some(line);
    }
    assert_eq!(last.unwrap()["message"], "stopped");
}

#[test(threads)]
async fn a_log_that_is_not_read_does_not_keep_the_process() {
    let mut serving =
        Serving::start("lines_per_second = 1000000\nflush_timeout = \"10ms\"\n").await;
    serving.refuse_many().await;
    assert!(serving.dropped("queue").await > 0);
    assert!(serving.stop().success());
}

#[test(threads)]
async fn lines_that_clients_cause_are_bounded() {
    // The output does not fill the pipe, so the log need not be read meanwhile.
    let mut serving = Serving::start("lines_per_second = 1\nflush_timeout = \"100s\"\n").await;
    serving.refuse_many().await;
    let suppressed = serving.dropped("rate").await;
    assert_eq!(serving.dropped("queue").await, 0);
    assert!(serving.stop().success());
    let (mut written, mut reported) = (0, 0);
    while let Some(line) = serving.line() {
        if line["message"] == "request" {
            written += 1;
            reported += line["suppressed"].as_u64().unwrap_or_default();
        }
    }
    assert_eq!(written + suppressed, REFUSED as u64);
    assert!(written < REFUSED as u64 && reported <= suppressed);
}
