//! The processes under test: started, watched through `/proc`, ended.

use std::error::Error;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags};
use rustix::process::{Pid, PidfdFlags, Signal};

use crate::listen::GREETING;

/// `/proc` counts time in these, whatever the kernel uses inside (`USER_HZ`).
const TICK: Duration = Duration::from_millis(10);

/// What becomes of the gateway's log once it listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Log {
    /// It is shown on our own standard error.
    Shown,
    /// Its bytes are read and counted.
    Counted,
    /// It is not read at all: the pipe fills.
    Stalled,
}

/// A server of ours on a free port; it ends when this is dropped. Whatever it writes goes into pipes.
#[derive(Debug)]
pub struct Process {
    child: Child,
    /// Where it answers.
    pub url: String,
    /// Bytes of its log that were read and not shown.
    logged: Arc<AtomicU64>,
    /// The end of a pipe that is open and not read.
    _unread: Option<BufReader<ChildStderr>>,
}

impl Process {
    /// This program in another role, which says where it listens.
    ///
    /// # Errors
    /// When it cannot be started, or ends before it listens.
    pub fn role(arguments: &[&str]) -> Result<Process, Box<dyn Error>> {
        let mut command = Command::new(std::env::current_exe()?);
        let mut process = Process::start(command.args(arguments))?;
        let (output, errors) = (process.child.stdout.take(), process.child.stderr.take());
        show(errors.map(BufReader::new));
        let find = |line: &str| line.strip_prefix(GREETING).map(str::to_owned);
        let (url, output) = address(output.map(BufReader::new), find)?;
        process.url = url;
        show(Some(output));
        Ok(process)
    }

    /// The gateway with these settings. It logs as it does for everybody.
    ///
    /// # Errors
    /// When it cannot be started, or ends before it listens.
    pub fn gateway(program: &Path, settings: &Path) -> Result<Process, Box<dyn Error>> {
        Process::gateway_by(Command::new(program), settings, Log::Shown)
    }

    /// The gateway, started by `command`, to which its arguments are added.
    ///
    /// # Errors
    /// When it cannot be started, or ends before it listens.
    pub fn gateway_by(
        mut command: Command,
        settings: &Path,
        log: Log,
    ) -> Result<Process, Box<dyn Error>> {
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
        let (url, errors) = address(errors.map(BufReader::new), find)?;
        process.url = url;
        match log {
            Log::Shown => show(Some(errors)),
            Log::Counted => count(errors, Arc::clone(&process.logged)),
            Log::Stalled => process._unread = Some(errors),
        }
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
            logged: Arc::default(),
            _unread: None,
        })
    }

    /// Where it answers GraphQL.
    #[must_use]
    pub fn graphql(&self) -> String {
        format!("{}/graphql", self.url)
    }

    /// The CPU time that all its threads have used.
    ///
    /// # Errors
    /// When the process has ended.
    pub fn cpu(&self) -> Result<Duration, Box<dyn Error>> {
        cpu(&self.child.id().to_string())
    }

    /// Resident bytes at this moment.
    ///
    /// # Errors
    /// When the process has ended.
    pub fn memory(&self) -> Result<u64, Box<dyn Error>> {
        self.status("VmRSS")
    }

    /// The most resident bytes that there ever were.
    ///
    /// # Errors
    /// When the process has ended.
    pub fn peak(&self) -> Result<u64, Box<dyn Error>> {
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

    /// How many descriptors it has open.
    ///
    /// # Errors
    /// When the process has ended.
    pub fn descriptors(&self) -> Result<usize, Box<dyn Error>> {
        Ok(fs::read_dir(format!("/proc/{}/fd", self.child.id()))?.count())
    }

    /// Bytes of the log that were read and not shown so far.
    #[must_use]
    pub fn logged(&self) -> u64 {
        self.logged.load(Ordering::Relaxed)
    }

    /// How it ended, if it did.
    ///
    /// # Errors
    /// When that cannot be found out.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>, Box<dyn Error>> {
        Ok(self.child.try_wait()?)
    }

    /// How it ended, if it does within this time. The thread waits for the kernel to say so.
    ///
    /// # Errors
    /// When that cannot be found out.
    pub fn ended_within(&mut self, time: Duration) -> Result<Option<ExitStatus>, Box<dyn Error>> {
        if let Some(status) = self.ended()? {
            return Ok(Some(status));
        }
        // It can be read once the process has ended.
        let handle = rustix::process::pidfd_open(self.pid()?, PidfdFlags::empty())?;
        let mut waiting = [PollFd::new(&handle, PollFlags::IN)];
        rustix::event::poll(&mut waiting, Some(&time.try_into()?))?;
        self.ended()
    }

    /// Ends it at once.
    ///
    /// # Errors
    /// When it has ended already.
    pub fn kill(&mut self) -> Result<(), Box<dyn Error>> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to stop, as a service manager does.
    ///
    /// # Errors
    /// When it has ended already.
    pub fn terminate(&self) -> Result<(), Box<dyn Error>> {
        Ok(rustix::process::kill_process(self.pid()?, Signal::TERM)?)
    }

    fn pid(&self) -> Result<Pid, Box<dyn Error>> {
        let pid = i32::try_from(self.child.id())?;
        Ok(Pid::from_raw(pid).ok_or("no process has the number 0")?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It has ended already if this fails.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The CPU time that a process has used with all its threads; `process` is its number, or `self`.
///
/// # Errors
/// When there is no such process.
pub fn cpu(process: &str) -> Result<Duration, Box<dyn Error>> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name of the program stands in parentheses and may hold anything; utime and stime are 11 fields behind it.
    let behind = stat.rsplit(')').next().unwrap_or_default();
    let mut fields = behind.split_whitespace().skip(11);
    let mut ticks = || -> Result<u32, Box<dyn Error>> {
        Ok(fields.next().ok_or("/proc/…/stat is too short")?.parse()?)
    };
    Ok(TICK * (ticks()? + ticks()?))
}

/// Reads until `find` finds the address; gives what is still to be read, too.
fn address<R: Read>(
    lines: Option<BufReader<R>>,
    find: impl Fn(&str) -> Option<String>,
) -> Result<(String, BufReader<R>), Box<dyn Error>> {
    let mut reader = lines.ok_or("a process without output")?;
    let mut said = String::new();
    loop {
        let begin = said.len();
        if reader.read_line(&mut said)? == 0 {
            return Err(format!("a process ended before it listened:\n{said}").into());
        }
        if let Some(address) = find(said[begin..].trim_end()) {
            return Ok((address, reader));
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

/// Counts what a process writes from here on.
fn count<R: Read + Send + 'static>(mut reader: BufReader<R>, bytes: Arc<AtomicU64>) {
    std::thread::spawn(move || {
        let mut piece = [0; 16 * 1024];
        while let Ok(length @ 1..) = reader.read(&mut piece) {
            bytes.fetch_add(length as u64, Ordering::Relaxed);
        }
    });
}
