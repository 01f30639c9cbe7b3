//! The comparison: for each row, the gateway and the backend written by hand are loaded in turns, on this machine only.
//!
//! The two runs of a pair follow each other at once, and who goes first changes from pair to pair: machines change their
//! speed within minutes. Before any load, both sides must give the same bytes and make the same number of calls; a row
//! whose calls differ compares nothing, and fails the run.

mod figures;
mod process;
mod wrk;

use std::error::Error;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::try_join_all;
use reqwest::Client;

use self::figures::Sample;
use self::figures::Side;
use self::figures::Target;
use self::process::Process;
use self::wrk::CONNECTIONS;

const BODY: &str = r#"{"query":"{ posts { id userId title user { id name email } } }"}"#;

/// One row of the comparison.
struct Row {
    name: &'static str,
    /// The part of the upstream that is asked: whether its answers may be kept.
    upstream: &'static str,
    /// The role of the backend that the gateway is held against.
    by_hand: &'static str,
    throughput: Target,
    cpu: Target,
}

const ROWS: [Row; 2] = [
    Row {
        name: "A join with nothing cached",
        upstream: "no-store",
        by_hand: "join",
        throughput: Target::AtLeast(0.95),
        cpu: Target::AtMost(1.2),
    },
    Row {
        name: "An answer from cache",
        upstream: "kept",
        by_hand: "memory",
        throughput: Target::AtLeast(0.8),
        cpu: Target::None,
    },
];

/// What is the same for all rows.
struct Bench<'a> {
    gateway: &'a Path,
    connectors: &'a Path,
    upstream: Process,
    client: Client,
    files: Files,
    /// Seconds of one run.
    seconds: u64,
    pairs: usize,
}

/// Two sides of one row, ready to be loaded.
struct Pair {
    processes: [Process; 2],
    sides: [Side; 2],
}

