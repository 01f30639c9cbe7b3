//! Checks a response: it is JSON, and has the form that the operation and the schema require.

use std::collections::BTreeMap;

use apollo_compiler::executable::{ExecutableDocument, Selection, SelectionSet};
use apollo_compiler::schema::{ExtendedType, Type};
use apollo_compiler::validation::Valid;
use apollo_compiler::{Name, Schema};
use sangam::document::Value;
use tokio::runtime::Runtime;

use super::words;

/// A runtime whose threads have the name of a target.
pub(super) fn runtime(name: &str) -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .max_blocking_threads(4)
        .thread_name(format!("fuzz-{name}"))
        .enable_all()
        .build()
        .unwrap()
}

/// The codes of a response's errors. Fails if it is no response, or reports an internal error.
pub(super) fn codes(body: &[u8]) -> Result<String, String> {
    let shown = String::from_utf8_lossy(body);
    let answer = Value::parse_json(body).map_err(|error| format!("not JSON: {error} {shown}"))?;
    let errors = answer
        .get("errors")
        .and_then(Value::as_array)
        .unwrap_or_default();
    if errors.is_empty() && answer.get("data").is_none() {
        return Err(format!("neither data nor errors: {shown}"));
    }
    let code = |error: &'_ Value| {
        let code = error
            .get("extensions")
            .and_then(|extensions| extensions.get("code"))
            .and_then(Value::as_str);
        code.map(str::to_owned)
            .ok_or_else(|| format!("an error without a code: {shown}"))
    };
    let codes: Vec<String> = errors.iter().map(code).collect::<Result<_, _>>()?;
    for code in &codes {
        if matches!(&**code, "INTERNAL_SERVER_ERROR" | "UNSATISFIABLE") {
            return Err(format!("broken here, {code}: {shown}"));
        }
    }
    Ok(words(codes.iter().map(String::as_str)))
}

/// The messages of a response's errors, without the names in them.
pub(super) fn messages(body: &[u8]) -> String {
    let answer = Value::parse_json(body).unwrap_or_default();
    let errors = answer.get("errors").and_then(Value::as_array);
    let messages = errors.unwrap_or_default().iter().take(3);
    let plain = |error: &Value| {
        let message = error.get("message").and_then(Value::as_str);
        message
            .unwrap_or_default()
            .split('`')
            .step_by(2)
            .collect::<String>()
    };
    messages.map(plain).collect::<Vec<_>>().join("; ")
}

/// Compares data with an operation.
pub(super) struct Form<'f> {
    pub(super) schema: &'f Valid<Schema>,
    pub(super) document: &'f Valid<ExecutableDocument>,
}

type Held = Result<(), String>;

/// An expected field: its type, its selections, and whether it may be absent.
struct Wanted<'d> {
    /// Its types. While the type of the object is not known, selections for several types may apply, and the field may
    /// have another type in each; that of the selection that applies is one of them.
    types: Vec<&'d Type>,
    /// Its selection sets, each with whether it may not apply.
    sets: Vec<(&'d SelectionSet, bool)>,
    perhaps: bool,
}

