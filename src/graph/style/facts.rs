//! What the rules must know of all folders together: the entities and their owners, what is hidden, who describes what.

use std::collections::{BTreeMap, HashMap, HashSet};

use apollo_compiler::ast::FieldDefinition;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Name, Schema};

use super::folder::{Field, Folder, Root, fields, own_types};
use super::words::camel;
use crate::connector::{FieldSet, FieldSetItem, Subgraph};

/// All folders.
pub(super) struct Facts<'a> {
    /// In the given order.
    pub(super) folders: Vec<Folder<'a>>,
    /// The entities by their names.
    pub(super) entities: BTreeMap<&'a str, Entity>,
    /// The names of the entities, by these names as those of fields.
    pub(super) entities_as_fields: BTreeMap<String, &'a str>,
    /// Elements that some folder describes.
    pub(super) described: HashSet<String>,
    /// Which folder is responsible for an element that several declare.
    responsible: HashMap<String, usize>,
}

/// A type with a key, or one that is looked up.
#[derive(Debug, Default)]
pub(super) struct Entity {
    /// The folder that says which objects exist.
    pub(super) owner: usize,
    /// How sure that is.
    certainty: u8,
    /// Whether a folder has `@node`.
    pub(super) has_node: bool,
    /// The keys that are one public field, in the order of the folders.
    pub(super) keys: Vec<Name>,
}

impl<'a> Facts<'a> {
    /// Collects them.
    pub(super) fn new(subgraphs: &'a [Subgraph]) -> Self {
        let hidden: HashSet<String> = subgraphs
            .iter()
            .flat_map(|subgraph| hidden(&subgraph.schema))
            .collect();
        let folders: Vec<Folder<'a>> = subgraphs
            .iter()
            .enumerate()
            .map(|(index, subgraph)| Folder::new(index, subgraph, &hidden))
            .collect();
        let mut facts = Facts {
            folders,
            entities: BTreeMap::new(),
            entities_as_fields: BTreeMap::new(),
            described: HashSet::new(),
            responsible: HashMap::new(),
        };
        for index in 0..facts.folders.len() {
            facts.add_entities(index, &hidden);
        }
        let names = facts.entities.keys();
        facts.entities_as_fields = names.map(|name| (camel(name), *name)).collect();
        for index in 0..facts.folders.len() {
            facts.add_elements(index);
        }
        facts
    }

