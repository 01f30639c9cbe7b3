//! One subgraph as rules and merging see it: which of its fields are external, shareable, keys, provided.

use std::collections::{BTreeMap, HashSet};

use apollo_compiler::parser::SourceSpan;
use apollo_compiler::schema::{
    Component, ComponentOrigin, Directive, DirectiveList, ExtendedType, FieldDefinition,
};
use apollo_compiler::{Name, Schema};

use super::context::{ContextValue, is_contextual, objects_of, types_with};
use super::field_sets::fields_of;
use super::join::JoinKey;
use super::{federation as fed, field_sets};
use crate::connector::{ConnectKind, FieldSet, Site, Subgraph, SubgraphKind};

/// (type, field).
pub(crate) type Coordinate = (Name, Name);

/// One subgraph.
pub(crate) struct View<'a> {
    /// Its connector's name.
    pub(crate) name: &'a str,
    /// Its schema.
    pub(crate) schema: &'a Schema,
    /// The whole.
    pub(crate) subgraph: &'a Subgraph,
    /// Its own types, without built-in ones: every rule iterates over them.
    types: Vec<(&'a Name, &'a ExtendedType)>,
    /// Fields that other subgraphs resolve.
    pub(crate) external: HashSet<Coordinate>,
    /// Fields that several connectors may resolve: `@shareable` on them or on their type, and fields of keys.
    pub(crate) shareable: HashSet<Coordinate>,
    /// Fields that a key, requirement, provision or connect selects, or that an interface declares.
    pub(crate) used: HashSet<Coordinate>,
    /// Whether some field set does not parse, so that the fields it uses are unknown.
    pub(crate) unread: bool,
    /// External fields that some `@provides` selects.
    pub(crate) provided: HashSet<Coordinate>,
    /// The keys of each type that parse, in the order as written.
    pub(crate) keys: BTreeMap<Name, Vec<KeyAt>>,
}

/// A key and where it is written.
pub(crate) struct KeyAt {
    pub(crate) key: JoinKey,
    pub(crate) at: Option<SourceSpan>,
}

impl<'a> View<'a> {
    /// Collects the fields of a subgraph.
    pub(crate) fn new(subgraph: &'a Subgraph) -> Self {
        let types = subgraph.schema.types.iter();
        let mut view = View {
            name: &subgraph.name,
            schema: &subgraph.schema,
            subgraph,
            types: types.filter(|(_, ty)| !ty.is_built_in()).collect(),
            external: HashSet::new(),
            shareable: HashSet::new(),
            used: HashSet::new(),
            unread: false,
            provided: HashSet::new(),
            keys: BTreeMap::new(),
        };
        view.read_types();
        view.read_keys();
        view.read_field_sets();
        view.read_contexts();
        view.read_interfaces();
        view.read_connects();
        view
    }

    /// The types that are the subgraph's own: no built-in scalars, no introspection.
    pub(crate) fn types(&self) -> impl Iterator<Item = (&'a Name, &'a ExtendedType)> + use<'_, 'a> {
        self.types.iter().copied()
    }

