//! The path from subgraphs to a graph.

use super::api;
use super::merge;
use super::prepare;
use super::report::Report;
use super::rules;
use super::view::View;
use super::{Composed, Joins};
use crate::connector::{Diagnostic, Subgraph};
use apollo_compiler::Schema;
use apollo_compiler::validation::Valid;

/// Composes subgraphs. With an error among the diagnostics there is no [`Composed`]; warnings alone leave one.
pub fn compose(subgraphs: Vec<Subgraph>) -> (Option<Composed>, Vec<Diagnostic>) {
    let subgraphs = match prepare::prepare(subgraphs) {
        Ok(subgraphs) => subgraphs,
        Err(diagnostics) => return (None, diagnostics),
    };
    let views: Vec<View<'_>> = subgraphs.iter().map(View::new).collect();
    let mut report = Report::default();
    let parts = parts(&views, &mut report);
    let diagnostics = report.into_diagnostics(&views);
    drop(views);
    let composed = parts.map(|(merged, joins, api)| Composed {
        api_sdl: api::print(&api),
        subgraphs,
        merged,
        joins,
        api,
    });
    (composed, diagnostics)
}

fn parts(views: &[View<'_>], report: &mut Report) -> Option<(Schema, Joins, Valid<Schema>)> {
    rules::check(views, report);
    if report.has_errors() {
        return None;
    }
    let (merged, joins) = merge::merge(views, report);
    if report.has_errors() {
        return None;
    }
    rules::inaccessible(&merged, &joins, views, report);
    rules::contributed_fields_are_nullable(&merged, &joins, views, report);
    if report.has_errors() {
        return None;
    }
    let api = api::public(&merged, report)?;
    (!report.has_errors()).then_some((merged, joins, api))
}
