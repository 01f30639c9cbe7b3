//! `@file`: the field is resolved by one connector alone. A download is made with the source and the request that stand there; an
//! address from another connector would be passed to them, or would be given to clients as it is. The rule is Sangam's own.

use apollo_compiler::Schema;

use super::super::code;
use super::super::field_sets::fields_of;
use super::super::join::Joins;
use super::super::report::{Finding, Report, graph_names};
use super::super::view::View;
use crate::connector::{Subgraph, SubgraphKind};

/// Checks every field with `@file` that its connector resolves.
pub(crate) fn files_are_of_one_connector(
    merged: &Schema,
    joins: &Joins,
    views: &[View<'_>],
    report: &mut Report,
) {
    for (name, ty) in merged.types.iter().filter(|(_, ty)| ty.is_object()) {
        for (field, _) in fields_of(ty) {
            let Some(join) = joins.field(name, field) else {
                continue;
            };
            let resolving = join.graphs.iter().filter(|(_, here)| here.resolves());
            let resolving: Vec<usize> = resolving.map(|(&graph, _)| graph).collect();
            let coordinate = format!("{name}.{field}");
            let is_file = |graph: &&usize| has_file(views[**graph].subgraph, &coordinate);
            let Some(&graph) = resolving
                .iter()
                .find(is_file)
                .filter(|_| resolving.len() > 1)
            else {
                continue;
            };
            let others = resolving.iter().copied().filter(|other| *other != graph);
            let message = format!(
                "field `{coordinate}` has `@file`, and {} resolves it, too",
                graph_names(views, others.clone())
            );
            let span = |graph: usize| views[graph].field(name, field)?.location();
            let finding = Finding::new(&code::FILE_IN_SEVERAL_CONNECTORS, graph, message);
            let finding = others.fold(finding.at_span(span(graph)), |finding, other| {
                finding.related(other, span(other), "the same field")
            });
            report.push(finding.help(
                "a file is opened by the connector that gives its address: leave the field in one of them, or move it with `@override`",
            ));
        }
    }
}

fn has_file(subgraph: &Subgraph, coordinate: &str) -> bool {
    let SubgraphKind::Connectors { files, .. } = &subgraph.kind else {
        return false;
    };
    files.iter().any(|file| file.coordinate == coordinate)
}
