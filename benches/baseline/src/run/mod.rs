//! The comparison: for each row, the gateway and the backend written by hand are loaded in turns, on this machine only.
//! With `BENCH_BEFORE`, an older binary of the gateway takes the backend's part.
//!
//! - [`rows`]: what is compared: the table of rows, with their targets; [`large`]: the operation of two of them.
//! - [`compare`]: how one row is run; [`contest`]: how sides are loaded in turns.
//! - [`distinct`]: rows of which no two requests are the same; [`named`]: an operation by its URL.
//! - [`ceiling`]: what the upstream and the load generator could do at most.
//! - [`cold`], [`screen`], [`operations`], [`files`], [`growth`]: the rows that have no other side: the start, a whole page, each
//!   named operation, long files, and how cost grows with size.
//! - [`figures`]: medians and tables; [`wrk`]: the load; processes and files are those of `sangam_harness`.

mod ceiling;
mod cold;
mod compare;
mod contest;
mod distinct;
mod figures;
mod files;
mod growth;
mod large;
mod named;
mod operations;
mod rows;
mod screen;
mod wrk;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use bytes::Bytes;
use reqwest::Client;

use self::rows::ROWS;
use self::wrk::{CONNECTIONS, Call};
use sangam_harness::machine::{load_average, processors, setting};
use sangam_harness::{Files, Log, Process};

/// What is given from outside.
pub(crate) struct Paths {
    /// The gateway's binary.
    pub(crate) gateway: PathBuf,
    /// The folder `benches`.
    pub(crate) benches: PathBuf,
    /// The departments' connectors.
    pub(crate) connectors: PathBuf,
    /// The file with the district query; the other named operations are beside it.
    pub(crate) operation: PathBuf,
}

/// What is the same for all rows.
struct Bench {
    paths: Paths,
    client: Client,
    files: Files,
    /// Seconds of one run.
    seconds: u64,
    pairs: usize,
    /// Rows whose name has this in it.
    only: String,
    /// An older binary of the gateway, to hold this one against instead of the backends.
    before: Option<PathBuf>,
}

/// Runs all rows and prints their figures. `BENCH_SECONDS` (5) is the length of one run, `BENCH_PAIRS` (10) their
/// number; `BENCH_ROW` picks rows by a part of their name; `BENCH_BEFORE` is the path of an older `sangam` to compare with.
pub(crate) async fn run(paths: Paths) -> Result<ExitCode, Box<dyn Error>> {
    let bench = Bench {
        paths,
        client: Client::builder().no_proxy().build()?,
        files: Files::new()?,
        seconds: setting("BENCH_SECONDS", 5)?,
        pairs: usize::try_from(setting("BENCH_PAIRS", 10)?)?,
        only: std::env::var("BENCH_ROW")
            .unwrap_or_default()
            .to_lowercase(),
        before: std::env::var_os("BENCH_BEFORE").map(PathBuf::from),
    };
    println!("{}", bench.weather());
    let mut void = false;
    // An older gateway does not know the setting.
    let rows = ROWS
        .iter()
        .filter(|row| bench.before.is_none() || !row.is_shared());
    for row in rows.filter(|row| bench.wants(row.name)) {
        void |= show(row.name, &compare::run(&bench, row).await?);
    }
    for row in distinct::ROWS.iter().filter(|row| bench.wants(row.name)) {
        void |= show(row.name, &distinct::run(&bench, row).await?);
    }
    // An older gateway has no part in these.
    let alone = bench.before.is_none();
    if alone && bench.wants(named::NAME) {
        void |= show(named::NAME, &named::run(&bench).await?);
    }
    if alone && bench.wants(cold::NAME) {
        println!("\n### {}\n", cold::NAME);
        print!("{}", cold::run(&bench).await?);
    }
    if alone && bench.wants(screen::NAME) {
        println!("\n### {}\n", screen::NAME);
        print!("{}", screen::run(&bench).await?);
    }
    if alone && bench.wants(operations::NAME) {
        println!("\n### {}\n", operations::NAME);
        print!("{}", operations::run(&bench).await?);
    }
    if alone && bench.wants(files::NAME) {
        println!("\n### {}\n", files::NAME);
        print!("{}", files::run(&bench).await?);
    }
    if alone && bench.wants(growth::NAME) {
        println!("\n### {}\n", growth::NAME);
        print!("{}", growth::run(&bench).await?);
    }
    println!("\nLoad average at the end: {}", load_average());
    Ok(if void {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// What came of a row with sides under load.
struct Outcome {
    table: String,
    /// Why its figures mean nothing.
    void: Option<String>,
}

/// Prints a row; whether it is void.
fn show(name: &str, outcome: &Outcome) -> bool {
    print!("\n### {name}\n\n{}", outcome.table);
    if let Some(why) = &outcome.void {
        println!("\n**Void**: {why}");
    }
    outcome.void.is_some()
}

impl Bench {
    fn wants(&self, name: &str) -> bool {
        name.to_lowercase().contains(&self.only)
    }

    /// Under which conditions the figures are taken.
    fn weather(&self) -> String {
        format!(
            "{}; {CONNECTIONS} connections; {} pairs of {} s; load average before: {}",
            processors(),
            self.pairs,
            self.seconds,
            load_average()
        )
    }

    /// Starts the gateway with these settings, on a port that is free.
    fn gateway(&self, settings: &str) -> Result<Process, Box<dyn Error>> {
        self.start(&self.paths.gateway, &self.files.settings(settings)?)
    }

    /// Starts a second gateway with settings of its own. In the file of the first one, that would take them over.
    fn gateway_beside(&self, settings: &str) -> Result<Process, Box<dyn Error>> {
        let settings = self.files.write("beside.toml", settings.as_bytes())?;
        self.start(&self.paths.gateway, &settings)
    }

    /// Starts what the gateway is compared with: an older gateway, or the row's backend.
    fn other_side(
        &self,
        settings: &str,
        backend: &str,
        upstream: &str,
    ) -> Result<Process, Box<dyn Error>> {
        match &self.before {
            Some(binary) => self.start(binary, &self.files.settings(settings)?),
            None => Process::role(&["backend", backend, upstream]),
        }
    }

    /// Starts a gateway in the folder of the files: in the working directory, it would find the named operations of the
    /// repository, and compile them during the first requests.
    fn start(&self, program: &Path, settings: &Path) -> Result<Process, Box<dyn Error>> {
        let mut command = Command::new(std::fs::canonicalize(program)?);
        command.current_dir(self.files.folder());
        Process::gateway_by(command, settings, Log::Shown)
    }

    /// The answer to a GraphQL request with this body.
    async fn ask(&self, process: &Process, body: &str) -> Result<Bytes, reqwest::Error> {
        self.send(process, &Call::graphql(body.to_owned())).await
    }

    /// The answer to a request.
    async fn send(&self, process: &Process, call: &Call) -> Result<Bytes, reqwest::Error> {
        let url = format!("{}{}", process.url, call.path);
        let request = match call.method {
            "GET" => self.client.get(url),
            _ => self
                .client
                .post(url)
                .header("content-type", "application/json")
                .body(call.body.clone()),
        };
        request.send().await?.error_for_status()?.bytes().await
    }

    /// The calls that an upstream has answered so far.
    async fn calls(&self, upstream: &Process) -> Result<u64, Box<dyn Error>> {
        let url = format!("{}/calls", upstream.url);
        Ok(self.client.get(url).send().await?.text().await?.parse()?)
    }
}

/// The body of a GraphQL request.
fn request(operation: &str) -> String {
    serde_json::json!({ "query": operation }).to_string()
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
