//! A subgraph that is a connector with a REST service.
//!
//! The names of the service differ from those of the graph (`r_name` is `name`), so that no mapping is right by accident.
//! Its paths are `q/<field>` and `m/<field>` for root fields, `e/<type>/<group>` for one entity, `b/<type>/<group>` for
//! several, and `f/<type>/<field>` for a field with arguments. The seed of the world decides which fields are looked up
//! together (a group), whether the lookups are batches, and which of them fail.

use std::collections::BTreeMap;

use super::data::{Data, Instance, required};
use super::json::Json;
use super::naive::{Resolver, Val};
use super::pages::Paged;
use super::print::{Declared, How, declared, definition};
use super::random::hash;
use super::world::{COMMON, ENTITIES, Field, Kind, Need, Object, Source, World, is_leaf};
use super::{pages, print};

const HEAD: &str = r#"extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.13", import: ["@key", "@shareable", "@external", "@inaccessible"])
  @link(url: "https://specs.apollo.dev/connect/v0.4", import: ["@source", "@connect"])
  @link(url: "https://specs.sangam.dev/wire/v0.1", import: ["@paginate"])
  @source(name: "s", http: { baseURL: "http://upstream.example" })
"#;

/// Whether a selection can describe the values of a type: no field below has arguments.
pub(crate) fn can_be_selected(world: &World, base: &str) -> bool {
    if is_leaf(base) {
        return true;
    }
    if world.is_abstract(base) {
        return members_can_be_selected(world, base);
    }
    world.object(base).is_some_and(|object| match object.kind {
        Kind::Entity => true,
        Kind::Value => object
            .fields
            .iter()
            .all(|own| own.arguments.is_empty() && can_be_selected(world, own.ty.base())),
        Kind::KeyValue | Kind::Root => false,
    })
}

/// Whether one selection can describe all members of an abstract type: they are of the same kind, and their fields of one
/// name have the same type.
fn members_can_be_selected(world: &World, base: &str) -> bool {
    let members = world.members(base);
    let objects: Vec<&Object> = members
        .iter()
        .filter_map(|name| world.object(name))
        .collect();
    let nested = |object: &&&Object| object.field("org").is_some();
    let Some(first) = objects.first() else {
        return false;
    };
    objects.iter().all(|object| object.kind == first.kind)
        && objects.iter().filter(nested).count() < 2
        && members.iter().all(|name| can_be_selected(world, name))
}

fn number(world: &World, texts: &[&str]) -> u64 {
    hash(world.seed, texts)
}

fn groups(world: &World, object: &Object, subgraph: usize) -> u64 {
    if mode(world, object, subgraph) == Mode::Explicit {
        return 1;
    }
    1 + number(world, &[&object.name, "groups"]) % 2
}

/// How the entities of a type are looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Single,
    Batch,
    /// By a field of the query root.
    Explicit,
}

pub(crate) fn mode(world: &World, object: &Object, subgraph: usize) -> Mode {
    let texts = [&object.name, &subgraph.to_string(), "mode"];
    let nested = key(object, subgraph)
        .iter()
        .any(|need| !need.children.is_empty());
    match number(world, &texts) % 4 {
        0 => Mode::Batch,
        1 if !nested => Mode::Explicit,
        _ => Mode::Single,
    }
}

fn group(world: &World, object: &Object, subgraph: usize, field: &str) -> u64 {
    number(world, &[&object.name, field, "group"]) % groups(world, object, subgraph)
}

/// The fields of a group.
fn members<'w>(world: &World, object: &'w Object, subgraph: usize, own: u64) -> Vec<&'w Field> {
    let here = object.fields.iter().filter(|field| {
        field.source == Source::Plain && field.at.contains(&subgraph) && field.arguments.is_empty()
    });
    here.filter(|field| group(world, object, subgraph, &field.name) == own)
        .collect()
}

/// Whether lookups of a group sometimes fail. No other subgraph may resolve its fields.
fn group_fails(world: &World, object: &Object, subgraph: usize, group: u64) -> bool {
    let fields = members(world, object, subgraph, group);
    let only_here = |field: &&Field| field.at.len() == 1 && !field.shareable;
    mode(world, object, subgraph) == Mode::Single
        && number(world, &[&object.name, &group.to_string(), "fails"]).is_multiple_of(3)
        && fields.iter().all(only_here)
}

