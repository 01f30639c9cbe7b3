//! The parts of a normalised operation, and how they are found by their ids.

use std::sync::Arc;

use apollo_compiler::parser::{SourceMap, SourceSpan};
use apollo_compiler::{Name, Node, ast};
use indexmap::IndexSet;

use super::super::guard::{Guard, Literal};
use super::super::initial_count::InitialCount;
use super::super::nulls::NullableUse;
use super::super::slot_key::{SlotKey, text_of};
use crate::graph::query::{QueryGraph, TypeId};

/// A field as it is written, as an index into `NormalisedOperation::fields`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::plan) struct FieldId(pub(super) u32);

/// Selections as they are written between two braces, as an index into `NormalisedOperation::written`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::plan) struct WrittenId(pub(super) u32);

/// A set of response fields, as an index into `NormalisedOperation::sets`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::plan) struct SelectionSetId(pub(super) u32);

/// A response field, as an index into `NormalisedOperation::responses`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::plan) struct ResponseId(pub(super) u32);

/// A deferred fragment, as an index into `NormalisedOperation::fragments`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::plan) struct DeferredId(pub(super) u32);

/// A guard and the innermost deferred fragment around a field, as an index into `NormalisedOperation::guards`: equal ones have
/// equal ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::plan) struct GuardId(u32);

impl GuardId {
    /// The guard that always holds, outside of deferred fragments.
    pub(in crate::plan) const ALWAYS: GuardId = GuardId(0);
}

/// An operation whose selections are resolved and numbered.
pub(in crate::plan) struct NormalisedOperation<'a> {
    pub(super) graph: &'a QueryGraph,
    /// The texts that locations refer to.
    pub(in crate::plan) sources: &'a SourceMap,
    /// What the operation selects at its root.
    pub(in crate::plan) root: SelectionSetId,
    pub(super) fields: Vec<Field<'a>>,
    pub(super) written: Vec<WrittenSet<'a>>,
    pub(super) sets: Vec<SelectionSet>,
    pub(super) responses: Vec<ResponseField>,
    pub(super) guards: Guards,
    /// The `@defer` directives that may be active, as they are written.
    pub(super) defers: Vec<Defer<'a>>,
    /// The deferred fragments: one for each set in which a fragment with `@defer` is collected.
    pub(super) fragments: Vec<DeferredFragment>,
    /// The `@stream` directives that may be active, as they are written.
    pub(super) streams: Vec<Stream<'a>>,
}

/// A `@stream` directive that may be active.
#[derive(Debug, Clone)]
pub(in crate::plan) struct Stream<'a> {
    pub(in crate::plan) label: Option<&'a str>,
    /// The variable of `if`.
    pub(in crate::plan) condition: Option<&'a Name>,
    pub(in crate::plan) first: InitialCount,
}

/// A `@defer` directive that may be active.
#[derive(Debug, Clone, Copy)]
pub(in crate::plan) struct Defer<'a> {
    pub(in crate::plan) label: Option<&'a str>,
    /// The variable of `if`.
    pub(in crate::plan) condition: Option<&'a Name>,
}

/// A fragment with `@defer`, in one of the sets in which its fields are collected.
#[derive(Debug)]
pub(in crate::plan) struct DeferredFragment {
    /// Its directive, as an index into `NormalisedOperation::defers`.
    pub(super) defer: u32,
    /// The deferred fragment around it.
    pub(in crate::plan) parent: Option<DeferredId>,
    /// The number of the set, see [`SelectionSet::number`].
    pub(in crate::plan) set: u32,
}

/// A field as it is written.
pub(in crate::plan) struct Field<'a> {
    /// The name in the response.
    pub(in crate::plan) response: &'a Name,
    /// The field and its arguments in canonical text, without directives and a response name.
    pub(in crate::plan) key: SlotKey,
    /// The directives that are passed on to services.
    pub(super) directives: Vec<&'a Node<ast::Directive>>,
    /// The arguments as written.
    pub(in crate::plan) arguments: &'a [Node<ast::Argument>],
    /// Its type where it is written, which may be an interface.
    pub(in crate::plan) ty: &'a ast::Type,
    /// The nullable variables in its arguments that must not be null.
    pub(in crate::plan) null_uses: Vec<NullableUse<'a>>,
    /// Where it is written.
    pub(in crate::plan) span: Option<SourceSpan>,
    /// Its own `@skip` and `@include` with variables.
    pub(in crate::plan) conditions: Vec<Literal>,
    /// Its `@stream`, as an index into `NormalisedOperation::streams`.
    pub(super) stream: Option<u32>,
    /// What it selects below; empty for a leaf.
    pub(in crate::plan) below: WrittenId,
}

