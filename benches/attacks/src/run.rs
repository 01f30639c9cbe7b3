//! Runs each attack at length: a fresh gateway with its default settings, fresh upstreams, honest clients throughout.

use std::collections::BTreeMap;
use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{ExitCode, Stdio};
use std::time::{Duration, Instant};

use sangam_attacks::honest::{Clients, Load};
use sangam_attacks::upstream::{NAME_SERVER, PARTS};
use sangam_attacks::wire::Wire;
use sangam_attacks::{ATTACKS, Attack, Finding, Seen, World, honest, world};
use sangam_harness::{Files, Log, Process, machine};
use serde_json::Value;
use tokio::sync::watch;

use crate::table;

/// The time for all attacks: those that have not started by then are not run.
const ALL: Duration = Duration::from_secs(480);
/// How long the figures without an attack are measured.
const QUIET: Duration = Duration::from_secs(10);
/// How long the gateway may take for its first responses.
const START: Duration = Duration::from_secs(20);
/// A process that uses more memory is killed, to protect the machine.
const GUARD: u64 = 4_000_000_000;
/// The interval at which the processes are read.
const LOOK: Duration = Duration::from_millis(50);
/// How long an upstream may take to report its calls; an attack may keep it busy.
const REPORT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the gateway may take to stop.
const STOP: Duration = Duration::from_secs(45);

/// The result of one attack.
pub(crate) struct Row {
    pub(crate) attack: &'static Attack,
    pub(crate) sent: u64,
    pub(crate) opened: u64,
    /// CPU time of the gateway.
    pub(crate) cpu: Duration,
    /// The most resident bytes of the gateway.
    pub(crate) peak: u64,
    /// `None` for the attack that stops the gateway.
    pub(crate) loads: Option<[Load; 2]>,
    pub(crate) findings: Vec<Finding>,
}

/// The parts that all attacks share.
struct Run {
    gateway: PathBuf,
    connectors: Vec<PathBuf>,
    seconds: u64,
}

/// Runs all attacks and prints the table. `ATTACK_SECONDS` (8) is the length of each; `ATTACK` picks them by a part of
/// their name; with `ATTACK_STRICT=1` a missed target fails.
pub(crate) async fn run(
    gateway: PathBuf,
    connectors: Vec<PathBuf>,
) -> Result<ExitCode, Box<dyn Error>> {
    let run = Run {
        gateway,
        connectors,
        seconds: machine::setting("ATTACK_SECONDS", 8)?,
    };
    let begun = Instant::now();
    println!(
        "{}; attacks of {} s; load average before: {}\n",
        machine::processors(),
        run.seconds,
        machine::load_average()
    );
    let quiet = run.quiet().await?;
    println!("{}", table::quiet(&quiet));
    println!("{}", table::HEAD);
    let only = std::env::var("ATTACK").unwrap_or_default().to_lowercase();
    let mut rows = Vec::new();
    let (mut failed, mut left_out) = (false, Vec::new());
    let wanted = ATTACKS
        .iter()
        .filter(|attack| attack.name.to_lowercase().contains(&only));
    for attack in wanted {
        if begun.elapsed() > ALL {
            left_out.push(format!("{}: no time was left", attack.name));
            continue;
        }
        if let Some(why) = run.cannot(attack) {
            left_out.push(format!("{}: {why}", attack.name));
            continue;
        }
        match run.one(attack).await {
            Ok(row) => {
                println!("{}", table::row(&row, &quiet));
                rows.push(row);
            }
            Err(error) => {
                left_out.push(format!("{}: failed to run: {error}", attack.name));
                failed = true;
            }
        }
    }
    let missed = rows
        .iter()
        .any(|row| !table::missed(row, &quiet).is_empty());
    println!("{}", table::notes(&rows, &quiet, &left_out));
    println!(
        "Load average at the end: {}; {:.0} s",
        machine::load_average(),
        begun.elapsed().as_secs_f64()
    );
    let strict = std::env::var_os("ATTACK_STRICT").is_some();
    Ok(match failed || (strict && missed) {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    })
}

impl Run {
    /// Why an attack cannot run on this machine.
    fn cannot(&self, attack: &Attack) -> Option<String> {
        if attack.world != World::DeadNames {
            return None;
        }
        let unshared = std::process::Command::new("unshare")
            .args(["--mount", "true"])
            .stderr(Stdio::null())
            .status();
        let port = std::net::UdpSocket::bind(NAME_SERVER);
        let able = unshared.is_ok_and(|status| status.success()) && port.is_ok();
        (!able).then(|| {
            "needs the rights to give a process a name server of its own (unshare --mount)"
                .to_owned()
        })
    }

