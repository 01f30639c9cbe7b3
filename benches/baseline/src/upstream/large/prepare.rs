//! What the same operation gives each time it comes: the operation is validated by the schema of the service, and executed for
//! every object that the service may be asked for. What is sent later is put together from these pieces.

use std::collections::BTreeSet;

use apollo_compiler::executable::{Selection, SelectionSet};
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema, executable};
use bytes::Bytes;

use super::graph::{Field, Node, entities};

/// The pieces of an answer.
pub(super) enum Prepared {
    /// The whole answer.
    Root(Bytes),
    /// The entities of each type; no service has others.
    Entities {
        users: Vec<Entity>,
        products: Vec<Entity>,
    },
    Refused(String),
}

/// An object as JSON, and where in it the shipping estimate has to be inserted.
pub(super) struct Entity {
    pub(super) text: String,
    pub(super) estimate: Option<usize>,
}

pub(super) fn prepare(schema: &Valid<Schema>, query: &str) -> Prepared {
    match prepared(schema, query) {
        Ok(prepared) => prepared,
        Err(why) => Prepared::Refused(why),
    }
}

fn prepared(schema: &Valid<Schema>, query: &str) -> Result<Prepared, String> {
    let document = ExecutableDocument::parse_and_validate(schema, query, "operation")
        .map_err(|invalid| invalid.errors.to_string())?;
    let operation = document
        .operations
        .get(None)
        .map_err(|_| "several operations")?;
    let [root] = &operation.selection_set.selections[..] else {
        return Err("not one root field".to_owned());
    };
    let root = root.as_field().ok_or("a fragment of root fields")?;
    if root.name != "_entities" {
        let mut text = String::from(r#"{"data":"#);
        let mut estimate = None;
        object(
            &mut text,
            &mut estimate,
            Node::Query,
            &operation.selection_set,
        )?;
        text.push('}');
        return Ok(Prepared::Root(Bytes::from(text)));
    }
    let all = |typename: &str| -> Result<Vec<Entity>, String> {
        match schema.types.contains_key(typename) {
            true => entities(typename)
                .into_iter()
                .map(|node| entity(node, &root.selection_set))
                .collect(),
            false => Ok(Vec::new()),
        }
    };
    Ok(Prepared::Entities {
        users: all("User")?,
        products: all("Product")?,
    })
}

fn entity(node: Node, selection: &SelectionSet) -> Result<Entity, String> {
    let (mut text, mut estimate) = (String::new(), None);
    object(&mut text, &mut estimate, node, selection)?;
    Ok(Entity { text, estimate })
}

/// Writes an object with the selected fields, in the order of the selection.
fn object(
    text: &mut String,
    estimate: &mut Option<usize>,
    node: Node,
    selection: &SelectionSet,
) -> Result<(), String> {
    text.push('{');
    let mut written = BTreeSet::new();
    let mut open = vec![selection.selections.iter()];
    while let Some(next) = open.last_mut() {
        match next.next() {
            None => {
                open.pop();
            }
            Some(Selection::InlineFragment(fragment)) => {
                let condition = fragment.type_condition.as_ref();
                if condition.is_none_or(|name| name == node.typename()) {
                    open.push(fragment.selection_set.selections.iter());
                }
            }
            Some(Selection::FragmentSpread(_)) => {
                return Err("named fragments are not known here".to_owned());
            }
            Some(Selection::Field(field)) => {
                let key = field.response_key();
                if !written.insert(key.as_str()) {
                    return Err(format!("{key} is selected twice"));
                }
                if written.len() > 1 {
                    text.push(',');
                }
                text.push_str(&format!("\"{key}\":"));
                value(text, estimate, node, field)?;
            }
        }
    }
    text.push('}');
    Ok(())
}

fn value(
    text: &mut String,
    estimate: &mut Option<usize>,
    node: Node,
    field: &executable::Field,
) -> Result<(), String> {
    let selection = &field.selection_set;
    match node.field(&field.name) {
        None => return Err(format!("{} has no value", field.name)),
        Some(Field::Leaf(leaf)) => text.push_str(&leaf.to_string()),
        Some(Field::One(node)) => object(text, estimate, node, selection)?,
        Some(Field::Many(nodes)) => {
            text.push('[');
            for (index, node) in nodes.into_iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                object(text, estimate, node, selection)?;
            }
            text.push(']');
        }
        Some(Field::Estimate) => *estimate = Some(text.len()),
    }
    Ok(())
}
