//! Prerendered fields: adjacent response fields that one fetch provides completely, with everything below them.
//!
//! The text of such fields in the response depends on the document of that fetch alone. When the document is cached,
//! its rows keep the text in a cell of their own, and the writer copies it in one piece. For `{ districts { name code
//! works { spent } } }` with `name` and `code` from one fetch and `works` from another, `"name":…,"code":…` is one text
//! per district.
//!
//! Objects within prerendered fields have none of their own, so each text is kept once.

use std::collections::HashMap;

use super::output::{FieldSource, Output, OutputField, OutputObject, OutputType, Prerendered};
use super::requested::{Position, PositionId};
use super::{Fetch, Read, ReadId};

/// The most prerendered texts of one position's rows.
const MAX_PER_POSITION: u16 = 8;

/// The only fetch that provides a slot of a position; `None` for several fetches, or one that does not always provide
/// it.
type SoleFetches = HashMap<(PositionId, u16), Option<usize>>;

/// Finds the prerendered fields of an output, and gives the positions' rows cells for them.
pub(super) fn find(
    output: &mut Output,
    positions: &mut [Position],
    fetches: &[Fetch],
    reads: &[Read],
) {
    let sole_fetches = sole_fetches(fetches, reads);
    let mut seen = vec![false; output.objects.len()];
    let mut open = vec![0];
    while let Some(object_index) = open.pop() {
        if seen.get(object_index).is_none_or(|seen| *seen) {
            continue;
        }
        seen[object_index] = true;
        let position = &mut positions[output.objects[object_index].position.0 as usize];
        let has_room = position.slots.len() <= usize::from(u16::MAX - MAX_PER_POSITION);
        for class in 0..output.objects[object_index].classes.len() {
            let mut prerendered =
                prerendered_of(&output.objects, object_index, class, &sole_fetches);
            prerendered.truncate(match has_room {
                true => usize::from(MAX_PER_POSITION - position.prerendered),
                false => 0,
            });
            for group in &mut prerendered {
                group.cell = position.slots.len() as u16 + position.prerendered;
                position.prerendered += 1;
            }
            let is_in_run = |at: usize| {
                let mut before = prerendered
                    .iter()
                    .map(|group| (usize::from(group.at), group.length));
                before.any(|(from, length)| (from..from + usize::from(length)).contains(&at))
            };
            let fields = output.objects[object_index].fields_of(class).enumerate();
            let others = fields.filter(|(at, _)| !is_in_run(*at));
            open.extend(others.filter_map(|(_, field)| object_of(&field.ty)));
            output.objects[object_index].classes[class].prerendered = prerendered;
        }
    }
}

/// The object of a type, also as an element of lists.
fn object_of(ty: &OutputType) -> Option<usize> {
    match ty {
        OutputType::NonNull(inner) | OutputType::List(inner) => object_of(inner),
        OutputType::Object(object) => Some(*object as usize),
        OutputType::Leaf(_) => None,
    }
}

fn sole_fetches(fetches: &[Fetch], reads: &[Read]) -> SoleFetches {
    let mut sole_fetches = SoleFetches::new();
    for (index, fetch) in fetches.iter().enumerate() {
        let mut open = vec![fetch.read];
        let Connection { joined, edges } = Connection::of(fetch, reads);
        while let Some(read) = open.pop() {
            let (at, read) = (read, &reads[read.0 as usize]);
            // A connect on a field adds the field to a row of another fetch. Its document has no row that could keep
            // the text.
            let is_alone = at == fetch.read && fetch.adds_to_rows();
            let is_joined = joined.contains(&at);
            for field in &read.fields {
                let is_cursor = field.name == "cursor" && edges.contains(&at);
                let from_document = !is_alone && !is_joined && !is_cursor;
                let always = (field.guard == 0 && from_document).then_some(index);
                let sole = sole_fetches
                    .entry((read.position, field.slot))
                    .or_insert(always);
                if *sole != always {
                    *sole = None;
                }
                open.extend(field.read);
            }
        }
    }
    sole_fetches
}