/// Selections as they are written between two braces.
pub(in crate::plan) struct WrittenSet<'a> {
    /// The type that they are written on.
    pub(in crate::plan) ty: &'a Name,
    pub(in crate::plan) selections: Vec<Selection>,
    /// A fragment in them, or in one of these, has a type condition.
    pub(super) narrows: bool,
}

/// A field or a fragment. Selections that are never included are left out.
pub(in crate::plan) enum Selection {
    Field(FieldId),
    Fragment {
        /// The type condition.
        on: Option<TypeId>,
        conditions: Vec<Literal>,
        /// Its `@defer`, as an index into `NormalisedOperation::defers`.
        defer: Option<u32>,
        set: WrittenId,
    },
}

/// What an operation selects of the objects of a type.
#[derive(Debug)]
pub(in crate::plan) struct SelectionSet {
    /// The type of the objects.
    pub(in crate::plan) ty: TypeId,
    /// Sets are numbered in the order in which they are begun.
    pub(in crate::plan) number: u32,
    /// The possible types by what applies to them, in the order of their first types.
    pub(in crate::plan) classes: Vec<Class>,
    /// The class of each possible type, in their order.
    pub(super) class_of: Vec<u32>,
}

/// Types of a set to which the same fragments apply.
#[derive(Debug, Default)]
pub(in crate::plan) struct Class {
    pub(in crate::plan) types: Vec<TypeId>,
    /// The response fields, in the order of their first fields.
    pub(in crate::plan) responses: Vec<ResponseId>,
    /// The response fields in the order of the response, each with its guard. With conditions, one may appear at
    /// several positions, with guards that exclude each other.
    pub(in crate::plan) order: Vec<(ResponseId, GuardId)>,
}

/// One field of the response, which merges fields of the operation.
#[derive(Debug)]
pub(in crate::plan) struct ResponseField {
    /// The fields, each with the guard of everything around it.
    pub(in crate::plan) fields: Vec<(FieldId, GuardId)>,
    /// What it selects below; `None` for a leaf.
    pub(in crate::plan) set: Option<SelectionSetId>,
}

/// The guards of an operation with the deferred fragments that they are in, each once.
pub(super) struct Guards {
    all: IndexSet<(Guard, Option<DeferredId>)>,
}

impl Guards {
    pub(super) fn new() -> Self {
        Guards {
            all: IndexSet::from([(Guard::always(), None)]),
        }
    }

    /// The id of a guard outside of deferred fragments.
    pub(super) fn intern(&mut self, guard: Guard) -> GuardId {
        self.intern_in(guard, None)
    }

    fn intern_in(&mut self, guard: Guard, within: Option<DeferredId>) -> GuardId {
        GuardId(self.all.insert_full((guard, within)).0 as u32)
    }

    /// The same guard in a deferred fragment.
    pub(super) fn within(&mut self, id: GuardId, fragment: DeferredId) -> GuardId {
        let guard = self.get(id).clone();
        self.intern_in(guard, Some(fragment))
    }

    fn get(&self, id: GuardId) -> &Guard {
        &self.all[id.0 as usize].0
    }

    /// The deferred fragment that a guard is in.
    pub(super) fn fragment(&self, id: GuardId) -> Option<DeferredId> {
        self.all[id.0 as usize].1
    }

    /// The conjunction with conditions; `None` if it never holds.
    pub(super) fn and<'l>(
        &mut self,
        id: GuardId,
        literals: impl IntoIterator<Item = &'l Literal>,
    ) -> Option<GuardId> {
        let mut literals = literals.into_iter().peekable();
        if literals.peek().is_none() {
            return Some(id);
        }
        let mut guard = self.get(id).clone();
        for literal in literals {
            guard = guard.and(literal);
        }
        let within = self.fragment(id);
        (!guard.is_never()).then(|| self.intern_in(guard, within))
    }
}

