//! Runs: fields that stand beside each other in the response and come of one fetch, with all that is below them.
//!
//! What they are written as follows from that fetch's answer alone. Where the answer is kept and read again, the text of
//! each run is kept with its rows, in a cell of its own, and leads from the answer to the response in one piece. Objects
//! that are a part of a run have no runs of their own: each text is kept once.

use std::collections::HashMap;

use super::Fetch;
use super::Read;
use super::need::Need;
use super::need::NeedId;
use super::output::FieldSource;
use super::output::Output;
use super::output::OutputField;
use super::output::OutputObject;
use super::output::OutputType;

/// The most runs that one need's rows have cells for.
const MOST: u16 = 8;

/// Fields of a [`Class`](super::output::Class) that one fetch gives whole and that are always part of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// Where the first of them stands.
    pub at: u16,
    /// How many they are; more than one, or one that has parts.
    pub length: u16,
    /// The fetch, by its place in the plan.
    pub fetch: usize,
    /// The cell of a row that holds the text, behind those of the need's slots.
    pub cell: u16,
}

/// The only fetch that gives a slot of a need; `None` where there are several, or where it does not always.
type Givers = HashMap<(NeedId, u16), Option<usize>>;

/// Finds the runs of an output, and makes room for them in the rows of the needs.
pub(super) fn find(output: &mut Output, needs: &mut [Need], fetches: &[Fetch], reads: &[Read]) {
    let givers = givers(fetches, reads);
    let mut seen = vec![false; output.objects.len()];
    let mut open = vec![0];
    while let Some(place) = open.pop() {
        if seen.get(place).is_none_or(|seen| *seen) {
            continue;
        }
        seen[place] = true;
        let need = &mut needs[output.objects[place].need.0 as usize];
        let has_room = need.slots.len() <= usize::from(u16::MAX - MOST);
        for class in 0..output.objects[place].classes.len() {
            let mut runs = runs_of(&output.objects, place, class, &givers);
            runs.truncate(match has_room {
                true => usize::from(MOST - need.runs),
                false => 0,
            });
            for run in &mut runs {
                run.cell = need.slots.len() as u16 + need.runs;
                need.runs += 1;
            }
            let is_in_run = |at: usize| {
                let mut before = runs.iter().map(|run| (usize::from(run.at), run.length));
                before.any(|(from, length)| (from..from + usize::from(length)).contains(&at))
            };
            let fields = output.objects[place].fields_of(class).enumerate();
            let others = fields.filter(|(at, _)| !is_in_run(*at));
            open.extend(others.filter_map(|(_, field)| object_of(&field.ty)));
            output.objects[place].classes[class].runs = runs;
        }
    }
}

/// The object that stands in the places of a type, in lists too.
fn object_of(ty: &OutputType) -> Option<usize> {
    match ty {
        OutputType::NonNull(inner) | OutputType::List(inner) => object_of(inner),
        OutputType::Object(object) => Some(*object as usize),
        OutputType::Leaf(_) => None,
    }
}

fn givers(fetches: &[Fetch], reads: &[Read]) -> Givers {
    let mut givers = Givers::new();
    for (index, fetch) in fetches.iter().enumerate() {
        let mut open = vec![fetch.read];
        while let Some(read) = open.pop() {
            let (at, read) = (read, &reads[read.0 as usize]);
            // A field that is fetched by itself is put into a row that is there: the answer has none for it.
            let is_alone = at == fetch.read && fetch.argument_slot.is_some();
            for field in &read.fields {
                let always = (field.guard == 0 && !is_alone).then_some(index);
                let giver = givers.entry((read.need, field.slot)).or_insert(always);
                if *giver != always {
                    *giver = None;
                }
                open.extend(field.read);
            }
        }
    }
    givers
}

/// The runs of a class, without their cells.
fn runs_of(objects: &[OutputObject], place: usize, class: usize, givers: &Givers) -> Vec<Run> {
    let object = &objects[place];
    let mut runs: Vec<Run> = Vec::new();
    let mut open: Option<(Run, bool)> = None;
    let is_worth = |(run, has_parts): &(Run, bool)| run.length > 1 || *has_parts;
    for (at, field) in object.fields_of(class).enumerate() {
        // The root's row is no part of an answer.
        let has_parts = field.leaf_slot().is_none();
        let may_be = place > 0 || !has_parts;
        let giver = giver_of(objects, object, field, givers).filter(|_| may_be);
        match (&mut open, giver) {
            (Some((run, any)), Some(fetch)) if run.fetch == fetch => {
                run.length += 1;
                *any |= has_parts;
            }
            (_, giver) => {
                runs.extend(open.take().filter(is_worth).map(|(run, _)| run));
                open = giver.map(|fetch| {
                    let run = Run {
                        at: at as u16,
                        length: 1,
                        fetch,
                        cell: 0,
                    };
                    (run, has_parts)
                });
            }
        }
    }
    runs.extend(open.filter(is_worth).map(|(run, _)| run));
    runs
}

