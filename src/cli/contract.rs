//! What has changed between two public schemas, and which changes break clients.
//!
//! A change breaks clients when an operation that was valid is not any more, or when an answer may hold what no answer
//! could hold before (null where there was none, a new member of an enum or union that clients match on is told as a
//! change, since clients are expected to stand it).

use apollo_compiler::ast::{Type, Value};
use apollo_compiler::collections::IndexMap;
use apollo_compiler::schema::{
    Component, ComponentName, ExtendedType, FieldDefinition, InputValueDefinition,
};
use apollo_compiler::{Name, Schema};

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    /// Whether it breaks clients.
    pub(super) breaks: bool,
    /// What changed: `District.name is gone`.
    pub(super) what: String,
}

/// The changes from `before` to `after`, by the names of types.
pub(super) fn changes(before: &Schema, after: &Schema) -> Vec<Change> {
    let mut found = Found::default();
    for (name, old) in &before.types {
        if old.is_built_in() {
            continue;
        }
        match after.types.get(name) {
            None => found.breaks(format!("{name} is gone")),
            Some(new) => found.types(name, old, new),
        }
    }
    for (name, new) in &after.types {
        if !new.is_built_in() && !before.types.contains_key(name) {
            found.adds(format!("{name} is new"));
        }
    }
    found.0.sort_by(|a, b| a.what.cmp(&b.what));
    found.0
}

type Fields = IndexMap<Name, Component<FieldDefinition>>;

#[derive(Default)]
struct Found(Vec<Change>);

impl Found {
    fn breaks(&mut self, what: String) {
        self.0.push(Change { breaks: true, what });
    }

    fn adds(&mut self, what: String) {
        self.0.push(Change {
            breaks: false,
            what,
        });
    }

    fn types(&mut self, name: &str, old: &ExtendedType, new: &ExtendedType) {
        match (old, new) {
            (ExtendedType::Object(old), ExtendedType::Object(new)) => {
                self.names(
                    name,
                    "implements",
                    &old.implements_interfaces,
                    &new.implements_interfaces,
                );
                self.fields(name, &old.fields, &new.fields);
            }
            (ExtendedType::Interface(old), ExtendedType::Interface(new)) => {
                self.names(
                    name,
                    "implements",
                    &old.implements_interfaces,
                    &new.implements_interfaces,
                );
                self.fields(name, &old.fields, &new.fields);
            }
            (ExtendedType::Union(old), ExtendedType::Union(new)) => {
                self.names(name, "has the member", &old.members, &new.members);
            }
            (ExtendedType::Enum(old), ExtendedType::Enum(new)) => {
                let old: Vec<_> = old.values.keys().cloned().map(Into::into).collect();
                let new: Vec<_> = new.values.keys().cloned().map(Into::into).collect();
                self.names::<Vec<ComponentName>>(name, "has the value", &old, &new);
            }
            (ExtendedType::InputObject(old), ExtendedType::InputObject(new)) => {
                for (field, old) in &old.fields {
                    match new.fields.get(field) {
                        None => self.breaks(format!("{name}.{field} is gone")),
                        Some(new) => self.input(&format!("{name}.{field}"), old, new),
                    }
                }
                for (field, new) in &new.fields {
                    if !old.fields.contains_key(field) {
                        self.new_input(&format!("{name}.{field}"), new);
                    }
                }
            }
            (ExtendedType::Scalar(_), ExtendedType::Scalar(_)) => {}
            _ => self.breaks(format!("{name} is another kind of type")),
        }
    }

    fn names<L>(&mut self, name: &str, verb: &str, old: &L, new: &L)
    where
        for<'a> &'a L: IntoIterator<Item = &'a ComponentName>,
    {
        let old: Vec<&str> = old.into_iter().map(|one| one.name.as_str()).collect();
        let new: Vec<&str> = new.into_iter().map(|one| one.name.as_str()).collect();
        for gone in old.iter().filter(|one| !new.contains(one)) {
            self.breaks(format!("{name} no longer {verb} {gone}"));
        }
        for added in new.iter().filter(|one| !old.contains(one)) {
            self.adds(format!("{name} {verb} {added}"));
        }
    }

    fn fields(&mut self, name: &str, old: &Fields, new: &Fields) {
        for (field, old) in old {
            let at = format!("{name}.{field}");
            match new.get(field) {
                None => self.breaks(format!("{at} is gone")),
                Some(new) => self.field(&at, old, new),
            }
        }
        for field in new.keys().filter(|field| !old.contains_key(*field)) {
            self.adds(format!("{name}.{field} is new"));
        }
    }

