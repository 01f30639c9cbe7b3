//! What a call of its own gives can be null: if the call fails, the rest of the response stays.

use apollo_compiler::schema::ExtendedType;

use super::facts::Facts;
use super::folder::{Field, Folder, Root};
use super::report::StyleReport;
use crate::connector::diagnostic::style_code as code;
use crate::connector::{FieldSet, FieldSetItem, Site, SubgraphKind};

pub(super) fn check(facts: &Facts<'_>, folder: &Folder<'_>, report: &mut StyleReport) {
    for field in &folder.fields {
        if !field.definition.ty.is_non_null() {
            continue;
        }
        let why = match field.root {
            Some(Root::Query | Root::Mutation) => "it is a root field",
            Some(Root::Subscription) => continue,
            None if has_own_call(field, folder) => "a call of its own gives it",
            None if facts.is_foreign(folder, field.parent.name()) && !is_in_key(field) => {
                "the entity belongs to another folder"
            }
            None => continue,
        };
        report.add(
            &code::STYLE_NON_NULL,
            &field.coordinate,
            field.at(),
            format!("`{}` is never null, but {why}", field.coordinate),
            "without `!`, only this field is null if its upstream fails; with it, everything around it",
        );
    }
}

/// Whether the field has a connect.
fn has_own_call(field: &Field<'_>, folder: &Folder<'_>) -> bool {
    let SubgraphKind::Connectors { connects, .. } = &folder.subgraph.kind else {
        return false;
    };
    connects.iter().any(|connect| match &connect.site {
        Site::Field {
            parent,
            field: name,
        } => parent == field.parent.name() && *name == field.definition.name,
        Site::Type { .. } => false,
    })
}

/// Whether a key of the type has the field, at any depth.
fn is_in_key(field: &Field<'_>) -> bool {
    let ExtendedType::Object(object) = field.parent else {
        return false;
    };
    let mut keys = object.directives.iter().filter(|one| one.name == "key");
    keys.any(|key| {
        let key = FieldSet::of_directive(key).unwrap_or_default();
        key.items.iter().any(|item| match item {
            FieldSetItem::Field { name, .. } => *name == field.definition.name,
            FieldSetItem::Fragment { .. } => false,
        })
    })
}
