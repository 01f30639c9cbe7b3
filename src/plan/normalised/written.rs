//! Reads the selections of an operation as they are written, each once.

use ahash::HashMap;
use apollo_compiler::{Name, Node, ast, executable};

use super::super::bounds::{PlanError, Steps};
use super::super::guard::Literal;
use super::super::initial_count::InitialCount;
use super::super::nulls::Nullable;
use super::super::slot_key::{SlotKey, passed_on};
use super::operation::{Defer, Field, FieldId, Selection, Stream, WrittenId, WrittenSet};
use crate::graph::query::{QueryGraph, TypeId};

pub(super) struct SelectionReader<'n, 'a> {
    pub(super) graph: &'a QueryGraph,
    pub(super) document: &'a executable::ExecutableDocument,
    pub(super) nullable: &'n Nullable<'a>,
    pub(super) fields: Vec<Field<'a>>,
    pub(super) written: Vec<WrittenSet<'a>>,
    /// The fragments that have been read.
    pub(super) fragments: HashMap<&'a Name, WrittenId>,
    /// The `@defer` directives that may be active.
    pub(super) defers: Vec<Defer<'a>>,
    /// The `@stream` directives that may be active.
    pub(super) streams: Vec<Stream<'a>>,
    pub(super) steps: Steps,
}

impl<'a> SelectionReader<'_, 'a> {
    /// Reads a selection set. The document is valid, so no fragment spreads itself.
    pub(super) fn set(
        &mut self,
        set: &'a executable::SelectionSet,
    ) -> Result<WrittenId, PlanError> {
        let mut selections = Vec::with_capacity(set.selections.len());
        let mut narrows = false;
        for selection in &set.selections {
            self.steps.spend(1)?;
            let Some(conditions) = conditions(selection.directives()) else {
                continue;
            };
            let (on, set) = match selection {
                executable::Selection::Field(field) => {
                    let field = self.field(field, conditions)?;
                    selections.push(Selection::Field(field));
                    continue;
                }
                executable::Selection::InlineFragment(fragment) => {
                    let Ok(on) = self.condition(fragment.type_condition.as_ref()) else {
                        continue;
                    };
                    (on, self.set(&fragment.selection_set)?)
                }
                executable::Selection::FragmentSpread(spread) => {
                    let Some(fragment) = self.document.fragments.get(&spread.fragment_name) else {
                        continue;
                    };
                    let Ok(on) = self.condition(Some(&fragment.selection_set.ty)) else {
                        continue;
                    };
                    (on, self.fragment(fragment)?)
                }
            };
            let defer = self.defer(selection.directives());
            narrows |= on.is_some() || self.written[set.0 as usize].narrows;
            selections.push(Selection::Fragment {
                on,
                conditions,
                defer,
                set,
            });
        }
        self.written.push(WrittenSet {
            ty: &set.ty,
            selections,
            narrows,
        });
        Ok(WrittenId((self.written.len() - 1) as u32))
    }

    fn fragment(&mut self, fragment: &'a executable::Fragment) -> Result<WrittenId, PlanError> {
        if let Some(&set) = self.fragments.get(&fragment.name) {
            return Ok(set);
        }
        let set = self.set(&fragment.selection_set)?;
        self.fragments.insert(&fragment.name, set);
        Ok(set)
    }

    /// The `@defer` of a fragment, unless a constant switches it off.
    fn defer(&mut self, directives: &'a ast::DirectiveList) -> Option<u32> {
        let directive = directives.get("defer")?;
        let (label, condition) = label_and_condition(directive)?;
        self.defers.push(Defer { label, condition });
        Some((self.defers.len() - 1) as u32)
    }

    /// The `@stream` of a field, unless a constant switches it off.
    fn stream(&mut self, directives: &'a ast::DirectiveList) -> Option<u32> {
        let directive = directives.get("stream")?;
        let (label, condition) = label_and_condition(directive)?;
        self.streams.push(Stream {
            label,
            condition,
            first: InitialCount::of(directive),
        });
        Some((self.streams.len() - 1) as u32)
    }

    /// The type of a condition; an error if it is a type of introspection, to which no object of the graph belongs.
    fn condition(&self, condition: Option<&Name>) -> Result<Option<TypeId>, ()> {
        match condition {
            None => Ok(None),
            Some(name) => self.graph.types.id(name).map(Some).ok_or(()),
        }
    }

    fn field(
        &mut self,
        field: &'a Node<executable::Field>,
        conditions: Vec<Literal>,
    ) -> Result<FieldId, PlanError> {
        // What is below `__schema` and `__type` is written by introspection.
        let below = if field.name.starts_with("__") {
            self.written.push(WrittenSet {
                ty: &field.selection_set.ty,
                selections: Vec::new(),
                narrows: false,
            });
            WrittenId((self.written.len() - 1) as u32)
        } else {
            self.set(&field.selection_set)?
        };
        let stream = self.stream(&field.directives);
        let null_uses = self.nullable.uses(field);
        self.steps.spend(null_uses.len())?;
        self.fields.push(Field {
            response: field.response_key(),
            key: SlotKey::of(&field.name, &field.arguments),
            directives: passed_on(&field.directives).collect(),
            arguments: &field.arguments,
            ty: field.ty(),
            null_uses,
            span: field.location(),
            conditions,
            stream,
            below,
        });
        Ok(FieldId((self.fields.len() - 1) as u32))
    }
}

/// The `label` of a directive, and the variable of its `if`; `None` if a constant switches it off.
fn label_and_condition(directive: &ast::Directive) -> Option<(Option<&str>, Option<&Name>)> {
    let argument = |name| directive.specified_argument_by_name(name);
    let condition = match argument("if").map(|value| value.as_ref()) {
        Some(ast::Value::Boolean(false)) => return None,
        Some(ast::Value::Variable(variable)) => Some(variable),
        _ => None,
    };
    let label = argument("label").and_then(|label| label.as_str());
    Some((label, condition))
}

/// The conditions of `@skip` and `@include` that depend on variables; `None` if a constant excludes the selection.
fn conditions(directives: &ast::DirectiveList) -> Option<Vec<Literal>> {
    let mut conditions = Vec::new();
    if directives.is_empty() {
        return Some(conditions);
    }
    for (name, value) in [("skip", false), ("include", true)] {
        let Some(directive) = directives.get(name) else {
            continue;
        };
        let Some(condition) = directive.specified_argument_by_name("if") else {
            continue;
        };
        match condition.as_ref() {
            ast::Value::Boolean(constant) if *constant == value => {}
            ast::Value::Boolean(_) => return None,
            ast::Value::Variable(variable) => {
                conditions.push(Literal::variable(variable, value));
            }
            _ => {}
        }
    }
    Some(conditions)
}
