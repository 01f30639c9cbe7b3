//! Typical mistakes: one change of a subgraph that may break the graph.

use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

use super::model::{Field, Kind, Sub, Ty};

/// Makes one random change.
pub(super) fn mutate(random: &mut StdRng, subs: &mut [Sub]) {
    let names: Vec<String> = subs.iter().map(|sub| sub.name.clone()).collect();
    for _ in 0..20 {
        let sub = random.random_range(0..subs.len());
        if subs[sub].types.is_empty() {
            continue;
        }
        let index = random.random_range(0..subs[sub].types.len());
        let kind = random.random_range(0..5);
        let ty = &mut subs[sub].types[index];
        let changed = match kind {
            0 => of_type(random, ty),
            1 => new_field(random, ty),
            _ => {
                let at = random.random_range(0..ty.fields.len().max(1));
                of_field(random, ty, at, &names)
            }
        };
        if changed {
            return;
        }
    }
}

/// Removes a directive or an interface of a type, or adds `@inaccessible` or `@shareable`.
fn of_type(random: &mut StdRng, ty: &mut Ty) -> bool {
    match random.random_range(0..5) {
        0 if !ty.directives.is_empty() => {
            let at = random.random_range(0..ty.directives.len());
            ty.directives.remove(at);
        }
        1 => ty.mark("@inaccessible"),
        2 if ty.kind == Kind::Object => ty.mark("@shareable"),
        3 if !ty.implements.is_empty() => {
            ty.implements.pop();
        }
        4 if ty.kind == Kind::Object && ty.name.starts_with('E') => {
            let field = ty
                .fields
                .first()
                .map(|field| field.name.clone())
                .unwrap_or_default();
            ty.mark(&format!("@key(fields: \"{field}\")"));
        }
        _ => return false,
    }
    true
}

/// Adds a field that other subgraphs may have, too.
fn new_field(random: &mut StdRng, ty: &mut Ty) -> bool {
    let name = ["f0", "f1", "f2", "new"]
        .choose(random)
        .copied()
        .unwrap_or("new");
    match ty.kind {
        Kind::Object => {
            ty.field(name, "Int");
        }
        Kind::Interface => {
            ty.field("f0", "Int");
        }
        Kind::Input => {
            ty.field("must", "Int!");
        }
        Kind::Enum => {
            ty.field("WHITE", "");
        }
        Kind::Union => return false,
    }
    true
}

fn of_field(random: &mut StdRng, ty: &mut Ty, at: usize, names: &[String]) -> bool {
    if ty.fields.len() > 1 && random.random_bool(0.2) {
        ty.fields.remove(at);
        return true;
    }
    let kind = ty.kind;
    let Some(field) = ty.fields.get_mut(at) else {
        return false;
    };
    if matches!(kind, Kind::Enum | Kind::Union) {
        if kind == Kind::Enum {
            field.mark("@inaccessible");
        }
        return kind == Kind::Enum;
    }
    match random.random_range(0..9) {
        0 if !field.directives.is_empty() => {
            let at = random.random_range(0..field.directives.len());
            field.directives.remove(at);
        }
        1 => return retype(random, field),
        2 => {
            field.mark("@inaccessible");
        }
        3 if kind == Kind::Object => {
            field.mark("@shareable");
        }
        4 if kind == Kind::Object => {
            field.mark("@external");
        }
        5 if kind == Kind::Object && !field.has("@override") => {
            let from = names.choose(random).map_or("gone", String::as_str);
            field.mark(&format!("@override(from: \"{from}\")"));
        }
        6 if kind != Kind::Input => {
            let argument = ["x: Int!", "y: Int", "y: Int! = 3", "x: String = \"t\""]
                .choose(random)
                .copied();
            let argument = argument.unwrap_or("y: Int");
            field
                .arguments
                .retain(|existing| existing[..1] != argument[..1]);
            field.arguments.push(argument.to_owned());
        }
        7 if kind == Kind::Object && !field.has("@requires") => {
            let fields = ["f0", "f1", "nothing"]
                .choose(random)
                .copied()
                .unwrap_or("f0");
            field.mark(&format!("@requires(fields: \"{fields}\")"));
        }
        8 if kind == Kind::Input => field.ty = "Int = 11".to_owned(),
        _ => return false,
    }
    true
}

fn retype(random: &mut StdRng, field: &mut Field) -> bool {
    if field.ty.contains('=') {
        return false;
    }
    field.ty = match random.random_range(0..4) {
        0 if field.ty.ends_with('!') => field.ty[..field.ty.len() - 1].to_owned(),
        0 => format!("{}!", field.ty),
        1 if !field.ty.starts_with('[') => format!("[{}]", field.ty),
        2 => "Boolean".to_owned(),
        _ => return false,
    };
    true
}
