//! Runs the `sangam` binary as its users do.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// The timeout for events that should happen at once.
const PATIENCE: Duration = Duration::from_secs(120);

/// The binary.
pub(super) fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_sangam"))
}

/// A folder with `sangam.toml` and connectors.
pub(crate) struct Folder(TempDir);

impl Folder {
    /// Creates the folder with these files.
    pub(crate) fn new(settings: &str, connectors: &[(&str, &str)]) -> Folder {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("sangam.toml"), settings).unwrap();
        for (name, schema) in connectors {
            let connector = folder.path().join("connectors").join(name);
            std::fs::create_dir_all(&connector).unwrap();
            std::fs::write(connector.join("connector.graphql"), schema).unwrap();
        }
        Folder(folder)
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A command of the binary in this folder, without the environment of the test.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command
            .args(arguments)
            .current_dir(self.0.path())
            .env_clear()
            // No delay before the server stops, unless the test is about the delay.
            .env("SANGAM_SHUTDOWN_DELAY", "0s")
            // Most folders of the tests show something else.
            .env("SANGAM_CHECK_STYLE", "off")
            .stdin(Stdio::null());
        command
    }
}

/// All output of a finished command.
pub(super) fn printed(output: &Output) -> String {
    let out = String::from_utf8_lossy(&output.stdout);
    format!("{out}{}", String::from_utf8_lossy(&output.stderr))
}

/// `sangam serve`, ready.
pub(crate) struct Running {
    child: Child,
    lines: Receiver<String>,
    readers: Vec<JoinHandle<()>>,
    said: String,
    /// The address for clients.
    pub(crate) url: String,
}

impl Running {
    /// Starts `serve`, and waits until it listens.
    pub(crate) fn start(mut command: Command) -> Running {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (sender, lines) = channel();
        let readers = vec![
            read(child.stdout.take().unwrap(), sender.clone()),
            read(child.stderr.take().unwrap(), sender),
        ];
        let mut running = Running {
            child,
            lines,
            readers,
            said: String::new(),
            url: String::new(),
        };
        running.url = running.address("listening");
        running
    }

    /// The address in the log line with this message.
    pub(super) fn address(&mut self, message: &str) -> String {
        self.until(message)["address"].as_str().unwrap().to_owned()
    }

    /// Waits for the log line with this message.
    pub(super) fn until(&mut self, message: &str) -> serde_json::Value {
        loop {
            let line = self.lines.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| panic!("no {message:?} after:\n{}", self.said));
            let read: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
            self.said.push_str(&line);
            if read["message"] == message {
                return read;
            }
        }
    }

    /// The output so far, as far as a line was waited for.
    pub(super) fn said(&self) -> &str {
        &self.said
    }

    /// Its memory by `/proc`, in bytes: `VmRSS` is the current one, `VmHWM` the maximum so far.
    pub(super) fn memory(&self, what: &str) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(what));
        let number = line.unwrap().trim_matches([':', ' ', '\t', 'k', 'B']);
        number.parse::<usize>().unwrap() * 1024
    }

    /// Stops it as a service manager does.
    pub(super) fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Asks it to read its settings and folders again.
    pub(super) fn hang_up(&self) {
        self.signal(Signal::HUP);
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Stops it as a service manager does, and returns its output.
    pub(super) fn stop(mut self) -> String {
        self.terminate();
        let status = self.child.wait().unwrap();
        for reader in self.readers.drain(..) {
            reader.join().unwrap();
        }
        let rest: String = self.lines.try_iter().collect();
        self.said.push_str(&rest);
        assert!(status.success(), "{status}:\n{}", self.said);
        std::mem::take(&mut self.said)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(stream: impl Read + Send + 'static, lines: Sender<String>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut stream = BufReader::new(stream);
        let mut line = Vec::new();
        while matches!(stream.read_until(b'\n', &mut line), Ok(1..)) {
            let text = String::from_utf8_lossy(&line).into_owned();
            line.clear();
            // The test may have ended.
            let _ = lines.send(text);
        }
    })
}

/// A client without a proxy.
pub(super) fn client() -> reqwest::Client {
    sangam::source::tls::install_provider();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// A GraphQL request.
pub(super) fn post(
    url: &str,
    query: &str,
    variables: &serde_json::Value,
) -> reqwest::RequestBuilder {
    let body = serde_json::json!({ "query": query, "variables": variables });
    client()
        .post(format!("{url}/graphql"))
        .header("content-type", "application/json")
        .body(body.to_string())
}

/// The body of the response.
pub(super) async fn text(request: reqwest::RequestBuilder) -> String {
    request.send().await.unwrap().text().await.unwrap()
}
