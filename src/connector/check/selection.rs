//! Checks that a selection fits its GraphQL type: its fields exist, objects have sub-selections, and leaves have none.
//!
//! What a selection *yields* is its [`Shape`], which the mapping language computes; the location of a part is found in
//! the syntax tree. Comparing the shape with the type also collects the fields that the selection gives, from which
//! [`super::resolved`] derives the fields that no selection gives.

use std::collections::HashSet;
use std::ops::Range;

use apollo_compiler::ast::FieldDefinition;
use apollo_compiler::collections::IndexMap;
use apollo_compiler::schema::{Component, ExtendedType};
use apollo_compiler::{Name, Schema};

use super::locate::locate;
use super::refusal;
use crate::connector::declared::{Declarations, DeclaredConnect};
use crate::connector::diagnostic::{Code, code};
use crate::connector::directives::REFUSAL;
use crate::connector::field_set::{FieldSet, FieldSetItem};
use crate::connector::findings::{Findings, did_you_mean, list};
use crate::connector::mapping_text::MappingText;
use crate::connector::model::{Connect, Site};
use crate::document::{Str, Value};
use crate::mapping::{Selection, Shape, Version};

/// The fields that selections yield: (type, field).
pub(super) type GivenFields = HashSet<(Name, Name)>;

/// Checks the selection of a connect against its type.
pub(super) fn connect(
    declared: &DeclaredConnect,
    connect: &Connect,
    declarations: &Declarations<'_>,
    given: &mut GivenFields,
    findings: &mut Findings,
) {
    let ty = match (&declared.site, &declared.field) {
        (Site::Type { name }, _) => name.clone(),
        (_, Some(field)) => field.ty.inner_named_type().clone(),
        _ => return,
    };
    let refusal = connect.refusal.as_ref().map(|refusal| &refusal.selection);
    let refusal = refusal.map(|selection| (REFUSAL, selection));
    for (argument, selection) in [("selection", &connect.selection)]
        .into_iter()
        .chain(refusal)
    {
        let mut filling = Filling {
            text: declared.text_of(argument),
            selection,
            declarations,
            schema: declarations.schema,
            given,
            findings,
            path: Vec::new(),
            above: Vec::new(),
        };
        filling.value(selection.shape(), &ty);
    }
    if let Some((_, refusal)) = refusal {
        let both = [("selection", &*connect.selection), (REFUSAL, refusal)];
        refusal::non_null_fields(declared, both, &ty, declarations.schema, findings);
    }
}

/// The check of a selection.
struct Filling<'a> {
    selection: &'a Selection,
    text: Option<&'a MappingText>,
    declarations: &'a Declarations<'a>,
    schema: &'a Schema,
    given: &'a mut GivenFields,
    findings: &'a mut Findings,
    /// The path from the top of the selection.
    path: Vec<Str>,
    /// The enclosing types, outermost first.
    above: Vec<Name>,
}

