//! Reads a supergraph SDL: each of its graphs becomes a subgraph again.
//!
//! A graph is extracted as SDL of its own and read like a folder's SDL, so that connects, services and rules are
//! handled in one place. A field that several graphs resolve is taken to be shareable: otherwise it would not have
//! composed.

use std::collections::HashSet;

use apollo_compiler::Schema;
use apollo_compiler::diagnostic::ToCliReport;

use super::super::code;
use super::extract::SubgraphExtractor;
use super::join_graph::JoinGraph;
use crate::connector::diagnostic::{Diagnostic, SourceFiles};
use crate::connector::{Subgraph, SubgraphKind, leave_out_own, read_sdl};

/// The most errors that are reported for a text that is not GraphQL.
const MOST_ERRORS: usize = 50;

/// The subgraphs of a supergraph SDL. `path` is what diagnostics show. A graph that cannot be read is left out, and
/// the diagnostics say why.
pub fn read(path: &str, text: &str) -> (Vec<Subgraph>, Vec<Diagnostic>) {
    let schema = match Schema::parse(text, path) {
        Ok(schema) => schema,
        Err(broken) => {
            let sources = SourceFiles::new(broken.partial.sources.clone());
            let errors = broken.errors.iter().take(MOST_ERRORS).map(|error| {
                wrong(format!("the supergraph is not GraphQL: {}", error.error))
                    .at(sources.span(error.error.location()))
            });
            return (Vec::new(), errors.collect());
        }
    };
    let graphs = match graphs(&schema) {
        Ok(graphs) => graphs,
        Err(diagnostic) => return (Vec::new(), vec![*diagnostic]),
    };
    let mut subgraphs = Vec::new();
    let mut diagnostics = Vec::new();
    for graph in &graphs {
        let extractor = SubgraphExtractor {
            supergraph: &schema,
            graph,
        };
        let (sdl, native) = extractor.sdl();
        let shown = format!("{path} ({})", graph.name);
        let (subgraph, of_graph) = read_sdl(&graph.name, &shown, &sdl);
        diagnostics.extend(of_graph);
        if let Some(mut subgraph) = subgraph {
            if native {
                subgraph.kind = SubgraphKind::Native;
            }
            leave_out_own(&mut subgraph.schema, &HashSet::new());
            subgraphs.push(subgraph);
        }
    }
    (subgraphs, diagnostics)
}

fn wrong(message: String) -> Diagnostic {
    Diagnostic::error(&code::INVALID_FEDERATION_SUPERGRAPH, "", message)
}

fn graphs(schema: &Schema) -> Result<Vec<JoinGraph>, Box<Diagnostic>> {
    let Some(values) = schema.get_enum("join__Graph") else {
        let help = "a supergraph SDL has an enum `join__Graph`; for a folder's schema, write it into `connector.graphql`";
        let diagnostic = wrong("this is no supergraph SDL".to_owned()).help(help);
        return Err(Box::new(diagnostic));
    };
    if schema.directive_definitions.contains_key("join__owner") {
        let diagnostic = wrong("the supergraph was composed by Federation 1".to_owned())
            .at(SourceFiles::new(schema.sources.clone()).span(values.location()))
            .help("compose it again with Federation 2 (join/v0.2 or later)");
        return Err(Box::new(diagnostic));
    }
    let graphs = values.values.iter();
    let graphs = graphs.map(|(value, definition)| JoinGraph::read(value, definition));
    Ok(graphs.collect())
}
