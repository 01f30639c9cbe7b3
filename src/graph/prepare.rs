//! Prepares subgraphs for merging: sorted by name, with distinct names and canonical names of root types.

use std::sync::Arc;

use apollo_compiler::ast::{OperationType, Type};
use apollo_compiler::schema::{ComponentName, ExtendedType};
use apollo_compiler::{Name, Schema};

use super::code;
use super::merge::root_name;
use crate::connector::diagnostic::{Diagnostic, SourceFiles};
use crate::connector::{Site, Subgraph, SubgraphKind};

/// Sorts and renames, or returns why that is impossible.
pub(crate) fn prepare(mut subgraphs: Vec<Subgraph>) -> Result<Vec<Subgraph>, Vec<Diagnostic>> {
    subgraphs.sort_by(|a, b| a.name.cmp(&b.name));
    let mut diagnostics = Vec::new();
    for pair in subgraphs.windows(2) {
        if pair[0].name == pair[1].name {
            let name = &pair[0].name;
            diagnostics.push(
                Diagnostic::error(
                    &code::INVALID_SUBGRAPH_NAME,
                    name,
                    format!("two connectors are called `{name}`"),
                )
                .help("a connector's name is its folder's: rename one of the folders"),
            );
        }
    }
    for subgraph in &subgraphs {
        if !is_name(&subgraph.name) {
            diagnostics.push(
                Diagnostic::error(
                    &code::INVALID_SUBGRAPH_NAME,
                    &subgraph.name,
                    format!("`{}` cannot be a connector's name", subgraph.name),
                )
                .help("a name begins with a letter and goes on with letters, digits, `_` and `-`"),
            );
        }
    }
    for subgraph in &mut subgraphs {
        rename_roots(subgraph, &mut diagnostics);
    }
    if diagnostics.is_empty() {
        Ok(subgraphs)
    } else {
        Err(diagnostics)
    }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

/// Root types by their canonical names: `schema { query: Root }` becomes `Query`. Nothing else may be called that.
fn rename_roots(subgraph: &mut Subgraph, diagnostics: &mut Vec<Diagnostic>) {
    let operations = [
        (OperationType::Query, &code::ROOT_QUERY_USED),
        (OperationType::Mutation, &code::ROOT_MUTATION_USED),
        (OperationType::Subscription, &code::ROOT_SUBSCRIPTION_USED),
    ];
    for (operation, used) in operations {
        let canonical = root_name(operation);
        let root = subgraph.schema.root_operation(operation).cloned();
        if root.as_ref() == Some(&canonical) {
            continue;
        }
        if let Some(existing) = subgraph.schema.types.get(&canonical) {
            let sources = SourceFiles::new(subgraph.schema.sources.clone());
            let span = sources.span(existing.name().location());
            diagnostics.push(
                Diagnostic::error(
                    used,
                    &subgraph.name,
                    format!("type `{canonical}` is not this connector's {operation} root"),
                )
                .at(span)
                .help(match root {
                    Some(root) => format!("the root is `{root}`: rename the one or the other"),
                    None => "rename the type: in the graph the name belongs to the root".to_owned(),
                }),
            );
        } else if let Some(root) = root {
            rename(subgraph, &root, &canonical);
        }
    }
}

fn rename(subgraph: &mut Subgraph, from: &Name, to: &Name) {
    rename_in_schema(&mut subgraph.schema, from, to);
    if let SubgraphKind::Connectors { connects, .. } = &mut subgraph.kind {
        for connect in connects {
            if let Site::Field { parent, field } = &connect.site
                && parent == from
            {
                let site = Site::Field {
                    parent: to.clone(),
                    field: field.clone(),
                };
                Arc::make_mut(connect).site = site;
            }
        }
    }
}

fn rename_in_schema(schema: &mut Schema, from: &Name, to: &Name) {
    if let Some(index) = schema.types.get_index_of(from)
        && let Some((_, mut ty)) = schema.types.swap_remove_index(index)
    {
        if let ExtendedType::Object(object) = &mut ty {
            object.make_mut().name = to.clone();
        }
        schema.types.insert(to.clone(), ty);
    }
    let definition = schema.schema_definition.make_mut();
    let roots = [
        &mut definition.query,
        &mut definition.mutation,
        &mut definition.subscription,
    ];
    for root in roots.into_iter().flatten() {
        if root.name == *from {
            root.name = to.clone();
        }
    }
    for ty in schema.types.values_mut() {
        let fields = match ty {
            ExtendedType::Object(object) => &mut object.make_mut().fields,
            ExtendedType::Interface(interface) => &mut interface.make_mut().fields,
            ExtendedType::Union(union) => {
                let union = union.make_mut();
                if union.members.swap_remove(from.as_str()) {
                    union.members.insert(ComponentName::from(to));
                }
                continue;
            }
            _ => continue,
        };
        for field in fields.values_mut() {
            if field.ty.inner_named_type() == from {
                let ty = renamed(&field.ty, to);
                field.make_mut().ty = ty;
            }
        }
    }
}

fn renamed(ty: &Type, to: &Name) -> Type {
    match ty {
        Type::Named(_) => Type::Named(to.clone()),
        Type::NonNullNamed(_) => Type::NonNullNamed(to.clone()),
        Type::List(inner) => Type::List(Box::new(renamed(inner, to))),
        Type::NonNullList(inner) => Type::NonNullList(Box::new(renamed(inner, to))),
    }
}