    fn field(&mut self, at: &str, old: &FieldDefinition, new: &FieldDefinition) {
        if old.ty != new.ty {
            let what = format!("{at} was {}, is {}", old.ty, new.ty);
            match gives_no_more(&new.ty, &old.ty) {
                true => self.adds(what),
                false => self.breaks(what),
            }
        }
        for argument in &old.arguments {
            let at = format!("{at}({}:)", argument.name);
            match new.argument_by_name(&argument.name) {
                None => self.breaks(format!("{at} is gone")),
                Some(new) => self.input(&at, argument, new),
            }
        }
        for argument in &new.arguments {
            if old.argument_by_name(&argument.name).is_none() {
                self.new_input(&format!("{at}({}:)", argument.name), argument);
            }
        }
    }

    fn input(&mut self, at: &str, old: &InputValueDefinition, new: &InputValueDefinition) {
        if old.ty != new.ty {
            let what = format!("{at} was {}, is {}", old.ty, new.ty);
            let optional = new.default_value.is_some();
            match gives_no_more(&old.ty, &new.ty)
                || optional && old.ty.item_type() == new.ty.item_type()
            {
                true => self.adds(what),
                false => self.breaks(what),
            }
        }
        if old.default_value != new.default_value {
            let show = |value: Option<&Value>| value.map_or("none".to_owned(), ToString::to_string);
            let (old, new) = (old.default_value.as_deref(), new.default_value.as_deref());
            let what = format!("the default of {at} was {}, is {}", show(old), show(new));
            match old.is_some() {
                true => self.breaks(what),
                false => self.adds(what),
            }
        }
    }

    fn new_input(&mut self, at: &str, new: &InputValueDefinition) {
        match new.is_required() {
            true => self.breaks(format!("{at} is new and required")),
            false => self.adds(format!("{at} is new")),
        }
    }
}

/// Whether whatever is of type `a` is also of type `b`: the same but for places where `a` is never null.
fn gives_no_more(a: &Type, b: &Type) -> bool {
    match (a, b) {
        (Type::Named(a), Type::Named(b)) => a == b,
        (Type::NonNullNamed(a), Type::Named(b) | Type::NonNullNamed(b)) => a == b,
        (Type::List(a), Type::List(b)) => gives_no_more(a, b),
        (Type::NonNullList(a), Type::List(b) | Type::NonNullList(b)) => gives_no_more(a, b),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn tells_what_breaks_clients() {
        let before = "
            type Query { a(x: Int, y: Int! = 1): A!  b: [B] gone: Int }
            type A implements I { i: Int n: Int e: E u: U }
            type B { n: Int } type Gone { n: Int }
            interface I { i: Int } union U = A | B enum E { X Y } input In { a: Int! b: Int }
            extend type Query { c(in: In): I }";
        let after = "
            type Query { a(x: Int!, y: Int! = 2, z: Int): A  b: [B!]! new: Int }
            type A { i: Int n: String e: E u: U }
            type B { n: Int } scalar New
            interface I { i: Int } union U = A enum E { X Z } input In { a: Int b: Int c: Int! d: Int! = 1 }
            extend type Query { c(in: In): I }";
        let schema = |text: &str| Schema::parse_and_validate(text, "schema.graphql").unwrap();
        let found = changes(&schema(before), &schema(after));
        let shown: Vec<String> = found
            .iter()
            .map(|change| format!("{} {}", if change.breaks { "!" } else { "+" }, change.what))
            .collect();
        let mut expected = vec![
            "! A no longer implements I",
            "! A.n was Int, is String",
            "! E no longer has the value Y",
            "+ E has the value Z",
            "! Gone is gone",
            "+ In.a was Int!, is Int",
            "! In.c is new and required",
            "+ In.d is new",
            "+ New is new",
            "! Query.a was A!, is A",
            "! Query.a(x:) was Int, is Int!",
            "+ Query.a(z:) is new",
            "+ Query.b was [B], is [B!]!",
            "! Query.gone is gone",
            "+ Query.new is new",
            "! U no longer has the member B",
            "! the default of Query.a(y:) was 1, is 2",
        ];
        expected.sort_by_key(|line| &line[2..]);
        assert_eq!(shown, expected);
        assert!(changes(&schema(before), &schema(before)).is_empty());
    }
}
