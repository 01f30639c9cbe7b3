//! The process as the operating system sees it, by the names that Prometheus libraries use, and the build.
//!
//! The figures are those of `/proc`. On a system without it, they are absent.

use std::fs;
use std::path::Path;

use rustix::param::{clock_ticks_per_second, page_size};
use rustix::process::{Resource, getrlimit};

use super::metrics as names;
use super::samples::Samples;

/// What `sangam --version` prints too.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The commit, or `unknown`.
pub const COMMIT: &str = env!("SANGAM_BUILD_COMMIT");

/// Adds the figures of this process.
pub fn measure(samples: &mut Samples) {
    let build = [
        ("version", VERSION),
        ("commit", COMMIT),
        ("rustc", env!("SANGAM_BUILD_RUSTC")),
    ];
    samples.add(names::BUILD_INFO, &build, 1.0);
    if let Some(stat) = fs::read_to_string("/proc/self/stat")
        .ok()
        .and_then(|text| Stat::parse(&text))
    {
        let ticks = clock_ticks_per_second() as f64;
        samples.add(names::PROCESS_CPU, &[], stat.cpu_ticks as f64 / ticks);
        samples.count(
            names::PROCESS_RESIDENT,
            &[],
            stat.resident_pages * page_size(),
        );
        samples.count(names::PROCESS_VIRTUAL, &[], stat.virtual_bytes);
        samples.count(names::PROCESS_THREADS, &[], stat.threads);
        if let Some(booted) = boot_time() {
            let started = booted as f64 + stat.started_ticks as f64 / ticks;
            samples.add(names::PROCESS_START, &[], started);
        }
    }
    if let Ok(descriptors) = fs::read_dir("/proc/self/fd") {
        // One of them is that of the folder itself.
        samples.count(
            names::PROCESS_FDS,
            &[],
            descriptors.count().saturating_sub(1),
        );
    }
    if let Some(most) = getrlimit(Resource::Nofile).current {
        samples.add(names::PROCESS_MAX_FDS, &[], most as f64);
    }
    if let Some(most) = memory_max() {
        samples.add(names::PROCESS_MEMORY_MAX, &[], most as f64);
    }
}

/// Fields of `/proc/self/stat`.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    /// Of user and system together.
    cpu_ticks: u64,
    threads: usize,
    /// After the boot.
    started_ticks: u64,
    virtual_bytes: usize,
    resident_pages: usize,
}

impl Stat {
    fn parse(text: &str) -> Option<Stat> {
        // The second field is the name of the program in parentheses, which may have blanks and parentheses itself.
        let (_, rest) = text.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        // By the numbers of proc(5), of which `rest` begins with the third.
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        let size = |number: usize| usize::try_from(field(number)?).ok();
        Some(Stat {
            cpu_ticks: field(14)? + field(15)?,
            threads: size(20)?,
            started_ticks: field(22)?,
            virtual_bytes: size(23)?,
            resident_pages: size(24)?,
        })
    }
}

/// In seconds since 1970.
fn boot_time() -> Option<u64> {
    let text = fs::read_to_string("/proc/stat").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("btime "))?;
    line.trim().parse().ok()
}

/// The least limit of the control groups (version 2) that this process is in. A container sees its own as the root.
fn memory_max() -> Option<u64> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let group = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let root = Path::new("/sys/fs/cgroup");
    let folder = root.join(group);
    let folders = folder
        .ancestors()
        .take_while(|folder| folder.starts_with(root));
    // The text is `max` without a limit.
    let limits = folders.filter_map(|folder| {
        let text = fs::read_to_string(folder.join("memory.max")).ok()?;
        text.trim().parse().ok()
    });
    limits.min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_by_their_numbers() {
        let text = "7 (a b) c) S 1 2 3 4 5 6 7 8 9 10 110 12 13 14 15 16 21 18 1900 20000 300 22";
        let expected = Stat {
            cpu_ticks: 122,
            threads: 21,
            started_ticks: 1900,
            virtual_bytes: 20000,
            resident_pages: 300,
        };
        assert_eq!(Stat::parse(text), Some(expected));
        assert_eq!(Stat::parse("7 (a) S 1 2"), None);
        assert_eq!(Stat::parse(""), None);
    }

    #[test]
    fn this_process_has_figures() {
        let mut samples = Samples::default();
        measure(&mut samples);
        let mut page = String::new();
        samples.write(&mut page);
        for name in [
            names::PROCESS_CPU,
            names::PROCESS_RESIDENT,
            names::PROCESS_FDS,
        ] {
            let prefix = format!("{name} ");
            let line = page.lines().find_map(|line| line.strip_prefix(&prefix));
            let value = line.and_then(|value| value.parse::<f64>().ok());
            assert!(value.is_some_and(|value| value >= 0.0), "{name}: {page}");
        }
    }
}
