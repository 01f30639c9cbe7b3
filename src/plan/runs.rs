//! Runs: leaves that stand beside each other in the response and come of one fetch.
//!
//! What they are written as follows from that fetch's answer alone. Where the answer is kept and read again, the text of
//! each run is kept with its rows, in a cell of its own, and leads from the answer to the response in one piece.

use std::collections::HashMap;

use super::Fetch;
use super::Read;
use super::need::Need;
use super::need::NeedId;
use super::output::Output;
use super::output::OutputObject;

/// The most runs that one need's rows have cells for.
const MOST: u16 = 8;

/// Leaves of a [`Class`](super::output::Class) that one fetch gives and that are always part of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// Where the first of them stands.
    pub at: u16,
    /// How many they are; more than one.
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
    for object in &mut output.objects {
        let need = &mut needs[object.need.0 as usize];
        if need.slots.len() > usize::from(u16::MAX - MOST) {
            continue;
        }
        for place in 0..object.classes.len() {
            let mut runs = runs_of(object, place, &givers);
            runs.truncate(usize::from(MOST - need.runs));
            for run in &mut runs {
                run.cell = need.slots.len() as u16 + need.runs;
                need.runs += 1;
            }
            object.classes[place].runs = runs;
        }
    }
}

fn givers(fetches: &[Fetch], reads: &[Read]) -> Givers {
    let mut givers = Givers::new();
    for (index, fetch) in fetches.iter().enumerate() {
        let mut open = vec![fetch.read];
        while let Some(read) = open.pop() {
            let read = &reads[read.0 as usize];
            for field in &read.fields {
                let always = (field.guard == 0).then_some(index);
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
fn runs_of(object: &OutputObject, class: usize, givers: &Givers) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut open: Option<Run> = None;
    for (at, field) in object.fields_of(class).enumerate() {
        let slot = field.leaf_slot().filter(|_| field.guard == 0);
        let giver = slot.and_then(|slot| givers.get(&(object.need, slot)).copied().flatten());
        match (&mut open, giver) {
            (Some(run), Some(fetch)) if run.fetch == fetch => run.length += 1,
            (_, giver) => {
                runs.extend(open.take().filter(|run| run.length > 1));
                open = giver.map(|fetch| Run {
                    at: at as u16,
                    length: 1,
                    fetch,
                    cell: 0,
                });
            }
        }
    }
    runs.extend(open.filter(|run| run.length > 1));
    runs
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
        let runs = runs_of(&object, 0, &givers.collect());
        let run = |at, length, fetch| Run {
            at,
            length,
            fetch,
            cell: 0,
        };
        assert_eq!(runs, [run(0, 2, 0), run(7, 2, 2)]);
    }
}
