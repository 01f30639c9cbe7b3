//! The difference between two versions of the public schema, and what it means to clients.
//!
//! Both schemas are compared element by element. Each change is *breaking* (a valid operation may become invalid, or
//! may return what its author could not expect), *dangerous* (operations stay valid, but a client may be surprised: a
//! new enum value, another default) or *safe*.

use std::fmt;

use apollo_compiler::ast::{Directive, DirectiveList, InputValueDefinition, OperationType};
use apollo_compiler::schema::{ExtendedType, FieldDefinition, InputObjectType};
use apollo_compiler::{Name, Node, Schema};

use super::federation as fed;
use super::field_sets::fields_of;

/// How serious a change is for clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Impact {
    /// Operations that worked may fail.
    Breaking,
    /// Operations stay valid, but may return something new.
    Dangerous,
    /// Clients that do not use it do not notice.
    Safe,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// How serious it is.
    pub impact: Impact,
    /// The element as a schema coordinate: `District`, `District.name`, `Query.districts(first:)`, `@upper`.
    pub coordinate: String,
    /// What has changed, in one line without a closing period.
    pub message: String,
}

impl fmt::Display for Impact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Impact::Breaking => "breaking",
            Impact::Dangerous => "dangerous",
            Impact::Safe => "safe",
        })
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.impact, self.coordinate, self.message)
    }
}

/// The changes from one public schema to another, the most serious first, then by coordinate.
pub fn changes(before: &Schema, after: &Schema) -> Vec<Change> {
    let mut diff = SchemaDiff {
        before,
        after,
        changes: Vec::new(),
    };
    diff.roots();
    diff.types();
    diff.directives();
    diff.changes.sort();
    diff.changes
}

struct SchemaDiff<'a> {
    before: &'a Schema,
    after: &'a Schema,
    changes: Vec<Change>,
}

use Impact::{Breaking, Dangerous, Safe};

