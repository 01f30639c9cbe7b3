//! Merges types except their fields: joins, scalars, objects, interfaces and unions.

use apollo_compiler::collections::IndexSet;
use apollo_compiler::schema::{
    ComponentName, ComponentOrigin, Directive, DirectiveList, ExtendedType, InterfaceType,
    ObjectType, ScalarType, UnionType,
};
use apollo_compiler::{Name, Node};

use super::super::context::contexts_of;
use super::super::field_sets::fields_of;
use super::super::join::{TypeIn, TypeJoin};
use super::super::report::Finding;
use super::super::{code, federation as fed};
use super::{Merge, TypeKind};

impl Merge<'_, '_> {
    /// The join of a type, without its fields.
    pub(super) fn type_join(&mut self, name: &Name, graphs: &[usize]) -> TypeJoin {
        let mut join = TypeJoin::default();
        for &graph in graphs {
            let view = &self.views[graph];
            let ty = &view.schema.types[name];
            let keys = view.keys.get(name).into_iter().flatten();
            join.graphs.insert(
                graph,
                TypeIn {
                    keys: keys.map(|key| key.key.clone()).collect(),
                    interface_object: view.is_interface_object(name),
                    extension: is_extension(ty),
                    contexts: contexts_of(ty).into_iter().map(str::to_owned).collect(),
                },
            );
            let implements = match ty {
                ExtendedType::Object(object) => Some(&object.implements_interfaces),
                ExtendedType::Interface(interface) => Some(&interface.implements_interfaces),
                _ => None,
            };
            for interface in implements.into_iter().flatten() {
                let by = join.implements.entry(interface.name.clone());
                by.or_default().insert(graph);
            }
            if let ExtendedType::Union(union) = ty {
                for member in &union.members {
                    let by = join.members.entry(member.name.clone());
                    by.or_default().insert(graph);
                }
            }
        }
        join.implements.sort_keys();
        join.members.sort_keys();
        self.has_a_base(name, graphs, &join);
        join
    }

    /// Reports a type that is only extended and nowhere defined. Roots, and entities of Federation 1, need no
    /// definition.
    fn has_a_base(&mut self, name: &Name, graphs: &[usize], join: &TypeJoin) {
        let root = graphs.iter().any(|&graph| self.views[graph].is_root(name));
        if root || !join.graphs.values().all(|here| here.extension) {
            return;
        }
        for &graph in graphs {
            let at = fields_of(&self.views[graph].schema.types[name])
                .find_map(|(_, field)| field.location());
            self.report.push(
                Finding::new(
                    &code::EXTENSION_WITH_NO_BASE,
                    graph,
                    format!("type `{name}` is extended here, but no connector defines it"),
                )
                .at_span(at)
                .help(format!(
                    "write `type {name}` instead of `extend type {name}`, or add the connector that owns it"
                )),
            );
        }
    }

    pub(super) fn scalar(&mut self, name: &Name, graphs: &[usize]) -> ExtendedType {
        ExtendedType::Scalar(Node::new(ScalarType {
            description: self.type_description(name, graphs),
            name: name.clone(),
            directives: self.type_directives(name, graphs),
        }))
    }

    pub(super) fn object(&mut self, name: &Name, graphs: &[usize]) -> ExtendedType {
        ExtendedType::Object(Node::new(ObjectType {
            description: self.type_description(name, graphs),
            name: name.clone(),
            implements_interfaces: self.implements(name),
            directives: self.type_directives(name, graphs),
            fields: self.fields(TypeKind::Object, name, graphs),
        }))
    }

    pub(super) fn interface(&mut self, name: &Name, graphs: &[usize]) -> ExtendedType {
        ExtendedType::Interface(Node::new(InterfaceType {
            description: self.type_description(name, graphs),
            name: name.clone(),
            implements_interfaces: self.implements(name),
            directives: self.type_directives(name, graphs),
            fields: self.fields(TypeKind::Interface, name, graphs),
        }))
    }

    pub(super) fn union(&mut self, name: &Name, graphs: &[usize]) -> ExtendedType {
        let members = &self.joins.types[name].members;
        let members = members.keys().map(ComponentName::from).collect();
        ExtendedType::Union(Node::new(UnionType {
            description: self.type_description(name, graphs),
            name: name.clone(),
            directives: self.type_directives(name, graphs),
            members,
        }))
    }

    fn implements(&self, name: &Name) -> IndexSet<ComponentName> {
        let interfaces = &self.joins.types[name].implements;
        interfaces.keys().map(ComponentName::from).collect()
    }

    pub(super) fn type_description(&mut self, name: &Name, graphs: &[usize]) -> Option<Node<str>> {
        let views = self.views;
        let given = graphs
            .iter()
            .map(|&graph| (graph, views[graph].schema.types[name].description()));
        self.description(&format!("type `{name}`"), given)
    }

    pub(super) fn type_directives(&mut self, name: &Name, graphs: &[usize]) -> DirectiveList {
        let views = self.views;
        let given: Vec<(usize, Vec<&Node<Directive>>)> = graphs
            .iter()
            .map(|&graph| {
                let directives = views[graph].schema.types[name].directives();
                (graph, directives.iter().map(|one| &one.node).collect())
            })
            .collect();
        let merged = self.directives(&format!("type `{name}`"), &given);
        DirectiveList(merged.into_iter().map(Into::into).collect())
    }
}

/// Whether a subgraph only extends a type.
///
/// apollo-compiler makes a type of extensions without a definition, at the location of the first one. A definition without
/// content (`type T`) is one nevertheless: only its location shows that it exists.
fn is_extension(ty: &ExtendedType) -> bool {
    if ty.directives().has(fed::EXTENDS) {
        return true;
    }
    let is_defined = ty
        .iter_origins()
        .any(|origin| *origin == ComponentOrigin::Definition);
    let mut extensions = ty.iter_origins().filter_map(ComponentOrigin::extension_id);
    !is_defined && extensions.any(|extension| extension.location() == ty.location())
}
