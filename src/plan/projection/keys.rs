//! The keys of its input that an expression reads, if they are known statically.

use crate::mapping::ast::{Expr, ExprKind, Item, Path, Start, StepKind, SubSelection};

/// The keys of a path that starts at `$` and only takes keys (and `?`, which makes no difference to a slot).
pub(super) fn static_keys(path: &Path) -> Option<Vec<Box<str>>> {
    if !matches!(path.start, Start::Input) {
        return None;
    }
    let mut keys = Vec::with_capacity(path.steps.len());
    for step in path.steps.iter() {
        match &step.kind {
            StepKind::Key(name) => keys.push(Box::from(&**name)),
            StepKind::Optional => {}
            StepKind::Bind { .. } | StepKind::Method(_) => return None,
        }
    }
    Some(keys)
}

pub(super) fn has_named(selection: &SubSelection) -> bool {
    let is_named = |item: &Item| matches!(item, Item::Field { .. });
    selection.items.iter().any(is_named)
}

/// Collects the names in a selection; false if a name occurs twice or something dynamic spreads. (Several spreads alone
/// merge, lists by index: that is dynamic too.)
pub(super) fn collect_names<'a>(selection: &'a SubSelection, names: &mut Vec<&'a str>) -> bool {
    selection.items.iter().all(|item| match item {
        Item::Field { name, .. } => {
            let new = !names.contains(&&**name);
            names.push(name);
            new
        }
        Item::Spread { value } => match value.as_path() {
            Some(path) => match (&path.selection, static_keys(path)) {
                // What a scalar spreads is evaluated.
                (Some(below), Some(_)) if !below.fits_leaf() => {
                    (has_named(below) || below.items.len() < 2) && collect_names(below, names)
                }
                _ => false,
            },
            None => false,
        },
    })
}

/// The keys of `$` that an expression reads; `None` when it reads `$` as a whole.
pub(super) fn input_keys(value: &Expr) -> Option<Vec<Box<str>>> {
    let mut keys = Vec::new();
    read_keys(value, false, &mut keys).then_some(keys)
}

/// Collects the keys of the outer `$` that are read. `shadowed`: `$` is another value here, and only `@` could still
/// reach the outer value, through the input of a method.
fn read_keys(value: &Expr, shadowed: bool, keys: &mut Vec<Box<str>>) -> bool {
    match &value.kind {
        ExprKind::Literal(_) => true,
        ExprKind::Array(items) | ExprKind::Chain(_, items) => {
            items.iter().all(|item| read_keys(item, shadowed, keys))
        }
        ExprKind::Object(selection) => read_items(selection, shadowed, keys),
        ExprKind::Path(path) => {
            let started = match &path.start {
                Start::Input if shadowed => true,
                Start::Input => match path.steps.first().map(|step| &step.kind) {
                    Some(StepKind::Key(name)) => {
                        if !keys.iter().any(|existing| **existing == **name) {
                            keys.push(Box::from(&**name));
                        }
                        true
                    }
                    _ => false,
                },
                // `@` outside of a method's arguments is `$`: at the top it would be the whole object.
                Start::Current => shadowed,
                Start::Variable(_) => true,
                Start::Expression(inner) => read_keys(inner, shadowed, keys),
            };
            started
                && read_steps(path, shadowed, keys)
                && path
                    .selection
                    .as_ref()
                    .is_none_or(|selection| read_items(selection, true, keys))
        }
    }
}

/// Collects what the steps of a path read besides the value that they are applied to.
fn read_steps(path: &Path, shadowed: bool, keys: &mut Vec<Box<str>>) -> bool {
    path.steps.iter().all(|step| match &step.kind {
        StepKind::Key(_) | StepKind::Optional => true,
        StepKind::Bind { value, .. } => value
            .as_ref()
            .is_none_or(|value| read_argument(value, shadowed, keys)),
        StepKind::Method(call) => call
            .arguments
            .iter()
            .all(|argument| read_argument(argument, shadowed, keys)),
    })
}

/// In an argument `$` is still the outer value, and `@` the method's input, which is collected already.
fn read_argument(value: &Expr, shadowed: bool, keys: &mut Vec<Box<str>>) -> bool {
    match value.as_path() {
        Some(path) if matches!(path.start, Start::Current) => read_steps(path, shadowed, keys),
        _ => match &value.kind {
            ExprKind::Array(items) | ExprKind::Chain(_, items) => {
                items.iter().all(|item| read_argument(item, shadowed, keys))
            }
            ExprKind::Object(selection) => selection.items.iter().all(|item| match item {
                Item::Field { value, .. } | Item::Spread { value } => {
                    read_argument(value, shadowed, keys)
                }
            }),
            _ => read_keys(value, shadowed, keys),
        },
    }
}

fn read_items(selection: &SubSelection, shadowed: bool, keys: &mut Vec<Box<str>>) -> bool {
    selection.items.iter().all(|item| match item {
        Item::Field { value, .. } | Item::Spread { value } => read_keys(value, shadowed, keys),
    })
}
