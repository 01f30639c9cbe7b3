//! Writes a graph as the SDL of its services.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::graph::{Field, Graph, KEYS, ROOT, Required, Type};

/// The SDL of a service; `None` if it has nothing.
pub(super) fn sdl(graph: &Graph, service: usize) -> Option<String> {
    let mut text = String::new();
    for number in mentioned(graph, service) {
        let own = &graph.types[number];
        let mut lines: Vec<String> = own
            .keys_at(service)
            .into_iter()
            .map(|key| format!("{}: ID!", KEYS[key]))
            .collect();
        let external = external(graph, number, service);
        for field in &own.fields {
            if field.at.contains(&service) {
                lines.push(resolved(graph, own, field, service));
            } else if external.contains(&field.name) {
                lines.push(format!("{} @external", definition(graph, field)));
            }
        }
        if lines.is_empty() {
            continue;
        }
        let mut head = format!("type {}", own.name);
        let resolvable = match own.homes.contains_key(&service) {
            true => "",
            false => ", resolvable: false",
        };
        for key in own.keys_at(service) {
            let _ = write!(head, " @key(fields: \"{}\"{resolvable})", KEYS[key]);
        }
        let _ = writeln!(text, "{head} {{\n  {}\n}}", lines.join("\n  "));
    }
    (!text.is_empty()).then_some(text)
}

/// The types that a service declares: those with fields or keys of its own, and those to which these lead.
fn mentioned(graph: &Graph, service: usize) -> BTreeSet<usize> {
    let mut out = BTreeSet::new();
    for (number, own) in graph.types.iter().enumerate() {
        let resolves = own.fields.iter().any(|field| field.at.contains(&service));
        let is_value = number != ROOT && !own.is_entity();
        if own.homes.contains_key(&service) || resolves && !is_value {
            out.insert(number);
        }
        for field in &own.fields {
            let required = own.fields.iter().any(|other| {
                other.at.contains(&service)
                    && other.requires.iter().any(|one| one.field == field.name)
            });
            if field.at.contains(&service) || required {
                out.extend(field.to);
            }
        }
    }
    out
}

/// The fields of a type that a service requires, or provides on other paths.
fn external(graph: &Graph, number: usize, service: usize) -> BTreeSet<String> {
    let own = &graph.types[number];
    let here = |field: &&Field| field.at.contains(&service);
    let required = own
        .fields
        .iter()
        .filter(here)
        .flat_map(|field| &field.requires);
    let required = required.map(|one| one.field.clone());
    let leading = graph.types.iter().flat_map(|own| &own.fields);
    let leading = leading.filter(|field| field.to == Some(number));
    let provided = leading.flat_map(|field| field.provides.get(&service).into_iter().flatten());
    required.chain(provided.cloned()).collect()
}

fn definition(graph: &Graph, field: &Field) -> String {
    let ty = field.to.map_or("Int", |to| graph.types[to].name.as_str());
    match field.is_list {
        true => format!("{}: [{ty}]", field.name),
        false => format!("{}: {ty}", field.name),
    }
}

fn resolved(graph: &Graph, own: &Type, field: &Field, service: usize) -> String {
    let mut text = definition(graph, field);
    let number = graph.types.iter().position(|other| other.name == own.name);
    let mut fields = graph.types.iter().flat_map(|other| &other.fields);
    let is_provided = fields.any(|other| {
        let mut all = other.provides.values().flatten();
        other.to == number && all.any(|name| *name == field.name)
    });
    if field.at.len() > 1 || is_provided || !own.is_entity() {
        text.push_str(" @shareable");
    }
    if !field.requires.is_empty() {
        let _ = write!(
            text,
            " @requires(fields: \"{}\")",
            required(&field.requires)
        );
    }
    if let Some(provided) = field.provides.get(&service) {
        let _ = write!(text, " @provides(fields: \"{}\")", provided.join(" "));
    }
    text
}

fn required(all: &[Required]) -> String {
    let texts = all.iter().map(|one| match one.below.is_empty() {
        true => one.field.clone(),
        false => format!("{} {{ {} }}", one.field, one.below.join(" ")),
    });
    texts.collect::<Vec<_>>().join(" ")
}
