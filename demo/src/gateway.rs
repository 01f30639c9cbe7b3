//! The gateway as a child process.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};

use crate::{Failure, http};

/// The maximum time until the gateway is ready.
const START: Duration = Duration::from_secs(30);
/// The maximum time for it to stop.
const STOP: Duration = Duration::from_secs(15);

/// The running gateway.
pub(crate) struct Gateway {
    child: Child,
    port: u16,
    log: PathBuf,
}

impl Gateway {
    /// Starts it; its log goes to a file in `folder`.
    pub(crate) fn start(
        binary: &Path,
        config: &Path,
        folder: &Path,
        port: u16,
    ) -> Result<Gateway, Failure> {
        let log = folder.join("gateway.log");
        let file = File::create(&log)?;
        let child = Command::new(binary)
            .arg("serve")
            .arg("--config")
            .arg(config)
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("cannot start the gateway {}: {error}", binary.display()))?;
        Ok(Gateway { child, port, log })
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Its log.
    pub(crate) fn log(&self) -> &Path {
        &self.log
    }

    /// Waits until it is ready; the error says why it is not.
    pub(crate) async fn ready(&mut self) -> Result<(), Failure> {
        let port = self.port;
        let asking = async move {
            loop {
                if matches!(http::get(port, "/health/ready").await, Ok((200, _))) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::select! {
            () = asking => Ok(()),
            failure = self.ended() => Err(failure),
            () = tokio::time::sleep(START) => Err(format!("the gateway was not ready after {START:?}{}", self.said()).into()),
        }
    }

    /// Waits until it ends by itself, which is a failure.
    pub(crate) async fn ended(&mut self) -> Failure {
        match self.child.wait().await {
            Ok(status) => format!("the gateway ended ({status}){}", self.said()).into(),
            Err(error) => error.into(),
        }
    }

    /// The response to a query; null without a response.
    pub(crate) async fn ask(&self, query: &str) -> serde_json::Value {
        let body = serde_json::json!({ "query": query }).to_string();
        match http::post(self.port, "/graphql", &body).await {
            Ok((200, answer)) => serde_json::from_str(&answer).unwrap_or_default(),
            _ => serde_json::Value::Null,
        }
    }

    /// The state of each connector, by name, from the fields of the gateway's connector.
    pub(crate) async fn states(&self) -> BTreeMap<String, String> {
        let answer = self.ask("{ connectors { name status } }").await;
        let connectors = answer["data"]["connectors"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        connectors
            .iter()
            .filter_map(|row| {
                Some((
                    row["name"].as_str()?.to_owned(),
                    row["status"].as_str()?.to_lowercase(),
                ))
            })
            .collect()
    }

    /// Stops it gracefully, or kills it if that takes too long.
    pub(crate) async fn stop(mut self) -> Result<(), Failure> {
        let pid = self
            .child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .and_then(rustix::process::Pid::from_raw);
        if let Some(pid) = pid {
            // Ctrl-C in a terminal reaches the child as well; a second request to stop does no harm.
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        if tokio::time::timeout(STOP, self.child.wait()).await.is_err() {
            self.child.kill().await?;
        }
        Ok(())
    }

    /// The end of its log.
    fn said(&self) -> String {
        const LINES: usize = 25;
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = text.lines().collect();
        let end = lines
            .get(lines.len().saturating_sub(LINES)..)
            .unwrap_or_default();
        if end.is_empty() {
            String::new()
        } else {
            format!("; it said:\n{}", end.join("\n"))
        }
    }
}

/// The gateway's binary: the one named, or the one beside this program.
pub(crate) fn binary(named: Option<PathBuf>) -> Result<PathBuf, Failure> {
    let binary = match named {
        Some(path) => path,
        None => std::env::current_exe()?
            .with_file_name(format!("sangam{}", std::env::consts::EXE_SUFFIX)),
    };
    if binary.is_file() {
        Ok(binary)
    } else {
        Err(format!(
            "there is no gateway at {}; build it with `cargo build`, or name it with --gateway",
            binary.display()
        )
        .into())
    }
}

/// Checks that the port is free, before anything is started.
pub(crate) fn port_is_free(port: u16) -> Result<(), Failure> {
    match std::net::TcpListener::bind(("127.0.0.1", port)) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => Err(format!(
            "port {port} is in use; choose another, for example: PORT={} make demo",
            port.wrapping_add(10)
        )
        .into()),
        Err(error) => Err(format!("cannot listen on 127.0.0.1:{port}: {error}").into()),
    }
}
