//! The constraints on arguments and input fields (`@constraint`) of all subgraphs, the forms of scalars, and the cursors of
//! connections.
//!
//! They belong to the public schema: a client gives the argument of a field, whichever subgraph resolves it. So the constraints
//! of all subgraphs apply. An argument that a client gives for a field of an interface reaches the fields of the types that
//! implement it, whose constraints apply, too.

use std::collections::{HashMap, HashSet};

use apollo_compiler::ast::InputValueDefinition;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Name, Node, Schema};

use super::field_sets::fields_of;
use super::scalar_form::ScalarForm;
use crate::connector::{Connection, Constraint, Cursor, PageStyle};

/// The argument of a connection that takes a cursor.
const AFTER: &str = "after";

/// The constraints of a graph.
#[derive(Debug, Default)]
pub struct Constraints {
    /// By type, field and argument.
    arguments: HashMap<(Name, Name, Name), Vec<Constraint>>,
    /// By type and field of a connection, the ways of its subgraphs to request pages: `after` is a cursor of one of them.
    cursors: HashMap<(Name, Name), Vec<PageStyle>>,
    /// By input object and field.
    inputs: HashMap<(Name, Name), Vec<Constraint>>,
    /// The scalars with a form that the gateway knows.
    scalars: HashMap<Name, ScalarForm>,
    /// These scalars, and the input objects with a constraint on a field, or below one, or with such a scalar in them.
    constrained: HashSet<Name>,
}

impl Constraints {
    /// Of the schemas of all subgraphs.
    pub fn of<'s>(schemas: impl Iterator<Item = &'s Schema> + Clone) -> Constraints {
        let mut all = Constraints::default();
        for schema in schemas.clone() {
            for (name, ty) in &schema.types {
                all.add(schema, name, ty);
            }
        }
        all.constrain(schemas);
        all
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.arguments.is_empty() && self.cursors.is_empty() && self.constrained.is_empty()
    }

    /// The constraints on an argument of a field.
    pub fn of_argument(&self, ty: &Name, field: &Name, argument: &Name) -> &[Constraint] {
        let key = (ty.clone(), field.clone(), argument.clone());
        self.arguments.get(&key).map_or(&[], Vec::as_slice)
    }

    /// Whether an argument leads into a connection: only cursors of its list are allowed.
    pub fn is_cursor(&self, ty: &Name, field: &Name, argument: &Name) -> bool {
        argument == AFTER && self.cursors.contains_key(&(ty.clone(), field.clone()))
    }

    /// Whether a text is a cursor of a connection.
    pub fn allows_cursor(&self, ty: &Name, field: &Name, text: &str) -> bool {
        let styles = self.cursors.get(&(ty.clone(), field.clone()));
        let mut styles = styles.into_iter().flatten();
        styles.any(|style| Cursor::decode(text, *style).is_some())
    }

    /// The constraints on a field of an input object.
    pub fn of_input(&self, ty: &Name, field: &Name) -> &[Constraint] {
        let key = (ty.clone(), field.clone());
        self.inputs.get(&key).map_or(&[], Vec::as_slice)
    }

    /// The form of a scalar, if the gateway knows it.
    pub fn form_of(&self, scalar: &Name) -> Option<ScalarForm> {
        self.scalars.get(scalar).copied()
    }

    /// Whether some values of a type are not allowed: it is a scalar with a form, or an input object with a constraint or such a
    /// scalar on a field, or below one.
    pub fn is_constrained(&self, ty: &Name) -> bool {
        self.constrained.contains(ty)
    }

    fn add(&mut self, schema: &Schema, name: &Name, ty: &ExtendedType) {
        if let ExtendedType::Scalar(scalar) = ty {
            let form = ScalarForm::of(scalar);
            self.scalars.extend(form.map(|form| (name.clone(), form)));
            return;
        }
        if let ExtendedType::InputObject(input) = ty {
            for (field, definition) in &input.fields {
                if let Some(constraint) = Constraint::of(definition) {
                    let key = (name.clone(), field.clone());
                    self.inputs.entry(key).or_default().push(constraint);
                }
            }
            return;
        }
        let interfaces = match ty {
            ExtendedType::Object(object) => object.implements_interfaces.iter(),
            ExtendedType::Interface(interface) => interface.implements_interfaces.iter(),
            _ => return,
        };
        let interfaces: Vec<&Name> = interfaces.map(|interface| &interface.name).collect();
        for (field, definition) in fields_of(ty) {
            let has_field = |ty: &&&Name| schema.type_field(ty, field).is_ok();
            let of_interfaces = interfaces.iter().filter(has_field).copied();
            let types: Vec<&Name> = std::iter::once(name).chain(of_interfaces).collect();
            if let Some(style) = Connection::page_style(definition) {
                for &ty in &types {
                    let key = (ty.clone(), field.clone());
                    self.cursors.entry(key).or_default().push(style);
                }
            }
            for argument in &definition.arguments {
                let Some(constraint) = Constraint::of(argument) else {
                    continue;
                };
                for &ty in &types {
                    let key = (ty.clone(), field.clone(), argument.name.clone());
                    let constraints = self.arguments.entry(key).or_default();
                    constraints.push(constraint.clone());
                }
            }
        }
    }

    /// Finds the types of which not all values are allowed, those that contain others until none is added.
    fn constrain<'s>(&mut self, schemas: impl Iterator<Item = &'s Schema> + Clone) {
        let of_fields = self.inputs.keys().map(|(ty, _)| ty.clone());
        self.constrained = of_fields.chain(self.scalars.keys().cloned()).collect();
        loop {
            let before = self.constrained.len();
            for (name, ty) in schemas.clone().flat_map(|schema| &schema.types) {
                if let ExtendedType::InputObject(input) = ty {
                    let mut fields = input.fields.values();
                    let contains = |field: &Node<InputValueDefinition>| {
                        self.constrained.contains(field.ty.inner_named_type())
                    };
                    if fields.any(|field| contains(&field.node)) {
                        self.constrained.insert(name.clone());
                    }
                }
            }
            if self.constrained.len() == before {
                return;
            }
        }
    }
}

