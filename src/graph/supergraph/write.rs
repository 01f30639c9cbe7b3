//! Writes a supergraph SDL.

use std::collections::BTreeSet;

use apollo_compiler::ast::{Directive, Type, Value};
use apollo_compiler::collections::IndexMap;
use apollo_compiler::schema::{
    Component, DirectiveList, EnumType, EnumValueDefinition, ExtendedType,
};
use apollo_compiler::{Name, Node, Schema, ast, name};

use super::super::field_sets::fields_of;
use super::super::join::{FieldIn, FieldJoin, GraphId, TypeJoin};
use super::super::{Composed, api, federation as fed, field_sets, print};
use super::build::{directive, strings};
use super::features;
use super::features::{FEATURES, JOIN, JOIN_SDL, LINK};
use crate::connector::{Subgraph, SubgraphKind};

/// The supergraph SDL of a composed graph. Equal graphs give equal bytes.
pub fn write(composed: &Composed) -> String {
    let mut writer = SupergraphWriter {
        composed,
        graphs: graph_names(&composed.subgraphs),
    };
    let mut schema = Schema::clone(&composed.merged);
    for (name, ty) in schema.types.iter_mut().filter(|(_, ty)| !ty.is_built_in()) {
        if let Some(join) = composed.joins.types.get(name) {
            writer.join_type(name, ty, join);
        }
    }
    writer.define(&mut schema);
    api::sort_types(&mut schema);
    print::print(&schema)
}

/// The value of each subgraph in `join__Graph`: its name in upper case, with characters replaced that a name cannot
/// have, all distinct.
fn graph_names(subgraphs: &[Subgraph]) -> Vec<Name> {
    let mut used_names = BTreeSet::new();
    subgraphs
        .iter()
        .map(|subgraph| {
            let plain: String = subgraph
                .name
                .chars()
                .map(|c| {
                    if c.is_ascii_alphanumeric() {
                        c.to_ascii_uppercase()
                    } else {
                        '_'
                    }
                })
                .collect();
            let mut candidate = plain.clone();
            let mut number = 1;
            while !used_names.insert(candidate.clone()) {
                candidate = format!("{plain}_{number}");
                number += 1;
            }
            // Connectors' names begin with a letter, see `prepare`.
            Name::new_unchecked(&candidate)
        })
        .collect()
}

pub(super) struct SupergraphWriter<'a> {
    pub(super) composed: &'a Composed,
    graphs: Vec<Name>,
}