    fn add_entities(&mut self, index: usize, hidden: &HashSet<String>) {
        let folder = &self.folders[index];
        let mut found: Vec<(&'a str, u8, bool, Vec<Name>)> = Vec::new();
        for ty in &folder.types {
            let ExtendedType::Object(object) = ty else {
                continue;
            };
            let has_node = object.directives.has("node");
            let keys = object.directives.iter().filter(|one| one.name == "key");
            let mut certainty = None;
            let mut single = Vec::new();
            for key in keys {
                let resolvable = key.specified_argument_by_name("resolvable");
                let resolvable = resolvable.and_then(|value| value.to_bool()) != Some(false);
                certainty = certainty.max(Some(u8::from(resolvable)));
                let key = FieldSet::of_directive(key);
                single.extend(key.as_ref().and_then(single_field).cloned());
            }
            single.retain(|key| !hidden.contains(&format!("{}.{key}", object.name)));
            if let Some(certainty) = certainty {
                let certainty = if has_node { 4 } else { certainty };
                found.push((object.name.as_str(), certainty, has_node, single));
            }
        }
        let roots = folder
            .fields
            .iter()
            .filter(|field| field.root == Some(Root::Query));
        for field in roots {
            let ty = field.definition.ty.inner_named_type();
            let is_object = folder.schema().get_object(ty).is_some();
            let certainty = if is_look_up(field) { 3 } else { 2 };
            if is_object && (certainty == 3 || found.iter().any(|(name, ..)| *name == ty.as_str()))
            {
                let name = folder.schema().types.get_key_value(ty);
                found.extend(name.map(|(name, _)| (name.as_str(), certainty, false, Vec::new())));
            }
        }
        for (name, certainty, has_node, keys) in found {
            let entity = self.entities.entry(name).or_default();
            if certainty > entity.certainty {
                entity.certainty = certainty;
                entity.owner = index;
            }
            entity.has_node |= has_node;
            let new: Vec<Name> = keys
                .into_iter()
                .filter(|key| !entity.keys.contains(key))
                .collect();
            entity.keys.extend(new);
        }
    }

    /// The owner of an entity is responsible for what it declares of it; else the first folder that declares something.
    fn add_elements(&mut self, index: usize) {
        let mut elements: Vec<(String, &Name, bool)> = Vec::new();
        let folder = &self.folders[index];
        for ty in &folder.types {
            let (name, described) = (ty.name(), description(ty));
            elements.push((name.to_string(), name, described));
            if let ExtendedType::Enum(values) = ty {
                let values = values.values.iter();
                elements.extend(values.map(|(value, definition)| {
                    (
                        format!("{name}.{value}"),
                        name,
                        definition.description.is_some(),
                    )
                }));
            }
        }
        for field in &folder.fields {
            let described = field.definition.description.is_some();
            elements.push((field.coordinate.clone(), field.parent.name(), described));
        }
        for input in &folder.inputs {
            let described = input.definition.description.is_some();
            elements.push((input.coordinate.clone(), input.parent, described));
        }
        for (coordinate, ty, described) in elements {
            if described {
                self.described.insert(coordinate.clone());
            }
            let owns = self
                .entities
                .get(ty.as_str())
                .is_some_and(|entity| entity.owner == index);
            let responsible = self.responsible.entry(coordinate).or_insert(index);
            if owns {
                *responsible = index;
            }
        }
    }

    /// Whether a folder is responsible for an element, so that a finding about it is reported once.
    pub(super) fn is_responsible(&self, folder: &Folder<'_>, coordinate: &str) -> bool {
        self.responsible.get(coordinate) == Some(&folder.index)
    }

    /// Whether a type is an entity of another folder.
    pub(super) fn is_foreign(&self, folder: &Folder<'_>, ty: &str) -> bool {
        let entity = self.entities.get(ty);
        entity.is_some_and(|entity| entity.owner != folder.index)
    }

    /// Whether some folder gives a type a field.
    pub(super) fn has_field(&self, ty: &str, field: &str) -> bool {
        self.folders.iter().any(|folder| {
            let ty = folder.schema().types.get(ty);
            ty.is_some_and(|ty| fields(ty).any(|one| one.name == field))
        })
    }
}

/// Whether a root field looks up one object by an identifier.
fn is_look_up(field: &Field<'_>) -> bool {
    let FieldDefinition { ty, arguments, .. } = field.definition;
    let mut arguments = arguments.iter();
    !ty.is_list()
        && arguments
            .any(|argument| argument.is_required() && argument.ty.inner_named_type() == "ID")
}

/// The field of a key that is a single leaf.
fn single_field(key: &FieldSet) -> Option<&Name> {
    match key.items.as_slice() {
        [FieldSetItem::Field { name, children, .. }] if children.is_empty() => Some(name),
        _ => None,
    }
}

fn description(ty: &ExtendedType) -> bool {
    let description = match ty {
        ExtendedType::Scalar(ty) => &ty.description,
        ExtendedType::Object(ty) => &ty.description,
        ExtendedType::Interface(ty) => &ty.description,
        ExtendedType::Union(ty) => &ty.description,
        ExtendedType::Enum(ty) => &ty.description,
        ExtendedType::InputObject(ty) => &ty.description,
    };
    description.is_some()
}

/// The elements with `@inaccessible`.
fn hidden(schema: &Schema) -> Vec<String> {
    const HIDDEN: &str = "inaccessible";
    let mut hidden = Vec::new();
    for ty in own_types(schema) {
        let name = ty.name();
        if ty.directives().has(HIDDEN) {
            hidden.push(name.to_string());
        }
        for field in fields(ty) {
            let coordinate = format!("{name}.{}", field.name);
            let arguments = field.arguments.iter();
            let arguments = arguments.filter(|argument| argument.directives.has(HIDDEN));
            hidden.extend(arguments.map(|argument| format!("{coordinate}({}:)", argument.name)));
            if field.directives.has(HIDDEN) {
                hidden.push(coordinate);
            }
        }
        if let ExtendedType::InputObject(object) = ty {
            let fields = object.fields.values();
            let fields = fields.filter(|field| field.directives.has(HIDDEN));
            hidden.extend(fields.map(|field| format!("{name}.{}", field.name)));
        }
    }
    hidden
}
