//! Writes a world as SDL: the monolith's schema, and the subgraphs with and without Federation directives.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::rest;
use super::world::{COMMON, Field, Kind, Need, Object, Source, World, is_leaf};

/// How a subgraph declares a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    Resolved,
    /// As a part of one of its keys.
    Key,
    External,
    /// Overridden by another subgraph.
    Overridden,
    /// Overridden by another subgraph for some requests.
    OverriddenAtTimes,
}

/// The types that a subgraph declares, with their fields. Unions have none.
pub(crate) type Declared = BTreeMap<String, BTreeMap<String, How>>;

/// Whether a subgraph has this interface as `@interfaceObject`.
pub(crate) fn is_interface_object(world: &World, name: &str, subgraph: usize) -> bool {
    let entity = world.interface(name).and_then(|interface| interface.entity);
    entity.is_some_and(|(_, object)| object == subgraph)
}

/// The declarations of a subgraph: the fields that it resolves, and everything that they refer to.
pub(crate) fn declared(world: &World, subgraph: usize) -> Declared {
    let mut declared = first_declared(world, subgraph);
    loop {
        let before = declared.clone();
        for name in before.keys() {
            refer(world, subgraph, name, &mut declared);
        }
        if declared == before {
            return declared;
        }
    }
}

/// The types with fields that a subgraph resolves.
fn first_declared(world: &World, subgraph: usize) -> Declared {
    let mut declared = Declared::new();
    for object in world.objects.iter().chain(&world.roots) {
        let here = object.fields.iter().any(|own| {
            let placed = own.at.contains(&subgraph) || own.overridden == Some(subgraph);
            placed && !matches!(own.source, Source::InterfaceObject(_))
        });
        if here || object.homes.contains_key(&subgraph) {
            declared.insert(object.name.clone(), BTreeMap::new());
        }
    }
    for interface in &world.interfaces {
        let entity = interface.entity;
        if entity.is_some_and(|(owner, object)| owner == subgraph || object == subgraph) {
            declared.insert(interface.name.clone(), BTreeMap::new());
        }
    }
    declared
}

/// Declares the fields of a type, and the types that it refers to.
fn refer(world: &World, subgraph: usize, name: &str, declared: &mut Declared) {
    let fields = fields_of(world, name, subgraph);
    declared.entry(name.to_owned()).or_default().extend(fields);
    for (field, how) in declared[name].clone() {
        let Some(field) = world.field(name, &field) else {
            continue;
        };
        let ty = field.ty_at(subgraph);
        let base = ty.base();
        if is_leaf(base) {
            continue;
        }
        declared.entry(base.to_owned()).or_default();
        if let (Some(provided), How::Resolved) = (field.provides.get(&subgraph), how) {
            declare_provided(world, base, provided, declared);
        }
    }
    if !world.is_abstract(name) || is_interface_object(world, name, subgraph) {
        return;
    }
    if let Some(parent) = world.interface(name).and_then(|own| own.parent.clone()) {
        declared.entry(parent).or_default();
    }
    let fields: Vec<String> = declared[name].keys().cloned().collect();
    for member in world.known(name, subgraph) {
        // The members need the fields of the interface, at least as external fields.
        let own = fields_of(world, &member, subgraph);
        let target = declared.entry(member).or_default();
        for field in &fields {
            let how = own.get(field).copied().unwrap_or(How::External);
            target.entry(field.clone()).or_insert(how);
        }
    }
}

/// Declares the fields that a field provides.
fn declare_provided(world: &World, base: &str, provided: &[Need], declared: &mut Declared) {
    for need in provided {
        if let Some(on) = &need.on {
            declare_provided(world, on, &need.children, declared);
            continue;
        }
        let own = declared.entry(base.to_owned()).or_default();
        own.entry(need.field.clone()).or_insert(How::External);
        if let Some(field) = world.field(base, &need.field) {
            declare_provided(world, field.ty.base(), &need.children, declared);
        }
    }
}

/// The fields of a type that a subgraph declares, without those that others refer to.
fn fields_of(world: &World, name: &str, subgraph: usize) -> BTreeMap<String, How> {
    if let Some(object) = world.object(name) {
        let mut fields = own_fields(object, subgraph);
        if object.kind == Kind::KeyValue && world.subgraphs[subgraph].rest {
            fields.retain(|field, _| rest::in_a_key(world, name, field, subgraph));
        }
        return fields;
    }
    let Some(interface) = world.interface(name) else {
        return BTreeMap::new();
    };
    let mut out = BTreeMap::new();
    for field in &interface.fields {
        let source = world.field(name, field).map(|field| field.source.clone());
        let is_object = is_interface_object(world, name, subgraph);
        let how = match source {
            Some(Source::InterfaceObject(_)) => is_object.then_some(How::Resolved),
            Some(Source::Key) if is_object => Some(How::Key),
            _ if is_object => None,
            _ => {
                let missing = interface.missing.get(&subgraph);
                let missing = missing.is_some_and(|missing| missing.contains(field));
                (!missing).then_some(How::Resolved)
            }
        };
        out.extend(how.map(|how| (field.clone(), how)));
    }
    out
}

