//! The rules for `@defer` and `@stream` of the specification's draft for incremental delivery. `apollo-compiler` checks the first
//! three of them, and for `@defer` alone:
//!
//! - labels are constants, and each is used once in the document,
//! - neither is used on the root type of a mutation or a subscription: its fields are executed one after the other, or are
//!   events,
//! - a subscription uses them only if they are switched off, by `if: false` or a variable,
//! - `@stream` is used on lists, and its `initialCount` is not negative,
//! - fields that are merged are streamed alike.
//!
//! Each selection is visited once, and fields are compared within the selection set that has them. It does no IO.

use std::collections::HashSet;

use apollo_compiler::ast::{self, Directive, OperationType};
use apollo_compiler::executable::{Field, Selection, SelectionSet};
use apollo_compiler::{ExecutableDocument, Name, Node, Schema};
use indexmap::IndexMap;

use super::rejection::Violation;
use crate::plan::initial_count::InitialCount;
use crate::plan::location;

/// The names of the directives.
pub(super) const NAMES: [&str; 2] = ["defer", "stream"];

/// Their definitions.
pub(super) const DEFINITIONS: &str = r#"
"""
The fields of the fragment may come later than the others. A client that can get one response only gets them with the others.
"""
directive @defer(
  "Whether the fragment is deferred."
  if: Boolean! = true

  "What the part is called in the response."
  label: String
) on FRAGMENT_SPREAD | INLINE_FRAGMENT

"""
The first elements of the list come first, and the others when what they need has arrived. A list that needs no calls for its
elements is sent as a whole, and so is every list to a client that can get one response only.
"""
directive @stream(
  "Whether the list is streamed."
  if: Boolean! = true

  "What the part is called in the response."
  label: String

  "How many elements come first. It must not be negative."
  initialCount: Int! = 0
) on FIELD

# A schema has a root.
type Query { parts: Boolean }
"#;

/// The most fields of an operation that are compared.
const MOST_COMPARED: usize = 100_000;

/// The variables that give the `initialCount` of a `@stream` of a document.
pub(super) fn initial_counts(document: &ExecutableDocument) -> Vec<Name> {
    let operations = document.operations.iter();
    let operations = operations.map(|operation| &operation.selection_set);
    let fragments = document.fragments.values();
    let fragments = fragments.map(|fragment| &fragment.selection_set);
    let mut open: Vec<&SelectionSet> = operations.chain(fragments).collect();
    let mut found = Vec::new();
    while let Some(set) = open.pop() {
        for selection in &set.selections {
            if let Selection::Field(field) = selection
                && let Some(stream) = field.directives.get("stream")
                && let InitialCount::Variable(name) = InitialCount::of(stream)
                && !found.contains(&name)
            {
                found.push(name);
            }
            match selection {
                Selection::Field(field) => open.push(&field.selection_set),
                Selection::InlineFragment(one) => open.push(&one.selection_set),
                Selection::FragmentSpread(_) => {}
            }
        }
    }
    found
}

/// The violations in a document that is valid otherwise.
pub(super) fn check(schema: &Schema, document: &ExecutableDocument) -> Vec<Violation> {
    let mut rules = Rules {
        schema,
        document,
        labels: HashSet::new(),
        streams: false,
        findings: Vec::new(),
    };
    let operations = document.operations.iter();
    let operations: Vec<_> = operations
        .map(|operation| &operation.selection_set)
        .collect();
    let fragments = document.fragments.values();
    let fragments = fragments.map(|fragment| &fragment.selection_set);
    for set in operations.iter().copied().chain(fragments) {
        rules.selections(set);
    }
    for operation in document.operations.iter() {
        if operation.operation_type == OperationType::Subscription {
            let mut seen = HashSet::new();
            rules.subscription(&operation.selection_set, &mut seen);
        }
    }
    if rules.streams {
        operations
            .into_iter()
            .for_each(|set| rules.merged_streams(set));
    }
    rules.findings
}

struct Rules<'d> {
    schema: &'d Schema,
    document: &'d ExecutableDocument,
    labels: HashSet<&'d str>,
    /// There is a `@stream`.
    streams: bool,
    findings: Vec<Violation>,
}

impl<'d> Rules<'d> {
    fn report(&mut self, message: String, directive: &Node<Directive>) {
        let location = location(directive.location(), &self.document.sources);
        self.findings
            .push((message, location.into_iter().collect()));
    }

    fn selections(&mut self, set: &'d SelectionSet) {
        for selection in &set.selections {
            match selection {
                Selection::Field(field) => {
                    if let Some(stream) = field.directives.get("stream") {
                        self.streams = true;
                        self.directive(stream, &set.ty);
                        self.stream(stream, field);
                    }
                    self.selections(&field.selection_set);
                }
                Selection::InlineFragment(fragment) => {
                    if let Some(defer) = fragment.directives.get("defer") {
                        self.directive(defer, &set.ty);
                    }
                    self.selections(&fragment.selection_set);
                }
                Selection::FragmentSpread(spread) => {
                    if let Some(defer) = spread.directives.get("defer") {
                        self.directive(defer, &set.ty);
                    }
                }
            }
        }
    }

