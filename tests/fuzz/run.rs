//! Runs many inputs of a target: chosen by a seed, watched, shrunk when they fail, and written to a file.
//!
//! Inputs run on a thread with the stack of a runtime's worker, named after the target. Panics are collected from all
//! threads of that name, so that a panic which a runtime catches is found too. A stack overflow, an endless run and the use
//! of too much memory end the process; then the file has the input.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::collections::{BTreeMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, Once};
use std::time::{Duration, Instant};

use super::input::Input;
use super::mutate::mutate;
use super::shrink::shrink;
use crate::monolith::random::{Random, hash};

/// Code that reads input from outside.
pub(super) trait Target {
    /// The inputs from which mutation starts.
    fn corpus(&self) -> Vec<Input>;

    /// Reads an input. Returns the outcome in a few words: an input with a new outcome is mutated further, unless it was
    /// [`REFUSED`]. The error is the property that does not hold, with its kind before the first colon.
    fn run(&self, input: &Input) -> Result<String, String>;
}

/// The prefix of the outcome of an input that the first checks have refused.
pub(super) const REFUSED: &str = "refused ";

/// A target with its name, which is also the name of its folder of cases.
#[derive(Clone, Copy)]
pub(super) struct Named {
    pub(super) name: &'static str,
    /// Creates the target. The seed chooses among parts that take long to set up; the flag says that few of them suffice.
    pub(super) make: fn(u64, bool) -> Box<dyn Target>,
    /// The number of inputs in a short run.
    pub(super) cases: usize,
}

/// The stack size of a tokio worker, on which requests are parsed, planned and executed.
pub(super) const STACK: usize = 2 << 20;

/// The maximum processor time of an input in a build that is not optimised.
const LONGEST: Duration = Duration::from_secs(2);

/// The processor time after which an input counts as endless, and the wall time, which is longer because the machine may be
/// busy.
const ENDLESS: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(900));

/// The memory that an input may use.
const MOST_MEMORY: u64 = 2 << 30;

/// The maximum number of inputs that are mutated further.
const MOST_KEPT: usize = 6_000;

/// The number of kinds of failures after which a run ends.
const MOST_FAILURES: usize = 20;

static PANICS: Mutex<Vec<(String, String)>> = Mutex::new(Vec::new());

fn gather_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let thread = std::thread::current();
            let name = thread.name().unwrap_or_default();
            if !name.starts_with("fuzz-") {
                return before(info);
            }
            let place = info.location().map(ToString::to_string).unwrap_or_default();
            let message = info.payload_as_str().unwrap_or_default();
            let told = format!("panic at {}: {message}", place.replace(':', " line "));
            PANICS.lock().unwrap().push((name.to_owned(), told));
        }));
    });
}

/// The result of one input.
pub(super) struct Attempt {
    /// The outcome, or the property that does not hold.
    pub(super) outcome: Result<String, String>,
    took: Duration,
}

impl Attempt {
    /// The kind of the failure.
    pub(super) fn kind(&self) -> Option<&str> {
        let what = self.outcome.as_ref().err()?;
        Some(what.split(':').next().unwrap_or_default())
    }
}

/// Runs an input. If it takes too long, runs it again: the machine may have been busy.
pub(super) fn attempt(name: &str, target: &dyn Target, input: &Input) -> Attempt {
    let mut made = once(name, target, input);
    for _ in 0..3 {
        if made.took <= LONGEST || made.outcome.is_err() {
            return made;
        }
        made = once(name, target, input);
    }
    if made.took > LONGEST {
        made.outcome = Err(format!("slow: it takes {:?}", made.took));
    }
    made
}

fn once(name: &str, target: &dyn Target, input: &Input) -> Attempt {
    let thread = format!("fuzz-{name}");
    let (begun, used) = (Instant::now(), processor());
    let ran = catch_unwind(AssertUnwindSafe(|| target.run(input)));
    let took = begun.elapsed().min(processor().saturating_sub(used));
    let mut panics = PANICS.lock().unwrap();
    let report = panics.iter().find(|(of, _)| *of == thread);
    let report = report.map(|(_, told)| told.clone());
    panics.retain(|(of, _)| *of != thread);
    let outcome = match (report, ran) {
        (Some(told), _) => Err(told),
        (None, Ok(outcome)) => outcome,
        (None, Err(_)) => Err("panic without a report".to_owned()),
    };
    Attempt { outcome, took }
}

pub(super) struct Extent {
    pub(super) seed: u64,
    pub(super) cases: usize,
    pub(super) most: Duration,
}

#[derive(Debug, Default)]
struct Counts {
    cases: usize,
    took: Duration,
    outcomes: usize,
    /// By kind: the property that does not hold, and the file with the input.
    failures: BTreeMap<String, String>,
}

/// The folder for inputs that run or have failed.
fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fuzz");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// The state that the watching thread and the run share.
#[derive(Default)]
struct Watched {
    /// When the input began, in milliseconds since the start, plus one; 0 before the first input.
    since: AtomicU64,
    done: AtomicBool,
}

