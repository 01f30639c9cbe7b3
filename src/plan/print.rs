//! The operations that are sent to GraphQL services.
//!
//! They are written once, when the plan is made. Guards are sent as Boolean variables of the gateway, so that one text
//! serves all values of the client's `@skip` and `@include` variables.

use std::collections::BTreeSet;
use std::fmt::Write;

use apollo_compiler::{Name, Node, ast, executable};

use super::guard::{Guard, GuardList};
use super::inputs::{ContextInput, FilledArgument};
use super::requested::Position;
use super::slot_key::{passed_on, text_of};
use super::{EntityList, Read, ReadId, Requirement, Selected, ServiceOperation};
use crate::connector::{Subgraph, SubgraphKind};
use crate::graph::query::{QueryGraph, TypeId};

/// The root field for entities.
pub(super) const ENTITIES: &str = "_entities";

/// The parts of the client's operation that are sent on.
#[derive(Clone, Copy)]
pub(super) struct ClientOperation<'a> {
    pub(super) name: Option<&'a Name>,
    pub(super) variables: &'a [Node<executable::VariableDefinition>],
    pub(super) kind: executable::OperationType,
    /// The directives that the service executes.
    pub(super) directives: Option<&'a ast::DirectiveList>,
}

impl<'a> ClientOperation<'a> {
    /// The same for the operations of one subgraph. A schema in this process knows no directives of services.
    pub(super) fn for_subgraph(mut self, subgraph: &Subgraph) -> Self {
        self.directives
            .take_if(|_| matches!(subgraph.kind, SubgraphKind::Native));
        self
    }

    /// The directives for a service's operation of a kind.
    fn directives(
        &self,
        kind: executable::OperationType,
    ) -> impl Iterator<Item = &'a Node<ast::Directive>> + use<'a> {
        let directives = self.directives.filter(|_| kind == self.kind);
        directives.into_iter().flat_map(passed_on)
    }

    /// The prefix of the gateway's variables. No variable of the client starts with it.
    pub(super) fn prefix(&self) -> String {
        let mut prefix = "_".to_owned();
        let is_taken = |prefix: &str| {
            let mut variables = self.variables.iter();
            variables.any(|variable| variable.name.starts_with(prefix))
        };
        while is_taken(&prefix) {
            prefix.push('_');
        }
        prefix
    }
}

/// The arguments of the top-level fields of a selection that have values of contexts.
#[derive(Clone, Copy, Default)]
pub(super) struct Filled<'a> {
    pub(super) arguments: &'a [FilledArgument],
    /// The contexts of the fetch, with their variables.
    pub(super) contexts: &'a [ContextInput],
}

/// What selections are printed from.
pub(super) struct PrintedReads<'a> {
    pub(super) graph: &'a QueryGraph,
    pub(super) positions: &'a [Position],
    pub(super) reads: &'a [Read],
    /// The guards of the fields of each read.
    pub(super) field_guards: &'a [Vec<Guard>],
    /// The guards of the plan; those that are sent as variables are added.
    pub(super) guards: &'a mut GuardList,
}

struct Printer<'f> {
    from: PrintedReads<'f>,
    /// The prefix of the gateway's variables.
    prefix: String,
    filled: Filled<'f>,
    /// Whether the service knows the directives of the client's operation.
    with_directives: bool,
    /// Top-level fields that can be left out, each with its variable.
    skips: Vec<(Name, String)>,
    /// The depth of the selection that is being printed.
    depth: usize,
    variables: Vec<Name>,
    guards: Vec<(String, u32)>,
    body: String,
    /// Whether fields are printed in the order of their keys.
    sorted: bool,
}

pub(super) fn operation(
    from: PrintedReads<'_>,
    client: &ClientOperation<'_>,
    kind: executable::OperationType,
    read: ReadId,
    guard: &Guard,
) -> ServiceOperation {
    let selected = selected(from, client, kind, (read, guard), &[], Filled::default());
    let Selected {
        text,
        variables,
        guards,
        skips,
        contexts,
        ..
    } = selected;
    let mut operation = ServiceOperation {
        kind,
        text: String::new(),
        variables,
        guards,
        skips,
        contexts,
    };
    operation.text = whole(client, &operation, &[], &text);
    operation
}