/// Adds the constraints to the descriptions of the arguments and input fields of a schema.
pub(super) fn describe(schema: &mut Schema, constraints: &Constraints) {
    if constraints.is_empty() {
        return;
    }
    for (name, ty) in &mut schema.types {
        match ty {
            ExtendedType::Object(object) => {
                for (field, definition) in &mut object.make_mut().fields {
                    for argument in &mut definition.make_mut().arguments {
                        let of_argument = constraints.of_argument(name, field, &argument.name);
                        add_to_description(argument, of_argument);
                    }
                }
            }
            ExtendedType::Interface(interface) => {
                for (field, definition) in &mut interface.make_mut().fields {
                    for argument in &mut definition.make_mut().arguments {
                        let of_argument = constraints.of_argument(name, field, &argument.name);
                        add_to_description(argument, of_argument);
                    }
                }
            }
            ExtendedType::InputObject(input) => {
                for (field, definition) in &mut input.make_mut().fields {
                    add_to_description(&mut definition.node, constraints.of_input(name, field));
                }
            }
            _ => {}
        }
    }
}

fn add_to_description(input: &mut Node<InputValueDefinition>, constraints: &[Constraint]) {
    let mut rules: Vec<String> = Vec::new();
    for rule in constraints.iter().map(Constraint::rule) {
        if !rules.contains(&rule) {
            rules.push(rule);
        }
    }
    if rules.is_empty() {
        return;
    }
    let rule = format!("It must be {}.", rules.join(" and "));
    let input = input.make_mut();
    let description = match &input.description {
        Some(description) => format!("{description}\n\n{rule}"),
        None => rule,
    };
    input.description = Some(Node::new_str(&description));
}
