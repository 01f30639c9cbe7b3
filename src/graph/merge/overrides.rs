//! `@override`: which subgraph takes over a field, and from which one.

use std::collections::{BTreeMap, BTreeSet};

use apollo_compiler::parser::SourceSpan;
use apollo_compiler::schema::{Component, Directive, FieldDefinition};
use apollo_compiler::{Name, Node};

use super::super::field_sets::fields_of;
use super::super::report::{Finding, Report, nearest};
use super::super::view::{Coordinate, View};
use super::super::{code, federation as fed};

/// All overrides of the graph.
#[derive(Debug, Default)]
pub(crate) struct Overrides {
    /// By field, then by overriding subgraph.
    overriding: BTreeMap<Coordinate, BTreeMap<usize, Overriding>>,
    /// By field, then by overridden subgraph.
    overridden: BTreeMap<Coordinate, BTreeMap<usize, Overridden>>,
    /// The fields with an invalid override. Further findings on them would follow from it and are not reported.
    faulty: BTreeSet<Coordinate>,
}

/// An overriding field.
#[derive(Debug)]
pub(crate) struct Overriding {
    /// The name in `from:`.
    pub(crate) from: String,
    pub(crate) label: Option<String>,
}

/// An overridden field.
#[derive(Debug)]
pub(crate) struct Overridden {
    /// The label under which it is overridden; `None`: always.
    pub(crate) label: Option<String>,
}

/// One `@override` during its check.
struct Applied<'a, 'v> {
    views: &'v [View<'a>],
    graph: usize,
    parent: &'a Name,
    field: &'a Component<FieldDefinition>,
    directive: &'a Node<Directive>,
    from: &'a str,
}

impl Overrides {
    /// Reads and checks every `@override`.
    pub(crate) fn read(views: &[View<'_>], report: &mut Report) -> Self {
        let mut all = Self::default();
        for (graph, view) in views.iter().enumerate() {
            for (parent, ty) in view.types() {
                for (name, field) in fields_of(ty) {
                    let Some(directive) = field.directives.get(fed::OVERRIDE) else {
                        continue;
                    };
                    let Some(from) = fed::string(directive, "from") else {
                        continue;
                    };
                    let applied = Applied {
                        views,
                        graph,
                        parent,
                        field,
                        directive,
                        from,
                    };
                    let label = fed::string(directive, "label").map(str::to_owned);
                    let coordinate = (parent.clone(), name.clone());
                    let before = report.errors();
                    let source = applied.check(label.as_deref(), report);
                    if report.errors() > before {
                        all.faulty.insert(coordinate.clone());
                    }
                    if let Some(source) = source {
                        let overridden = Overridden {
                            label: label.clone(),
                        };
                        let by_graph = all.overridden.entry(coordinate.clone()).or_default();
                        by_graph.insert(source, overridden);
                    }
                    let from = from.to_owned();
                    let by_graph = all.overriding.entry(coordinate).or_default();
                    by_graph.insert(graph, Overriding { from, label });
                }
            }
        }
        all
    }

    /// The override of a subgraph's field by another subgraph.
    pub(crate) fn overridden(
        &self,
        parent: &Name,
        field: &Name,
        graph: usize,
    ) -> Option<&Overridden> {
        self.overridden
            .get(&(parent.clone(), field.clone()))?
            .get(&graph)
    }

    /// Whether a field has an invalid override.
    pub(crate) fn is_faulty(&self, parent: &Name, field: &Name) -> bool {
        self.faulty.contains(&(parent.clone(), field.clone()))
    }

    /// The override of another subgraph's field by this one.
    pub(crate) fn overriding(
        &self,
        parent: &Name,
        field: &Name,
        graph: usize,
    ) -> Option<&Overriding> {
        self.overriding
            .get(&(parent.clone(), field.clone()))?
            .get(&graph)
    }
}

impl Applied<'_, '_> {
    fn at(&self) -> String {
        format!("{}.{}", self.parent, self.field.name)
    }

    fn span(&self) -> Option<SourceSpan> {
        self.directive.location()
    }

    /// The overridden subgraph, if there is one and the override is valid.
    fn check(&self, label: Option<&str>, report: &mut Report) -> Option<usize> {
        let view = &self.views[self.graph];
        let at = self.at();
        let error =
            |code, message: String| Finding::new(code, self.graph, message).at_span(self.span());
        if view.schema.types[self.parent].is_interface() {
            report.push(
                error(
                    &code::OVERRIDE_ON_INTERFACE,
                    format!("@override stands on the interface field `{at}`"),
                )
                .help("write it on the field of each type that implements the interface"),
            );
            return None;
        }
        if let Some(label) = label.filter(|label| !is_label(label)) {
            report.push(
                error(
                    &code::OVERRIDE_LABEL_INVALID,
                    format!("\"{label}\" is not an override label"),
                )
                .help("a label is a name of letters, digits and _-:./ that begins with a letter, or percent(n) with n from 0 to 100"),
            );
            return None;
        }
        if self.from == view.name {
            report.push(
                error(
                    &code::OVERRIDE_FROM_SELF_ERROR,
                    format!(
                        "field `{at}` overrides itself: `{}` is this connector",
                        self.from
                    ),
                )
                .help("name the connector that the field is taken over from"),
            );
            return None;
        }
        let Some(source) = self.views.iter().position(|other| other.name == self.from) else {
            self.unknown_source(report);
            return None;
        };
        self.check_source(source, report)
    }

