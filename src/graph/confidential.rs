//! The arguments whose values must not be in a URL (`@confidential`), of all subgraphs.
//!
//! As with constraints, a client gives the argument of a field, whichever subgraph resolves it: the directive of one subgraph is
//! enough. An argument of an interface's field reaches the types that implement it.

use std::collections::HashSet;

use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Name, Node, Schema};

use super::field_sets::fields_of;
use crate::connector::is_confidential;

/// The confidential arguments of a graph.
#[derive(Debug, Default)]
pub struct Confidential {
    /// By type, field and argument.
    arguments: HashSet<(Name, Name, Name)>,
    /// By input object and field.
    inputs: HashSet<(Name, Name)>,
    /// The input objects with such a field, or with another of these in them.
    types: HashSet<Name>,
}

impl Confidential {
    /// Of the schemas of all subgraphs.
    pub fn of<'s>(schemas: impl Iterator<Item = &'s Schema> + Clone) -> Confidential {
        let mut all = Confidential::default();
        for schema in schemas.clone() {
            for (name, ty) in &schema.types {
                all.add(schema, name, ty);
            }
        }
        all.contain(schemas);
        all
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.arguments.is_empty() && self.types.is_empty()
    }

    /// Whether the value of an argument must not be in a URL; `of` is its type.
    pub fn is_argument(&self, ty: &Name, field: &Name, argument: &Name, of: &Name) -> bool {
        let key = (ty.clone(), field.clone(), argument.clone());
        self.arguments.contains(&key) || self.types.contains(of)
    }

    fn add(&mut self, schema: &Schema, name: &Name, ty: &ExtendedType) {
        let interfaces = match ty {
            ExtendedType::Object(object) => object.implements_interfaces.iter(),
            ExtendedType::Interface(interface) => interface.implements_interfaces.iter(),
            ExtendedType::InputObject(input) => {
                let fields = input.fields.iter();
                let fields = fields.filter(|(_, field)| is_confidential(field));
                self.inputs
                    .extend(fields.map(|(field, _)| (name.clone(), field.clone())));
                return;
            }
            _ => return,
        };
        let interfaces: Vec<&Name> = interfaces.map(|interface| &interface.name).collect();
        for (field, definition) in fields_of(ty) {
            let arguments = definition.arguments.iter();
            for argument in arguments.filter(|argument| is_confidential(argument)) {
                let has_field = |ty: &&&Name| schema.type_field(ty, field).is_ok();
                let of_interfaces = interfaces.iter().filter(has_field).copied();
                let types = std::iter::once(name).chain(of_interfaces);
                let keys = types.map(|ty| (ty.clone(), field.clone(), argument.name.clone()));
                self.arguments.extend(keys);
            }
        }
    }

    /// Finds the input objects that contain confidential fields, until none is added.
    fn contain<'s>(&mut self, schemas: impl Iterator<Item = &'s Schema> + Clone) {
        self.types = self.inputs.iter().map(|(ty, _)| ty.clone()).collect();
        loop {
            let before = self.types.len();
            for (name, ty) in schemas.clone().flat_map(|schema| &schema.types) {
                if let ExtendedType::InputObject(input) = ty {
                    let mut fields = input.fields.values();
                    if fields.any(|field| self.types.contains(field.ty.inner_named_type())) {
                        self.types.insert(name.clone());
                    }
                }
            }
            if self.types.len() == before {
                return;
            }
        }
    }
}

/// Says it in the descriptions of the arguments and input fields of a schema.
pub(super) fn describe(schema: &mut Schema, confidential: &Confidential) {
    const RULE: &str = "It must not be in a URL: send the operation by `POST`.";
    if confidential.is_empty() {
        return;
    }
    for (name, ty) in &mut schema.types {
        let add = |description: &mut Option<Node<str>>| {
            *description = Some(match &description {
                Some(text) => Node::new_str(&format!("{text}\n\n{RULE}")),
                None => Node::new_str(RULE),
            });
        };
        let is_argument = |field: &Name, argument: &Name| {
            let key = (name.clone(), field.clone(), argument.clone());
            confidential.arguments.contains(&key)
        };
        match ty {
            ExtendedType::Object(object) => {
                for (field, definition) in &mut object.make_mut().fields {
                    for argument in &mut definition.make_mut().arguments {
                        if is_argument(field, &argument.name) {
                            add(&mut argument.make_mut().description);
                        }
                    }
                }
            }
            ExtendedType::Interface(interface) => {
                for (field, definition) in &mut interface.make_mut().fields {
                    for argument in &mut definition.make_mut().arguments {
                        if is_argument(field, &argument.name) {
                            add(&mut argument.make_mut().description);
                        }
                    }
                }
            }
            ExtendedType::InputObject(input) => {
                for (field, definition) in &mut input.make_mut().fields {
                    if confidential.inputs.contains(&(name.clone(), field.clone())) {
                        add(&mut definition.make_mut().description);
                    }
                }
            }
            _ => {}
        }
    }
}