impl<'a> NormalisedOperation<'a> {
    pub(in crate::plan) fn field(&self, id: FieldId) -> &Field<'a> {
        &self.fields[id.0 as usize]
    }

    pub(in crate::plan) fn written(&self, id: WrittenId) -> &WrittenSet<'a> {
        &self.written[id.0 as usize]
    }

    pub(in crate::plan) fn set(&self, id: SelectionSetId) -> &SelectionSet {
        &self.sets[id.0 as usize]
    }

    pub(in crate::plan) fn response(&self, id: ResponseId) -> &ResponseField {
        &self.responses[id.0 as usize]
    }

    /// The first field of a response field: all have the same name, arguments and response name.
    pub(in crate::plan) fn first_field(&self, id: ResponseId) -> &Field<'a> {
        self.field(self.response(id).fields[0].0)
    }

    /// The directives of a response field that are passed on to services. Fields that are merged need not have the same
    /// directives: the response field has all of them, but of directives with one name only those of the first field.
    pub(in crate::plan) fn directives(&self, id: ResponseId) -> Vec<&'a Node<ast::Directive>> {
        let mut directives: Vec<&'a Node<ast::Directive>> = Vec::new();
        for (field, _) in &self.response(id).fields {
            let before = directives.len();
            for directive in &self.field(*field).directives {
                let mut earlier = directives[..before].iter();
                if !earlier.any(|other| other.name == directive.name) {
                    directives.push(directive);
                }
            }
        }
        directives
    }

    /// What addresses the slot of a response field, without its response name.
    pub(in crate::plan) fn slot_key(&self, id: ResponseId) -> SlotKey {
        let mut key = self.first_field(id).key.clone();
        key.directives = text_of(self.directives(id)).map(Arc::from);
        key
    }

    pub(in crate::plan) fn guard(&self, id: GuardId) -> &Guard {
        self.guards.get(id)
    }

    /// The innermost deferred fragment that a guard is in.
    pub(in crate::plan) fn fragment_of(&self, id: GuardId) -> Option<DeferredId> {
        self.guards.fragment(id)
    }

    /// Whether a fragment may be deferred.
    pub(in crate::plan) fn may_defer(&self) -> bool {
        !self.fragments.is_empty()
    }

    /// Whether a list may be streamed.
    pub(in crate::plan) fn may_stream(&self) -> bool {
        !self.streams.is_empty()
    }

    /// The `@stream` of a field.
    pub(in crate::plan) fn stream(&self, field: &Field<'a>) -> Option<&Stream<'a>> {
        field.stream.map(|stream| &self.streams[stream as usize])
    }

    pub(in crate::plan) fn fragment(&self, id: DeferredId) -> &DeferredFragment {
        &self.fragments[id.0 as usize]
    }

    pub(in crate::plan) fn defer(&self, fragment: &DeferredFragment) -> Defer<'a> {
        self.defers[fragment.defer as usize]
    }

    /// The class of a type in a set, as an index; `None` if the set's objects cannot have this type.
    pub(in crate::plan) fn class_of(&self, set: SelectionSetId, ty: TypeId) -> Option<usize> {
        let set = self.set(set);
        let possible = &self.graph.types.info(set.ty).possible;
        let index = possible.binary_search(&ty).ok()?;
        Some(set.class_of[index] as usize)
    }

    /// The static type below a field of these concrete types, or `None` for a leaf: the type that all of them give the
    /// field, which may be narrower than that of the interface on which the operation mentions it; if they differ, the
    /// interface's.
    pub(in crate::plan) fn child_type(&self, parents: &[TypeId], field: FieldId) -> Option<TypeId> {
        let field = self.field(field);
        let declared = self.graph.types.id(field.ty.inner_named_type())?;
        let mut narrower = parents
            .iter()
            .map(|parent| self.graph.field_type(*parent, &field.key.field));
        let first = narrower.next().flatten();
        let same = narrower.all(|other| other == first);
        first.filter(|_| same).or(Some(declared))
    }
}

impl Field<'_> {
    /// The conditions under which none of its arguments has a null that fails the field.
    pub(super) fn without_nulls(&self) -> impl Iterator<Item = Literal> {
        let uses = self.null_uses.iter();
        uses.map(|null_use| Literal::null(null_use.variable, false))
    }

    /// The guard of a field under a guard: it is not read where a variable is null that must not be.
    pub(in crate::plan) fn read_guard(&self, guard: &Guard) -> Guard {
        let literals = self.without_nulls();
        literals.fold(guard.clone(), |guard, literal| guard.and(&literal))
    }
}