/// Whether the lookup of a field sometimes fails.
pub(crate) fn may_fail(world: &World, object: &Object, field: &Field) -> bool {
    let Some(&subgraph) = field.at.first() else {
        return false;
    };
    world.subgraphs[subgraph].rest
        && object.kind == Kind::Entity
        && field.source == Source::Plain
        && field.arguments.is_empty()
        && group_fails(
            world,
            object,
            subgraph,
            group(world, object, subgraph, &field.name),
        )
}

/// Whether the lookup of a field fails for this entity.
pub(crate) fn fails(world: &World, object: &Instance, field: &Field) -> bool {
    let own = world.object(&object.ty);
    own.is_some_and(|own| {
        let home = field.at.first().copied().unwrap_or_default();
        may_fail(world, own, field)
            && lookup_fails(world, object, group(world, own, home, &field.name))
    })
}

fn lookup_fails(world: &World, object: &Instance, group: u64) -> bool {
    let texts = [&object.ty, &object.id.to_string(), &group.to_string()];
    number(world, &texts.map(String::as_str)).is_multiple_of(4)
}

/// Leaves that a reference to an entity includes.
fn along<'w>(world: &'w World, object: &'w Object, subgraph: usize) -> Vec<&'w Field> {
    let all = object.fields.iter().filter(|field| {
        is_leaf(field.ty.base())
            && field.source == Source::Plain
            && field.at.contains(&subgraph)
            && field.arguments.is_empty()
            && !may_fail(world, object, field)
    });
    all.filter(|field| number(world, &[&object.name, &field.name, "along"]).is_multiple_of(2))
        .collect()
}

/// Whether a field has its own connect.
fn is_connect(object: &Object, field: &Field) -> bool {
    object.kind == Kind::Root
        || !field.arguments.is_empty()
        || matches!(field.source, Source::Computed(_))
}

/// The folder's SDL.
pub(crate) fn sdl(world: &World, subgraph: usize) -> String {
    let declared = declared(world, subgraph);
    let mut sdl = HEAD.to_owned();
    sdl.push_str(COMMON);
    for (name, fields) in &declared {
        let Some(object) = world.object(name) else {
            sdl.push_str(&abstract_type(world, name, fields, subgraph));
            continue;
        };
        let mut lines = Vec::new();
        for field in &object.fields {
            let Some(how) = fields.get(&field.name) else {
                continue;
            };
            if object.kind == Kind::KeyValue && !in_a_key(world, name, &field.name, subgraph) {
                continue;
            }
            let mut line = definition(field);
            let is_plain = matches!(object.kind, Kind::Entity | Kind::Root);
            if *how == How::Resolved && is_plain {
                if field.shareable {
                    line.push_str(" @shareable");
                }
                if is_connect(object, field) {
                    line.push_str(&connect(world, object, field, subgraph, &declared));
                }
            }
            if *how == How::External {
                line.push_str(" @external");
            } else if field.hidden {
                line.push_str(" @inaccessible");
            }
            lines.push(line);
        }
        let directives = type_directives(world, object, subgraph, &declared);
        let implements = print::implements(world, name, subgraph, &declared);
        sdl.push_str(&format!(
            "type {name}{implements}{directives} {{\n  {}\n}}\n",
            lines.join("\n  ")
        ));
    }
    sdl
}

fn abstract_type(
    world: &World,
    name: &str,
    fields: &BTreeMap<String, How>,
    subgraph: usize,
) -> String {
    if world.union(name).is_some() {
        let members = world.known(name, subgraph).join(" | ");
        return format!("union {name} = {members}\n");
    }
    let declared = declared(world, subgraph);
    let implements = print::implements(world, name, subgraph, &declared);
    let lines = world.field_names(name).into_iter();
    let lines = lines.filter(|own| fields.contains_key(own));
    let lines: Vec<String> = lines
        .filter_map(|own| world.field(name, &own).map(definition))
        .collect();
    format!(
        "interface {name}{implements} {{\n  {}\n}}\n",
        lines.join("\n  ")
    )
}

