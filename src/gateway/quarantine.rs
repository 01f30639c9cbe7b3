//! Quarantine: a connector with errors is set aside, and the others are served.
//!
//! Each connector has versions that can be served, the best first: its folder as it is now, the last version without errors,
//! its schema alone. [`choose`] begins with the best version of each. If they do not compose, it replaces the version of one
//! connector by the next one, and tries again, until they compose.
//!
//! Which connector? An error of composition often names one connector while another one has changed. So each connector that
//! the errors are about is replaced on trial, and the one whose replacement leaves the fewest errors is chosen. If several
//! leave as few, it is one that has changed since the last good version, else the one that the errors name.
//!
//! Example: `roads` was changed, and now defines the field `District.name`, which `lgd` defines too. The error is about both;
//! both replacements remove it. `roads` has changed, so its last version is served, with a log line.

use std::collections::BTreeSet;

use super::configured::{ConfiguredConnector, Served, SetAside, Setup, SetupProblem};
use crate::config::Settings;
use crate::connector::Diagnostic;

/// A connector with the versions of it that can be served.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Its name.
    pub connector: String,
    /// Who is responsible for it.
    pub owner: Option<String>,
    /// What it offers, for people.
    pub description: Option<String>,
    /// The versions, the best first. After the last one, nothing of it is served.
    pub versions: Vec<(Served, ConfiguredConnector)>,
    /// What is wrong with it as it is now.
    pub problem: Option<Diagnostic>,
}

/// The connectors that are served, in one of their versions.
#[derive(Debug)]
pub struct Chosen<T> {
    /// What was built of them.
    pub built: T,
    /// The connectors, in the versions that are served.
    pub served: Vec<(Served, ConfiguredConnector)>,
    /// Those with a problem.
    pub set_aside: Vec<SetAside>,
    /// The errors of composition that made connectors step back.
    pub findings: Vec<Diagnostic>,
}

/// Chooses a version of each connector, such that `build` succeeds for all of them together.
///
/// # Errors
/// Nothing can be built, whatever is left out.
pub fn choose<T>(
    candidates: &[Candidate],
    settings: &Settings,
    build: impl Fn(Setup<'_>) -> Result<T, SetupProblem>,
) -> Result<Chosen<T>, SetupProblem> {
    let mut choice = Choice {
        candidates,
        versions: vec![0; candidates.len()],
        problems: candidates.iter().map(|one| one.problem.clone()).collect(),
    };
    let mut all_findings = Vec::new();
    loop {
        let problem = match build(choice.setup(settings)) {
            Ok(built) => {
                return Ok(Chosen {
                    built,
                    served: choice.served().collect(),
                    set_aside: choice.set_aside(),
                    findings: all_findings,
                });
            }
            Err(problem) => problem,
        };
        let errors = errors_of(problem.clone());
        let suspects = choice.suspects(&errors);
        let left = |suspect: usize| {
            let next = choice.without(suspect);
            match build(next.setup(settings)) {
                Ok(_) => 0,
                Err(problem) => errors_of(problem).len(),
            }
        };
        let named = errors.first().map(|error| error.connector.as_str());
        let best = suspects.into_iter().min_by_key(|suspect| {
            let is_named = named == Some(candidates[*suspect].connector.as_str());
            (left(*suspect), !choice.has_changed(*suspect), !is_named)
        });
        let Some(best) = best else {
            return Err(match problem {
                SetupProblem::Schema(_) => {
                    add_new(&mut all_findings, errors);
                    SetupProblem::Schema(all_findings)
                }
                setting => setting,
            });
        };
        let reason = choice.reason(best, &errors);
        choice = choice.without(best);
        if choice.problems[best].is_none() {
            choice.problems[best] = reason;
        }
        add_new(&mut all_findings, errors);
    }
}

/// The version of each connector, as an index into its versions; their number if nothing is served.
#[derive(Clone)]
struct Choice<'a> {
    candidates: &'a [Candidate],
    versions: Vec<usize>,
    problems: Vec<Option<Diagnostic>>,
}

impl Choice<'_> {
    fn served(&self) -> impl Iterator<Item = (Served, ConfiguredConnector)> + '_ {
        let all = self.candidates.iter().zip(&self.versions);
        all.filter_map(|(candidate, version)| candidate.versions.get(*version).cloned())
    }

    fn setup<'s>(&self, settings: &'s Settings) -> Setup<'s> {
        Setup {
            connectors: self.served().map(|(_, connector)| connector).collect(),
            set_aside: self.set_aside(),
            settings,
        }
    }

    fn set_aside(&self) -> Vec<SetAside> {
        let all = self
            .candidates
            .iter()
            .zip(&self.versions)
            .zip(&self.problems);
        let aside = all.filter_map(|((candidate, version), problem)| {
            let version = candidate.versions.get(*version);
            Some(SetAside {
                connector: candidate.connector.clone(),
                owner: candidate.owner.clone(),
                description: candidate.description.clone(),
                problem: problem.clone()?,
                served: version.map_or(Served::Nothing, |(served, _)| *served),
            })
        });
        aside.collect()
    }

    /// The same with the next version of a connector.
    fn without(&self, connector: usize) -> Self {
        let mut next = self.clone();
        next.versions[connector] += 1;
        next
    }

    /// Whether another version than the last good one is chosen, and there is a last good one.
    fn has_changed(&self, connector: usize) -> bool {
        let versions = self.candidates[connector].versions.iter();
        let mut rest = versions.skip(self.versions[connector] + 1);
        rest.any(|(served, _)| *served == Served::LastGood)
    }

    /// The connectors that can step back and that the errors are about; all that can step back if they are about none of them.
    fn suspects(&self, errors: &[Diagnostic]) -> Vec<usize> {
        let names: BTreeSet<&str> = errors.iter().map(|error| &*error.connector).collect();
        let paths: BTreeSet<&str> = errors
            .iter()
            .flat_map(|error| error.labels.iter().map(|label| &*label.span.source.path))
            .collect();
        let can_step = |index: &usize| {
            let versions = &self.candidates[*index].versions;
            self.versions[*index] < versions.len()
        };
        let is_named = |index: &usize| {
            let candidate = &self.candidates[*index];
            let current = candidate.versions.get(self.versions[*index]);
            names.contains(&*candidate.connector)
                || current.is_some_and(|(_, current)| {
                    let mut sources = current.subgraph.schema.sources.values();
                    sources.any(|source| paths.contains(&*source.path().to_string_lossy()))
                })
        };
        let all: Vec<usize> = (0..self.candidates.len()).filter(can_step).collect();
        let named: Vec<usize> = all.iter().copied().filter(is_named).collect();
        match named.is_empty() {
            true => all,
            false => named,
        }
    }

    /// Why a connector steps back: an error that names it, or the first one.
    fn reason(&self, connector: usize, errors: &[Diagnostic]) -> Option<Diagnostic> {
        let name = &self.candidates[connector].connector;
        let named = errors.iter().find(|error| error.connector == *name);
        named.or_else(|| errors.first()).cloned()
    }
}

/// Adds the errors that are not yet among the findings: the next version of a connector may have the same ones.
fn add_new(findings: &mut Vec<Diagnostic>, errors: Vec<Diagnostic>) {
    for error in errors {
        let is_same = |known: &Diagnostic| {
            (&known.connector, known.summary()) == (&error.connector, error.summary())
        };
        if !findings.iter().any(is_same) {
            findings.push(error);
        }
    }
}

fn errors_of(problem: SetupProblem) -> Vec<Diagnostic> {
    let findings = problem.into_diagnostics().into_iter();
    findings.filter(Diagnostic::is_error).collect()
}