/// Runs all rows and prints their figures. `BENCH_SECONDS` (5) is the length of one run, `BENCH_PAIRS` (10) their
/// number; `BENCH_ROW` picks rows by a part of their name.
pub(crate) async fn run(gateway: &Path, connectors: &Path) -> Result<ExitCode, Box<dyn Error>> {
    let bench = Bench {
        gateway,
        connectors,
        upstream: Process::role(&["upstream"])?,
        client: Client::builder().no_proxy().build()?,
        files: Files::new()?,
        seconds: setting("BENCH_SECONDS", 5)?,
        pairs: usize::try_from(setting("BENCH_PAIRS", 10)?)?,
    };
    let only = std::env::var("BENCH_ROW").unwrap_or_default();
    println!("{}", bench.weather());
    let mut void = false;
    for row in ROWS.iter().filter(|row| row.name.contains(&only)) {
        println!("\n### {}\n", row.name);
        let mut pair = bench.start(row).await?;
        let counted = bench.load(&mut pair).await?;
        let [gateway, by_hand] = &pair.sides;
        print!(
            "{}",
            figures::table(gateway, by_hand, row.throughput, row.cpu)
        );
        if let Err(why) = counted {
            println!("\n**Void**: {why}");
            void = true;
        }
    }
    println!("\nLoad average at the end: {}", load_average());
    Ok(if void {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

impl Bench<'_> {
    /// Under which conditions the figures are taken.
    fn weather(&self) -> String {
        let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpus
            .lines()
            .find_map(|line| line.strip_prefix("model name"))
            .map_or("unknown", |rest| rest.trim_start_matches([' ', '\t', ':']));
        let count = cpus
            .lines()
            .filter(|line| line.starts_with("processor"))
            .count();
        format!(
            "{count} × {model}; {CONNECTIONS} connections; {} pairs of {} s; load average before: {}",
            self.pairs,
            self.seconds,
            load_average()
        )
    }

    /// Starts both sides, and sees that they give the same bytes at the same number of calls.
    async fn start(&self, row: &Row) -> Result<Pair, Box<dyn Error>> {
        let upstream = format!("{}/{}", self.upstream.url, row.upstream);
        let settings = self.files.settings(self.connectors, &upstream)?;
        let processes = [
            Process::gateway(self.gateway, &settings)?,
            Process::role(&[row.by_hand, &upstream])?,
        ];
        let mut sides = [Side::default(), Side::default()];
        let mut answers = Vec::new();
        for (process, side) in processes.iter().zip(&mut sides) {
            // The first answer fills whatever may be filled.
            let first = self.ask(process).await?;
            side.idle = process.memory("VmRSS")?;
            let before = self.calls().await?;
            let all = try_join_all((0..CONNECTIONS).map(|_| self.ask(process))).await?;
            let calls = self.calls().await? - before;
            if calls % CONNECTIONS != 0 || all.iter().any(|answer| *answer != first) {
                return Err(format!(
                    "{CONNECTIONS} equal requests made {calls} calls, or got different answers"
                )
                .into());
            }
            side.calls = calls / CONNECTIONS;
            answers.push(first);
        }
        match answers.as_slice() {
            [ours, theirs] if ours == theirs => Ok(Pair { processes, sides }),
            _ => {
                let [ours, theirs] = [0, 1].map(|index| String::from_utf8_lossy(&answers[index]));
                Err(format!("the answers differ:\n{ours}\n{theirs}").into())
            }
        }
    }

    /// All pairs of runs. The inner error says why the row is void.
    async fn load(&self, pair: &mut Pair) -> Result<Result<(), String>, Box<dyn Error>> {
        for process in &pair.processes {
            wrk::load(&graphql(process), BODY, 1, &self.files.script())?;
        }
        for round in 0..self.pairs {
            for turn in 0..2 {
                let index = (round + turn) % 2;
                let sample = self.sample(&pair.processes[index]).await?;
                pair.sides[index].samples.push(sample);
            }
        }
        for (process, side) in pair.processes.iter().zip(&mut pair.sides) {
            side.peak = process.memory("VmHWM")?;
        }
        Ok(same_calls(&pair.sides))
    }

    async fn sample(&self, process: &Process) -> Result<Sample, Box<dyn Error>> {
        let (calls, cpu) = (self.calls().await?, process.cpu()?);
        let load = wrk::load(&graphql(process), BODY, self.seconds, &self.files.script())?;
        let (calls, cpu) = (self.calls().await? - calls, process.cpu()? - cpu);
        Ok(Sample {
            load,
            cpu: micros(cpu) / load.requests as f64,
            calls: calls as f64 / load.requests as f64,
        })
    }

    async fn ask(&self, process: &Process) -> Result<Bytes, reqwest::Error> {
        let request = self
            .client
            .post(graphql(process))
            .header("content-type", "application/json")
            .body(BODY);
        request.send().await?.error_for_status()?.bytes().await
    }

    /// The calls that the upstream has answered so far.
    async fn calls(&self) -> Result<u64, Box<dyn Error>> {
        let url = format!("{}/calls", self.upstream.url);
        Ok(self.client.get(url).send().await?.text().await?.parse()?)
    }
}

/// Under load, each connection can have made the calls of one request that was not finished when the run ended, and no
/// request can have been answered without its calls.
fn same_calls(sides: &[Side; 2]) -> Result<(), String> {
    let [gateway, by_hand] = [sides[0].calls, sides[1].calls];
    if gateway != by_hand {
        return Err(format!(
            "the gateway makes {gateway} calls for a request, the other {by_hand}"
        ));
    }
    for sample in sides.iter().flat_map(|side| &side.samples) {
        let requests = sample.load.requests as f64;
        let (least, most) = (
            gateway as f64,
            gateway as f64 * (1.0 + CONNECTIONS as f64 / requests),
        );
        if sample.calls < least - 1e-9 || sample.calls > most + 1e-9 {
            return Err(format!(
                "{:.3} calls for a request under load, and not {least}",
                sample.calls
            ));
        }
    }
    Ok(())
}

fn graphql(process: &Process) -> String {
    format!("{}/graphql", process.url)
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn load_average() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(2).collect::<Vec<_>>().join(" ")
}

fn setting(name: &str, default: u64) -> Result<u64, Box<dyn Error>> {
    match std::env::var(name) {
        Ok(text) => match text.parse() {
            Ok(number) if number > 0 => Ok(number),
            _ => Err(format!("{name}={text}: a whole number above 0 is needed").into()),
        },
        Err(_) => Ok(default),
    }
}

/// The files that the other programs read; removed in the end.
struct Files(PathBuf);

impl Files {
    fn new() -> Result<Files, Box<dyn Error>> {
        let folder = std::env::temp_dir().join(format!("sangam-bench-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("load.lua"), wrk::SCRIPT)?;
        Ok(Files(folder))
    }

    fn script(&self) -> PathBuf {
        self.0.join("load.lua")
    }

    /// Nothing is set but what has to be: the gateway runs with its defaults.
    fn settings(&self, connectors: &Path, upstream: &str) -> Result<PathBuf, Box<dyn Error>> {
        let path = self.0.join("sangam.toml");
        let connectors = fs::canonicalize(connectors)?;
        let text =
            format!("connectors = {connectors:?}\n\n[connector.posts]\nbase_url = {upstream:?}\n");
        fs::write(&path, text)?;
        Ok(path)
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        // What stays behind lies in the folder for temporary files.
        let _ = fs::remove_dir_all(&self.0);
    }
}