/// Whether a key of this subgraph contains a field of the value of a nested key.
pub(crate) fn in_a_key(world: &World, value: &str, field: &str, subgraph: usize) -> bool {
    let entities = world
        .objects
        .iter()
        .filter(|object| object.kind == Kind::Entity);
    let keys = entities.flat_map(|object| {
        let keys = object.keys_at(subgraph).into_iter();
        keys.flat_map(|number| &object.keys[number]).filter(|need| {
            object
                .field(&need.field)
                .is_some_and(|own| own.ty.base() == value)
        })
    });
    let mut children = keys.flat_map(|need| &need.children);
    children.any(|child| child.field == field)
}

/// The connect of a root field, or of an entity's field with arguments.
fn connect(
    world: &World,
    object: &Object,
    field: &Field,
    subgraph: usize,
    declared: &Declared,
) -> String {
    if let Source::Lookup(entity) = &field.source
        && let Some(entity) = world.object(entity)
    {
        let query = key_query(key(entity, subgraph), "$args");
        let selection = lookup_selection(world, entity, subgraph, 0, declared);
        let name = &entity.name;
        return format!(
            " @connect(source: \"s\", http: {{ GET: \"/e/{name}/0?{query}\" }}, entity: true, selection: {selection:?})"
        );
    }
    let mut body: Vec<String> = Vec::new();
    let path = match object.name.as_str() {
        "Query" => format!("/q/{}", field.name),
        "Mutation" => format!("/m/{}", field.name),
        name => {
            body.extend(key(object, subgraph).iter().map(|need| {
                format!(
                    "{}: $this.{}",
                    need.field,
                    Need::text(std::slice::from_ref(need))
                )
            }));
            format!("/f/{name}/{}", field.name)
        }
    };
    for argument in &field.arguments {
        body.push(format!("{0}: $args.{0}", argument.name));
    }
    if let Source::Computed(needs) = &field.source {
        let needs = needs.iter().map(|need| &need.field);
        body.extend(needs.map(|name| format!("c_{name}: $this.{name}")));
    }
    let mut http = if body.is_empty() && object.name != "Mutation" {
        format!("GET: {path:?}")
    } else {
        format!("POST: {path:?}, body: {:?}", body.join("\n"))
    };
    let paged = pages::paged(world, object, field).map(Paged::texts);
    if let Some((parameter, _)) = paged {
        http.push_str(&format!(", queryParams: {parameter:?}"));
    }
    let below = below(
        world,
        field.ty.base(),
        subgraph,
        declared,
        object.kind == Kind::Root,
    );
    let selection = match (below.is_empty(), paged.is_some()) {
        (true, false) => "$".to_owned(),
        (false, false) => below,
        (true, true) => "$.items".to_owned(),
        (false, true) => format!("$.items {{ {below} }}"),
    };
    let paginate = paged.map(|(_, directive)| format!(" {directive}"));
    format!(
        " @connect(source: \"s\", http: {{ {http} }}, selection: {selection:?}){}",
        paginate.unwrap_or_default()
    )
}

/// The key of an entity in this subgraph.
fn key(object: &Object, subgraph: usize) -> &[Need] {
    let keys = object.keys_at(subgraph);
    &object.keys[keys[0]]
}

/// The selection on the values of a type; with `more`, not only the key of an entity.
fn below(world: &World, base: &str, subgraph: usize, declared: &Declared, more: bool) -> String {
    if world.is_abstract(base) {
        return below_members(world, base, subgraph, declared, more);
    }
    let items = below_items(world, base, subgraph, declared, more);
    let items = items.into_iter().map(|(_, item)| item);
    items.collect::<Vec<_>>().join(" ")
}

