//! The processes under test: started, watched through `/proc`, ended.

use std::error::Error;
use std::fs;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;

use crate::listen::GREETING;

/// `/proc` counts time in these, whatever the kernel uses inside (`USER_HZ`).
const TICK: Duration = Duration::from_millis(10);

/// A server of ours on a free port; it ends when this is dropped. Whatever it writes goes into pipes that are read.
pub(super) struct Process {
    child: Child,
    /// Where it answers.
    pub(super) url: String,
}

impl Process {
    /// This program in another role.
    pub(super) fn role(arguments: &[&str]) -> Result<Process, Box<dyn Error>> {
        let mut command = Command::new(std::env::current_exe()?);
        let mut process = Process::start(command.args(arguments))?;
        let (output, errors) = (process.child.stdout.take(), process.child.stderr.take());
        show(errors.map(BufReader::new));
        let find = |line: &str| line.strip_prefix(GREETING).map(str::to_owned);
        process.url = address(output.map(BufReader::new), find)?;
        Ok(process)
    }

    /// The gateway with these settings. It logs as it does for everybody.
    pub(super) fn gateway(program: &Path, settings: &Path) -> Result<Process, Box<dyn Error>> {
        let mut command = Command::new(program);
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--config"])
            .arg(settings);
        let mut process = Process::start(&mut command)?;
        let (output, errors) = (process.child.stdout.take(), process.child.stderr.take());
        show(output.map(BufReader::new));
        let find = |line: &str| {
            let event: serde_json::Value = serde_json::from_str(line).ok()?;
            let address = event.get("address")?.as_str()?;
            (event.get("message")? == "listening").then(|| address.to_owned())
        };
        process.url = address(errors.map(BufReader::new), find)?;
        Ok(process)
    }

    fn start(command: &mut Command) -> Result<Process, Box<dyn Error>> {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let program = command.get_program().to_string_lossy().into_owned();
        let child = command
            .spawn()
            .map_err(|error| format!("{program}: {error}"))?;
        Ok(Process {
            child,
            url: String::new(),
        })
    }

    /// Where it answers GraphQL.
    pub(super) fn graphql(&self) -> String {
        format!("{}/graphql", self.url)
    }

    /// The CPU time that all its threads have used.
    pub(super) fn cpu(&self) -> Result<Duration, Box<dyn Error>> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The name of the program stands in parentheses and may hold anything; utime and stime are 11 fields behind it.
        let behind = stat.rsplit(')').next().unwrap_or_default();
        let mut fields = behind.split_whitespace().skip(11);
        let mut ticks = || -> Result<u32, Box<dyn Error>> {
            Ok(fields.next().ok_or("/proc/…/stat is too short")?.parse()?)
        };
        Ok(TICK * (ticks()? + ticks()?))
    }

    /// Resident bytes at this moment.
    pub(super) fn memory(&self) -> Result<u64, Box<dyn Error>> {
        self.status("VmRSS")
    }

    /// The most resident bytes that there ever were.
    pub(super) fn peak(&self) -> Result<u64, Box<dyn Error>> {
        self.status("VmHWM")
    }

    fn status(&self, which: &str) -> Result<u64, Box<dyn Error>> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix(which)?.strip_prefix(':'))
            .ok_or_else(|| format!("/proc/…/status has no {which}"))?;
        let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kilobytes * 1024)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It has ended already if this fails.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads until `find` finds the address; what comes after is shown as it comes.
fn address<R: Read + Send + 'static>(
    lines: Option<BufReader<R>>,
    find: impl Fn(&str) -> Option<String>,
) -> Result<String, Box<dyn Error>> {
    let mut reader = lines.ok_or("a process without output")?;
    let mut said = String::new();
    loop {
        let begin = said.len();
        if reader.read_line(&mut said)? == 0 {
            return Err(format!("a process ended before it listened:\n{said}").into());
        }
        if let Some(address) = find(said[begin..].trim_end()) {
            show(Some(reader));
            return Ok(address);
        }
    }
}

/// What a process writes from here on, it writes for us.
fn show<R: Read + Send + 'static>(reader: Option<BufReader<R>>) {
    let Some(reader) = reader else { return };
    std::thread::spawn(move || {
        let lines = reader.lines().map_while(Result::ok);
        lines.for_each(|line| eprintln!("{line}"));
    });
}