    /// The upstreams, and the gateway in front of them.
    async fn start(
        &self,
        files: &Files,
        attack: Option<&Attack>,
    ) -> Result<(Vec<Process>, Process), Box<dyn Error>> {
        let mut upstreams = Vec::new();
        let mut settings = String::new();
        for (part, _) in PARTS {
            let process = Process::role(&["upstream", part])?;
            settings.push_str(&get(&process, "/settings").await?);
            upstreams.push(process);
        }
        let settings = world::settings(files.folder(), &self.connectors, attack, &settings)?;
        let settings = files.settings(&settings)?;
        let world = attack.map_or(World::Plain, |attack| attack.world);
        let log = match world {
            World::StalledLog => Log::Stalled,
            _ => Log::Counted,
        };
        let mut command = std::process::Command::new(&self.gateway);
        if world == World::DeadNames {
            let (server, _) = NAME_SERVER.split_once(':').unwrap_or_default();
            let text = format!("nameserver {server}\n");
            let resolver = files.write("resolv.conf", text.as_bytes())?;
            command = std::process::Command::new("unshare");
            command
                .args(["--mount", "sh", "-c"])
                .arg("mount --bind \"$0\" /etc/resolv.conf && exec \"$@\"")
                .arg(resolver)
                .arg(&self.gateway);
        }
        let gateway = Process::gateway_by(command, &settings, log)?;
        honest::answered(address(&gateway)?, START).await?;
        Ok((upstreams, gateway))
    }

    /// The figures of honest clients without an attack.
    async fn quiet(&self) -> Result<[Load; 2], Box<dyn Error>> {
        let files = Files::new()?;
        let (_upstreams, gateway) = self.start(&files, None).await?;
        let loads = Clients::new(address(&gateway)?, false)
            .await?
            .for_a_time(QUIET)
            .await;
        for load in &loads {
            if let Some((why, times)) = load.failures.iter().next() {
                return Err(
                    format!("{times} honest requests failed without an attack: {why}").into(),
                );
            }
        }
        Ok(loads)
    }

    async fn one(&self, attack: &'static Attack) -> Result<Row, Box<dyn Error>> {
        let files = Files::new()?;
        let (upstreams, mut gateway) = self.start(&files, Some(attack)).await?;
        let address = address(&gateway)?;
        let stops = attack.world == World::Stopping;
        let (ending, end) = watch::channel(false);
        let clients = Clients::new(address, attack.honest_stay).await?;
        let loads = tokio::spawn(async move {
            match stops {
                true => None,
                false => Some(clients.loads(end).await),
            }
        });
        let (cpu, calls) = (gateway.cpu()?, calls(&upstreams).await?);
        let (begun, logged) = (Instant::now(), gateway.logged());
        let mut watched = Watched::default();
        let said = self.attack(attack, address, &mut gateway, &upstreams, &mut watched);
        let said = said.await?;
        let seconds = begun.elapsed().as_secs_f64();
        // The last value, if the process has ended.
        let used = gateway.cpu().map_or(watched.cpu, |now| now);
        // Wait for the running honest requests.
        let _ = ending.send(true);
        let loads = loads.await?;
        watched.peak = gateway.peak().unwrap_or_default().max(watched.peak);
        let mut seen = Seen {
            counts: counts(&said),
            descriptors: watched.descriptors,
            logged: gateway.logged() - logged,
            seconds,
            calls: calls_since(&calls, &self::calls(&upstreams).await.unwrap_or_default()),
        };
        if let Some([_, uncached]) = &loads {
            let sent = uncached.latencies.len() as u64 + uncached.failed();
            seen.counts.insert("honest calls".to_owned(), sent);
        }
        let mut findings = watched.findings;
        findings.extend((attack.judge)(&seen));
        if stops {
            findings.push(stopped(&mut gateway).await?);
        } else if gateway.ended()?.is_some() {
            findings.push(Finding::new(false, "the gateway ended"));
        }
        let of = |name: &str| said.get(name).and_then(Value::as_u64).unwrap_or_default();
        Ok(Row {
            attack,
            sent: of("sent"),
            opened: of("opened"),
            cpu: used.saturating_sub(cpu),
            peak: watched.peak,
            loads,
            findings,
        })
    }