/// The same for an abstract type: a member of the document has the type.
fn below_members(
    world: &World,
    base: &str,
    subgraph: usize,
    declared: &Declared,
    more: bool,
) -> String {
    let members = world.known(base, subgraph);
    let kinds = members
        .iter()
        .map(|name| format!("['{}', '{name}']", kind_of(name)));
    let kinds: Vec<String> = kinds.collect();
    let mut items: Vec<(String, String)> = vec![(
        "__typename".to_owned(),
        format!("__typename: r_kind->match({})\n", kinds.join(", ")),
    )];
    let own: Vec<_> = members
        .iter()
        .map(|name| below_items(world, name, subgraph, declared, more))
        .collect();
    let is_key = |name: &str| ["id", "code", "org"].contains(&name);
    let wider = world.interface(base).map(|interface| &interface.wider);
    for (name, item) in own.iter().flatten() {
        // What is selected below a field must do for the narrower types of all members.
        let wide = wider.and_then(|wider| wider.get(name));
        let wide = wide.map(|field| self::item(world, field, subgraph, declared, more));
        let item = wide.as_ref().unwrap_or(item);
        // A field is selected for all members that have it.
        let lacks = |(member, own): (&String, &Vec<(String, String)>)| {
            declared[member].contains_key(name) && own.iter().all(|(known, _)| known != name)
        };
        let lacking = members.iter().zip(&own).any(lacks);
        let known = items.iter().any(|(known, _)| known == name);
        if !known && (is_key(name) || !lacking) {
            items.push((name.clone(), item.clone()));
        }
    }
    let items = items.into_iter().map(|(_, item)| item);
    items.collect::<Vec<_>>().join(" ")
}

/// The name of a type in documents.
fn kind_of(ty: &str) -> String {
    format!("kind {}", ty.to_lowercase())
}

fn below_items(
    world: &World,
    base: &str,
    subgraph: usize,
    declared: &Declared,
    more: bool,
) -> Vec<(String, String)> {
    let Some(object) = world.object(base) else {
        return Vec::new();
    };
    let mut items = Vec::new();
    if object.kind == Kind::Entity {
        let needs = key(object, subgraph);
        let names = needs.iter().map(|need| need.field.clone());
        items.extend(names.zip(key_items(needs)));
        if more {
            let along = along(world, object, subgraph);
            items.extend(
                along
                    .iter()
                    .map(|own| named_item(world, own, subgraph, declared, more)),
            );
        }
    } else {
        let here = |own: &&Field| {
            declared
                .get(base)
                .is_some_and(|known| known.contains_key(&own.name))
        };
        items.extend(
            object
                .fields
                .iter()
                .filter(here)
                .map(|own| named_item(world, own, subgraph, declared, more)),
        );
    }
    items
}

fn named_item(
    world: &World,
    field: &Field,
    subgraph: usize,
    declared: &Declared,
    more: bool,
) -> (String, String) {
    let item = item(world, field, subgraph, declared, more);
    (field.name.clone(), item)
}

fn item(world: &World, field: &Field, subgraph: usize, declared: &Declared, more: bool) -> String {
    let below = below(world, field.ty.base(), subgraph, declared, more);
    if below.is_empty() {
        return format!("{0}: r_{0}\n", field.name);
    }
    format!("{0}: r_{0} {{ {below} }}", field.name)
}

fn key_items(needs: &[Need]) -> Vec<String> {
    let item = |need: &Need| {
        if need.children.is_empty() {
            return format!("{0}: r_{0}\n", need.field);
        }
        format!(
            "{0}: r_{0} {{ {1} }}",
            need.field,
            key_items(&need.children).join(" ")
        )
    };
    needs.iter().map(item).collect()
}

fn type_directives(world: &World, object: &Object, subgraph: usize, declared: &Declared) -> String {
    if object.kind == Kind::Root {
        return String::new();
    }
    if object.kind != Kind::Entity {
        return " @shareable".to_owned();
    }
    let needs = key(object, subgraph);
    let name = &object.name;
    if !object.homes.contains_key(&subgraph) {
        return format!(" @key(fields: {:?}, resolvable: false)", Need::text(needs));
    }
    let mut text = format!(" @key(fields: {:?})", Need::text(needs));
    let mode = mode(world, object, subgraph);
    if mode == Mode::Explicit {
        return text;
    }
    for group in 0..groups(world, object, subgraph) {
        let fields = members(world, object, subgraph, group);
        if fields.is_empty() && group > 0 {
            continue;
        }
        let selection = lookup_selection(world, object, subgraph, group, declared);
        let http = if mode == Mode::Batch {
            let body = format!("keys: $batch {{ {} }}", Need::text(needs));
            format!("POST: \"/b/{name}/{group}\", body: {body:?}")
        } else {
            format!("GET: \"/e/{name}/{group}?{}\"", key_query(needs, "$this"))
        };
        text.push_str(&format!(
            "\n  @connect(source: \"s\", http: {{ {http} }}, selection: {selection:?})"
        ));
    }
    text
}