    fn unknown_source(&self, report: &mut Report) {
        let others = self.views.iter().map(|view| view.name);
        let help = match nearest(
            self.from,
            others.filter(|name| *name != self.views[self.graph].name),
        ) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => "remove the @override once the connector is gone for good".to_owned(),
        };
        report.push(
            Finding::warning(
                &code::FROM_SUBGRAPH_DOES_NOT_EXIST,
                self.graph,
                format!(
                    "field `{}` overrides that of `{}`, which is no connector of this graph",
                    self.at(),
                    self.from
                ),
            )
            .at_span(self.span())
            .help(help),
        );
    }

    fn check_source(&self, source: usize, report: &mut Report) -> Option<usize> {
        let at = self.at();
        let from = self.from;
        let Some(overridden) = self.views[source].field(self.parent, &self.field.name) else {
            report.push(
                Finding::warning(
                    &code::OVERRIDE_DIRECTIVE_CAN_BE_REMOVED,
                    self.graph,
                    format!("`{from}` has no field `{at}`, so that there is nothing to override"),
                )
                .at_span(self.span())
                .help("remove the @override"),
            );
            return None;
        };
        if overridden.directives.has(fed::OVERRIDE) {
            report.push(
                Finding::new(
                    &code::OVERRIDE_SOURCE_HAS_OVERRIDE,
                    self.graph,
                    format!("field `{at}` overrides that of `{from}`, which is an override itself"),
                )
                .at_span(self.span())
                .related(source, overridden.location(), "overrides as well")
                .help("only one of the two may override: chains are not followed"),
            );
            return None;
        }
        if let Some(collision) = self.collision(source, overridden) {
            report.push(
                Finding::new(
                    &code::OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE,
                    self.graph,
                    format!("field `{at}` cannot be overridden: {collision}"),
                )
                .at_span(self.span())
                .related(source, overridden.location(), "the field to override")
                .help("take the other directive away first, then override the field"),
            );
            return None;
        }
        if self.views[source].is_external(self.parent, &self.field.name) {
            report.push(
                Finding::warning(
                    &code::OVERRIDE_DIRECTIVE_CAN_BE_REMOVED,
                    self.graph,
                    format!("field `{at}` is @external in `{from}`, so that there is nothing to override"),
                )
                .at_span(self.span())
                .related(source, overridden.location(), "resolved by others")
                .help("remove the @override"),
            );
            return None;
        }
        if self.views[source]
            .used
            .contains(&(self.parent.clone(), self.field.name.clone()))
        {
            return Some(source);
        }
        if !self
            .directive
            .arguments
            .iter()
            .any(|argument| argument.name == "label")
        {
            report.push(
                Finding::warning(
                    &code::OVERRIDDEN_FIELD_CAN_BE_REMOVED,
                    source,
                    format!(
                        "field `{at}` is overridden by `{}` and no longer asked for here",
                        self.views[self.graph].name
                    ),
                )
                .at(overridden)
                .related(self.graph, self.span(), "overridden here")
                .help("remove the field from this connector"),
            );
        }
        Some(source)
    }

    /// The directive that conflicts with the override, and on which side.
    fn collision(&self, source: usize, overridden: &FieldDefinition) -> Option<String> {
        let name = &self.field.name;
        if self.views[self.graph].is_external(self.parent, name) {
            return Some("it is @external here".to_owned());
        }
        let source_name = self.views[source].name;
        [fed::REQUIRES, fed::PROVIDES]
            .into_iter()
            .find(|directive| overridden.directives.has(directive))
            .map(|directive| format!("it has @{directive} in `{source_name}`"))
    }
}

/// `percent(n)`, or a name.
fn is_label(label: &str) -> bool {
    if let Some(percent) = label
        .strip_prefix("percent(")
        .and_then(|rest| rest.strip_suffix(')'))
    {
        let plain = percent.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let decimals = percent
            .split_once('.')
            .map_or(0, |(_, digits)| digits.len());
        let value = percent.parse::<f64>();
        return plain && decimals <= 8 && value.is_ok_and(|value| (0.0..=100.0).contains(&value));
    }
    label.starts_with(|c: char| c.is_ascii_alphabetic())
        && label
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_-:./".contains(c))
}