/// The selection of a fetch that runs under `guard`, for an operation of a kind. The fields of the requirements in
/// `skipping` can be left out.
pub(super) fn selected(
    from: PrintedReads<'_>,
    client: &ClientOperation<'_>,
    kind: executable::OperationType,
    (read, guard): (ReadId, &Guard),
    skipping: &[Requirement],
    filled: Filled<'_>,
) -> Selected {
    let prefix = client.prefix();
    let skips = skipping.iter().enumerate();
    let skips =
        skips.map(|(index, requirement)| (requirement.field.clone(), format!("{prefix}r{index}")));
    let mut printer = Printer {
        from,
        skips: skips.collect(),
        prefix,
        filled,
        with_directives: client.directives.is_some(),
        depth: 0,
        variables: Vec::new(),
        guards: Vec::new(),
        body: String::new(),
        sorted: false,
    };
    printer.selection(read, guard);
    let text = std::mem::take(&mut printer.body);
    printer.sorted = true;
    // A directive of the operation may change what the same selection gives.
    printer.directives(client.directives(kind));
    printer.selection(read, guard);
    let Printer {
        mut variables,
        guards,
        body,
        skips,
        ..
    } = printer;
    let skips: Vec<String> = skips.into_iter().map(|(_, name)| name).collect();
    variables.sort();
    let contexts = filled.contexts.iter();
    let contexts = contexts.map(|context| (context.variable.clone(), context.ty.to_string()));
    Selected {
        contexts: contexts.collect(),
        text,
        canonical: body,
        variables,
        guards,
        skips,
    }
}

/// The operation of a call of `_entities`. Each list has a variable for its representations and a selection per type.
pub(super) fn entities(
    client: &ClientOperation<'_>,
    lists: &[(&EntityList, Vec<(&Name, &Selected)>)],
) -> ServiceOperation {
    let (mut variables, mut guards) = (Vec::new(), Vec::new());
    let (mut skips, mut contexts) = (Vec::new(), Vec::new());
    let mut body = String::from("{");
    let mut representations = Vec::with_capacity(lists.len());
    for (list, types) in lists {
        let EntityList { key, variable } = list;
        representations.push(variable.as_str());
        body.push(' ');
        if key != ENTITIES {
            let _ = write!(body, "{key}: ");
        }
        let _ = write!(body, "{ENTITIES}(representations: ${variable}) {{");
        for (typename, selected) in types {
            let _ = write!(body, " ... on {typename} {}", selected.text);
            variables.extend(selected.variables.iter().cloned());
            guards.extend(selected.guards.iter().cloned());
            skips.extend(selected.skips.iter().cloned());
            contexts.extend(selected.contexts.iter().cloned());
        }
        body.push_str(" }");
    }
    body.push_str(" }");
    variables.sort();
    variables.dedup();
    let mut seen = BTreeSet::new();
    guards.retain(|(_, index)| seen.insert(*index));
    let mut operation = ServiceOperation {
        kind: executable::OperationType::Query,
        text: String::new(),
        variables,
        guards,
        skips,
        contexts,
    };
    operation.text = whole(client, &operation, &representations, &body);
    operation
}

/// The text of an operation.
fn whole(
    client: &ClientOperation<'_>,
    operation: &ServiceOperation,
    representations: &[&str],
    body: &str,
) -> String {
    let representations = representations.iter();
    let mut definitions: Vec<String> = representations
        .map(|name| format!("${name}: [_Any!]!"))
        .collect();
    let used = |variable: &&Node<executable::VariableDefinition>| {
        operation.variables.contains(&variable.name)
    };
    let variables = client.variables.iter().filter(used);
    definitions.extend(variables.map(|variable| definition(variable, client)));
    let names = operation.guards.iter().map(|(name, _)| name);
    let names = names.chain(&operation.skips);
    definitions.extend(names.map(|name| format!("${name}: Boolean!")));
    let contexts = operation.contexts.iter();
    definitions.extend(contexts.map(|(name, ty)| format!("${name}: {ty}")));
    let mut text = String::new();
    text.push_str(operation.kind.name());
    if let Some(name) = client.name {
        let _ = write!(text, " {name}");
    }
    if !definitions.is_empty() {
        let space = if client.name.is_none() { " " } else { "" };
        let _ = write!(text, "{space}({})", definitions.join(", "));
    }
    if let Some(directives) = text_of(client.directives(operation.kind)) {
        let _ = write!(text, " {directives}");
    }
    let _ = write!(text, " {body}");
    text
}

