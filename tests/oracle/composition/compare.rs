//! Compares the results of two composers for a set.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use apollo_compiler::Schema;
use sangam::config::Settings;
use sangam::graph::Composed;
use sangam::graph::query::QueryGraph;
use sangam::operation::Compiler;
use sangam::plan;

use super::operations::operations;
use super::ours::Ours;
use super::sets::{Origin, Set};
use super::sorted::sorted;
use super::theirs::{Reading, TheirError, Theirs};
use crate::plans::{compiler, first};

/// The operations that are planned for a set: planning takes time, and a few suffice.
const OPERATIONS: usize = 12;

/// The operations for a world: they are large, and `tests/monolith` executes worlds anyway.
const OPERATIONS_OF_WORLDS: usize = 3;

/// A difference. Waivers match its kind and its text.
pub(super) struct Difference {
    pub(super) kind: &'static str,
    /// The codes of the composer that refuses.
    pub(super) codes: BTreeSet<String>,
    pub(super) text: String,
}

/// The faults of a supergraph SDL that Sangam reads.
#[derive(Clone, Copy)]
struct Whose {
    unread: &'static str,
    read: &'static str,
    plans: &'static str,
}

const OURS: Whose = Whose {
    unread: "our own supergraph is not read here",
    read: "what we read of our own supergraph",
    plans: "plans by our own supergraph",
};

const THEIRS: Whose = Whose {
    unread: "their supergraph is not read here",
    read: "what we read of their supergraph",
    plans: "plans by their supergraph",
};

/// The result of comparing a set.
pub(super) struct Outcome {
    pub(super) accepted: bool,
    pub(super) refused: bool,
    pub(super) plans: usize,
    /// Our codes and theirs, if both refuse with different codes.
    pub(super) codes: Option<(String, String)>,
    pub(super) differences: Vec<Difference>,
}

pub(super) fn compare(set: &Set, ours: &Ours, theirs: &Theirs) -> Outcome {
    let mut outcome = Outcome {
        accepted: false,
        refused: false,
        plans: 0,
        codes: None,
        differences: Vec::new(),
    };
    let their_codes: BTreeSet<String> = theirs
        .errors
        .iter()
        .map(|error| error.code.clone())
        .collect();
    match (&ours.composed, &theirs.supergraph) {
        (Some(composed), Some(supergraph)) => {
            outcome.accepted = true;
            let mut both = Both {
                composed,
                operations: match set.origin {
                    Origin::World => OPERATIONS_OF_WORLDS,
                    _ => OPERATIONS,
                },
                outcome: &mut outcome,
            };
            if set.origin == Origin::WorldWithConnectors {
                both.api("their public schema", theirs.api.as_ref());
            } else {
                both.compare(supergraph, theirs);
            }
        }
        (None, None) => {
            outcome.refused = true;
            let list =
                |codes: &BTreeSet<String>| codes.iter().cloned().collect::<Vec<_>>().join(" ");
            let codes = (list(&ours.codes), list(&their_codes));
            outcome.codes = (ours.codes != their_codes).then_some(codes);
        }
        (Some(_), None) => outcome.differences.push(Difference {
            kind: if theirs.errors.iter().all(TheirError::contradicts_itself) {
                "refused there, by errors that contradict themselves"
            } else {
                "refused there"
            },
            codes: their_codes,
            text: theirs
                .errors
                .iter()
                .map(|error| format!("{}: {}", error.code, error.message))
                .collect::<Vec<_>>()
                .join("\n"),
        }),
        (None, Some(_)) => outcome.differences.push(Difference {
            kind: "refused here",
            codes: ours.codes.clone(),
            text: ours.errors.join("\n"),
        }),
    }
    outcome
}

/// A set that both accept.
struct Both<'a> {
    composed: &'a Composed,
    operations: usize,
    outcome: &'a mut Outcome,
}

impl Both<'_> {
    fn compare(&mut self, supergraph: &str, theirs: &Theirs) {
        self.api("their public schema", theirs.api.as_ref());
        self.api("what they read of our supergraph", theirs.reading.as_ref());
        self.supergraph(OURS, &sangam::graph::supergraph::write(self.composed));
        self.supergraph(THEIRS, supergraph);
    }

    fn supergraph(&mut self, whose: Whose, supergraph: &str) {
        let read = Ours::read(supergraph);
        let Some(again) = &read.composed else {
            let text = format!("{}\n{supergraph}", read.errors.join("\n"));
            self.outcome.differences.push(Difference {
                kind: whose.unread,
                codes: read.codes,
                text,
            });
            return;
        };
        self.schemas(whose.read, &again.api);
        self.plans(whose.plans, again, supergraph);
    }

    fn api(&mut self, kind: &'static str, reading: Option<&Reading>) {
        let sdl = match reading {
            Some(Reading::Api(sdl)) => sdl,
            Some(Reading::Error(error)) => return self.differs(kind, error.clone()),
            None => return self.differs(kind, "no answer".to_owned()),
        };
        match Schema::parse_and_validate(sdl, "api.graphql") {
            Ok(schema) => self.schemas(kind, &schema),
            Err(errors) => self.differs(kind, errors.to_string()),
        }
    }

    fn schemas(&mut self, kind: &'static str, other: &Schema) {
        let (one, other) = (sorted(&self.composed.api), sorted(other));
        if one != other {
            let lines =
                |text: &str| -> BTreeSet<String> { text.lines().map(str::to_owned).collect() };
            let (one, other) = (lines(&one), lines(&other));
            let here = one.difference(&other).map(|line| format!("here:  {line}"));
            let there = other.difference(&one).map(|line| format!("there: {line}"));
            let text: Vec<String> = here.chain(there).collect();
            self.differs(kind, text.join("\n"));
        }
    }

    fn plans(&mut self, kind: &'static str, again: &Composed, supergraph: &str) {
        let planning = |composed: &Composed| {
            let graph = Arc::new(QueryGraph::new(composed));
            (compiler(composed, &graph, &Settings::default()), graph)
        };
        let (ours, theirs) = (planning(self.composed), planning(again));
        for operation in operations(&self.composed.api).iter().take(self.operations) {
            if apollo_compiler::ExecutableDocument::parse_and_validate(&again.api, operation, "op")
                .is_err()
            {
                // The schemas differ, which has been reported.
                continue;
            }
            let text = |(compiler, graph): &(Compiler, Arc<QueryGraph>)| match first(
                compiler, operation,
            ) {
                Ok(operation) => plan::explain(&operation.plan, graph),
                Err(rejection) => rejection.to_string(),
            };
            let (one, other) = (text(&ours), text(&theirs));
            self.outcome.plans += 1;
            if one != other {
                let text = format!(
                    "{operation}\n--- here\n{one}\n--- by the supergraph\n{other}\n{supergraph}"
                );
                self.differs(kind, text);
                return;
            }
        }
    }

    fn differs(&mut self, kind: &'static str, text: String) {
        self.outcome.differences.push(Difference {
            kind,
            codes: BTreeSet::new(),
            text,
        });
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}", self.kind, self.text)
    }
}