impl SchemaDiff<'_> {
    fn push(&mut self, impact: Impact, at: impl fmt::Display, message: impl Into<String>) {
        self.changes.push(Change {
            impact,
            coordinate: at.to_string(),
            message: message.into(),
        });
    }

    fn roots(&mut self) {
        for operation in [
            OperationType::Query,
            OperationType::Mutation,
            OperationType::Subscription,
        ] {
            let before = self.before.root_operation(operation);
            let after = self.after.root_operation(operation);
            match (before, after) {
                (Some(before), Some(after)) if before != after => {
                    let message =
                        format!("the {operation} root is `{after}`, no longer `{before}`");
                    self.push(Breaking, before, message);
                }
                (Some(before), None) => {
                    self.push(
                        Breaking,
                        before,
                        format!("there is no {operation} root any more"),
                    );
                }
                _ => {}
            }
        }
    }

    fn types(&mut self) {
        for (name, before) in own_types(self.before) {
            match self.after.types.get(name).filter(|ty| !ty.is_built_in()) {
                None => self.push(Breaking, name, "the type is gone"),
                Some(after) if kind(before) != kind(after) => {
                    let message =
                        format!("its kind is {}, no longer {}", kind(after), kind(before));
                    self.push(Breaking, name, message);
                }
                Some(after) => self.ty(name, before, after),
            }
        }
        for (name, after) in own_types(self.after) {
            if !self.before.types.contains_key(name) {
                self.push(Safe, name, format!("new {}", kind(after)));
            }
        }
    }

    fn ty(&mut self, name: &Name, before: &ExtendedType, after: &ExtendedType) {
        let texts = (before.description(), after.description());
        self.description(name, texts.0, texts.1);
        match (before, after) {
            (ExtendedType::Object(old), ExtendedType::Object(new)) => {
                let old = old.implements_interfaces.iter().map(|one| &one.name);
                let new = new.implements_interfaces.iter().map(|one| &one.name);
                self.interfaces(name, old.collect(), new.collect());
            }
            (ExtendedType::Interface(old), ExtendedType::Interface(new)) => {
                let old = old.implements_interfaces.iter().map(|one| &one.name);
                let new = new.implements_interfaces.iter().map(|one| &one.name);
                self.interfaces(name, old.collect(), new.collect());
            }
            (ExtendedType::Union(old), ExtendedType::Union(new)) => {
                for member in old.members.iter().filter(|one| !new.members.contains(*one)) {
                    self.push(Breaking, name, format!("`{member}` is no longer a member"));
                }
                for member in new.members.iter().filter(|one| !old.members.contains(*one)) {
                    self.push(Dangerous, name, format!("`{member}` is a new member"));
                }
            }
            (ExtendedType::Enum(old), ExtendedType::Enum(new)) => {
                for (value, old) in &old.values {
                    let at = format!("{name}.{value}");
                    match new.values.get(value) {
                        None => self.push(Breaking, at, "the value is gone"),
                        Some(new) => {
                            self.description(
                                &at,
                                old.description.as_ref(),
                                new.description.as_ref(),
                            );
                            self.deprecation(&at, &old.directives, &new.directives);
                        }
                    }
                }
                for value in new
                    .values
                    .keys()
                    .filter(|one| !old.values.contains_key(*one))
                {
                    let at = format!("{name}.{value}");
                    self.push(Dangerous, at, "the value is new");
                }
            }
            (ExtendedType::InputObject(old), ExtendedType::InputObject(new)) => {
                let is_one_of = |input: &InputObjectType| input.directives.has(fed::ONE_OF);
                match (is_one_of(old), is_one_of(new)) {
                    (false, true) => {
                        self.push(
                            Breaking,
                            name,
                            "exactly one field must be given now (@oneOf)",
                        );
                    }
                    (true, false) => {
                        self.push(Dangerous, name, "the input type is no longer @oneOf");
                    }
                    _ => {}
                }
                let at = |field: &Name| format!("{name}.{field}");
                let old: Vec<_> = old.fields.values().map(|one| &one.node).collect();
                let new: Vec<_> = new.fields.values().map(|one| &one.node).collect();
                self.inputs(&at, "field", &old, &new);
            }
            (ExtendedType::Scalar(old), ExtendedType::Scalar(new)) => {
                let url = |list: &apollo_compiler::schema::DirectiveList| {
                    let url = list.get(fed::SPECIFIED_BY);
                    url.and_then(|url| fed::string(url, "url").map(str::to_owned))
                };
                if url(&old.directives) != url(&new.directives) {
                    self.push(
                        Dangerous,
                        name,
                        "the scalar is specified by another document",
                    );
                }
            }
            _ => {}
        }
        self.fields(name, before, after);
    }

    fn interfaces(&mut self, name: &Name, before: Vec<&Name>, after: Vec<&Name>) {
        for interface in before.iter().filter(|one| !after.contains(one)) {
            self.push(
                Breaking,
                name,
                format!("it no longer implements `{interface}`"),
            );
        }
        for interface in after.iter().filter(|one| !before.contains(one)) {
            self.push(Dangerous, name, format!("it now implements `{interface}`"));
        }
    }

    fn fields(&mut self, name: &Name, before: &ExtendedType, after: &ExtendedType) {
        for (field, old) in fields_of(before) {
            let at = format!("{name}.{field}");
            match fields_of(after).find(|(name, _)| *name == field) {
                None => {
                    let deprecated = old.directives.has(fed::DEPRECATED);
                    let message = if deprecated {
                        "the deprecated field is gone"
                    } else {
                        "the field is gone"
                    };
                    self.push(Breaking, at, message);
                }
                Some((_, new)) => self.field(&at, old, new),
            }
        }
        for (field, _) in fields_of(after) {
            if !fields_of(before).any(|(name, _)| name == field) {
                self.push(Safe, format!("{name}.{field}"), "the field is new");
            }
        }
    }

    fn field(&mut self, at: &str, before: &FieldDefinition, after: &FieldDefinition) {
        self.description(&at, before.description.as_ref(), after.description.as_ref());
        self.deprecation(&at, &before.directives, &after.directives);
        if before.ty != after.ty {
            // An object under its interface is no narrowing: fragments on the interface's other implementations
            // would be refused as impossible.
            let narrower = after.ty.is_assignable_to(&before.ty);
            let impact = if narrower { Safe } else { Breaking };
            let message = format!("the type is `{}`, no longer `{}`", after.ty, before.ty);
            self.push(impact, at, message);
        }
        let argument = |name: &Name| format!("{at}({name}:)");
        let before: Vec<_> = before.arguments.iter().collect();
        let after: Vec<_> = after.arguments.iter().collect();
        self.inputs(&argument, "argument", &before, &after);
    }

    /// Arguments or input fields.
    fn inputs(
        &mut self,
        at: &dyn Fn(&Name) -> String,
        what: &str,
        before: &[&Node<InputValueDefinition>],
        after: &[&Node<InputValueDefinition>],
    ) {
        for old in before {
            let at = at(&old.name);
            match after.iter().find(|new| new.name == old.name) {
                None => self.push(Breaking, at, format!("the {what} is gone")),
                Some(new) => self.input(&at, old, new),
            }
        }
        for new in after {
            if before.iter().any(|old| old.name == new.name) {
                continue;
            }
            if new.is_required() {
                self.push(
                    Breaking,
                    at(&new.name),
                    format!("the {what} is new and required"),
                );
            } else {
                self.push(Safe, at(&new.name), format!("the {what} is new"));
            }
        }
    }

    fn input(&mut self, at: &str, before: &InputValueDefinition, after: &InputValueDefinition) {
        self.description(&at, before.description.as_ref(), after.description.as_ref());
        self.deprecation(&at, &before.directives, &after.directives);
        if before.ty != after.ty {
            // What was accepted before must be accepted still, a null too: no default stands in for that.
            let accepted = before.ty.is_assignable_to(&after.ty);
            let message = format!("the type is `{}`, no longer `{}`", after.ty, before.ty);
            self.push(if accepted { Safe } else { Breaking }, at, message);
        }
        let text = |value: &InputValueDefinition| {
            let value = value.default_value.as_ref();
            value.map(|value| value.serialize().no_indent().to_string())
        };
        match (text(before), text(after)) {
            (old, new) if old == new => {}
            (Some(old), None) if after.ty.is_non_null() => {
                self.push(
                    Breaking,
                    at,
                    format!("the default `{old}` is gone, so that it is required"),
                );
            }
            (Some(old), None) => self.push(Dangerous, at, format!("the default `{old}` is gone")),
            (None, Some(new)) => self.push(Dangerous, at, format!("the default is `{new}`")),
            (Some(old), Some(new)) => {
                self.push(
                    Dangerous,
                    at,
                    format!("the default is `{new}`, no longer `{old}`"),
                );
            }
            (None, None) => {}
        }
    }

    fn description(
        &mut self,
        at: &dyn fmt::Display,
        before: Option<&Node<str>>,
        after: Option<&Node<str>>,
    ) {
        if before != after {
            self.push(Safe, at, "the description has changed");
        }
    }

    fn deprecation(
        &mut self,
        at: &dyn fmt::Display,
        before: &DirectiveList,
        after: &DirectiveList,
    ) {
        let reason = |list: &DirectiveList| {
            let of = |one: &Node<Directive>| {
                let reason = fed::string(one, "reason");
                reason.unwrap_or("No longer supported").to_owned()
            };
            list.get(fed::DEPRECATED).map(of)
        };
        match (reason(before), reason(after)) {
            (before, after) if before == after => {}
            (_, Some(reason)) => self.push(Safe, at, format!("deprecated: {reason}")),
            (_, None) => self.push(Safe, at, "no longer deprecated"),
        }
    }

    /// Definitions of directives for operations.
    fn directives(&mut self) {
        for (name, before) in &self.before.directive_definitions {
            if before.is_built_in() {
                continue;
            }
            let at = format!("@{name}");
            let Some(after) = self.after.directive_definitions.get(name) else {
                self.push(Breaking, at, "the directive is gone");
                continue;
            };
            for location in &before.locations {
                if !after.locations.contains(location) {
                    self.push(
                        Breaking,
                        &at,
                        format!("it may no longer stand on {location}"),
                    );
                }
            }
            for location in &after.locations {
                if !before.locations.contains(location) {
                    self.push(Safe, &at, format!("it may now stand on {location}"));
                }
            }
            if before.repeatable && !after.repeatable {
                self.push(Breaking, &at, "it is no longer repeatable");
            }
            let argument = |name: &Name| format!("{at}({name}:)");
            let before: Vec<_> = before.arguments.iter().collect();
            let after: Vec<_> = after.arguments.iter().collect();
            self.inputs(&argument, "argument", &before, &after);
        }
        for (name, after) in &self.after.directive_definitions {
            if !after.is_built_in() && !self.before.directive_definitions.contains_key(name) {
                self.push(Safe, format!("@{name}"), "the directive is new");
            }
        }
    }
}

fn own_types(schema: &Schema) -> impl Iterator<Item = (&Name, &ExtendedType)> {
    schema.types.iter().filter(|(_, ty)| !ty.is_built_in())
}

fn kind(ty: &ExtendedType) -> &'static str {
    match ty {
        ExtendedType::Scalar(_) => "scalar",
        ExtendedType::Object(_) => "object type",
        ExtendedType::Interface(_) => "interface",
        ExtendedType::Union(_) => "union",
        ExtendedType::Enum(_) => "enum",
        ExtendedType::InputObject(_) => "input type",
    }
}
