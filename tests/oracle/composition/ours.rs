//! The composition of a set by Sangam.

use std::collections::BTreeSet;

use sangam::connector::{Diagnostic, Subgraph, read_sdl};
use sangam::graph::{Composed, compose, supergraph};

use super::sets::Set;

/// The composition of a set, or its errors.
pub(super) struct Ours {
    pub(super) composed: Option<Composed>,
    /// The supergraph SDL.
    pub(super) supergraph: Option<String>,
    /// Errors, as text.
    pub(super) errors: Vec<String>,
    /// Their codes.
    pub(super) codes: BTreeSet<String>,
}

impl Ours {
    pub(super) fn compose(set: &Set) -> Self {
        let mut subgraphs = Vec::new();
        let mut diagnostics = Vec::new();
        for given in &set.subgraphs {
            let path = format!("{}.graphql", given.name);
            let (subgraph, sdl_diagnostics) = read_sdl(&given.name, &path, &given.ours);
            subgraphs.extend(subgraph);
            diagnostics.extend(sdl_diagnostics);
        }
        if diagnostics.iter().any(Diagnostic::is_error) {
            return Self::from(None, &diagnostics);
        }
        Self::of(subgraphs)
    }

    /// Reads the supergraph of the other composer, and composes it again.
    pub(super) fn read(sdl: &str) -> Self {
        let (subgraphs, diagnostics) = supergraph::read("supergraph.graphql", sdl);
        if diagnostics.iter().any(Diagnostic::is_error) {
            return Self::from(None, &diagnostics);
        }
        Self::of(subgraphs)
    }

    fn of(subgraphs: Vec<Subgraph>) -> Self {
        let (composed, diagnostics) = compose(subgraphs);
        Self::from(composed, &diagnostics)
    }

    fn from(composed: Option<Composed>, diagnostics: &[Diagnostic]) -> Self {
        let errors = || {
            diagnostics
                .iter()
                .filter(|diagnostic| diagnostic.is_error())
        };
        Self {
            supergraph: composed.as_ref().map(supergraph::write),
            composed,
            errors: errors().map(Diagnostic::to_text).collect(),
            codes: errors()
                .map(|diagnostic| diagnostic.code.name.to_owned())
                .collect(),
        }
    }
}
