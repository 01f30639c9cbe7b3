//! Merges interfaces: interface objects add fields to every implementation, and implementations must fit their
//! interfaces.

use apollo_compiler::Name;
use apollo_compiler::schema::{Component, ExtendedType, FieldDefinition, InterfaceType};

use super::super::code;
use super::super::join::FieldJoin;
use super::super::report::{Finding, graph_names};
use super::Merge;

impl Merge<'_, '_> {
    /// Adds the fields of `@interfaceObject`s to every implementation of the interface.
    pub(super) fn interface_objects(&mut self) {
        let interfaces: Vec<Name> = self
            .joins
            .types
            .iter()
            .filter(|(_, join)| join.graphs.values().any(|here| here.interface_object))
            .map(|(name, _)| name.clone())
            .collect();
        for interface in interfaces {
            let implementations: Vec<Name> = self
                .joins
                .types
                .iter()
                .filter(|(_, join)| join.implements.contains_key(&interface))
                .map(|(name, _)| name.clone())
                .collect();
            for (field, definition) in self.given_by_interface_objects(&interface) {
                for implementation in &implementations {
                    self.shared_with(implementation, &interface, &field);
                    self.add_to(implementation, &interface, &field, &definition);
                }
            }
        }
    }

    /// The fields of an interface that only interface objects resolve.
    fn given_by_interface_objects(
        &self,
        interface: &Name,
    ) -> Vec<(Name, Component<FieldDefinition>)> {
        let Some(ExtendedType::Interface(merged)) = self.schema.types.get(interface) else {
            return Vec::new();
        };
        let join = &self.joins.types[interface];
        merged
            .fields
            .iter()
            .filter(|(field, _)| {
                let by = join.fields.get(*field).map(|join| &join.graphs);
                by.is_some_and(|by| {
                    by.iter().any(|(graph, field)| {
                        field.resolves() && join.graphs[graph].interface_object
                    })
                })
            })
            .map(|(field, definition)| (field.clone(), definition.clone()))
            .collect()
    }

    /// Checks that an implementation which resolves the field too is shareable, and the interface objects as well.
    fn shared_with(&mut self, implementation: &Name, interface: &Name, field: &Name) {
        let views = self.views;
        let resolving = |ty: &Name| -> Vec<usize> {
            let join = self.joins.field(ty, field);
            let graphs = join.into_iter().flat_map(|join| &join.graphs);
            let graphs = graphs.filter(|(_, here)| here.resolves());
            graphs.map(|(&graph, _)| graph).collect()
        };
        let owners = resolving(implementation);
        let objects: Vec<usize> = resolving(interface)
            .into_iter()
            .filter(|&graph| views[graph].is_interface_object(interface))
            .collect();
        let Some(&owner) = owners.first() else {
            return;
        };
        let shared = owners
            .iter()
            .all(|&graph| views[graph].is_shareable(implementation, field));
        for graph in objects {
            if shared && views[graph].is_shareable(interface, field) {
                continue;
            }
            let at = |graph: usize, ty: &Name| views[graph].field(ty, field)?.location();
            let finding = Finding::new(
                &code::INVALID_FIELD_SHARING,
                graph,
                format!(
                    "field `{field}` is given to every `{interface}` here, and to `{implementation}` in {}, but not shareable in both",
                    graph_names(views, owners.iter().copied())
                ),
            )
            .at_span(at(graph, interface))
            .related(owner, at(owner, implementation), "resolved here")
            .help("if all give the same value, mark the field @shareable in all of them; if not, give this one another name");
            self.report.push(finding);
        }
    }

    fn add_to(
        &mut self,
        implementation: &Name,
        interface: &Name,
        field: &Name,
        definition: &Component<FieldDefinition>,
    ) {
        let Some(join) = self.joins.types.get_mut(implementation) else {
            return;
        };
        let fields = match self.schema.types.get_mut(implementation) {
            Some(ExtendedType::Object(object)) => &mut object.make_mut().fields,
            Some(ExtendedType::Interface(interface)) => &mut interface.make_mut().fields,
            _ => return,
        };
        if !fields.contains_key(field) {
            fields.insert(field.clone(), definition.clone());
            let join = join
                .fields
                .entry(field.clone())
                .or_insert_with(FieldJoin::default);
            join.through_interface = Some(interface.clone());
        }
    }

