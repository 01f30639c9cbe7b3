//! Runs the stages of composition.

use std::collections::BTreeMap;
use std::sync::Arc;

use apollo_compiler::Schema;
use apollo_compiler::validation::Valid;

use super::confidential::Confidential;
use super::constraints::Constraints;
use super::query::QueryGraph;
use super::report::Report;
use super::view::View;
use super::{
    Composed, Joins, api, confidential, constraints, fan_out, identification, merge, prepare,
    print, rules, satisfiability,
};
use crate::connector::{Diagnostic, Subgraph};

/// Composes subgraphs. With an error among the diagnostics there is no [`Composed`]; with warnings alone there is one.
pub fn compose(subgraphs: Vec<Subgraph>) -> (Option<Composed>, Vec<Diagnostic>) {
    let prepared = prepare::prepare(subgraphs).and_then(identification::add);
    let subgraphs = match prepared {
        Ok(subgraphs) => subgraphs,
        Err(diagnostics) => return (None, diagnostics),
    };
    let views: Vec<View<'_>> = subgraphs.iter().map(View::new).collect();
    let mut report = Report::default();
    let parts = parts(&views, &mut report);
    drop(views);
    let Some((merged, joins, api)) = parts else {
        return (None, report.into_diagnostics(&subgraphs));
    };
    let composed = Composed {
        api_sdl: print::print(&api),
        subgraphs: subgraphs.into(),
        merged: Arc::new(merged),
        joins,
        api,
    };
    let graph = QueryGraph::new(&composed);
    identification::check(&composed, &graph, &mut report);
    if !report.has_errors() {
        satisfiability::check(&composed, &graph, &mut report);
    }
    let satisfiable = !report.has_errors();
    if satisfiable {
        fan_out::check(&composed, &graph, &mut report);
    }
    let diagnostics = report.into_diagnostics(&composed.subgraphs);
    (satisfiable.then_some(composed), diagnostics)
}

/// The result of leaving out connectors that do not compose.
#[derive(Debug)]
pub struct Remainder {
    /// The graph of the others; `None` if nothing composes, or if an error concerns no subgraph in particular.
    pub composed: Option<Composed>,
    /// The diagnostics of this graph: warnings, and errors that concern no subgraph in particular.
    pub diagnostics: Vec<Diagnostic>,
    /// The connectors that were left out, in that order.
    pub left_out: Vec<LeftOut>,
}

/// A connector that was left out.
#[derive(Debug)]
pub struct LeftOut {
    /// Its name.
    pub connector: String,
    /// The errors that it was blamed for.
    pub diagnostics: Vec<Diagnostic>,
}

/// Composes as many connectors as possible. While there are errors, the connector with the most errors is left out (of
/// several, the last by name), one at a time, because the errors of others may disappear with it.
pub fn compose_remainder(mut subgraphs: Vec<Subgraph>) -> Remainder {
    let mut left_out = Vec::new();
    loop {
        let (composed, diagnostics) = compose(subgraphs.clone());
        let offender = match composed {
            Some(_) => None,
            None => offender(&diagnostics),
        };
        // An error of the subgraph that the gateway adds goes away with no connector.
        let is_given = |name: &String| subgraphs.iter().any(|subgraph| subgraph.name == *name);
        let offender = offender.filter(is_given);
        let Some(connector) = offender else {
            return Remainder {
                composed,
                diagnostics,
                left_out,
            };
        };
        subgraphs.retain(|subgraph| subgraph.name != connector);
        let mine = |one: &Diagnostic| one.is_error() && one.connector == connector;
        left_out.push(LeftOut {
            diagnostics: diagnostics.into_iter().filter(mine).collect(),
            connector,
        });
    }
}

fn offender(diagnostics: &[Diagnostic]) -> Option<String> {
    let mut errors: BTreeMap<&str, usize> = BTreeMap::new();
    for one in diagnostics.iter().filter(|one| one.is_error()) {
        if !one.connector.is_empty() {
            *errors.entry(&one.connector).or_default() += 1;
        }
    }
    let (connector, _) = errors.into_iter().max_by_key(|(_, count)| *count)?;
    Some(connector.to_owned())
}

fn parts(views: &[View<'_>], report: &mut Report) -> Option<(Schema, Joins, Valid<Schema>)> {
    rules::check(views, report);
    if report.has_errors() {
        return None;
    }
    let (mut merged, joins) = merge::merge(views, report);
    if report.has_errors() {
        return None;
    }
    let constraints = Constraints::of(views.iter().map(|view| view.schema));
    constraints::describe(&mut merged, &constraints);
    let confidential = Confidential::of(views.iter().map(|view| view.schema));
    confidential::describe(&mut merged, &confidential);
    rules::inaccessible(&merged, &joins, views, report);
    rules::default_values(&merged, views, report);
    rules::contributed_fields_are_nullable(&merged, &joins, views, report);
    rules::files_are_of_one_connector(&merged, &joins, views, report);
    if report.has_errors() {
        return None;
    }
    let api = api::public(&merged, views, report)?;
    (!report.has_errors()).then_some((merged, joins, api))
}