/// Runs on a watched thread with the stack of a worker. The purpose distinguishes the files.
pub(super) fn watched<T: Send>(
    name: &str,
    purpose: &str,
    run: impl FnOnce(&dyn Fn(&Input)) -> T + Send,
) -> T {
    gather_panics();
    let file = folder().join(format!("{name}.{purpose}.running"));
    let (watched, begun) = (Watched::default(), Instant::now());
    let begin = |input: &Input| {
        std::fs::write(&file, input.to_file()).unwrap();
        let now = begun.elapsed().as_millis() as u64;
        watched.since.store(now + 1, Ordering::Relaxed);
    };
    let given = std::thread::scope(|scope| {
        let worker = std::thread::Builder::new()
            .name(format!("fuzz-{name}"))
            .stack_size(STACK)
            .spawn_scoped(scope, || {
                let given = catch_unwind(AssertUnwindSafe(|| run(&begin)));
                watched.done.store(true, Ordering::Relaxed);
                given
            });
        let worker = worker.unwrap();
        watch(&watched, begun, &file);
        worker.join().unwrap()
    });
    let told = std::mem::take(&mut *PANICS.lock().unwrap());
    let given = given.unwrap_or_else(|_| panic!("{name}: the run itself has failed: {told:?}"));
    let _ = std::fs::remove_file(&file);
    given
}

fn watch(watched: &Watched, begun: Instant, file: &Path) {
    let (mut case, mut before, mut spent) = (0, resident(), processor());
    while !watched.done.load(Ordering::Relaxed) {
        // No event reports the time and the memory that another thread uses: read them at intervals.
        std::thread::park_timeout(Duration::from_millis(10));
        let since = watched.since.load(Ordering::Relaxed);
        let used = resident();
        if since != case {
            (case, before) = (since, used.min(before + (64 << 20)));
            spent = processor();
            continue;
        }
        let waited = begun.elapsed().saturating_sub(Duration::from_millis(since));
        let endless =
            case > 0 && (processor().saturating_sub(spent) > ENDLESS.0 || waited > ENDLESS.1);
        if endless || used > before + MOST_MEMORY {
            let what = if endless {
                "never ends"
            } else {
                "takes all memory"
            };
            eprintln!("the case in {} {what}", file.display());
            std::process::abort();
        }
    }
}

/// The processor time of this process.
fn processor() -> Duration {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // After the name of the command, which may contain anything: user and system time, in hundredths of a second.
    let fields = text.rsplit(')').next().unwrap_or_default().split(' ');
    let ticks = fields
        .skip(12)
        .take(2)
        .filter_map(|ticks| ticks.parse::<u64>().ok());
    Duration::from_millis(ticks.sum::<u64>() * 10)
}

/// The resident memory of this process, in bytes.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = text
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse::<u64>().ok());
    pages.unwrap_or(0) * 4096
}

/// Runs many inputs. Fails with all failures.
pub(super) fn fuzz(named: Named, extent: &Extent, few: bool) {
    let counts = watched(named.name, "mutated", |begin| {
        let target = (named.make)(extent.seed, few);
        cases(named.name, &*target, extent, begin)
    });
    println!(
        "fuzz {}: {} cases in {:.1?}, {} outcomes",
        named.name, counts.cases, counts.took, counts.outcomes
    );
    assert!(counts.cases > 0, "fuzz {}: nothing was run", named.name);
    let failures: Vec<String> = counts.failures.into_values().collect();
    assert!(
        failures.is_empty(),
        "fuzz {}, seed {}: {} kinds of failure\n{}",
        named.name,
        extent.seed,
        failures.len(),
        failures.join("\n")
    );
}

fn cases(name: &str, target: &dyn Target, extent: &Extent, begin: &dyn Fn(&Input)) -> Counts {
    let mut random = Random::new(hash(extent.seed, &[name]));
    let mut pool = target.corpus();
    let (written, begun) = (pool.len(), Instant::now());
    assert!(written > 0, "{name}: nothing to start from");
    let (mut counts, mut seen) = (Counts::default(), HashSet::new());
    while counts.cases < extent.cases
        && begun.elapsed() < extent.most
        && counts.failures.len() < MOST_FAILURES
    {
        let from = match pool.len() > written && random.chance(50) {
            true => written + random.below(pool.len() - written),
            false => random.below(pool.len()),
        };
        let input = mutate(&pool[from], &pool, &mut random);
        counts.cases += 1;
        begin(&input);
        let made = attempt(name, target, &input);
        match (&made.outcome, made.kind()) {
            (_, Some(kind)) if !counts.failures.contains_key(kind) => {
                let small = shrink(name, target, input, kind, begin);
                let told = keep(name, kind, &small, made.outcome.as_ref().err().unwrap());
                counts.failures.insert(kind.to_owned(), told);
            }
            (Ok(outcome), _) if seen.insert(outcome.clone()) => {
                let handy = input.len() < 32 * 1024
                    && made.took < LONGEST / 8
                    && !outcome.starts_with(REFUSED);
                if handy && pool.len() < written + MOST_KEPT {
                    pool.push(input);
                }
            }
            _ => {}
        }
    }
    (counts.outcomes, counts.took) = (seen.len(), begun.elapsed());
    counts
}

/// Writes a failing input to a file, and prints its name.
fn keep(name: &str, kind: &str, small: &Input, what: &str) -> String {
    let number = hash(0, &[name, kind]) as u32;
    let file = folder().join(format!("{name}-{number:08x}"));
    std::fs::write(&file, small.to_file()).unwrap();
    let shown: String = format!("{small:?}").chars().take(1_500).collect();
    format!("- {what}\n  {}\n  {shown}", file.display())
}