/// The selection of a lookup of an entity.
fn lookup_selection(
    world: &World,
    object: &Object,
    subgraph: usize,
    group: u64,
    declared: &Declared,
) -> String {
    let mut items = key_items(key(object, subgraph));
    let fields = members(world, object, subgraph, group);
    items.extend(
        fields
            .iter()
            .map(|own| item(world, own, subgraph, declared, false)),
    );
    items.join(" ")
}

/// A key as parameters of a URL.
fn key_query(needs: &[Need], parent: &str) -> String {
    let parts = needs.iter().map(|need| {
        let path = format!("{parent}.{}", need.field);
        if need.children.is_empty() {
            return format!(
                "{}={{{path}}}",
                path.trim_start_matches("$this.")
                    .trim_start_matches("$args.")
            );
        }
        key_query(&need.children, &path)
    });
    parts.collect::<Vec<_>>().join("&")
}

/// A response: status and body.
pub(crate) type Rest = (u16, Json);

/// The service's response to a request.
pub(crate) fn answer(
    data: &Data<'_>,
    subgraph: usize,
    path: &str,
    query: &str,
    body: &Json,
) -> Result<Rest, String> {
    let world = data.world;
    let parts: Vec<&str> = path.split('/').collect();
    let declared = declared(world, subgraph);
    let service = Documents {
        data,
        subgraph,
        declared,
    };
    match parts.as_slice() {
        ["q", field] => {
            let root = world.object("Query").unwrap();
            let paged = root
                .field(field)
                .and_then(|field| pages::paged(world, root, field));
            let (status, whole) = service.field(&Instance::new("Query", 0), field, body)?;
            Ok(match paged {
                Some(paged) if status == 200 => (200, paged.page(query, &whole)),
                _ => (status, whole),
            })
        }
        ["m", field] => service.field(&Instance::new("Mutation", 0), field, body),
        ["f", ty, field] => {
            let entity = service.find(ty, &|key| holds(body, key));
            service.field(&entity.ok_or(format!("no {ty} {body}"))?, field, body)
        }
        ["e", ty, group] => {
            let entity = service.find(ty, &|key| {
                flat("", key).iter().all(|(name, text)| {
                    query
                        .split('&')
                        .any(|part| part.split_once('=') == Some((name, text)))
                })
            });
            let group = group.parse().unwrap();
            let own = world.object(ty).unwrap();
            if entity.is_none() && mode(world, own, subgraph) == Mode::Explicit {
                // Clients may look up entities that do not exist.
                return Ok((200, Json::Null));
            }
            let entity = entity.ok_or(format!("no {ty} {query}"))?;
            if group_fails(world, own, subgraph, group) && lookup_fails(world, &entity, group) {
                return Ok((500, Json::Null));
            }
            Ok((200, service.entity(&entity, Some(group))))
        }
        ["b", ty, group] => {
            let keys = body.get("keys").and_then(Json::as_list).unwrap_or_default();
            let group = group.parse().unwrap();
            let mut out = Vec::new();
            for wanted in keys {
                let entity = service.find(ty, &|key| holds(wanted, key));
                let entity = entity.ok_or(format!("no {ty} {wanted}"))?;
                out.push(service.entity(&entity, Some(group)));
            }
            // A batch is matched by key, not by position.
            out.reverse();
            Ok((200, Json::List(out)))
        }
        _ => Err(format!("asks for {path}")),
    }
}

/// The leaves of a key as encoded URL parameters.
fn flat(prefix: &str, key: &Json) -> Vec<(String, String)> {
    match key {
        Json::Object(members) => members
            .iter()
            .flat_map(|(name, value)| {
                let dot = if prefix.is_empty() { "" } else { "." };
                flat(&format!("{prefix}{dot}{name}"), value)
            })
            .collect(),
        Json::String(text) => vec![(prefix.to_owned(), text.clone())],
        other => vec![(prefix.to_owned(), other.text())],
    }
}

fn holds(whole: &Json, part: &Json) -> bool {
    match part {
        Json::Object(members) => members
            .iter()
            .all(|(name, part)| whole.get(name).is_some_and(|whole| holds(whole, part))),
        part => whole == part,
    }
}

