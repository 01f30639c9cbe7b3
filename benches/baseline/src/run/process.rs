//! The processes under test: started, watched through `/proc`, ended.

use std::error::Error;
use std::fs;
use std::io::BufRead;
use std::io::BufReader;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;

use crate::listen::GREETING;

/// `/proc` counts time in these, whatever the kernel uses inside (`USER_HZ`).
const TICK: Duration = Duration::from_millis(10);

/// A server of ours on a free port; it ends when this is dropped.
pub(super) struct Process {
    child: Child,
    /// Where it answers.
    pub(super) url: String,
}

impl Process {
    /// This program in another role.
    pub(super) fn role(arguments: &[&str]) -> Result<Process, Box<dyn Error>> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(arguments).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let lines = child.stdout.take().map(BufReader::new);
        let find = |line: &str| line.strip_prefix(GREETING).map(str::to_owned);
        Process::when_listening(child, lines, find)
    }

    /// The gateway with these settings. It logs as it does for everybody, into a pipe that is read.
    pub(super) fn gateway(program: &Path, settings: &Path) -> Result<Process, Box<dyn Error>> {
        let mut command = Command::new(program);
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--config"])
            .arg(settings)
            .stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .map_err(|error| format!("{}: {error}", program.display()))?;
        let lines = child.stderr.take().map(BufReader::new);
        let find = |line: &str| {
            let event: serde_json::Value = serde_json::from_str(line).ok()?;
            let address = event.get("address")?.as_str()?;
            (event.get("message")? == "listening").then(|| address.to_owned())
        };
        Process::when_listening(child, lines, find)
    }

    /// Reads until `find` finds the address; what comes after is shown as it comes.
    fn when_listening<R: BufRead + Send + 'static>(
        child: Child,
        lines: Option<R>,
        find: impl Fn(&str) -> Option<String>,
    ) -> Result<Process, Box<dyn Error>> {
        let mut process = Process {
            child,
            url: String::new(),
        };
        let mut lines = lines.ok_or("a process without output")?.lines();
        let mut said = String::new();
        for line in lines.by_ref() {
            let line = line?;
            if let Some(url) = find(&line) {
                process.url = url;
                std::thread::spawn(move || {
                    lines
                        .map_while(Result::ok)
                        .for_each(|line| eprintln!("{line}"))
                });
                return Ok(process);
            }
            said.push_str(&line);
            said.push('\n');
        }
        Err(format!("a process ended before it listened:\n{said}").into())
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

    /// Resident memory in bytes: now (`VmRSS`), or the most that it ever was (`VmHWM`).
    pub(super) fn memory(&self, which: &str) -> Result<u64, Box<dyn Error>> {
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
