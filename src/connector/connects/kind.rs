//! What a connect is to the planner, and the key from which it can be entered.
//!
//! A key is what its expressions read of `$this`, `$batch` or, for `entity: true`, of `$args`: all of them, the
//! selection and `errors` too, since they cannot be evaluated without.

use apollo_compiler::Name;
use apollo_compiler::Schema;

use crate::connector::arguments::key;
use crate::connector::declared::DeclaredConnect;
use crate::connector::declared::is_root;
use crate::connector::field_set::FieldSet;
use crate::connector::field_set::FieldSetItem;
use crate::connector::model::ConnectKind;
use crate::connector::model::Site;
use crate::document::Str;

/// So many elements go into one call of a batch unless `maxSize` says otherwise.
const DEFAULT_BATCH: usize = 1_000;

/// The kind of a connect. What does not fit (an unknown field, say) is left out here and reported by the checks.
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

/// What is read of a variable, as a field set over `of`.
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

/// Adds a path to a field set, as far as it leads through fields of the schema.
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