    /// A field of one of its types.
    pub(crate) fn field(
        &self,
        parent: &str,
        field: &str,
    ) -> Option<&'a Component<FieldDefinition>> {
        field_sets::field(self.schema, parent, field)
    }

    /// Whether a field is resolved by other subgraphs.
    pub(crate) fn is_external(&self, parent: &Name, field: &Name) -> bool {
        self.external.contains(&(parent.clone(), field.clone()))
    }

    /// Whether other subgraphs may resolve a field too.
    pub(crate) fn is_shareable(&self, parent: &Name, field: &Name) -> bool {
        self.shareable.contains(&(parent.clone(), field.clone()))
    }

    /// Whether a type is an `@interfaceObject`.
    pub(crate) fn is_interface_object(&self, name: &str) -> bool {
        self.schema
            .types
            .get(name)
            .is_some_and(|ty| ty.is_object() && ty.directives().has(fed::INTERFACE_OBJECT))
    }

    /// The root type of a name (`Query`, …), when it is one here.
    pub(crate) fn is_root(&self, name: &Name) -> bool {
        let schema = &self.schema.schema_definition;
        [&schema.query, &schema.mutation, &schema.subscription]
            .into_iter()
            .flatten()
            .any(|root| root.name == *name)
    }

    fn read_types(&mut self) {
        for (name, ty) in self.types.clone() {
            for (field, definition) in fields_of(ty) {
                let coordinate = (name.clone(), field.clone());
                if applies(ty.directives(), definition, fed::EXTERNAL).is_some() {
                    self.external.insert(coordinate.clone());
                }
                if applies(ty.directives(), definition, fed::SHAREABLE).is_some() {
                    self.shareable.insert(coordinate);
                }
            }
        }
    }

    /// The fields of keys are shareable and used. On an extension in the style of Federation 1, a key field that is
    /// marked external is not: the extending service receives it and can return it.
    fn read_keys(&mut self) {
        for (name, ty) in self.types.clone() {
            let extends = ty.directives().has(fed::EXTENDS);
            for directive in ty.directives().get_all(fed::KEY) {
                let Some(fields) = FieldSet::of_directive(directive) else {
                    self.unread = true;
                    continue;
                };
                let on_extension =
                    extends || matches!(directive.origin, ComponentOrigin::Extension(_));
                field_sets::walk(self.schema, name, &fields, &mut |visit| {
                    let coordinate = (visit.parent.clone(), visit.definition.name.clone());
                    if on_extension {
                        self.external.remove(&coordinate);
                    }
                    self.shareable.insert(coordinate.clone());
                    self.used.insert(coordinate);
                });
                self.keys.entry(name.clone()).or_default().push(KeyAt {
                    key: JoinKey {
                        fields,
                        resolvable: fed::boolean(directive, "resolvable", true),
                    },
                    at: directive.location(),
                });
            }
        }
    }

    /// The fields of `@requires` and `@provides` are used, also on the implementations of an interface among them.
    fn read_field_sets(&mut self) {
        let implementers = self.schema.implementers_map();
        for (name, ty) in self.types.clone() {
            for (_, definition) in fields_of(ty) {
                let target = definition.ty.inner_named_type();
                for (directive, parent) in [(fed::REQUIRES, name), (fed::PROVIDES, target)] {
                    let Some(applied) = definition.directives.get(directive) else {
                        continue;
                    };
                    let Some(fields) = FieldSet::of_directive(applied) else {
                        self.unread = true;
                        continue;
                    };
                    field_sets::walk(self.schema, parent, &fields, &mut |visit| {
                        let field = &visit.definition.name;
                        let under = implementers.get(visit.parent);
                        let objects = under.into_iter().flat_map(|found| found.objects.iter());
                        for on in std::iter::once(visit.parent).chain(objects) {
                            let coordinate = (on.clone(), field.clone());
                            if directive == fed::PROVIDES {
                                self.provided.insert(coordinate.clone());
                            }
                            self.used.insert(coordinate);
                        }
                    });
                }
            }
        }
        self.provided.retain(|at| self.external.contains(at));
    }

    /// The fields that `@fromContext` selects are used, also on the implementations of an interface among them.
    fn read_contexts(&mut self) {
        let contextual = self.types.iter().flat_map(|(_, ty)| fields_of(ty));
        let contextual = contextual.flat_map(|(_, field)| &field.arguments);
        let contextual: Vec<_> = contextual.filter(|one| is_contextual(one)).collect();
        for argument in contextual {
            let Some(value) = ContextValue::of_argument(argument) else {
                self.unread = true;
                continue;
            };
            for ty in types_with(self.schema, &value.context) {
                for object in objects_of(self.schema, ty).into_iter().chain([ty]) {
                    let used = &mut self.used;
                    field_sets::walk(self.schema, object, &value.selection, &mut |visit| {
                        used.insert((visit.parent.clone(), visit.definition.name.clone()));
                    });
                }
            }
        }
    }

    /// The fields that a connect reads of its object (`$this`, `$batch`) are used; another connector may resolve them.
    fn read_connects(&mut self) {
        let SubgraphKind::Connectors { connects, .. } = &self.subgraph.kind else {
            return;
        };
        for connect in connects {
            let (on, key) = match (&connect.site, &connect.kind) {
                (Site::Field { parent, .. }, ConnectKind::Implicit { key }) => (parent, key),
                (
                    Site::Type { name },
                    ConnectKind::Batch { key, .. } | ConnectKind::Single { key },
                ) => (name, key),
                _ => continue,
            };
            let used = &mut self.used;
            field_sets::walk(self.schema, on, key, &mut |visit| {
                used.insert((visit.parent.clone(), visit.definition.name.clone()));
            });
        }
    }

    /// A field that an implemented interface declares is used: it must be defined, external or not.
    fn read_interfaces(&mut self) {
        for (name, ty) in self.types.clone() {
            let implements = match ty {
                ExtendedType::Object(object) => &object.implements_interfaces,
                ExtendedType::Interface(interface) => &interface.implements_interfaces,
                _ => continue,
            };
            for interface in implements {
                let Some(interface) = self.schema.get_interface(interface) else {
                    continue;
                };
                for field in interface.fields.keys() {
                    self.used.insert((name.clone(), field.clone()));
                }
            }
        }
    }
}

/// A directive on the field itself, or on the definition (or extension) of the type that holds the field.
pub(crate) fn applies<'a>(
    on_type: &'a DirectiveList,
    field: &'a Component<FieldDefinition>,
    name: &str,
) -> Option<&'a apollo_compiler::Node<Directive>> {
    field.directives.get(name).or_else(|| {
        on_type
            .get_all(name)
            .find(|directive| directive.origin == field.origin)
            .map(|directive| &directive.node)
    })
}