impl Filling<'_> {
    /// Checks a value of this type, or a list of such values.
    fn value(&mut self, shape: &Shape, ty: &Name) {
        match shape {
            Shape::Object { fields, open } => self.selected(fields, *open, ty),
            Shape::Literal(Value::Object(members)) => {
                let fields: Vec<(Str, Shape)> = members
                    .iter()
                    .map(|(name, value)| (name.clone(), Shape::Literal(value.clone())))
                    .collect();
                self.selected(&fields, false, ty);
            }
            Shape::Literal(Value::Array(items)) => {
                for item in items.iter() {
                    self.value(&Shape::Literal(item.clone()), ty);
                }
            }
            Shape::Literal(Value::Null) => {}
            Shape::Array(shapes) | Shape::OneOf(shapes) => {
                for shape in shapes {
                    self.value(shape, ty);
                }
            }
            Shape::Any | Shape::Scalar(_) | Shape::Literal(_) if self.is_composite(ty) => {
                let whole = matches!(shape, Shape::Any);
                let message = format!("`{ty}` is an object type, but no fields of it are selected");
                let names = self.field_names(ty);
                let help = if whole {
                    format!("select from it: `{{ {} }}`", names.join(" "))
                } else {
                    "this yields a single value".to_owned()
                };
                self.refuse(&code::OBJECT_WITHOUT_SELECTION, message, help);
            }
            Shape::Any | Shape::Scalar(_) | Shape::Literal(_) => {}
        }
    }

    /// Checks an object of this type that the selection builds.
    fn selected(&mut self, fields: &[(Str, Shape)], open: bool, ty: &Name) {
        match self.schema.types.get(ty) {
            Some(ExtendedType::Object(object)) => {
                if self.is_circular(fields, ty) {
                    return;
                }
                if open {
                    self.may_give(ty, &object.fields);
                }
                self.above.push(ty.clone());
                self.fields(fields, ty, &object.fields);
                self.above.pop();
            }
            Some(ExtendedType::Interface(_) | ExtendedType::Union(_)) => {
                self.abstract_type(fields, open, ty);
            }
            // A custom scalar may be an object.
            Some(ExtendedType::Scalar(_)) if !is_built_in(ty) => {}
            _ => {
                let message = format!("`{ty}` has no fields to select");
                let help = match fields {
                    // A single key yields an object with that key, which is seldom meant for a leaf.
                    [(name, Shape::Any)] if self.path.is_empty() => {
                        format!("for the value itself write `$.{name}`")
                    }
                    _ => "leave the braces out, or choose one of the values".to_owned(),
                };
                self.refuse(&code::LEAF_WITH_SELECTION, message, help);
            }
        }
    }

    fn fields(
        &mut self,
        fields: &[(Str, Shape)],
        ty: &Name,
        definitions: &IndexMap<Name, Component<FieldDefinition>>,
    ) {
        for (name, shape) in fields {
            if **name == *"__typename" {
                continue;
            }
            self.path.push(name.clone());
            match definitions.get(&**name) {
                Some(field) => {
                    self.given.insert((ty.clone(), field.name.clone()));
                    if !field.arguments.is_empty() && !self.declarations.is_fetched(ty, &field.name)
                    {
                        let message =
                            format!("`{ty}.{name}` has arguments, which are not read here");
                        let help =
                            format!("give `{name}` a `@connect` of its own that reads `$args`");
                        self.refuse(&code::FIELD_WITH_ARGUMENTS, message, help);
                    }
                    self.value(shape, field.ty.inner_named_type());
                }
                None => {
                    let names = definitions.keys().map(Name::as_str);
                    let help = did_you_mean(name, names.clone())
                        .unwrap_or_else(|| format!("it has {}", list(names)));
                    let message = format!("`{ty}` has no field `{name}`");
                    self.refuse(&code::UNKNOWN_FIELD, message, help);
                }
            }
            self.path.pop();
        }
    }

    /// A spread of an upstream object may yield any field without arguments.
    fn may_give(&mut self, ty: &Name, definitions: &IndexMap<Name, Component<FieldDefinition>>) {
        let plain = definitions
            .values()
            .filter(|field| field.arguments.is_empty());
        self.given
            .extend(plain.map(|field| (ty.clone(), field.name.clone())));
    }

    /// Checks an object of an interface or union, whose `__typename` says its type.
    fn abstract_type(&mut self, fields: &[(Str, Shape)], open: bool, ty: &Name) {
        if self.selection.version() < Version::V0_4 {
            let message = format!("`{ty}` is abstract, which selections fill since connect/v0.4");
            let help = "link connect/v0.4 and select `__typename`".to_owned();
            self.refuse(&code::ABSTRACT_TYPE, message, help);
            return;
        }
        let typename = fields.iter().find(|(name, _)| **name == *"__typename");
        if typename.is_none() && !open {
            let message = format!("nothing says which type this `{ty}` is");
            let help = "add `__typename: $('TypeName')`, or a `->match` that yields one".to_owned();
            self.refuse(&code::TYPENAME_MISSING, message, help);
            return;
        }
        let members = self.members(ty);
        let named = match typename {
            Some((_, Shape::Literal(Value::String(name)))) => Some(name),
            _ => None,
        };
        if let Some(name) = named
            && !members.iter().any(|member| **member == **name)
        {
            let names = members.iter().map(Name::as_str);
            let help = did_you_mean(name, names.clone())
                .unwrap_or_else(|| format!("it may be {}", list(names)));
            self.path.push(Str::from("__typename"));
            self.refuse(
                &code::UNKNOWN_FIELD,
                format!("`{name}` is no type of `{ty}`"),
                help,
            );
            self.path.pop();
            return;
        }
        // The text may not say which member it is: a field must be one of any of them.
        let candidates: Vec<Name> = members
            .into_iter()
            .filter(|member| named.is_none_or(|name| **member == **name))
            .collect();
        for candidate in candidates.iter().filter(|_| open) {
            if let Some(ExtendedType::Object(object)) = self.schema.types.get(candidate) {
                self.may_give(candidate, &object.fields);
            }
        }
        self.fields_of_any(fields, ty, &candidates);
    }

    fn fields_of_any(&mut self, fields: &[(Str, Shape)], ty: &Name, candidates: &[Name]) {
        for (name, shape) in fields {
            if **name == *"__typename" {
                continue;
            }
            let mut is_defined = false;
            let mut names = Vec::new();
            for candidate in candidates {
                let Some(ExtendedType::Object(object)) = self.schema.types.get(candidate) else {
                    continue;
                };
                names.extend(object.fields.keys().cloned());
                if object.fields.contains_key(&**name) {
                    let one = std::slice::from_ref(fields_entry(fields, name, shape));
                    self.above.push(candidate.clone());
                    self.fields(one, candidate, &object.fields);
                    self.above.pop();
                    is_defined = true;
                }
            }
            if !is_defined {
                self.path.push(name.clone());
                let help = did_you_mean(name, names.iter().map(Name::as_str));
                let message = format!("no type of `{ty}` has a field `{name}`");
                let help = help.unwrap_or_else(|| "remove it".to_owned());
                self.refuse(&code::UNKNOWN_FIELD, message, help);
                self.path.pop();
            }
        }
    }

    /// Whether a type is selected inside itself with more than its key: such a selection has no end. A key alone is a
    /// reference, which the lookup of the type completes.
    fn is_circular(&mut self, fields: &[(Str, Shape)], ty: &Name) -> bool {
        if !self.above.contains(ty) {
            return false;
        }
        let keys = super::keys::of_type(self.schema, ty);
        let names: Vec<&str> = fields.iter().map(|(name, _)| &**name).collect();
        let is_reference = keys
            .iter()
            .any(|key| names.iter().all(|name| has(key, name)));
        if is_reference {
            for name in names {
                if let Ok(name) = Name::new(name) {
                    self.given.insert((ty.clone(), name));
                }
            }
            return true;
        }
        let message = format!("`{ty}` is selected inside itself");
        let help = match keys.first() {
            Some(_) => {
                format!("select only the key of the inner `{ty}`: its own connect completes it")
            }
            None => format!(
                "give `{ty}` a `@key` and a connect of its own, and select only the key here"
            ),
        };
        self.refuse(&code::CIRCULAR_SELECTION, message, help);
        true
    }

    fn members(&self, ty: &Name) -> Vec<Name> {
        let mut members: Vec<Name> = match self.schema.types.get(ty) {
            Some(ExtendedType::Union(union)) => union
                .members
                .iter()
                .map(|member| member.name.clone())
                .collect(),
            _ => {
                let implementers = self.schema.implementers_map();
                let objects = implementers
                    .get(ty)
                    .map(|implementers| implementers.objects.iter().cloned());
                objects.into_iter().flatten().collect()
            }
        };
        members.sort();
        members
    }

    fn is_composite(&self, ty: &Name) -> bool {
        let definition = self.schema.types.get(ty);
        definition.is_some_and(|ty| ty.is_object() || ty.is_interface() || ty.is_union())
    }

    fn field_names(&self, ty: &Name) -> Vec<&str> {
        match self.schema.types.get(ty) {
            Some(ExtendedType::Object(object)) => {
                object.fields.keys().map(Name::as_str).take(6).collect()
            }
            Some(ExtendedType::Interface(interface)) => {
                interface.fields.keys().map(Name::as_str).take(6).collect()
            }
            _ => vec!["__typename"],
        }
    }

    fn refuse(&mut self, code: &'static Code, message: String, help: String) {
        let error = self.findings.error(code, message).help(help);
        // The part of the text that gives the value at the current path.
        let root = self.selection.root();
        let range: Range<usize> = locate(root, &self.path).unwrap_or_else(|| root.span.clone());
        let error = match self.text {
            Some(text) => text.mark(error, range, self.findings),
            None => error,
        };
        self.findings.push(error);
    }
}

/// The entry of a list of fields, with the lifetime of the list.
fn fields_entry<'f>(fields: &'f [(Str, Shape)], name: &Str, shape: &Shape) -> &'f (Str, Shape) {
    let same = |entry: &&(Str, Shape)| entry.0 == *name && entry.1 == *shape;
    fields.iter().find(same).unwrap_or(&fields[0])
}

fn has(set: &FieldSet, wanted: &str) -> bool {
    set.items
        .iter()
        .any(|item| matches!(item, FieldSetItem::Field { name, .. } if name == wanted))
}

fn is_built_in(ty: &Name) -> bool {
    matches!(ty.as_str(), "Int" | "Float" | "String" | "Boolean" | "ID")
}