/// The only fetch that gives a field and all that is below it, always.
fn giver_of(
    objects: &[OutputObject],
    object: &OutputObject,
    field: &OutputField,
    givers: &Givers,
) -> Option<usize> {
    let FieldSource::Slot(slot) = field.source else {
        return None;
    };
    let giver = givers.get(&(object.need, slot)).copied().flatten();
    giver.filter(|fetch| field.guard == 0 && gives(objects, field, *fetch, givers))
}

/// Whether a fetch gives all that is below a field.
fn gives(objects: &[OutputObject], field: &OutputField, fetch: usize, givers: &Givers) -> bool {
    let Some(below) = object_of(&field.ty) else {
        // Lists of leaves are checked one by one when they are written.
        return field.leaf_slot().is_some();
    };
    let below = &objects[below];
    // What an object of several types is written as, its type says, which may not be known.
    below.classes.len() == 1
        && below.fields_of(0).next().is_some()
        && below
            .fields_of(0)
            .all(|field| giver_of(objects, below, field, givers) == Some(fetch))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use std::sync::Arc;

    use apollo_compiler::Name;

    use super::super::output::Class;
    use super::super::output::FieldSource;
    use super::super::output::Leaf;
    use super::super::output::OutputField;
    use super::super::output::OutputType;
    use super::*;
    use crate::graph::query::TypeId;

    /// A field of a slot; one that is no leaf where it leads to an object.
    fn field(slot: u16, guard: u32, ty: OutputType) -> OutputField {
        OutputField {
            name: Name::new(&format!("f{slot}")).unwrap(),
            key: Arc::from([]),
            source: FieldSource::Slot(slot),
            guard,
            ty,
            plain: None,
            coordinate: "T.f".into(),
            locations: Arc::from([]),
        }
    }

    #[test]
    fn leaves_of_one_fetch_that_stand_together() {
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
            need: NeedId(2),
            classes: vec![Class {
                ty: TypeId(0),
                fields: (0..fields.len() as u16).collect(),
                runs: Vec::new(),
            }],
            fields,
        };
        // The sixth has several givers.
        let of = [0, 0, 0, 0, 0, 1, 2, 2, 2];
        let givers = of.iter().enumerate().map(|(slot, fetch)| {
            let fetch = (slot != 6).then_some(*fetch);
            ((NeedId(2), slot as u16), fetch)
        });
        let runs = runs_of(&[object], 0, 0, &givers.collect());
        let run = |at, length, fetch| Run {
            at,
            length,
            fetch,
            cell: 0,
        };
        assert_eq!(runs, [run(0, 2, 0), run(7, 2, 2)]);
    }

    /// Two objects: one of a list's elements, with a leaf and another object below it, which has two leaves.
    fn objects() -> Vec<OutputObject> {
        let leaf = || OutputType::Leaf(Leaf::Int);
        let object = |place| OutputType::NonNull(Box::new(OutputType::Object(place)));
        let list = OutputType::List(Box::new(object(1)));
        let all = [
            vec![field(0, 0, list)],
            vec![field(0, 0, leaf()), field(1, 0, object(2))],
            vec![field(0, 0, leaf()), field(1, 0, leaf())],
        ];
        let objects = all.into_iter().enumerate().map(|(place, fields)| {
            let class = Class {
                ty: TypeId(0),
                fields: (0..fields.len() as u16).collect(),
                runs: Vec::new(),
            };
            OutputObject {
                need: NeedId(place as u32),
                classes: vec![class],
                fields,
            }
        });
        objects.collect()
    }

    #[test]
    fn objects_of_one_fetch_are_parts_of_a_run() {
        let givers = |last: Option<usize>| -> Givers {
            let of = [(0, 0), (1, 0), (1, 1), (2, 0)];
            let all = of.map(|(need, slot)| ((NeedId(need), slot), Some(0)));
            all.into_iter().chain([((NeedId(2), 1), last)]).collect()
        };
        let run = |at, length| Run {
            at,
            length,
            fetch: 0,
            cell: 0,
        };
        let mut objects = objects();
        let whole = givers(Some(0));
        assert_eq!(runs_of(&objects, 1, 0, &whole), [run(0, 2)]);
        assert_eq!(runs_of(&objects, 0, 0, &whole), [], "the root has no row");
        let partly = givers(Some(1));
        assert_eq!(runs_of(&objects, 1, 0, &partly), []);
        objects[2].fields[0].guard = 1;
        assert_eq!(runs_of(&objects, 1, 0, &whole), []);
        objects[2].fields[0].guard = 0;
        objects[1].fields.remove(0);
        objects[1].classes[0].fields.truncate(1);
        assert_eq!(runs_of(&objects, 1, 0, &whole), [run(0, 1)]);
    }
}
