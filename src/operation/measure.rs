//! Measures operations by their syntax tree.
//!
//! Each fragment is measured once, however often it is spread: a document that would expand to a billion fields costs no
//! more than its text.

use std::collections::HashMap;

use apollo_compiler::ast::{
    Argument, Definition, Directive, Document, FragmentDefinition, OperationDefinition, Selection,
    Value,
};
use apollo_compiler::{Name, Node};

/// How large a selection set is, fragments expanded.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Size {
    pub(super) depth: usize,
    pub(super) aliases: usize,
    /// Fields at its top.
    pub(super) fields: usize,
    /// Fields and everything else that takes time, at all depths.
    pub(super) all: usize,
}

/// Measures the operations of a document.
pub(super) struct Measuring<'d> {
    fragments: HashMap<&'d Name, &'d FragmentDefinition>,
    /// Fragments that are measured, or being measured: those have no size yet.
    measured: HashMap<&'d Name, Size>,
}

/// How deep selection sets and spreads may be nested, so that this recursion uses little of the stack.
const NESTING: usize = 1_000;

impl<'d> Measuring<'d> {
    pub(super) fn new(document: &'d Document) -> Measuring<'d> {
        let mut measuring = Measuring {
            fragments: HashMap::new(),
            measured: HashMap::new(),
        };
        for definition in &document.definitions {
            if let Definition::FragmentDefinition(fragment) = definition {
                measuring.fragments.insert(&fragment.name, fragment);
            }
        }
        measuring
    }

    /// The size of an operation; `None` if it is nested too deeply to be measured.
    pub(super) fn operation(&mut self, operation: &'d OperationDefinition) -> Option<Size> {
        let mut size = self.selections(&operation.selection_set, 0)?;
        let variables = operation.variables.iter();
        let variables = variables.map(|variable| {
            let default = variable.default_value.as_ref();
            1 + default.map_or(0, |value| value_size(value)) + directives_size(&variable.directives)
        });
        let head = variables.sum::<usize>() + directives_size(&operation.directives);
        size.all = size.all.saturating_add(head);
        Some(size)
    }

    /// `None` if it is nested too deeply to be measured.
    fn selections(&mut self, selections: &'d [Selection], nesting: usize) -> Option<Size> {
        if nesting > NESTING {
            return None;
        }
        let mut total = Size::default();
        for selection in selections {
            let alone = match selection {
                Selection::Field(field) => {
                    1 + arguments_size(&field.arguments) + directives_size(&field.directives)
                }
                Selection::InlineFragment(fragment) => 1 + directives_size(&fragment.directives),
                Selection::FragmentSpread(spread) => 1 + directives_size(&spread.directives),
            };
            let size = match selection {
                Selection::Field(field) => {
                    let inner = self.selections(&field.selection_set, nesting + 1)?;
                    Size {
                        depth: inner.depth.saturating_add(1),
                        aliases: inner
                            .aliases
                            .saturating_add(usize::from(field.alias.is_some())),
                        fields: 1,
                        all: inner.all,
                    }
                }
                Selection::InlineFragment(fragment) => {
                    self.selections(&fragment.selection_set, nesting + 1)?
                }
                Selection::FragmentSpread(spread) => {
                    self.fragment(&spread.fragment_name, nesting + 1)?
                }
            };
            total.depth = total.depth.max(size.depth);
            total.aliases = total.aliases.saturating_add(size.aliases);
            total.fields = total.fields.saturating_add(size.fields);
            total.all = total.all.saturating_add(alone).saturating_add(size.all);
        }
        Some(total)
    }

    fn fragment(&mut self, name: &'d Name, nesting: usize) -> Option<Size> {
        if let Some(size) = self.measured.get(name) {
            return Some(*size);
        }
        let Some(fragment) = self.fragments.get(name).copied() else {
            return Some(Size::default());
        };
        self.measured.insert(name, Size::default());
        let mut size = self.selections(&fragment.selection_set, nesting)?;
        size.all = size
            .all
            .saturating_add(directives_size(&fragment.directives));
        self.measured.insert(name, size);
        Some(size)
    }
}

/// Directives and what they hold.
fn directives_size(directives: &[Node<Directive>]) -> usize {
    let each = directives.iter();
    each.map(|directive| 1 + arguments_size(&directive.arguments))
        .sum()
}

/// Arguments and their values.
fn arguments_size(arguments: &[Node<Argument>]) -> usize {
    let each = arguments.iter();
    each.map(|argument| 1 + value_size(&argument.value)).sum()
}

/// The elements of a value; none if it is neither a list nor an object. The parser bounds the depth of values.
fn value_size(value: &Value) -> usize {
    match value {
        Value::List(items) => items.iter().map(|item| 1 + value_size(item)).sum(),
        Value::Object(members) => {
            let each = members.iter();
            each.map(|(_, member)| 1 + value_size(member)).sum()
        }
        _ => 0,
    }
}