    /// Runs the attacker and watches the other processes.
    async fn attack(
        &self,
        attack: &Attack,
        address: SocketAddr,
        gateway: &mut Process,
        upstreams: &[Process],
        watched: &mut Watched,
    ) -> Result<Value, Box<dyn Error>> {
        let attacker = tokio::process::Command::new(std::env::current_exe()?)
            .args(["attack", attack.name, &address.to_string()])
            .arg(self.seconds.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let output = attacker.wait_with_output();
        tokio::pin!(output);
        let mut looks = tokio::time::interval(LOOK);
        let (begun, mut stopping) = (Instant::now(), attack.world == World::Stopping);
        // It ends by itself, unless it hangs.
        let most = Duration::from_secs(self.seconds + 10);
        loop {
            tokio::select! {
                output = &mut output => {
                    let output = output?;
                    return Ok(serde_json::from_slice(&output.stdout)?);
                }
                _ = looks.tick() => {
                    if stopping && begun.elapsed().as_secs() * 2 >= self.seconds {
                        stopping = false;
                        gateway.terminate()?;
                    }
                    if !watched.look(gateway, upstreams) || begun.elapsed() > most {
                        return Ok(Value::Null);
                    }
                }
            }
        }
    }
}

/// Observations of the processes during an attack.
#[derive(Default)]
struct Watched {
    peak: u64,
    cpu: Duration,
    descriptors: usize,
    findings: Vec<Finding>,
}

impl Watched {
    /// Whether the attack can continue.
    fn look(&mut self, gateway: &Process, upstreams: &[Process]) -> bool {
        let (Ok(peak), Ok(cpu)) = (gateway.peak(), gateway.cpu()) else {
            // It has ended; the caller notices that.
            return true;
        };
        (self.peak, self.cpu) = (peak.max(self.peak), cpu);
        let descriptors = gateway.descriptors().unwrap_or_default();
        self.descriptors = descriptors.max(self.descriptors);
        let all = upstreams.iter().map(|process| ("an upstream", process));
        for (whose, process) in all.chain([("the gateway", gateway)]) {
            if process.memory().is_ok_and(|bytes| bytes > GUARD) {
                let why = format!(
                    "{whose} took {} GB of memory, and was ended",
                    GUARD / 1_000_000_000
                );
                self.findings.push(Finding::new(false, why));
                return false;
            }
        }
        true
    }
}

/// Whether a gateway that was asked to stop has stopped.
async fn stopped(gateway: &mut Process) -> Result<Finding, Box<dyn Error>> {
    let begun = Instant::now();
    while begun.elapsed() < STOP {
        if let Some(status) = gateway.ended()? {
            return Ok(Finding::new(status.success(), format!("stopped: {status}")));
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(Finding::new(
        false,
        format!("did not stop in {} s", STOP.as_secs()),
    ))
}

fn address(process: &Process) -> Result<SocketAddr, Box<dyn Error>> {
    let url = &process.url;
    let address = url.strip_prefix("http://").unwrap_or(url);
    Ok(address.trim_end_matches('/').parse()?)
}

async fn get(process: &Process, path: &str) -> Result<String, Box<dyn Error>> {
    let asking = async {
        let mut wire = Wire::connect(address(process)?).await?;
        let request = format!("GET {path} HTTP/1.1\r\nhost: upstream\r\n\r\n");
        wire.send(request.as_bytes()).await?;
        Ok(String::from_utf8(wire.answer().await?.body)?)
    };
    tokio::time::timeout(REPORT_TIMEOUT, asking).await?
}

/// The calls so far, by the name of the connector.
async fn calls(upstreams: &[Process]) -> Result<BTreeMap<String, u64>, Box<dyn Error>> {
    let mut calls = BTreeMap::new();
    for process in upstreams {
        let counts: Value = serde_json::from_str(&get(process, "/calls").await?)?;
        calls.extend(numbers(&counts));
    }
    Ok(calls)
}

fn calls_since(
    before: &BTreeMap<String, u64>,
    now: &BTreeMap<String, u64>,
) -> BTreeMap<String, u64> {
    let since = |(name, count): (&String, &u64)| {
        let before = before.get(name).copied().unwrap_or_default();
        (name.clone(), count.saturating_sub(before))
    };
    now.iter().map(since).collect()
}

fn counts(said: &Value) -> BTreeMap<String, u64> {
    numbers(said.get("counts").unwrap_or(&Value::Null))
}

fn numbers(object: &Value) -> BTreeMap<String, u64> {
    let fields = object.as_object().into_iter().flatten();
    fields
        .filter_map(|(name, value)| Some((name.clone(), value.as_u64()?)))
        .collect()
}