/// The definition of a client's variable. Its value is always sent; a default only makes a nullable variable valid at a
/// non-null position.
fn definition(
    variable: &Node<executable::VariableDefinition>,
    client: &ClientOperation<'_>,
) -> String {
    let (name, ty) = (&variable.name, &variable.ty);
    let mut text = format!("${name}: {ty}");
    let default = variable.default_value.as_ref();
    if let Some(default) = default.filter(|value| !value.is_null() && !ty.is_non_null()) {
        let _ = write!(text, " = {}", default.serialize().no_indent());
    }
    let directives = client.directives.map(|_| &variable.directives);
    if let Some(directives) = text_of(directives.into_iter().flat_map(passed_on)) {
        let _ = write!(text, " {directives}");
    }
    text
}

impl Printer<'_> {
    fn selection(&mut self, read: ReadId, outer: &Guard) {
        let PrintedReads {
            graph,
            positions,
            reads,
            field_guards,
            ..
        } = self.from;
        let (planned_read, guards) = (&reads[read.0 as usize], &field_guards[read.0 as usize]);
        let mut fields: Vec<_> = planned_read.fields.iter().zip(guards).collect();
        if self.sorted {
            fields.sort_by(|(a, _), (b, _)| (&a.only, &a.key).cmp(&(&b.only, &b.key)));
        }
        let position = &positions[planned_read.position.0 as usize];
        self.body.push('{');
        if planned_read.typename || fields.is_empty() {
            self.body.push_str(" __typename");
        }
        let mut within: Option<TypeId> = None;
        for (field, guard) in fields {
            let only = field.only.first().copied();
            if only != within {
                if within.is_some() {
                    self.body.push_str(" }");
                }
                if let Some(ty) = only {
                    let name = graph.types.name(ty);
                    let _ = write!(self.body, " ... on {name} {{");
                }
                within = only;
            }
            self.body.push(' ');
            if field.key != field.name.as_str() {
                let _ = write!(self.body, "{}: ", field.key);
            }
            self.body.push_str(&field.name);
            let slot = &position.slots[usize::from(field.slot)];
            self.arguments(&field.name, &slot.arguments);
            if self.with_directives && !slot.directives.is_empty() {
                self.body.push(' ');
                self.directives(&slot.directives);
            }
            if guard != outer && !guard.is_always() {
                let index = self.from.guards.index(guard);
                let name = format!("{}g{index}", self.prefix);
                let _ = write!(self.body, " @include(if: ${name})");
                if !self.guards.iter().any(|(_, used)| *used == index) {
                    self.guards.push((name, index));
                }
            }
            let skip = self.skips.iter().find(|(name, _)| *name == field.name);
            if let (0, Some((_, name))) = (self.depth, skip) {
                let _ = write!(self.body, " @skip(if: ${name})");
            }
            if let Some(read) = field.read {
                self.body.push(' ');
                self.depth += 1;
                self.selection(read, guard);
                self.depth -= 1;
            }
        }
        if within.is_some() {
            self.body.push_str(" }");
        }
        self.body.push_str(" }");
    }

    fn arguments(&mut self, field: &Name, arguments: &[Node<ast::Argument>]) {
        let mut texts = Vec::with_capacity(arguments.len());
        for argument in arguments {
            self.note_variables(&argument.value);
            texts.push(format!(
                "{}: {}",
                argument.name,
                argument.value.serialize().no_indent()
            ));
        }
        let Filled {
            arguments,
            contexts,
        } = self.filled;
        let of_field = arguments.iter().filter(|filled| filled.field == *field);
        for filled in of_field.filter(|_| self.depth == 0) {
            let variable = &contexts[filled.context].variable;
            texts.push(format!("{}: ${variable}", filled.argument));
        }
        if !texts.is_empty() {
            let _ = write!(self.body, "({})", texts.join(", "));
        }
    }

    fn directives<'d>(&mut self, directives: impl IntoIterator<Item = &'d Node<ast::Directive>>) {
        let directives = Vec::from_iter(directives);
        for directive in &directives {
            for argument in &directive.arguments {
                self.note_variables(&argument.value);
            }
        }
        self.body.extend(text_of(directives));
    }

    fn note_variables(&mut self, value: &ast::Value) {
        match value {
            ast::Value::Variable(name) if !self.variables.contains(name) => {
                self.variables.push(name.clone())
            }
            ast::Value::List(items) => items.iter().for_each(|item| self.note_variables(item)),
            ast::Value::Object(members) => members
                .iter()
                .for_each(|(_, value)| self.note_variables(value)),
            _ => {}
        }
    }
}
