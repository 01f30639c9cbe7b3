//! Composite types, interned: the planner compares and indexes them by number.

use std::collections::BTreeSet;

use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Name, Schema};
use indexmap::IndexMap;

/// A composite type (object, interface or union) of the merged schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeId(pub u32);

/// A composite type.
#[derive(Debug, Clone)]
pub struct TypeInfo {
    /// Its name.
    pub name: Name,
    /// False for interfaces and unions.
    pub is_object: bool,
    /// The object types that its values can have, sorted; for an object type, itself.
    pub possible: Vec<TypeId>,
    /// The interfaces and unions that an object type belongs to, or the interfaces that an interface implements.
    pub abstractions: Vec<TypeId>,
    /// Its fields of type `ID` or `String`, or lists of these. If an upstream returns a number for one, it is sent to
    /// other upstreams as text.
    pub texts: BTreeSet<Name>,
}

/// The fields of a type that are text.
fn texts(ty: Option<&ExtendedType>) -> BTreeSet<Name> {
    let fields = match ty {
        Some(ExtendedType::Object(object)) => &object.fields,
        Some(ExtendedType::Interface(interface)) => &interface.fields,
        _ => return BTreeSet::new(),
    };
    let text = |name: &Name| matches!(name.as_str(), "ID" | "String");
    let texts = fields
        .iter()
        .filter(|(_, field)| text(field.ty.inner_named_type()));
    texts.map(|(name, _)| name.clone()).collect()
}

/// All composite types of the merged schema, in the order of their names.
#[derive(Debug, Clone, Default)]
pub struct TypeTable {
    types: IndexMap<Name, TypeInfo>,
}

impl TypeTable {
    /// Interns the composite types of `schema`; introspection types are left out.
    pub fn new(schema: &Schema) -> Self {
        let mut names: Vec<&Name> = schema
            .types
            .iter()
            .filter(|(name, ty)| {
                !name.starts_with("__")
                    && matches!(
                        ty,
                        ExtendedType::Object(_)
                            | ExtendedType::Interface(_)
                            | ExtendedType::Union(_)
                    )
            })
            .map(|(name, _)| name)
            .collect();
        names.sort();
        let mut table = TypeTable::default();
        for name in &names {
            let is_object = matches!(
                schema.types.get(name.as_str()),
                Some(ExtendedType::Object(_))
            );
            let info = TypeInfo {
                name: (*name).clone(),
                is_object,
                possible: Vec::new(),
                abstractions: Vec::new(),
                texts: texts(schema.types.get(name.as_str())),
            };
            table.types.insert((*name).clone(), info);
        }
        for (index, name) in names.iter().enumerate() {
            let id = TypeId(index as u32);
            let above: Vec<Name> = match schema.types.get(name.as_str()) {
                Some(ExtendedType::Object(object)) => {
                    table.types[index].possible.push(id);
                    object
                        .implements_interfaces
                        .iter()
                        .map(|i| i.name.clone())
                        .collect()
                }
                Some(ExtendedType::Interface(interface)) => interface
                    .implements_interfaces
                    .iter()
                    .map(|i| i.name.clone())
                    .collect(),
                Some(ExtendedType::Union(union_)) => {
                    for member in &union_.members {
                        table.relate(&member.name, id);
                    }
                    Vec::new()
                }
                _ => Vec::new(),
            };
            for interface in above {
                if let Some(interface) = table.id(&interface) {
                    table.types[index].abstractions.push(interface);
                    if table.types[index].is_object {
                        table.types[interface.0 as usize].possible.push(id);
                    }
                }
            }
        }
        for info in table.types.values_mut() {
            info.possible.sort();
            info.possible.dedup();
            info.abstractions.sort();
            info.abstractions.dedup();
        }
        table
    }

    fn relate(&mut self, member: &Name, union_: TypeId) {
        if let Some(member) = self.id(member) {
            self.types[member.0 as usize].abstractions.push(union_);
            self.types[union_.0 as usize].possible.push(member);
        }
    }

    /// The type's number, if it is a composite type of the schema.
    pub fn id(&self, name: &str) -> Option<TypeId> {
        self.types
            .get_index_of(name)
            .map(|index| TypeId(index as u32))
    }

    /// A type by its number.
    pub fn info(&self, id: TypeId) -> &TypeInfo {
        &self.types[id.0 as usize]
    }

    /// The type's name.
    pub fn name(&self, id: TypeId) -> &Name {
        &self.info(id).name
    }

    /// Whether an object of this concrete type is of a type: that type itself, or a member of it.
    pub fn is_possible(&self, ty: TypeId, concrete: TypeId) -> bool {
        ty == concrete || self.info(ty).possible.binary_search(&concrete).is_ok()
    }

    /// DoesFragmentTypeApply (GraphQL specification, 6.3.2).
    pub fn applies(&self, condition: &str, concrete: TypeId) -> bool {
        let condition = self.id(condition);
        condition.is_some_and(|condition| self.is_possible(condition, concrete))
    }

    /// All types with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (TypeId, &TypeInfo)> {
        self.types
            .values()
            .enumerate()
            .map(|(index, info)| (TypeId(index as u32), info))
    }
}
