//! Measures live queries: `sangam-watchers GATEWAY CONNECTORS` starts the gateway and an upstream, opens `WATCHERS` (10,000)
//! connections that watch one operation, and changes its figure `CHANGES` (5) times. `TRANSPORT` is `sse` (the default: the named
//! operation as server-sent events) or `websocket`.
//!
//! It prints the memory of the gateway for each connection that waits, the upstream calls for each change, and the time between
//! the first and the last watcher that see it. All processes share the machine, so the times include the work of the clients.
#![allow(clippy::print_stdout, reason = "a program that prints its results")]

mod upstream;
mod watcher;
mod websocket;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use sangam_harness::{Files, Process, machine};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

use crate::upstream::Upstream;
use crate::watcher::{Seen, Transport, post, watch};

/// The named operation.
const OPERATION: &str = "# The figure as it is now.\nquery Figure { figure { n text } }\n";

/// How long all watchers may take for one event.
const PATIENCE: Duration = Duration::from_secs(60);

/// Connections that are opened at the same time, so that none waits for a place in the queue of the listener.
const TOGETHER: usize = 50;

#[tokio::main]
async fn main() -> ExitCode {
    match measure().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn measure() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(program), Some(connectors)) = (arguments.next(), arguments.next()) else {
        return Err("usage: sangam-watchers GATEWAY CONNECTORS".into());
    };
    let watchers = usize::try_from(machine::setting("WATCHERS", 10_000)?)?;
    let changes = machine::setting("CHANGES", 5)?;
    let transport = Transport::chosen()?;
    raise_descriptors();
    println!(
        "{}; {watchers} watchers by {transport:?}; load average before: {}",
        machine::processors(),
        machine::load_average()
    );
    let upstream = Upstream::start().await?;
    let files = Files::new()?;
    let operations = files.folder().join("operations");
    std::fs::create_dir_all(&operations)?;
    std::fs::write(operations.join("Figure.graphql"), OPERATION)?;
    let room = watchers + 100;
    // A WebSocket counts as one, and so does each of its operations.
    let streams = 2 * room;
    let settings = format!(
        "{}[operations]\nfolder = {operations:?}\n[limits]\nconnections = {room}\n[streaming]\nstreams = {streams}\n\
         [live]\nthrottle = \"10ms\"\n[log]\nrequests = \"none\"\n[connector.figures]\nbase_url = {:?}\n",
        sangam_harness::files::head(&connectors)?,
        upstream.url,
    );
    let gateway = Process::gateway(&program, &files.settings(&settings)?)?;
    let (seen, mut events) = unbounded_channel();
    // What the first one needs, such as the compiled operation, is no matter of the number of watchers.
    let mut tasks = vec![watch(transport, &gateway.url, seen.clone()).await?];
    all_see(&mut events, 1, upstream.version()).await?;
    let (memory, calls) = (gateway.memory()?, upstream.reads());
    while tasks.len() < watchers {
        let more = TOGETHER.min(watchers - tasks.len());
        for _ in 0..more {
            tasks.push(watch(transport, &gateway.url, seen.clone()).await?);
        }
        all_see(&mut events, more, upstream.version()).await?;
    }
    let grown = gateway.memory()?.saturating_sub(memory);
    println!(
        "memory for each connection: {:.1} kB; upstream calls for them: {}",
        grown as f64 / watchers.saturating_sub(1).max(1) as f64 / 1000.0,
        upstream.reads() - calls
    );
    println!(
        "| change | upstream calls | first after | last after | between | processor time of the gateway |\n\
         |---:|---:|---:|---:|---:|---:|"
    );
    for change in 1..=changes {
        let calls = upstream.reads();
        let before = gateway.cpu()?;
        let begun = Instant::now();
        post(
            &gateway.graphql(),
            r#"{"query":"mutation { count { n } }"}"#,
        )
        .await?;
        let times = all_see(&mut events, watchers, upstream.version()).await?;
        let (first, last) = (times.iter().min(), times.iter().max());
        let (first, last) = first.zip(last).ok_or("no watcher")?;
        println!(
            "| {change} | {} | {} | {} | {} | {} |",
            upstream.reads() - calls,
            milliseconds(first.duration_since(begun)),
            milliseconds(last.duration_since(begun)),
            milliseconds(last.duration_since(*first)),
            milliseconds(gateway.cpu()? - before),
        );
    }
    tasks.iter().for_each(tokio::task::JoinHandle::abort);
    Ok(())
}

/// Waits until so many watchers have seen the figure of this version; gives the times.
async fn all_see(
    events: &mut UnboundedReceiver<Seen>,
    watchers: usize,
    version: u64,
) -> Result<Vec<Instant>, Box<dyn Error>> {
    let mut times = Vec::with_capacity(watchers);
    let all = async {
        while times.len() < watchers {
            let seen = events.recv().await.ok_or("no watcher is left")?;
            if let Some(problem) = seen.problem {
                return Err(problem);
            }
            if seen.version == version {
                times.push(seen.at);
            }
        }
        Ok(())
    };
    let result: Result<(), String> = match timeout(PATIENCE, all).await {
        Ok(result) => result,
        Err(_) => Err(format!(
            "{} of {watchers} watchers saw version {version}",
            times.len()
        )),
    };
    result?;
    Ok(times)
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

/// Each watcher has a descriptor.
fn raise_descriptors() {
    let limit = getrlimit(Resource::Nofile);
    let wanted = Rlimit {
        current: limit.maximum,
        ..limit
    };
    // If it fails, so do connections later, with a message.
    let _ = setrlimit(Resource::Nofile, wanted);
}