struct Documents<'d> {
    data: &'d Data<'d>,
    subgraph: usize,
    declared: Declared,
}

impl Documents<'_> {
    fn find(&self, ty: &str, is: &dyn Fn(&Json) -> bool) -> Option<Instance> {
        let object = self.data.world.object(ty)?;
        let needs = key(object, self.subgraph);
        let all = (0..ENTITIES).map(|id| Instance::new(ty, id));
        all.into_iter()
            .find(|entity| required(self.data.world, entity, needs).is_some_and(|key| is(&key)))
    }

    /// The value of a field with arguments, as a document of its own.
    fn field(&self, object: &Instance, field: &str, body: &Json) -> Result<Rest, String> {
        let own = self.data.world.field(&object.ty, field);
        let own = own.ok_or(format!("no field {field}"))?;
        let given = own.arguments.iter();
        let given = given.filter_map(|a| Some((a.name.clone(), body.get(&a.name)?.clone())));
        let arguments = Json::Object(given.collect());
        if let Source::Computed(needs) = &own.source {
            let inputs = required(self.data.world, object, needs);
            let inputs = inputs.ok_or(format!("{field} is asked for though an input failed"))?;
            let is_given = |need: &Need| {
                let given = body.get(&format!("c_{}", need.field));
                given.is_some() && given == inputs.get(&need.field)
            };
            if !needs.iter().all(is_given) {
                return Err(format!("{field} is asked for with {body}, not {inputs}"));
            }
        }
        match self.data.resolve(object, field, &arguments) {
            Val::Error => Ok((500, Json::Null)),
            value => Ok((200, self.document(value))),
        }
    }

    fn document(&self, value: Val<Instance>) -> Json {
        match value {
            Val::Null | Val::Error => Json::Null,
            Val::Leaf(leaf) => leaf,
            Val::List(items) => {
                Json::List(items.into_iter().map(|item| self.document(item)).collect())
            }
            Val::Object(object) => {
                let kind = self.data.world.object(&object.ty).map(|own| own.kind);
                match kind {
                    Some(Kind::Entity) => self.entity(&object, None),
                    _ => self.value(&object),
                }
            }
        }
    }

    fn value(&self, object: &Instance) -> Json {
        let mut members = vec![
            ("noise".to_owned(), Json::List(vec![Json::Null])),
            ("r_kind".to_owned(), Json::String(kind_of(&object.ty))),
        ];
        for name in self
            .declared
            .get(&object.ty)
            .into_iter()
            .flatten()
            .map(|(name, _)| name)
        {
            members.push(self.member(object, name));
        }
        Json::Object(members)
    }

    fn member(&self, object: &Instance, field: &str) -> (String, Json) {
        let value = self.data.resolve(object, field, &Json::Object(Vec::new()));
        (format!("r_{field}"), self.document(value))
    }

    /// An entity with its key, the leaves that references include, and the fields of a group.
    fn entity(&self, object: &Instance, group: Option<u64>) -> Json {
        let world = self.data.world;
        let own = world.object(&object.ty).unwrap();
        let mut members = vec![("r_kind".to_owned(), Json::String(kind_of(&object.ty)))];
        // The other keys too: the members of an abstract type may share a selection, and have different keys.
        let leaves = own.fields.iter().filter(|field| {
            field.source == Source::Key
                && is_leaf(field.ty.base())
                && !own.is_key_at(&field.name, self.subgraph)
        });
        members.extend(leaves.map(|field| self.member(object, &field.name)));
        if let Some(key) = required(world, object, key(own, self.subgraph)) {
            let Json::Object(key) = renamed(&key) else {
                return Json::Null;
            };
            members.extend(key);
        }
        let fields = match group {
            Some(group) => self::members(world, own, self.subgraph, group),
            None => along(world, own, self.subgraph),
        };
        members.extend(fields.iter().map(|field| self.member(object, &field.name)));
        members.push(("noise".to_owned(), Json::Bool(true)));
        Json::Object(members)
    }
}

fn renamed(value: &Json) -> Json {
    match value {
        Json::Object(members) => Json::Object(
            members
                .iter()
                .map(|(name, value)| (format!("r_{name}"), renamed(value)))
                .collect(),
        ),
        other => other.clone(),
    }
}