/// The reads of a connection of which fields are not from a document: the rows of its pages are joined.
#[derive(Debug, Default)]
struct Connection {
    /// The connection, and its `pageInfo`.
    joined: Vec<ReadId>,
    /// Its `edges`, whose `cursor` is filled in.
    edges: Vec<ReadId>,
}

impl Connection {
    fn of(fetch: &Fetch, reads: &[Read]) -> Connection {
        let mut connection = Connection::default();
        if !fetch.connection {
            return connection;
        }
        let of_field = reads[fetch.read.0 as usize].fields.first();
        let Some(read) = of_field.and_then(|field| field.read) else {
            return connection;
        };
        connection.joined.push(read);
        for field in &reads[read.0 as usize].fields {
            match (field.name.as_str(), field.read) {
                ("pageInfo", Some(read)) => connection.joined.push(read),
                ("edges", Some(read)) => connection.edges.push(read),
                _ => {}
            }
        }
        connection
    }
}

/// The prerendered fields of a class; their cells are not assigned yet.
fn prerendered_of(
    objects: &[OutputObject],
    object_index: usize,
    class: usize,
    sole_fetches: &SoleFetches,
) -> Vec<Prerendered> {
    let object = &objects[object_index];
    let mut prerendered: Vec<Prerendered> = Vec::new();
    let mut open: Option<(Prerendered, bool)> = None;
    let is_worth = |(group, has_parts): &(Prerendered, bool)| group.length > 1 || *has_parts;
    for (at, field) in object.fields_of(class).enumerate() {
        // The root's row belongs to no document, which could keep the text of composite fields.
        let has_parts = field.leaf_slot().is_none();
        let may_be = object_index > 0 || !has_parts;
        let sole = sole_fetch_of(objects, object, field, sole_fetches).filter(|_| may_be);
        match (&mut open, sole) {
            (Some((group, any)), Some(fetch)) if group.fetch == fetch => {
                group.length += 1;
                *any |= has_parts;
            }
            (_, sole) => {
                prerendered.extend(open.take().filter(is_worth).map(|(group, _)| group));
                open = sole.map(|fetch| {
                    let group = Prerendered {
                        at: at as u16,
                        length: 1,
                        fetch,
                        cell: 0,
                    };
                    (group, has_parts)
                });
            }
        }
    }
    prerendered.extend(open.filter(is_worth).map(|(group, _)| group));
    prerendered
}

/// The only fetch that always provides a field and everything below it.
fn sole_fetch_of(
    objects: &[OutputObject],
    object: &OutputObject,
    field: &OutputField,
    sole_fetches: &SoleFetches,
) -> Option<usize> {
    let FieldSource::Slot(slot) = field.source else {
        return None;
    };
    let sole = sole_fetches
        .get(&(object.position, slot))
        .copied()
        .flatten();
    let may_be = field.guard == 0 && field.stream.is_none();
    sole.filter(|fetch| may_be && covers(objects, field, *fetch, sole_fetches))
}

