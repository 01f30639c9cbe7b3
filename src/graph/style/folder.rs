//! What a folder declares, as the rules read it: its types, fields and inputs, without what clients do not see.

use std::collections::HashSet;
use std::ops::Range;

use apollo_compiler::ast::{FieldDefinition, InputValueDefinition};
use apollo_compiler::parser::SourceSpan;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Name, Node, Schema};

use crate::connector::Subgraph;

/// A folder.
pub(super) struct Folder<'a> {
    /// Its place among all folders.
    pub(super) index: usize,
    /// What was read of it.
    pub(super) subgraph: &'a Subgraph,
    /// Its types, with the roots.
    pub(super) types: Vec<&'a ExtendedType>,
    /// The fields of its object types and interfaces.
    pub(super) fields: Vec<Field<'a>>,
    /// The arguments of these, and the fields of its input types.
    pub(super) inputs: Vec<Input<'a>>,
    /// Which fields and inputs each type has.
    members: Vec<(Range<usize>, Range<usize>)>,
}

/// A field.
pub(super) struct Field<'a> {
    /// `Type.field`.
    pub(super) coordinate: String,
    /// The type that has it.
    pub(super) parent: &'a ExtendedType,
    /// The operation whose root type has it.
    pub(super) root: Option<Root>,
    /// Its definition.
    pub(super) definition: &'a FieldDefinition,
    /// Its arguments, among all inputs.
    arguments: Range<usize>,
}

/// An argument, or a field of an input type.
pub(super) struct Input<'a> {
    /// `Type.field(argument:)` or `Type.field`.
    pub(super) coordinate: String,
    /// The type of which it is a part.
    pub(super) parent: &'a Name,
    /// The field of which it is an argument, by its coordinate.
    pub(super) field: Option<String>,
    /// Its definition.
    pub(super) definition: &'a InputValueDefinition,
}

/// An operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Root {
    Query,
    Mutation,
    Subscription,
}

impl<'a> Folder<'a> {
    /// Reads a folder. `hidden` are the elements that are in no public schema.
    pub(super) fn new(index: usize, subgraph: &'a Subgraph, hidden: &HashSet<String>) -> Self {
        let mut folder = Folder {
            index,
            subgraph,
            types: Vec::new(),
            fields: Vec::new(),
            inputs: Vec::new(),
            members: Vec::new(),
        };
        for ty in own_types(&subgraph.schema) {
            if !hidden.contains(ty.name().as_str()) {
                let (fields, inputs) = (folder.fields.len(), folder.inputs.len());
                folder.types.push(ty);
                folder.add_members(ty, hidden);
                let fields = fields..folder.fields.len();
                folder.members.push((fields, inputs..folder.inputs.len()));
            }
        }
        folder
    }

    fn add_members(&mut self, ty: &'a ExtendedType, hidden: &HashSet<String>) {
        let parent = ty.name();
        let root = root(&self.subgraph.schema, parent);
        for definition in fields(ty) {
            let coordinate = format!("{parent}.{}", definition.name);
            let is_foreign = definition.directives.has("external");
            if is_foreign || hidden.contains(&coordinate) || definition.name.starts_with('_') {
                continue;
            }
            let first_argument = self.inputs.len();
            for argument in &definition.arguments {
                let of_argument = format!("{coordinate}({}:)", argument.name);
                self.add_input(of_argument, parent, Some(&coordinate), argument, hidden);
            }
            self.fields.push(Field {
                coordinate,
                parent: ty,
                root,
                definition,
                arguments: first_argument..self.inputs.len(),
            });
        }
        if let ExtendedType::InputObject(object) = ty {
            for (name, definition) in &object.fields {
                self.add_input(format!("{parent}.{name}"), parent, None, definition, hidden);
            }
        }
    }

    /// An input without a location was made by the gateway.
    fn add_input(
        &mut self,
        coordinate: String,
        parent: &'a Name,
        field: Option<&String>,
        definition: &'a Node<InputValueDefinition>,
        hidden: &HashSet<String>,
    ) {
        if definition.name.location().is_some() && !hidden.contains(&coordinate) {
            self.inputs.push(Input {
                coordinate,
                parent,
                field: field.cloned(),
                definition,
            });
        }
    }

    /// Its schema.
    pub(super) fn schema(&self) -> &'a Schema {
        &self.subgraph.schema
    }

    /// The arguments of a field that its author wrote.
    pub(super) fn arguments<'f>(
        &'f self,
        field: &'f Field<'a>,
    ) -> impl Iterator<Item = &'f Input<'a>> {
        self.inputs[field.arguments.clone()].iter()
    }

    /// Each type with its fields and inputs.
    pub(super) fn members(
        &self,
    ) -> impl Iterator<Item = (&'a ExtendedType, &[Field<'a>], &[Input<'a>])> {
        let types = self.types.iter().zip(&self.members);
        types.map(|(ty, (fields, inputs))| {
            let fields = &self.fields[fields.clone()];
            (*ty, fields, &self.inputs[inputs.clone()])
        })
    }
}

impl Field<'_> {
    /// Where its name is.
    pub(super) fn at(&self) -> Option<SourceSpan> {
        self.definition.name.location()
    }
}

impl Input<'_> {
    /// Where its name is.
    pub(super) fn at(&self) -> Option<SourceSpan> {
        self.definition.name.location()
    }
}

/// The types that a folder declares. One without a location was made by the gateway.
pub(super) fn own_types(schema: &Schema) -> impl Iterator<Item = &ExtendedType> {
    let types = schema.types.values();
    types.filter(|ty| {
        let name = ty.name();
        !ty.is_built_in() && !name.starts_with('_') && name.location().is_some()
    })
}

/// The fields of an object type or interface.
pub(super) fn fields(ty: &ExtendedType) -> impl Iterator<Item = &FieldDefinition> {
    let fields = match ty {
        ExtendedType::Object(object) => Some(&object.fields),
        ExtendedType::Interface(interface) => Some(&interface.fields),
        _ => None,
    };
    let fields = fields.into_iter().flat_map(|fields| fields.values());
    fields.map(|field| &***field)
}

/// The operation of which a type is the root.
fn root(schema: &Schema, ty: &Name) -> Option<Root> {
    let definition = &schema.schema_definition;
    let roots = [
        (&definition.query, Root::Query),
        (&definition.mutation, Root::Mutation),
        (&definition.subscription, Root::Subscription),
    ];
    let is_root = |(name, root): (&Option<_>, Root)| {
        let name: &Option<apollo_compiler::schema::ComponentName> = name;
        (name.as_ref().map(|name| &name.name) == Some(ty)).then_some(root)
    };
    roots.into_iter().find_map(is_root)
}