fn own_fields(object: &Object, subgraph: usize) -> BTreeMap<String, How> {
    let mut out = BTreeMap::new();
    for own in &object.fields {
        let how = match (&own.source, object.kind) {
            (Source::InterfaceObject(_), _) => None,
            (_, Kind::Value) => (!own.missing.contains(&subgraph)).then_some(How::Resolved),
            (_, Kind::KeyValue) => Some(How::Resolved),
            (Source::Key, _) if object.external.contains(&subgraph) => object
                .is_key_at(&own.name, subgraph)
                .then_some(How::External),
            (Source::Key, _) => object.is_key_at(&own.name, subgraph).then_some(How::Key),
            _ if own.at.contains(&subgraph) => Some(How::Resolved),
            _ if own.overridden == Some(subgraph) && own.percent.is_some() => {
                Some(How::OverriddenAtTimes)
            }
            _ if own.overridden == Some(subgraph) => Some(How::Overridden),
            _ => None,
        };
        out.extend(how.map(|how| (own.name.clone(), how)));
    }
    for own in &object.fields {
        if let (Source::Computed(needs), true) = (&own.source, own.at.contains(&subgraph)) {
            for need in needs {
                out.entry(need.field.clone()).or_insert(How::External);
            }
        }
    }
    out
}

/// The monolith's schema.
pub(crate) fn monolith(world: &World) -> String {
    let mut sdl = COMMON.to_owned();
    for object in world.roots.iter().chain(&world.objects) {
        let interfaces = world.interfaces_of(&object.name).map(|i| i.name.as_str());
        head(
            &mut sdl,
            "type",
            &object.name,
            &interfaces.collect::<Vec<_>>(),
        );
        let fields = object.fields.iter().filter(|own| !own.hidden);
        let fields: Vec<String> = fields.map(definition).collect();
        let _ = writeln!(sdl, " {{\n  {}\n}}", fields.join("\n  "));
    }
    for interface in &world.interfaces {
        let fields = interface
            .fields
            .iter()
            .filter_map(|name| world.field(&interface.name, name));
        let fields: Vec<String> = fields.map(definition).collect();
        let parents: Vec<&str> = interface.parent.iter().map(String::as_str).collect();
        head(&mut sdl, "interface", &interface.name, &parents);
        let _ = writeln!(sdl, " {{\n  {}\n}}", fields.join("\n  "));
    }
    for union in &world.unions {
        let _ = writeln!(sdl, "union {} = {}", union.name, union.members.join(" | "));
    }
    sdl
}

fn head(sdl: &mut String, keyword: &str, name: &str, interfaces: &[&str]) {
    let _ = write!(sdl, "{keyword} {name}");
    if !interfaces.is_empty() {
        let _ = write!(sdl, " implements {}", interfaces.join(" & "));
    }
}

pub(crate) fn definition(field: &Field) -> String {
    let mut text = field.name.clone();
    if !field.arguments.is_empty() {
        let arguments = field.arguments.iter().map(|argument| {
            let default = argument.default.as_ref();
            let default = default
                .map(|value| format!(" = {value}"))
                .unwrap_or_default();
            format!("{}: {}{default}", argument.name, argument.ty)
        });
        text.push_str(&format!("({})", arguments.collect::<Vec<_>>().join(", ")));
    }
    format!("{text}: {}", field.ty)
}

/// ` implements …` of a type or an interface in a subgraph, or an empty text.
pub(crate) fn implements(
    world: &World,
    name: &str,
    subgraph: usize,
    declared: &Declared,
) -> String {
    let is_here =
        |other: &str| declared.contains_key(other) && !is_interface_object(world, other, subgraph);
    let of_object = world.interfaces_of(name).filter(|interface| {
        is_here(&interface.name)
            && world
                .known(&interface.name, subgraph)
                .contains(&name.to_owned())
    });
    let mut names: Vec<&str> = of_object.map(|i| i.name.as_str()).collect();
    let parent = world.interface(name).and_then(|i| i.parent.as_deref());
    names.extend(parent.filter(|parent| is_here(parent)));
    if names.is_empty() {
        return String::new();
    }
    format!(" implements {}", names.join(" & "))
}

/// The schema extension of a GraphQL service.
const SERVICE: &str = r#"extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key", "@shareable", "@external", "@requires", "@provides", "@override", "@interfaceObject", "@inaccessible"])
  @link(url: "https://specs.sangam.dev/wire/v0.1", import: ["@graphql"])
  @graphql(url: "http://upstream.example")
"#;