/// Whether a fetch provides everything below a field.
fn covers(
    objects: &[OutputObject],
    field: &OutputField,
    fetch: usize,
    sole_fetches: &SoleFetches,
) -> bool {
    let Some(below) = object_of(&field.ty) else {
        // The writer checks the elements of a list of leaves one by one.
        // The URL of a file is another in each response.
        return field.leaf_slot().is_some() && !field.is_file();
    };
    let below = &objects[below];
    // The fields of an abstract object depend on its concrete type, which this fetch may not know.
    below.classes.len() == 1
        && below.fields_of(0).next().is_some()
        && below
            .fields_of(0)
            .all(|field| sole_fetch_of(objects, below, field, sole_fetches) == Some(fetch))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use std::sync::Arc;

    use apollo_compiler::Name;

    use super::super::output::{FieldSource, Leaf, OutputField, OutputOfType, OutputType};
    use super::*;
    use crate::graph::query::TypeId;

    /// A field of a slot; one that is no leaf where it leads to an object.
    fn field(slot: u16, guard: u32, ty: OutputType) -> OutputField {
        OutputField {
            name: Name::new(&format!("f{slot}")).unwrap(),
            key: Arc::from([]),
            source: FieldSource::Slot(slot),
            guard,
            stream: None,
            ty,
            plain: None,
            coordinate: "T.f".into(),
            locations: Arc::from([]),
        }
    }

    #[test]
    fn adjacent_leaves_of_one_fetch() {
        let leaf = || OutputType::Leaf(Leaf::Int);
        let non_null = OutputType::NonNull(Box::new(leaf()));
        let list = OutputType::List(Box::new(leaf()));
        let fields = vec![
            field(0, 0, leaf()),
            field(1, 0, non_null),
            field(2, 0, list),
            field(3, 0, leaf()),
            field(4, 1, leaf()),
            field(5, 0, leaf()),
            field(6, 0, leaf()),
            field(7, 0, leaf()),
            field(8, 0, leaf()),
        ];
        let object = OutputObject {
            position: PositionId(2),
            split: None,
            classes: vec![OutputOfType {
                ty: TypeId(0),
                fields: (0..fields.len() as u16).collect(),
                prerendered: Vec::new(),
            }],
            fields,
        };
        // Several fetches provide slot 6.
        let of = [0, 0, 0, 0, 0, 1, 2, 2, 2];
        let sole_fetches = of.iter().enumerate().map(|(slot, fetch)| {
            let fetch = (slot != 6).then_some(*fetch);
            ((PositionId(2), slot as u16), fetch)
        });
        let prerendered = prerendered_of(&[object], 0, 0, &sole_fetches.collect());
        let group = |at, length, fetch| Prerendered {
            at,
            length,
            fetch,
            cell: 0,
        };
        assert_eq!(prerendered, [group(0, 2, 0), group(7, 2, 2)]);
    }

    /// Two objects: one of a list's elements, with a leaf and another object below it, which has two leaves.
    fn objects() -> Vec<OutputObject> {
        let leaf = || OutputType::Leaf(Leaf::Int);
        let object = |object_index| OutputType::NonNull(Box::new(OutputType::Object(object_index)));
        let list = OutputType::List(Box::new(object(1)));
        let all = [
            vec![field(0, 0, list)],
            vec![field(0, 0, leaf()), field(1, 0, object(2))],
            vec![field(0, 0, leaf()), field(1, 0, leaf())],
        ];
        let objects = all.into_iter().enumerate().map(|(object_index, fields)| {
            let class = OutputOfType {
                ty: TypeId(0),
                fields: (0..fields.len() as u16).collect(),
                prerendered: Vec::new(),
            };
            OutputObject {
                position: PositionId(object_index as u32),
                split: None,
                classes: vec![class],
                fields,
            }
        });
        objects.collect()
    }

    #[test]
    fn objects_of_one_fetch_are_prerendered() {
        let sole_fetches = |last: Option<usize>| -> SoleFetches {
            let of = [(0, 0), (1, 0), (1, 1), (2, 0)];
            let all = of.map(|(position, slot)| ((PositionId(position), slot), Some(0)));
            all.into_iter()
                .chain([((PositionId(2), 1), last)])
                .collect()
        };
        let group = |at, length| Prerendered {
            at,
            length,
            fetch: 0,
            cell: 0,
        };
        let mut objects = objects();
        let whole = sole_fetches(Some(0));
        assert_eq!(prerendered_of(&objects, 1, 0, &whole), [group(0, 2)]);
        assert_eq!(
            prerendered_of(&objects, 0, 0, &whole),
            [],
            "the root has no row"
        );
        let partly = sole_fetches(Some(1));
        assert_eq!(prerendered_of(&objects, 1, 0, &partly), []);
        objects[2].fields[0].guard = 1;
        assert_eq!(prerendered_of(&objects, 1, 0, &whole), []);
        objects[2].fields[0].guard = 0;
        objects[1].fields.remove(0);
        objects[1].classes[0].fields.truncate(1);
        assert_eq!(prerendered_of(&objects, 1, 0, &whole), [group(0, 1)]);
    }
}