impl<'f> Form<'f> {
    /// Checks an object of a type against selection sets.
    pub(super) fn object(
        &self,
        value: &Value,
        ty: &Name,
        sets: &[(&'f SelectionSet, bool)],
    ) -> Held {
        let object = value
            .as_object()
            .ok_or_else(|| format!("no object: {ty} {value}"))?;
        let named = object.get("__typename").and_then(Value::as_str);
        let concrete = match self.schema.types.get(ty) {
            Some(ExtendedType::Object(_)) => Some(ty.as_str()),
            // The type is unknown unless the object has `__typename`.
            _ => named.filter(|name| self.schema.types.contains_key(*name)),
        };
        let mut wanted = BTreeMap::new();
        for (set, perhaps) in sets {
            self.collect(concrete, set, *perhaps, &mut wanted)?;
        }
        if let Some((name, _)) = object
            .iter()
            .find(|(name, _)| !wanted.contains_key(&***name))
        {
            return Err(format!("a field that was not asked for: {name} of {ty}"));
        }
        for (key, wanted) in &wanted {
            match object.get(key) {
                Some(inner) => self.value_of_one(inner, &wanted.types, &wanted.sets)?,
                None if wanted.perhaps || concrete.is_none() => {}
                None => return Err(format!("a field is missing: {key} of {ty}")),
            }
        }
        Ok(())
    }

    fn collect(
        &self,
        concrete: Option<&str>,
        set: &'f SelectionSet,
        perhaps: bool,
        wanted: &mut BTreeMap<&'f str, Wanted<'f>>,
    ) -> Held {
        for selection in &set.selections {
            let conditional =
                |directive: &apollo_compiler::Node<apollo_compiler::ast::Directive>| {
                    directive.name == "skip" || directive.name == "include"
                };
            let perhaps = perhaps || selection.directives().iter().any(conditional);
            let (inner, condition) = match selection {
                Selection::Field(field) => {
                    let expected = wanted
                        .entry(field.response_key())
                        .or_insert_with(|| Wanted {
                            types: Vec::new(),
                            sets: Vec::new(),
                            perhaps: true,
                        });
                    if !expected.types.contains(&&field.definition.ty) {
                        expected.types.push(&field.definition.ty);
                    }
                    expected.sets.push((&field.selection_set, perhaps));
                    expected.perhaps &= perhaps;
                    continue;
                }
                Selection::InlineFragment(inline) => {
                    (&inline.selection_set, inline.type_condition.as_ref())
                }
                Selection::FragmentSpread(spread) => {
                    let fragment = spread.fragment_def(self.document).ok_or("no fragment")?;
                    (&fragment.selection_set, Some(fragment.type_condition()))
                }
            };
            let applies = match (condition, concrete) {
                (None, _) => Some(true),
                (Some(condition), Some(concrete)) => {
                    Some(condition == concrete || self.schema.is_subtype(condition, concrete))
                }
                (Some(_), None) => None,
            };
            if applies != Some(false) {
                self.collect(concrete, inner, perhaps || applies.is_none(), wanted)?;
            }
        }
        Ok(())
    }

    /// Checks a value that is of one of the types.
    fn value_of_one(
        &self,
        value: &Value,
        types: &[&Type],
        sets: &[(&'f SelectionSet, bool)],
    ) -> Held {
        let mut held = Ok(());
        for ty in types {
            held = self.value(value, ty, sets);
            if held.is_ok() {
                break;
            }
        }
        held
    }

    fn value(&self, value: &Value, ty: &Type, sets: &[(&'f SelectionSet, bool)]) -> Held {
        match (value, ty) {
            (Value::Null, Type::Named(_) | Type::List(_)) => Ok(()),
            (Value::Null, _) => Err(format!("null where none may be: {ty}")),
            (_, Type::List(item) | Type::NonNullList(item)) => {
                let items = value
                    .as_array()
                    .ok_or_else(|| format!("no list: {ty} {value}"))?;
                items
                    .iter()
                    .try_for_each(|item_value| self.value(item_value, item, sets))
            }
            (_, Type::Named(name) | Type::NonNullNamed(name)) => {
                match self.schema.types.get(name) {
                    Some(ExtendedType::Scalar(_)) => scalar(value, name),
                    Some(ExtendedType::Enum(definition)) => {
                        let is_defined = value
                            .as_str()
                            .is_some_and(|name| definition.values.contains_key(name));
                        is_defined
                            .then_some(())
                            .ok_or_else(|| format!("no value of an enum: {name} {value}"))
                    }
                    _ => self.object(value, name, sets),
                }
            }
        }
    }
}

fn scalar(value: &Value, name: &Name) -> Held {
    let fits = match (name.as_str(), value) {
        ("Int", Value::Number(number)) => number.to_string().parse::<i32>().is_ok(),
        ("Float", Value::Number(_))
        | ("String" | "ID", Value::String(_))
        | ("Boolean", Value::Bool(_)) => true,
        ("Int" | "Float" | "String" | "ID" | "Boolean", _) => false,
        _ => true,
    };
    fits.then_some(())
        .ok_or_else(|| format!("no value of a scalar: {name} {value}"))
}