impl SupergraphWriter<'_> {
    fn join_type(&mut self, name: &Name, ty: &mut ExtendedType, join: &TypeJoin) {
        let joins = self.type_joins(name, join);
        match ty {
            ExtendedType::Scalar(scalar) => add(&mut scalar.make_mut().directives, joins),
            ExtendedType::Object(object) => {
                let object = object.make_mut();
                add(&mut object.directives, joins);
                for (field, definition) in &mut object.fields {
                    self.join_field(name, field, definition.make_mut(), join);
                }
            }
            ExtendedType::Interface(interface) => {
                let interface = interface.make_mut();
                add(&mut interface.directives, joins);
                for (field, definition) in &mut interface.fields {
                    self.join_field(name, field, definition.make_mut(), join);
                }
            }
            ExtendedType::Union(union) => add(&mut union.make_mut().directives, joins),
            ExtendedType::Enum(values) => {
                let values = values.make_mut();
                add(&mut values.directives, joins);
                for (value, definition) in &mut values.values {
                    let by = join.values.get(value).into_iter().flatten();
                    let joins = by.map(|&graph| {
                        directive("join__enumValue")
                            .graph(&self.graphs[graph])
                            .done()
                    });
                    prepend(&mut definition.make_mut().directives, joins.collect());
                }
            }
            ExtendedType::InputObject(input) => {
                let input = input.make_mut();
                add(&mut input.directives, joins);
                for (field, definition) in &mut input.fields {
                    let definition = definition.make_mut();
                    let joins = match join.fields.get(field) {
                        Some(by) => self.field_joins(by, join, &definition.ty),
                        None => Vec::new(),
                    };
                    prepend(&mut definition.directives, joins);
                }
            }
        }
    }

    fn type_joins(&self, name: &Name, join: &TypeJoin) -> Vec<Node<Directive>> {
        let mut all = Vec::new();
        for (&graph, here) in &join.graphs {
            let base = |key: Option<(String, bool)>| {
                let (key, resolvable) = key.map_or((None, true), |(key, it)| (Some(key), it));
                directive("join__type")
                    .graph(&self.graphs[graph])
                    .string_opt("key", key)
                    .boolean("extension", here.extension, false)
                    .boolean("resolvable", resolvable, true)
                    .boolean("isInterfaceObject", here.interface_object, false)
                    .done()
            };
            if here.keys.is_empty() {
                all.push(base(None));
            }
            for key in &here.keys {
                all.push(base(Some((field_sets::print(&key.fields), key.resolvable))));
            }
        }
        for (interface, by) in &join.implements {
            all.extend(by.iter().map(|&graph| {
                directive("join__implements")
                    .graph(&self.graphs[graph])
                    .string("interface", interface.as_str())
                    .done()
            }));
        }
        for (member, by) in &join.members {
            all.extend(by.iter().map(|&graph| {
                directive("join__unionMember")
                    .graph(&self.graphs[graph])
                    .string("member", member.as_str())
                    .done()
            }));
        }
        for (&graph, here) in &join.graphs {
            all.extend(here.contexts.iter().map(|context| {
                let name = self.context_name(graph, context);
                directive(fed::CONTEXT).string("name", name).done()
            }));
        }
        all.extend(self.carried(|subgraph| {
            let ty = subgraph.schema.types.get(name);
            let keeps = |ty: &&ExtendedType| ty.is_object() || ty.is_interface();
            let directives = ty.filter(keeps).map(|ty| ty.directives().0.iter());
            directives
                .into_iter()
                .flatten()
                .map(|one| &one.node)
                .collect()
        }));
        all
    }

    fn join_field(
        &self,
        parent: &Name,
        name: &Name,
        definition: &mut ast::FieldDefinition,
        join: &TypeJoin,
    ) {
        let Some(by) = join.fields.get(name) else {
            return;
        };
        let mut joins = self.field_joins(by, join, &definition.ty);
        joins.extend(self.carried(|subgraph| {
            let graph = self.composed.graph(&subgraph.name);
            if !graph.is_some_and(|graph| by.graphs.contains_key(&graph)) {
                return Vec::new();
            }
            let field = field_sets::field(&subgraph.schema, parent, name);
            field
                .into_iter()
                .flat_map(|field| field.directives.iter())
                .collect()
        }));
        prepend(&mut definition.directives, joins);
    }

    /// `@join__field`s; none where the field is the same in every subgraph that has the type.
    fn field_joins(
        &self,
        by: &FieldJoin,
        parent: &TypeJoin,
        merged: &Type,
    ) -> Vec<Node<Directive>> {
        let plain = |field: &FieldIn| {
            field.ty == *merged
                && !field.external
                && !field.used_overridden
                && field.requires.is_none()
                && field.contextual.is_empty()
                && field.provides.is_none()
                && field.overrides.is_none()
                && field.label.is_none()
        };
        let everywhere = by.graphs.len() == parent.graphs.len();
        if by.through_interface.is_none() && everywhere && by.graphs.values().all(plain) {
            return Vec::new();
        }
        let through = by.through_interface.iter();
        through
            .map(|_| directive("join__field").done())
            .chain(by.graphs.iter().map(|(&graph, field)| {
                let requires = field.requires.as_ref().map(field_sets::print);
                let provides = field.provides.as_ref().map(field_sets::print);
                let ty = (field.ty != *merged).then(|| field.ty.to_string());
                directive("join__field")
                    .graph(&self.graphs[graph])
                    .string_opt("requires", requires)
                    .string_opt("provides", provides)
                    .string_opt("type", ty)
                    .boolean("external", field.external, false)
                    .string_opt("override", field.overrides.as_deref())
                    .boolean("usedOverridden", field.used_overridden, false)
                    .string_opt("overrideLabel", field.label.as_deref())
                    .with_some("contextArguments", self.context_arguments(graph, field))
                    .done()
            }))
            .collect()
    }

    /// Directives that concern only their own subgraph, as `@join__directive`; equal ones of several subgraphs are
    /// written once.
    fn carried<'s>(
        &'s self,
        directives: impl Fn(&'s Subgraph) -> Vec<&'s Node<Directive>>,
    ) -> Vec<Node<Directive>> {
        let mut all: IndexMap<&Directive, Vec<GraphId>> = IndexMap::default();
        for (graph, subgraph) in self.composed.subgraphs.iter().enumerate() {
            for one in directives(subgraph) {
                if is_carried(one, &subgraph.schema) {
                    all.entry(one).or_default().push(graph);
                }
            }
        }
        all.into_iter()
            .map(|(one, graphs)| {
                let graphs = graphs
                    .iter()
                    .map(|&graph| Value::Enum(self.graphs[graph].clone()));
                let arguments = one.arguments.iter();
                let arguments = arguments.map(|one| (one.name.clone(), one.value.clone()));
                directive("join__directive")
                    .with("graphs", Value::List(graphs.map(Node::new).collect()))
                    .string("name", one.name.as_str())
                    .with("args", Value::Object(arguments.collect()))
                    .done()
            })
            .collect()
    }

    /// The schema definition with its links, and the definitions of what is linked.
    fn define(&mut self, schema: &mut Schema) {
        let used = used_directives(schema);
        let mut links = vec![
            directive("link").string("url", LINK).done(),
            directive("link")
                .string("url", JOIN)
                .with("for", Value::Enum(name!("EXECUTION")))
                .done(),
        ];
        features::define(schema, JOIN_SDL);
        for feature in FEATURES {
            if !feature.directives.iter().any(|name| used.contains(*name)) {
                continue;
            }
            let mut link = directive("link").string("url", feature.url);
            if feature.import {
                let names = feature.directives.iter().map(|name| format!("@{name}"));
                link = link.with("import", strings(names));
            }
            if let Some(purpose) = feature.purpose {
                link = link.with("for", Value::Enum(Name::new_unchecked(purpose)));
            }
            links.push(link.done());
            features::define(schema, feature.sdl);
        }
        links.extend(self.carried(|subgraph| {
            let directives = subgraph.schema.schema_definition.directives.0.iter();
            directives.map(|one| &one.node).collect()
        }));
        let on_schema = &mut schema.schema_definition.make_mut().directives;
        let kept = std::mem::take(&mut on_schema.0);
        on_schema.0 = links.into_iter().map(Component::from).chain(kept).collect();
        let graphs = self.graph_enum();
        schema
            .types
            .insert(name!("join__Graph"), ExtendedType::Enum(Node::new(graphs)));
        schema.directive_definitions.sort_keys();
    }

    fn graph_enum(&self) -> EnumType {
        let values = self.graphs.iter().zip(self.composed.subgraphs.iter());
        let values = values.map(|(value, subgraph)| {
            let join = directive("join__graph")
                .string("name", &*subgraph.name)
                .string("url", url(subgraph))
                .done();
            let definition = EnumValueDefinition {
                description: None,
                value: value.clone(),
                directives: ast::DirectiveList(vec![join]),
            };
            (value.clone(), Component::new(definition))
        });
        EnumType {
            description: None,
            name: name!("join__Graph"),
            directives: DirectiveList::default(),
            values: values.collect(),
        }
    }
}