    /// The rules for both directives, on a selection of this type.
    fn directive(&mut self, directive: &'d Node<Directive>, parent: &Name) {
        let name = &directive.name;
        match directive
            .specified_argument_by_name("label")
            .map(|label| &**label)
        {
            Some(ast::Value::String(label)) if !self.labels.insert(label) => {
                let message = format!("the label {label:?} is used by another @defer or @stream");
                self.report(message, directive);
            }
            Some(ast::Value::Variable(_)) => {
                let message = format!("the label of @{name} must be a constant, not a variable");
                self.report(message, directive);
            }
            _ => {}
        }
        let roots = &self.schema.schema_definition;
        let roots = [
            ("mutation", &roots.mutation),
            ("subscription", &roots.subscription),
        ];
        for (kind, root) in roots {
            if root.as_ref().is_some_and(|root| root.name == *parent) {
                let message =
                    format!("@{name} must not be used on the root type of a {kind}, {parent}");
                self.report(message, directive);
            }
        }
    }

    fn stream(&mut self, stream: &'d Node<Directive>, field: &Field) {
        if !field.ty().is_list() {
            let message = format!("@stream must be used on a list, and {} is none", field.name);
            self.report(message, stream);
        }
        if let Some(ast::Value::Int(count)) = stream
            .specified_argument_by_name("initialCount")
            .map(|count| &**count)
            && count.as_str().starts_with('-')
        {
            let message = "the initialCount of @stream must not be negative".to_owned();
            self.report(message, stream);
        }
    }

    /// In a subscription, what may not be switched off is refused: each event has one payload.
    fn subscription(&mut self, set: &'d SelectionSet, seen: &mut HashSet<&'d Name>) {
        for selection in &set.selections {
            let used = selection.directives().iter();
            let used = used.filter(|one| matches!(one.name.as_str(), "defer" | "stream"));
            for directive in used {
                let condition = directive
                    .specified_argument_by_name("if")
                    .map(|value| &**value);
                let may_be_off = matches!(
                    condition,
                    Some(ast::Value::Variable(_) | ast::Value::Boolean(false))
                );
                if !may_be_off {
                    let name = &directive.name;
                    let message = format!(
                        "@{name} is not supported in a subscription; switch it off there by its argument if"
                    );
                    self.report(message, directive);
                }
            }
            match selection {
                Selection::Field(field) => self.subscription(&field.selection_set, seen),
                Selection::InlineFragment(one) => self.subscription(&one.selection_set, seen),
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.document.fragments.get(&spread.fragment_name)
                        && seen.insert(&fragment.name)
                    {
                        self.subscription(&fragment.selection_set, seen);
                    }
                }
            }
        }
    }

    /// Fields with one response name in sets that are merged are streamed alike, or not at all.
    fn merged_streams(&mut self, root: &'d SelectionSet) {
        let mut left = MOST_COMPARED;
        let mut open = vec![vec![root]];
        while let Some(sets) = open.pop() {
            let mut fields: IndexMap<&'d Name, Vec<&'d Node<Field>>> = IndexMap::new();
            let mut seen = HashSet::new();
            for set in sets {
                self.collect(set, &mut fields, &mut seen);
            }
            for fields in fields.values() {
                // Fragments that spread each other make exponentially more paths than text.
                left = match left.checked_sub(fields.len()) {
                    Some(left) => left,
                    None => return,
                };
                self.same_streams(fields);
                let below = fields.iter().map(|field| &field.selection_set);
                let below: Vec<_> = below.filter(|set| !set.selections.is_empty()).collect();
                open.extend((!below.is_empty()).then_some(below));
            }
        }
    }

    fn same_streams(&mut self, fields: &[&'d Node<Field>]) {
        let Some(streamed) = fields
            .iter()
            .find_map(|field| field.directives.get("stream"))
        else {
            return;
        };
        let is_other = |field: &Node<Field>| {
            let stream = field.directives.get("stream");
            stream.is_none_or(|stream| !is_same(stream, streamed))
        };
        if fields.iter().any(|field| is_other(field)) {
            let name = fields[0].response_key();
            let message = format!("{name} is selected more than once, and streamed differently");
            self.report(message, streamed);
        }
    }

    fn collect(
        &self,
        set: &'d SelectionSet,
        fields: &mut IndexMap<&'d Name, Vec<&'d Node<Field>>>,
        seen: &mut HashSet<&'d Name>,
    ) {
        for selection in &set.selections {
            match selection {
                Selection::Field(field) => {
                    fields.entry(field.response_key()).or_default().push(field);
                }
                Selection::InlineFragment(one) => self.collect(&one.selection_set, fields, seen),
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.document.fragments.get(&spread.fragment_name)
                        && seen.insert(&fragment.name)
                    {
                        self.collect(&fragment.selection_set, fields, seen);
                    }
                }
            }
        }
    }
}

/// Whether two `@stream` have the same arguments.
fn is_same(a: &Directive, b: &Directive) -> bool {
    let argument = |of: &Directive, name: &str| of.specified_argument_by_name(name).cloned();
    ["if", "label", "initialCount"]
        .iter()
        .all(|name| argument(a, name) == argument(b, name))
}
