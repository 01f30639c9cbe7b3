//! `@cost` and `@listSize`: where they are allowed, and what their arguments refer to.

use apollo_compiler::Node;
use apollo_compiler::schema::{Directive, FieldDefinition};

use super::super::field_sets::{field, fields_of};
use super::super::identification::names::is_own;
use super::super::report::{Finding, Report};
use super::super::view::View;
use super::super::{code, federation as fed};

pub(super) fn check(graph: usize, view: &View<'_>, report: &mut Report) {
    for (parent, ty) in view.types() {
        for (name, definition) in fields_of(ty) {
            let at = format!("{parent}.{name}");
            if let Some(directive) = definition.directives.get(fed::COST)
                && ty.is_interface()
            {
                report.push(
                    Finding::new(
                        &code::COST_APPLIED_TO_INTERFACE_FIELD,
                        graph,
                        format!("@cost stands on the interface field `{at}`"),
                    )
                    .at(directive)
                    .help("write it on the field of each implementation"),
                );
            }
            if let Some(directive) = definition.directives.get(fed::LIST_SIZE) {
                for finding in list_size(graph, view, &at, definition, directive) {
                    report.push(finding.at(directive));
                }
            }
        }
    }
}

fn list_size(
    graph: usize,
    view: &View<'_>,
    at: &str,
    definition: &FieldDefinition,
    directive: &Node<Directive>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let argument = |name: &str| directive.specified_argument_by_name(name);
    let names = |name: &str| {
        let items = argument(name).into_iter().flat_map(fed::items);
        items
            .filter_map(|item| item.as_str().map(str::to_owned))
            .collect::<Vec<_>>()
    };
    let sized = names("sizedFields");
    if !definition.ty.is_list() && sized.is_empty() {
        findings.push(
            Finding::new(
                &code::LIST_SIZE_APPLIED_TO_NON_LIST,
                graph,
                format!("@listSize stands on `{at}`, which is no list"),
            )
            .help("name the lists below it in `sizedFields`, or remove the directive"),
        );
    }
    if argument("assumedSize")
        .and_then(|size| size.to_i32())
        .is_some_and(|size| size < 0)
    {
        findings.push(Finding::new(
            &code::LIST_SIZE_INVALID_ASSUMED_SIZE,
            graph,
            format!("the assumed size of `{at}` is negative"),
        ));
    }
    for slicing in names("slicingArguments") {
        let integer = definition
            .argument_by_name(&slicing)
            .is_some_and(|argument| matches!(argument.ty.to_string().as_str(), "Int" | "Int!"));
        // The gateway's own `Query.nodes` has as many elements as its list of ids.
        if !integer && !is_own(view.subgraph) {
            findings.push(
                Finding::new(
                    &code::LIST_SIZE_INVALID_SLICING_ARGUMENT,
                    graph,
                    format!(
                        "the slicing argument `{slicing}` of `{at}` is no argument of type Int"
                    ),
                )
                .help("name an argument that says how many items are asked for"),
            );
        }
    }
    for sized in sized {
        let parent = definition.ty.inner_named_type();
        let list = field(view.schema, parent, &sized).is_some_and(|field| field.ty.is_list());
        if !list {
            findings.push(
                Finding::new(
                    &code::LIST_SIZE_INVALID_SIZED_FIELD,
                    graph,
                    format!("the sized field `{sized}` of `{at}` is no list of `{parent}`"),
                )
                .help(format!("name a field of `{parent}` that is a list")),
            );
        }
    }
    findings
}