    /// Checks that every merged implementation has every field of the merged interface, with a type that fits.
    pub(super) fn interfaces_hold(&mut self) {
        let types: Vec<Name> = self.joins.types.keys().cloned().collect();
        for name in types {
            let interfaces: Vec<Name> =
                self.joins.types[&name].implements.keys().cloned().collect();
            for interface in interfaces {
                let Some(ExtendedType::Interface(promise)) = self.schema.types.get(&interface)
                else {
                    continue;
                };
                let promise = promise.clone();
                self.implementation_holds(&name, &interface, &promise);
            }
        }
    }

    fn implementation_holds(&mut self, name: &Name, interface: &Name, promise: &InterfaceType) {
        let Some(by) = self.joins.types[name].implements[interface]
            .first()
            .copied()
        else {
            return;
        };
        let at = self.views[by].schema.types[name].location();
        for (field, promised) in &promise.fields {
            let has = match &self.schema.types[name] {
                ExtendedType::Object(object) => object.fields.get(field),
                ExtendedType::Interface(interface) => interface.fields.get(field),
                _ => None,
            };
            let promising = self.joins.types[interface].fields[field].graphs.keys();
            let promising: Vec<usize> = promising.copied().collect();
            let finding = match has {
                None => Finding::new(
                    &code::INTERFACE_FIELD_NO_IMPLEM,
                    by,
                    format!(
                        "type `{name}` implements `{interface}` here, but no connector gives it the field `{field}` that `{interface}` has in {}",
                        graph_names(self.views, promising.iter().copied())
                    ),
                )
                .help(format!("add `{field}: {}` to `{name}`", promised.ty)),
                Some(has) if !self.hierarchy.is_subtype(&has.ty, &promised.ty) => Finding::new(
                    &code::INTERFACE_FIELD_IMPLEM_TYPE_MISMATCH,
                    by,
                    format!(
                        "field `{name}.{field}` is `{}` in the graph, but the interface `{interface}` promises `{}`",
                        has.ty, promised.ty
                    ),
                )
                .help("bring the types of the field in line in all connectors"),
                Some(has) => match differing_argument(has, promised) {
                    Some(difference) => Finding::new(
                        &code::INTERFACE_FIELD_IMPLEM_TYPE_MISMATCH,
                        by,
                        format!(
                            "field `{name}.{field}` {difference} in the graph, unlike that of the interface `{interface}`"
                        ),
                    )
                    .help("bring the arguments of the field in line in all connectors"),
                    None => continue,
                },
            };
            let mut finding = finding.at_span(at);
            if let Some(&other) = promising.iter().find(|other| **other != by) {
                let promise = self.views[other].field(interface, field);
                let promise = promise.and_then(|field| field.location());
                finding = finding.related(other, promise, "promised here");
            }
            self.report.push(finding);
        }
    }
}

/// How the arguments of an implementation's field differ from those of its interface.
fn differing_argument(has: &FieldDefinition, promised: &FieldDefinition) -> Option<String> {
    for argument in &promised.arguments {
        let name = &argument.name;
        match has.argument_by_name(name) {
            None => return Some(format!("has no argument `{name}`")),
            Some(declared) if declared.ty != argument.ty => {
                let (declared, promised) = (&declared.ty, &argument.ty);
                return Some(format!(
                    "has `{name}: {declared}` instead of `{name}: {promised}`"
                ));
            }
            Some(_) => {}
        }
    }
    let more = has.arguments.iter().find(|argument| {
        argument.is_required() && promised.argument_by_name(&argument.name).is_none()
    });
    more.map(|argument| format!("requires the argument `{}`", argument.name))
}
