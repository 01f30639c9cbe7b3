//! Derives the kind of a connect for the planner, and its key.
//!
//! The key consists of the fields of `$this`, `$batch` or, for `entity: true`, `$args` that its expressions read: all
//! expressions, including the selection and `errors`, which cannot be evaluated without them.

use apollo_compiler::{Name, Schema};

use crate::connector::arguments::key;
use crate::connector::declared::{DeclaredConnect, is_root};
use crate::connector::field_set::{FieldSet, FieldSetItem};
use crate::connector::model::{ConnectKind, Site};
use crate::document::Str;

/// The default of `maxSize`: the elements in one call of a batch.
const DEFAULT_BATCH: usize = 1_000;

/// The kind of a connect. Leaves out invalid parts, such as unknown fields, which the checks report.
pub(super) fn kind(declared: &DeclaredConnect, schema: &Schema) -> ConnectKind {
    let read = |variable: &str, of: &Name| field_set(declared, variable, of, schema);
    match &declared.site {
        Site::Field { parent, .. } if is_root(schema, parent) => ConnectKind::Root {
            entity_key: declared
                .field
                .as_ref()
                .filter(|_| declared.entity)
                .map(|field| read("$args", field.ty.inner_named_type())),
        },
        Site::Field { parent, .. } => ConnectKind::Implicit {
            key: read("$this", parent),
        },
        Site::Type { name } if declared.uses_batch() => ConnectKind::Batch {
            key: read("$batch", name),
            max_size: max_size(declared).unwrap_or(DEFAULT_BATCH),
            field: declared.batched.as_ref().map(|field| field.name.clone()),
        },
        Site::Type { name } => ConnectKind::Single {
            key: read("$this", name),
        },
    }
}

fn max_size(declared: &DeclaredConnect) -> Option<usize> {
    let batch = declared.directive.specified_argument_by_name("batch")?;
    let size = key(batch, "maxSize")?.to_i32()?;
    usize::try_from(size).ok().filter(|size| *size > 0)
}

/// The fields of a variable that are read, as a field set on the type `of`.
fn field_set(declared: &DeclaredConnect, variable: &str, of: &Name, schema: &Schema) -> FieldSet {
    let mut set = FieldSet::default();
    for expression in &declared.expressions {
        for used in expression.reads(variable) {
            if used.path.is_empty() && variable == "$args" {
                let arguments = declared.field.iter().flat_map(|field| &field.arguments);
                for argument in arguments {
                    let path = [Str::from(argument.name.as_str())];
                    add(&mut set, &path, of, schema);
                }
            }
            add(&mut set, &used.path, of, schema);
        }
    }
    set
}

/// Adds a path to a field set, up to the first key that is no field of the schema.
fn add(set: &mut FieldSet, path: &[Str], of: &Name, schema: &Schema) {
    let Some((first, rest)) = path.split_first() else {
        return;
    };
    let Ok(field) = schema.type_field(of, first) else {
        return;
    };
    let existing = set.items.iter_mut().find_map(|item| match item {
        FieldSetItem::Field { name, children, .. } if **name == **first => Some(children),
        _ => None,
    });
    let ty = field.ty.inner_named_type();
    match existing {
        Some(children) => add(children, rest, ty, schema),
        None => {
            let mut children = FieldSet::default();
            add(&mut children, rest, ty, schema);
            set.items.push(FieldSetItem::Field {
                name: Name::new_unchecked(&field.name),
                arguments: Vec::new(),
                children,
            });
        }
    }
}
