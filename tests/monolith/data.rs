//! The data of a world: a value is a function of the world's seed, the object, the field and the arguments.

use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

use apollo_compiler::Schema;

use super::json::Json;
use super::naive::{Resolver, Val};
use super::random::hash;
use super::rest;
use super::world::{COLOURS, ENTITIES, Field, Kind, Need, Source, Ty, World};

/// An object: its concrete type and its number, with the representation that a service has received for it.
#[derive(Debug, Clone)]
pub(crate) struct Instance {
    pub(crate) ty: String,
    pub(crate) id: u64,
    pub(crate) representation: Option<Rc<Json>>,
    /// The fields that its parent provides.
    pub(crate) provided: Option<Rc<Vec<Need>>>,
}

impl Instance {
    pub(crate) fn new(ty: &str, id: u64) -> Instance {
        Instance {
            ty: ty.to_owned(),
            id,
            representation: None,
            provided: None,
        }
    }
}

/// The monolith's resolvers: all data, in one service.
pub(crate) struct Data<'d> {
    pub(crate) world: &'d World,
    /// The number of mutations so far in the operation.
    pub(crate) mutations: &'d AtomicU64,
}

impl Resolver for Data<'_> {
    type Object = Instance;

    fn type_name(&self, object: &Instance) -> String {
        object.ty.clone()
    }

    fn resolve(&self, object: &Instance, field: &str, arguments: &Json) -> Val<Instance> {
        let own = self.world.field(&object.ty, field);
        let own = own.unwrap_or_else(|| panic!("{}.{field}", object.ty));
        let ordinal = self.ordinal(object);
        if rest::fails(self.world, object, own) {
            return Val::Error;
        }
        match &own.source {
            Source::Computed(needs) => match required(self.world, object, needs) {
                // A connect is not called if one of its inputs is null.
                Some(inputs) if self.is_of_a_connect(own) && inputs.holds_null() => Val::Null,
                Some(inputs) => computed(self.world, object, own, arguments, &inputs),
                None => Val::Error,
            },
            _ => value(self.world, object, own, arguments, ordinal),
        }
    }
}

impl Data<'_> {
    fn is_of_a_connect(&self, field: &Field) -> bool {
        let mut homes = field.at.iter();
        homes.any(|home| self.world.subgraphs[*home].rest)
    }

    /// The number of a mutation in its operation; 0 for any other field.
    pub(crate) fn ordinal(&self, object: &Instance) -> u64 {
        match object.ty.as_str() {
            "Mutation" => self.mutations.fetch_add(1, Ordering::SeqCst) + 1,
            _ => 0,
        }
    }
}

/// The value of a field that is not computed. `ordinal` is the number of a mutation in its operation.
pub(crate) fn value(
    world: &World,
    object: &Instance,
    field: &Field,
    arguments: &Json,
    ordinal: u64,
) -> Val<Instance> {
    if field.source == Source::Key {
        return key_value(world, object, field);
    }
    if let Source::Lookup(entity) = &field.source {
        return looked_up(world, entity, arguments);
    }
    let seed = seed(world, object, field, arguments, &ordinal.to_string());
    make(world, field, &field.ty, seed, true)
}

/// The value of a computed field.
pub(crate) fn computed(
    world: &World,
    object: &Instance,
    field: &Field,
    arguments: &Json,
    inputs: &Json,
) -> Val<Instance> {
    let seed = seed(world, object, field, arguments, &inputs.text());
    make(world, field, &field.ty, seed, true)
}

fn seed(world: &World, object: &Instance, field: &Field, arguments: &Json, more: &str) -> u64 {
    let id = object.id.to_string();
    // REST requests do not distinguish an argument that is null from a missing one.
    let arguments = match sorted(arguments) {
        Json::Object(mut members) => {
            members.retain(|(_, value)| *value != Json::Null);
            Json::Object(members)
        }
        other => other,
    };
    let texts = [&object.ty, &id, &field.name, &arguments.text(), more];
    hash(world.seed, &texts)
}

