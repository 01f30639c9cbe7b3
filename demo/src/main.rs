//! `sangam-demo`: starts all stand-ins on free loopback ports, and the gateway for them.
//!
//! The gateway is a separate process with an ordinary settings file, as in an installation. Ctrl-C ends both.

mod gateway;
mod http;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use gateway::Gateway;
use sangam_demo::{Options, Standin, departments};
use tokio::signal::unix::{SignalKind, signal};

/// Starts stand-ins for all departments on free loopback ports, and the gateway in front of them.
#[derive(Parser)]
#[command(version)]
struct Cli {
    /// The gateway's binary [default: `sangam` beside this one].
    #[arg(long, value_name = "PATH")]
    gateway: Option<PathBuf>,
    /// The folder of connectors that the gateway serves.
    #[arg(long, value_name = "DIR", default_value = "connectors")]
    connectors: PathBuf,
    /// The gateway's port on 127.0.0.1.
    #[arg(long, env = "PORT", default_value_t = 4000)]
    port: u16,
    /// How many milliseconds a stand-in takes for an answer, on average; 0 for benchmarks.
    #[arg(long, value_name = "MS", default_value_t = 4)]
    latency: u64,
    /// Start the stand-ins alone.
    #[arg(long)]
    standins_only: bool,
    /// Write the addresses of the stand-ins to this file once all of them answer, as a JSON object.
    #[arg(long, value_name = "FILE")]
    ports_file: Option<PathBuf>,
    /// Write the `sangam.toml` that points at the stand-ins to this file as well.
    #[arg(long, value_name = "FILE")]
    config_file: Option<PathBuf>,
}

/// The department whose stand-in posts events to the gateway.
const CALLS_BACK: &str = "services";

/// The token of these events, a sample.
const TOKEN: &str = "sample-webhook-token";

/// Why the demonstration ends, as a message for its user.
type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(std::io::stderr(), "sangam-demo: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> Result<(), Failure> {
    let mut stop = Stop::new()?;
    if !cli.standins_only {
        gateway::port_is_free(cli.port)?;
    }
    let standins = start_standins(cli.latency).await?;
    let folder = tempfile::Builder::new().prefix("sangam-demo-").tempdir()?;
    let settings = settings(&cli, &standins)?;
    let config = folder.path().join("sangam.toml");
    std::fs::write(&config, &settings)?;
    if let Some(file) = &cli.config_file {
        write_whole(file, &settings)?;
    }
    if let Some(file) = &cli.ports_file {
        write_whole(file, &addresses(&standins)?)?;
    }
    if cli.standins_only {
        say(&addresses(&standins)?);
        stop.wait().await;
        return Ok(());
    }
    let binary = gateway::binary(cli.gateway)?;
    let mut gateway = Gateway::start(&binary, &config, folder.path(), cli.port)?;
    let ready = tokio::select! {
        ready = gateway.ready() => ready,
        () = stop.wait() => return gateway.stop().await,
    };
    if let Err(failure) = ready {
        gateway.stop().await?;
        return Err(failure);
    }
    call_back(&gateway, &standins).await?;
    say(&welcome(&gateway, &standins).await);
    tokio::select! {
        ended = gateway.ended() => Err(ended),
        () = stop.wait() => {
            say("\nStopping.\n");
            gateway.stop().await
        }
    }
}

async fn start_standins(latency: u64) -> std::io::Result<Vec<Standin>> {
    let options = Options {
        latency: Duration::from_millis(latency),
        record: false,
    };
    let mut standins = Vec::new();
    for department in departments() {
        standins.push(department.start(options).await?);
    }
    Ok(standins)
}

