//! Many cases of one target: chosen by a seed, watched, made small when they fail, kept in a file.
//!
//! Cases run on a thread with the stack of a runtime's worker, named after the target; panics are gathered from all threads
//! of that name, so that one in a task that somebody catches is seen too. A stack that overflows, a case that never ends and
//! one that takes all memory end the process; the case is then in the file that is named.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::collections::BTreeMap;
use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::Once;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use super::input::Input;
use super::mutate::mutate;
use super::shrink::shrink;
use crate::monolith::random::Random;
use crate::monolith::random::hash;

/// Something that reads from outside.
pub(super) trait Target {
    /// What mutation starts from.
    fn corpus(&self) -> Vec<Input>;

    /// Reads one input. Gives what came out of it in a few words: an input with a new outcome is mutated further, unless
    /// it was [`REFUSED`]. Fails with what does not hold, its kind before the first colon.
    fn run(&self, input: &Input) -> Result<String, String>;
}

/// How the outcome of an input begins that got no further than the first checks.
pub(super) const REFUSED: &str = "refused ";

/// A target by its name, which is that of its folder of cases.
#[derive(Clone, Copy)]
pub(super) struct Named {
    pub(super) name: &'static str,
    /// Given a seed, which chooses among what takes long to set up, and whether few will do.
    pub(super) make: fn(u64, bool) -> Box<dyn Target>,
    /// Cases of a short run.
    pub(super) cases: usize,
}

/// The stack of a worker of tokio, on which requests are parsed, planned and executed.
pub(super) const STACK: usize = 2 << 20;

/// The most of a processor that a case may take in a build that is not optimised.
const LONGEST: Duration = Duration::from_secs(2);

/// After so much of a processor a case is taken to run for ever, and after so long to wait for ever: a busy machine may
/// let it wait for long.
const ENDLESS: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(900));

/// What a case may add to the memory of the process.
const MOST_MEMORY: u64 = 2 << 30;

/// Inputs that are mutated further.
const MOST_KEPT: usize = 6_000;

/// Failures of different kinds after which a run ends.
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

/// What became of one case.
pub(super) struct Attempt {
    /// What came out, or what does not hold.
    pub(super) outcome: Result<String, String>,
    took: Duration,
}

impl Attempt {
    /// What kind of failure it is.
    pub(super) fn kind(&self) -> Option<&str> {
        let what = self.outcome.as_ref().err()?;
        Some(what.split(':').next().unwrap_or_default())
    }
}

/// Runs one case. One that takes too long is run again: the machine may have been busy.
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
    let own = panics.iter().find(|(of, _)| *of == thread);
    let own = own.map(|(_, told)| told.clone());
    panics.retain(|(of, _)| *of != thread);
    let outcome = match (own, ran) {
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
    /// By kind: what does not hold, and the file with the case.
    failures: BTreeMap<String, String>,
}

/// Where cases go that are running or have failed.
fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fuzz");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// What the watch and the run share.
#[derive(Default)]
struct Watched {
    /// Milliseconds since the start at which the case began, plus one; 0 before the first.
    since: AtomicU64,
    done: AtomicBool,
}

/// Runs on a thread with the stack of a worker, under watch. What it runs for tells the files of cases apart.
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
        // The time and the memory that another thread uses can only be looked at.
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

/// What this process has had of processors.
fn processor() -> Duration {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // After the command's name, which may hold anything: user and system time, in hundredths of a second.
    let fields = text.rsplit(')').next().unwrap_or_default().split(' ');
    let ticks = fields
        .skip(12)
        .take(2)
        .filter_map(|ticks| ticks.parse::<u64>().ok());
    Duration::from_millis(ticks.sum::<u64>() * 10)
}

/// Bytes of memory that this process holds.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = text
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse::<u64>().ok());
    pages.unwrap_or(0) * 4096
}

/// Runs many cases; fails with all that failed.
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

/// Writes a case that failed to a file; says so.
fn keep(name: &str, kind: &str, small: &Input, what: &str) -> String {
    let number = hash(0, &[name, kind]) as u32;
    let file = folder().join(format!("{name}-{number:08x}"));
    std::fs::write(&file, small.to_file()).unwrap();
    let shown: String = format!("{small:?}").chars().take(1_500).collect();
    format!("- {what}\n  {}\n  {shown}", file.display())
}