/// The URL of a subgraph, if the schema has one: connects have their own, and a native subgraph has none.
fn url(subgraph: &Subgraph) -> String {
    let on_schema = &subgraph.schema.schema_definition.directives;
    let graphql = on_schema.get("graphql");
    let url = graphql.and_then(|graphql| fed::string(graphql, "url"));
    match (url, &subgraph.kind) {
        (Some(url), _) => url.to_owned(),
        (None, SubgraphKind::Connectors { .. }) => "none".to_owned(),
        (None, _) => String::new(),
    }
}

/// True for a directive that neither merging nor the joins have a place for: it is of a specification that only its
/// own subgraph links. Links themselves are carried for those specifications.
fn is_carried(one: &Directive, schema: &Schema) -> bool {
    if one.name == fed::LINK {
        let url = fed::string(one, "url").unwrap_or_default();
        return !["/federation/", "/link/"]
            .iter()
            .any(|specification| url.contains(specification));
    }
    let is_merged = fed::FEDERATION.contains(&one.name.as_str()) && one.name != fed::CACHE_TAG;
    !is_merged
        && !matches!(
            one.name.as_str(),
            fed::DEPRECATED | fed::SPECIFIED_BY | fed::ONE_OF
        )
        && !schema.directive_definitions.contains_key(&one.name)
}

/// The names of all directives that are applied somewhere.
fn used_directives(schema: &Schema) -> BTreeSet<String> {
    let mut used: BTreeSet<String> = BTreeSet::new();
    let mut on_node = |list: &ast::DirectiveList| {
        used.extend(list.iter().map(|one| one.name.to_string()));
    };
    for ty in schema.types.values() {
        for (_, field) in fields_of(ty) {
            on_node(&field.directives);
            for argument in &field.arguments {
                on_node(&argument.directives);
            }
        }
        match ty {
            ExtendedType::Enum(values) => {
                values
                    .values
                    .values()
                    .for_each(|one| on_node(&one.directives));
            }
            ExtendedType::InputObject(input) => {
                input
                    .fields
                    .values()
                    .for_each(|one| on_node(&one.directives));
            }
            _ => {}
        }
    }
    let on_types = schema.types.values().flat_map(|ty| ty.directives().iter());
    let on_schema = schema.schema_definition.directives.iter();
    used.extend(on_types.chain(on_schema).map(|one| one.name.to_string()));
    used
}

fn add(list: &mut DirectiveList, joins: Vec<Node<Directive>>) {
    let kept = std::mem::take(&mut list.0);
    list.0 = joins.into_iter().map(Component::from).chain(kept).collect();
}

fn prepend(list: &mut ast::DirectiveList, joins: Vec<Node<Directive>>) {
    let kept = std::mem::take(&mut list.0);
    list.0 = joins.into_iter().chain(kept).collect();
}