/// The SDL of a GraphQL service: for the gateway if `federated`, else the service's own schema.
pub(crate) fn service(world: &World, subgraph: usize, federated: bool) -> String {
    let declared = declared(world, subgraph);
    let mut sdl = if federated {
        SERVICE.to_owned()
    } else {
        String::new()
    };
    sdl.push_str(COMMON);
    let mut entities = Vec::new();
    for (name, fields) in &declared {
        let directives = if federated {
            type_directives(world, name, subgraph)
        } else {
            String::new()
        };
        if let Some(union) = world.union(name) {
            let _ = writeln!(
                sdl,
                "union {name} = {}",
                world.known(&union.name, subgraph).join(" | ")
            );
            continue;
        }
        let is_object = is_interface_object(world, name, subgraph);
        let object = world.object(name);
        if is_object || object.is_some_and(|object| object.homes.contains_key(&subgraph)) {
            entities.push(name.clone());
        }
        let keyword = if object.is_some() || is_object {
            "type"
        } else {
            "interface"
        };
        let implements = implements(world, name, subgraph, &declared);
        let _ = write!(sdl, "{keyword} {name}{implements}");
        let mut lines = Vec::new();
        for own in world.field_names(name) {
            let Some(how) = fields.get(&own) else {
                continue;
            };
            let Some(field) = world.field(name, &own) else {
                continue;
            };
            let mut line = definition(&field.at_subgraph(subgraph));
            if federated && keyword == "type" {
                line.push_str(&field_directives(world, object, field, subgraph, *how));
            }
            lines.push(line);
        }
        if name == "Query" && !federated {
            lines.extend(root_fields(world, subgraph));
        }
        let _ = writeln!(sdl, "{directives} {{\n  {}\n}}", lines.join("\n  "));
    }
    if !federated {
        if !declared.contains_key("Query") {
            let _ = writeln!(
                sdl,
                "type Query {{\n  {}\n}}",
                root_fields(world, subgraph).join("\n  ")
            );
        }
        if !entities.is_empty() {
            let _ = writeln!(sdl, "scalar _Any\nunion _Entity = {}", entities.join(" | "));
        }
        sdl.push_str("type _Service { sdl: String }\n");
    }
    sdl
}

/// The fields that Federation adds to a service's query root.
fn root_fields(world: &World, subgraph: usize) -> Vec<String> {
    let mut out = vec!["_service: _Service!".to_owned()];
    let has = world
        .objects
        .iter()
        .any(|object| object.homes.contains_key(&subgraph))
        || world
            .interfaces
            .iter()
            .any(|i| is_interface_object(world, &i.name, subgraph));
    if has {
        out.push("_entities(representations: [_Any!]!): [_Entity]!".to_owned());
    }
    out
}

fn type_directives(world: &World, name: &str, subgraph: usize) -> String {
    let key = |needs: &[Need]| format!(" @key(fields: \"{}\")", Need::text(needs));
    if let Some(interface) = world.interface(name) {
        let id = [Need::leaf("id")];
        return match interface.entity {
            Some((owner, _)) if owner == subgraph => key(&id),
            Some((_, object)) if object == subgraph => format!("{} @interfaceObject", key(&id)),
            _ => String::new(),
        };
    }
    let Some(object) = world.object(name) else {
        return String::new();
    };
    match object.kind {
        Kind::Value | Kind::KeyValue => " @shareable".to_owned(),
        Kind::Root => String::new(),
        Kind::Entity => {
            let keys = object.keys_at(subgraph);
            let texts = keys.iter().map(|number| {
                let text = key(&object.keys[*number]);
                if object.homes.contains_key(&subgraph) {
                    return text;
                }
                text.replace("\")", "\", resolvable: false)")
            });
            texts.collect()
        }
    }
}

fn field_directives(
    world: &World,
    object: Option<&Object>,
    field: &Field,
    subgraph: usize,
    how: How,
) -> String {
    let mut text = String::new();
    match how {
        How::External => text.push_str(" @external"),
        How::Resolved => {
            let is_plain = object.is_some_and(|o| matches!(o.kind, Kind::Entity | Kind::Root));
            if is_plain && field.shareable {
                text.push_str(" @shareable");
            }
            if let Source::Computed(needs) = &field.source {
                let _ = write!(text, " @requires(fields: {:?})", Need::text(needs));
            }
            if let Some(provided) = field.provides.get(&subgraph) {
                let _ = write!(text, " @provides(fields: {:?})", Need::text(provided));
            }
            if let Some(from) = field.overridden {
                let name = &world.subgraphs[from].name;
                let _ = match field.percent {
                    Some(percent) => write!(
                        text,
                        " @override(from: \"{name}\", label: \"percent({percent})\")"
                    ),
                    None => write!(text, " @override(from: \"{name}\")"),
                };
            }
        }
        How::Key | How::Overridden | How::OverriddenAtTimes => {}
    }
    if field.hidden && how != How::External {
        text.push_str(" @inaccessible");
    }
    text
}