/// The value with the members of objects sorted by name: their order has no meaning.
fn sorted(value: &Json) -> Json {
    match value {
        Json::Object(members) => {
            let members = members
                .iter()
                .map(|(name, value)| (name.clone(), sorted(value)));
            let mut members: Vec<_> = members.collect();
            members.sort_by(|(one, _), (other, _)| one.cmp(other));
            Json::Object(members)
        }
        Json::List(items) => Json::List(items.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

/// The entity with these arguments as its key.
fn looked_up(world: &World, entity: &str, arguments: &Json) -> Val<Instance> {
    let Json::Object(arguments) = arguments else {
        return Val::Null;
    };
    let needs: Vec<Need> = arguments.iter().map(|(name, _)| Need::leaf(name)).collect();
    let mut all = (0..ENTITIES).map(|id| Instance::new(entity, id));
    let wanted = sorted(&Json::Object(arguments.clone()));
    let found = all
        .find(|entity| required(world, entity, &needs).is_some_and(|key| sorted(&key) == wanted));
    found.map_or(Val::Null, Val::Object)
}

fn key_value(world: &World, object: &Instance, field: &Field) -> Val<Instance> {
    let number = object.id;
    let base = field.ty.base();
    if let Ty::List(..) = field.ty {
        let texts = (0..=number % 3).map(|place| format!("{}-{number}-{place}", object.ty));
        return Val::List(texts.map(|text| Val::Leaf(Json::String(text))).collect());
    }
    if world
        .object(base)
        .is_some_and(|own| own.kind == Kind::KeyValue)
    {
        return Val::Object(Instance::new(base, number));
    }
    match base {
        "Int" => Val::Leaf(Json::Number((100 + number).to_string())),
        _ => Val::Leaf(Json::String(format!(
            "{}-{}-{number}",
            object.ty, field.name
        ))),
    }
}

fn make(world: &World, field: &Field, ty: &Ty, seed: u64, whole: bool) -> Val<Instance> {
    let may_be_null = !ty.non_null() || world.strict && seed.is_multiple_of(5);
    let luck = hash(seed, &["luck"]) % 100;
    if field.fails && (whole || !field.only_whole) && luck < 18 && may_be_null {
        return Val::Error;
    }
    if luck > 86 && may_be_null {
        return Val::Null;
    }
    match ty {
        Ty::List(item, _) => {
            let length = seed % 4;
            let items = (0..length)
                .map(|index| make(world, field, item, hash(seed, &[&index.to_string()]), false));
            Val::List(items.collect())
        }
        Ty::Named(name, _) => named(world, field, name, seed),
    }
}

fn named(world: &World, field: &Field, name: &str, seed: u64) -> Val<Instance> {
    let leaf = match name {
        "Int" => Json::Number((seed % 2000).to_string()),
        "Float" => Json::Number(format!("{}.5", seed % 1000)),
        "String" => Json::String(format!("s{} \"é\\n", seed % 1000)),
        "ID" => Json::String((seed % 1000).to_string()),
        "Boolean" => Json::Bool(seed.is_multiple_of(2)),
        "Colour" => Json::string(COLOURS[(seed % 3) as usize]),
        _ => {
            let concrete = if world.is_abstract(name) {
                field.possible[(seed % field.possible.len() as u64) as usize].as_str()
            } else {
                name
            };
            let object = world
                .object(concrete)
                .unwrap_or_else(|| panic!("{concrete}"));
            let id = match object.kind {
                Kind::Entity => hash(seed, &["id"]) % ENTITIES,
                _ => seed,
            };
            return Val::Object(Instance::new(concrete, id));
        }
    };
    Val::Leaf(leaf)
}

/// The required fields of a computed field, as in a representation; `None` if one of them fails.
pub(crate) fn required(world: &World, object: &Instance, needs: &[Need]) -> Option<Json> {
    let mutations = AtomicU64::new(0);
    let data = Data {
        world,
        mutations: &mutations,
    };
    let mut members = Vec::new();
    for need in needs {
        if let Some(on) = &need.on {
            if *on == object.ty {
                let Json::Object(own) = required(world, object, &need.children)? else {
                    return None;
                };
                members.extend(own);
            }
            continue;
        }
        let arguments = literal_arguments(world, &object.ty, need);
        let value = data.resolve(object, &need.field, &arguments);
        let ty = &world.field(&object.ty, &need.field)?.ty;
        let value = plain(world, ty, value, need).ok()?;
        members.push((need.field.clone(), value));
    }
    Some(Json::Object(members))
}

/// Completes a required value; an error in any part fails all of it.
fn plain(world: &World, ty: &Ty, value: Val<Instance>, need: &Need) -> Result<Json, ()> {
    Ok(match (value, ty) {
        (Val::Null, ty) if ty.non_null() => return Err(()),
        (Val::Error, _) => return Err(()),
        (Val::Null, _) => Json::Null,
        (Val::Leaf(leaf), _) => leaf,
        (Val::List(items), Ty::List(item, _)) => {
            let items = items
                .into_iter()
                .map(|value| plain(world, item, value, need));
            Json::List(items.collect::<Result<_, _>>()?)
        }
        (Val::List(_), Ty::Named(..)) => return Err(()),
        (Val::Object(object), _) => required(world, &object, &need.children).ok_or(())?,
    })
}

/// The arguments of a required field, with defaults.
fn literal_arguments(world: &World, ty: &str, need: &Need) -> Json {
    let Some(field) = world.field(ty, &need.field) else {
        return Json::Object(Vec::new());
    };
    let written = need.arguments.trim_matches(['(', ')']);
    let mut members = Vec::new();
    for argument in &field.arguments {
        let prefix = format!("{}: ", argument.name);
        let text = written
            .strip_prefix(&prefix)
            .or(argument.default.as_deref());
        // The arguments of required fields have simple types only.
        let value = text.map(|text| match argument.ty.base() {
            "Int" | "Float" => Json::number(text),
            _ => Json::parse(text.as_bytes()).unwrap_or_else(|_| Json::string(text)),
        });
        members.extend(value.map(|value| (argument.name.clone(), value)));
    }
    Json::Object(members)
}

/// Parses a valid schema.
pub(crate) fn schema(sdl: &str) -> apollo_compiler::validation::Valid<Schema> {
    // Not yet built into the library.
    let sdl = match sdl.contains("directive @oneOf") {
        true => sdl.to_owned(),
        false => format!("directive @oneOf on INPUT_OBJECT\n{sdl}"),
    };
    Schema::parse_and_validate(&sdl, "schema.graphql")
        .unwrap_or_else(|errors| panic!("{errors}\n{sdl}"))
}
