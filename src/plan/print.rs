//! The operations that are sent to GraphQL services.
//!
//! Written once when the plan is made. Guards go out as Boolean variables of ours, so that one text serves all values of the
//! client's `@skip` and `@include` variables.

use std::fmt::Write;

use apollo_compiler::Name;
use apollo_compiler::ast;
use apollo_compiler::executable;

use super::ReadId;
use super::Requirement;
use super::finish::Finisher;
use super::guard::Guard;
use crate::graph::query::TypeId;

/// The client's operation, as far as operations made from it depend on it.
pub(super) struct Operation<'a> {
    pub(super) name: Option<&'a Name>,
    pub(super) variables: Vec<(&'a Name, &'a ast::Type)>,
}

/// An operation for a GraphQL service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceOperation {
    /// Query or mutation: under a mutation's fields, the query root is asked by queries.
    pub kind: executable::OperationType,
    /// Its text.
    pub text: String,
    /// The client's variables that it uses.
    pub variables: Vec<Name>,
    /// Its own variables that carry guards: name and index into the plan's guards.
    pub guards: Vec<(String, u32)>,
    /// Its own variables that leave out fields of which something required has failed, by the fetch's requirements.
    pub skips: Vec<String>,
    /// The name of the variable that carries representations.
    pub representations: Option<String>,
    /// What is selected of each entity, its fields in the order of their response keys: the same text whatever the order
    /// in which a client names them. Empty for an operation without representations.
    pub selection: String,
}

/// What an operation is printed of.
#[derive(Clone, Copy)]
pub(super) struct Printed<'a> {
    kind: executable::OperationType,
    read: ReadId,
    /// The type of the entities that it asks for.
    entities: Option<&'a Name>,
    /// Fields that can be left out.
    skipping: &'a [Requirement],
}

impl<'a> Printed<'a> {
    pub(super) fn root(kind: executable::OperationType, read: ReadId) -> Self {
        Printed {
            kind,
            read,
            entities: None,
            skipping: &[],
        }
    }

    pub(super) fn entities(typename: &'a Name, read: ReadId) -> Self {
        Printed {
            entities: Some(typename),
            ..Printed::root(executable::OperationType::Query, read)
        }
    }

    /// With each field that requires something left out on demand.
    pub(super) fn skipping(self, skipping: &'a [Requirement]) -> Self {
        Printed { skipping, ..self }
    }
}

struct Printer<'f, 'p, 'g> {
    finisher: &'f mut Finisher<'p, 'g>,
    /// What names of our own variables begin with: nothing that a client's do.
    prefix: String,
    /// Fields of the operation's own level that can be left out, each with a variable for it.
    skips: Vec<(Name, String)>,
    /// How deep the selection is that is being printed.
    depth: usize,
    variables: Vec<Name>,
    guards: Vec<(String, u32)>,
    body: String,
    /// Fields stand in the order of their keys, not in that of the operation.
    sorted: bool,
}

pub(super) fn operation(
    finisher: &mut Finisher<'_, '_>,
    operation: &Operation<'_>,
    printed: &Printed<'_>,
    guard: &Guard,
) -> ServiceOperation {
    let Printed {
        kind,
        read,
        entities,
        skipping,
    } = *printed;
    let mut prefix = "_".to_owned();
    while operation
        .variables
        .iter()
        .any(|(name, _)| name.starts_with(prefix.as_str()))
    {
        prefix.push('_');
    }
    let skips = skipping.iter().enumerate();
    let skips = skips.map(|(place, own)| (own.field.clone(), format!("{prefix}r{place}")));
    let mut printer = Printer {
        finisher,
        skips: skips.collect(),
        prefix,
        depth: 0,
        variables: Vec::new(),
        guards: Vec::new(),
        body: String::new(),
        sorted: false,
    };
    printer.selection(read, guard);
    let body = std::mem::take(&mut printer.body);
    let mut selection = String::new();
    if let Some(typename) = entities {
        let _ = write!(printer.body, "... on {typename} ");
        printer.sorted = true;
        printer.selection(read, guard);
        selection = std::mem::take(&mut printer.body);
    }
    let Printer {
        mut variables,
        guards,
        skips,
        ..
    } = printer;
    let skips: Vec<String> = skips.into_iter().map(|(_, name)| name).collect();
    variables.sort();
    let mut representations = None;
    if entities.is_some() {
        let mut name = "representations".to_owned();
        while variables.iter().any(|variable| variable.as_str() == name) {
            name.push('_');
        }
        representations = Some(name);
    }
    let mut definitions: Vec<String> = Vec::new();
    if let Some(name) = &representations {
        definitions.push(format!("${name}: [_Any!]!"));
    }
    for (name, ty) in &operation.variables {
        if variables.contains(name) {
            definitions.push(format!("${name}: {ty}"));
        }
    }
    let own = guards.iter().map(|(name, _)| name).chain(&skips);
    definitions.extend(own.map(|name| format!("${name}: Boolean!")));
    let mut text = String::new();
    text.push_str(kind.name());
    if let Some(name) = operation.name {
        let _ = write!(text, " {name}");
    }
    if !definitions.is_empty() {
        let space = if operation.name.is_none() { " " } else { "" };
        let _ = write!(text, "{space}({})", definitions.join(", "));
    }
    text.push(' ');
    match (entities, &representations) {
        (Some(typename), Some(name)) => {
            let _ = write!(
                text,
                "{{ _entities(representations: ${name}) {{ ... on {typename} {body} }} }}"
            );
        }
        _ => text.push_str(&body),
    }
    ServiceOperation {
        kind,
        text,
        variables,
        guards,
        skips,
        representations,
        selection,
    }
}

impl Printer<'_, '_, '_> {
    fn selection(&mut self, read: ReadId, outer: &Guard) {
        let fields = self.finisher.reads[read.0 as usize].fields.clone();
        let guards = self.finisher.guards_of(read).to_vec();
        let mut fields: Vec<_> = fields.into_iter().zip(guards).collect();
        if self.sorted {
            fields.sort_by(|(a, _), (b, _)| (&a.only, &a.key).cmp(&(&b.only, &b.key)));
        }
        let need = self.finisher.reads[read.0 as usize].need;
        self.body.push('{');
        if self.finisher.reads[read.0 as usize].typename || fields.is_empty() {
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
                    let name = self.finisher.graph().types.name(ty).clone();
                    let _ = write!(self.body, " ... on {name} {{");
                }
                within = only;
            }
            self.body.push(' ');
            if field.key != field.name.as_str() {
                let _ = write!(self.body, "{}: ", field.key);
            }
            self.body.push_str(&field.name);
            let arguments = self.finisher.slot(need, field.slot).arguments.clone();
            self.arguments(&arguments);
            if guard != *outer && !guard.is_always() {
                let index = self.finisher.guard(guard.clone());
                let name = format!("{}g{index}", self.prefix);
                let _ = write!(self.body, " @include(if: ${name})");
                if !self.guards.iter().any(|(_, known)| *known == index) {
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
                self.selection(read, &guard);
                self.depth -= 1;
            }
        }
        if within.is_some() {
            self.body.push_str(" }");
        }
        self.body.push_str(" }");
    }

    fn arguments(&mut self, arguments: &[apollo_compiler::Node<ast::Argument>]) {
        if arguments.is_empty() {
            return;
        }
        let mut texts = Vec::with_capacity(arguments.len());
        for argument in arguments {
            self.note_variables(&argument.value);
            texts.push(format!(
                "{}: {}",
                argument.name,
                argument.value.serialize().no_indent()
            ));
        }
        let _ = write!(self.body, "({})", texts.join(", "));
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