/// The settings of the gateway: the defaults, and the addresses of the departments.
fn settings(cli: &Cli, standins: &[Standin]) -> Result<String, Failure> {
    let connectors = cli.connectors.canonicalize().map_err(|error| {
        format!(
            "there is no folder of connectors at {} ({error}); run this where `connectors` is, or name it with --connectors",
            cli.connectors.display()
        )
    })?;
    let connectors = toml::Value::String(connectors.display().to_string());
    let mut text = format!(
        "# Written by sangam-demo. All secrets are samples that only the stand-ins know.\n\
         listen = \"127.0.0.1:{}\"\nconnectors = {connectors}\n\n\
         [admin]\nlisten = \"127.0.0.1:0\"\n\n\
         [cors]\norigins = [\"http://localhost:*\", \"http://127.0.0.1:*\"]\n",
        cli.port
    );
    for (department, standin) in departments().iter().zip(standins) {
        text.push('\n');
        text.push_str(&department.settings(&standin.url()));
        if department.name == CALLS_BACK {
            text.push_str(&format!(
                "webhook_secret = {{ sample = \"{TOKEN}\" }}\nwebhook_proof = \"token\"\n"
            ));
        }
    }
    Ok(text)
}

/// Registers the gateway with the stand-in that posts events.
async fn call_back(gateway: &Gateway, standins: &[Standin]) -> Result<(), Failure> {
    let standin = standins.iter().find(|standin| standin.name() == CALLS_BACK);
    let Some(standin) = standin else {
        return Ok(());
    };
    let url = format!("{}/hooks/{CALLS_BACK}", gateway.url());
    let callback = serde_json::json!({ "url": url, "token": TOKEN }).to_string();
    let address = standin.url();
    let port = address
        .rsplit(':')
        .next()
        .and_then(|port| port.parse().ok());
    let port = port.ok_or("the stand-in has no port")?;
    match http::put_signed_in(port, "/eunnat/v1/callback", &callback).await? {
        (204, _) => Ok(()),
        (status, _) => {
            Err(format!("{CALLS_BACK} does not register the gateway: status {status}").into())
        }
    }
}

fn addresses(standins: &[Standin]) -> Result<String, Failure> {
    let addresses: BTreeMap<_, _> = standins
        .iter()
        .map(|standin| (standin.name(), standin.url()))
        .collect();
    Ok(serde_json::to_string_pretty(&addresses)? + "\n")
}

/// Writes a file atomically: a program that waits for it never sees a part of it.
fn write_whole(file: &Path, text: &str) -> std::io::Result<()> {
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let mut draft = tempfile::NamedTempFile::new_in(folder)?;
    draft.write_all(text.as_bytes())?;
    draft.persist(file)?;
    Ok(())
}

/// The message that says what is running, and what to try.
async fn welcome(gateway: &Gateway, standins: &[Standin]) -> String {
    let url = gateway.url();
    let mut text = format!(
        "\nSangam is running.\n\n  GraphQL   {url}/graphql\n  schema    {url}/schema.graphql\n  CORS      pages of http://localhost:* and http://127.0.0.1:* may send requests\n  log       {}\n\nDepartments (stand-ins with sample data):\n\n",
        gateway.log().display()
    );
    // Executed once, so that the departments have been called before their states are read.
    gateway.ask(SAMPLE_QUERY).await;
    gateway
        .ask("{ schemes { slug } umangHome { serviceCount } deliverableSummary { asOf } }")
        .await;
    let states = gateway.states().await;
    for standin in standins {
        let state = states
            .get(standin.name())
            .map_or("starting", String::as_str);
        text.push_str(&format!(
            "  {:<14}{:<10}{}\n",
            standin.name(),
            state,
            standin.url()
        ));
    }
    text.push_str(&format!(
        "\nTry:\n\n  curl -s {url}/graphql -H 'content-type: application/json' \\\n    -d '{}'\n\nREADME.md has more to ask, connectors/README.md says how a department joins.\nCtrl-C stops everything.\n",
        serde_json::json!({ "query": SAMPLE_QUERY })
    ));
    text
}

/// A query to several departments. Without single quotes, because the message shows it in a shell command.
const SAMPLE_QUERY: &str = "{ districts(areaCode: KASHMIR) { name nameIn(language: UR) { text } dggi { composite rank } \
    workSummary { workCount spentInRupees } grievanceSummary { openCount } applicationSummary { counts { overdueCount } } } }";

fn say(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
    let _ = std::io::stdout().flush();
}

/// The signals that end the demonstration.
struct Stop {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

impl Stop {
    fn new() -> std::io::Result<Stop> {
        Ok(Stop {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => (),
            _ = self.terminate.recv() => (),
        }
    }
}
