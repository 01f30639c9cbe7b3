//! Shrinks a failing case: removes selections, directives and aliases, then fields of the world, one after the other, as
//! long as it still fails. Greedy; the number of runs is bounded.

use super::case::{Case, Difference, Outcomes};
use super::operation::{Operation, Selection, What};
use super::server::Server;
use super::world::{Need, Source, World};

/// The maximum number of runs for one failure.
const RUNS: usize = 500;

pub(crate) struct Shrunk {
    pub(crate) case: Case,
    pub(crate) operation: Operation,
    pub(crate) found: Difference,
}

pub(crate) async fn shrink(server: &Server, failing: Shrunk) -> Shrunk {
    let mut best = failing;
    let mut left = RUNS;
    shrink_operation(&mut best, &mut left).await;
    shrink_world(server, &mut best, &mut left).await;
    shrink_operation(&mut best, &mut left).await;
    best
}

async fn shrink_operation(best: &mut Shrunk, left: &mut usize) {
    let mut place = 0;
    while *left > 0 {
        let Some(smaller) = smaller(&best.operation, place) else {
            return;
        };
        *left -= 1;
        match best.case.run(&smaller, true).await {
            Outcomes::Different(found) if found.is_like(&best.found) => {
                best.operation = smaller;
                best.found = found;
            }
            _ => place += 1,
        }
    }
}

async fn shrink_world(server: &Server, best: &mut Shrunk, left: &mut usize) {
    let mut place = 0;
    while *left > 0 {
        let Some(world) = without(&best.case.world, place) else {
            return;
        };
        *left -= 1;
        let mut smaller = None;
        if let Some(Ok(case)) = world.map(|world| Case::new(server, world))
            && let Outcomes::Different(found) = case.run(&best.operation, true).await
            && found.is_like(&best.found)
        {
            smaller = Some((case, found));
        }
        match smaller {
            Some((case, found)) => {
                best.case = case;
                best.found = found;
            }
            None => place += 1,
        }
    }
}

/// The operation without one part: `place` is its index among all selections and their directives and aliases.
fn smaller(operation: &Operation, place: usize) -> Option<Operation> {
    let mut copy = operation.clone();
    let mut left = place;
    if change(&mut copy.selections, &mut left) {
        return Some(copy);
    }
    for fragment in &mut copy.fragments {
        if change(&mut fragment.selections, &mut left) {
            return Some(copy);
        }
    }
    None
}

/// Makes the change with the number `left`; false if there is none.
fn change(selections: &mut Vec<Selection>, left: &mut usize) -> bool {
    let step = |left: &mut usize| {
        let here = *left == 0;
        *left = left.wrapping_sub(1);
        here
    };
    for place in 0..selections.len() {
        if selections.len() > 1 && step(left) {
            selections.remove(place);
            return true;
        }
        let own = &mut selections[place];
        if !own.directives.is_empty() && step(left) {
            own.directives.clear();
            return true;
        }
        if let What::Field(alias, ..) = &mut own.what
            && alias.is_some()
            && step(left)
        {
            *alias = None;
            return true;
        }
        if matches!(own.what, What::Inline(_)) && own.directives.is_empty() && step(left) {
            let inner = selections.remove(place).selections;
            selections.splice(place..place, inner);
            return true;
        }
        if change(&mut selections[place].selections, left) {
            return true;
        }
    }
    false
}

/// The world without one of its fields; `Some(None)` if it needs the field.
fn without(world: &World, place: usize) -> Option<Option<World>> {
    let all = world.roots.iter().chain(&world.objects);
    let mut fields = all.flat_map(|object| object.fields.iter().map(move |field| (object, field)));
    let (object, field) = fields.nth(place)?;
    let needed = object.fields.iter().any(|other| {
        matches!(&other.source, Source::Computed(needs) if needs.iter().any(|need| need.field == field.name))
    });
    let in_needs = world.objects.iter().flat_map(|o| &o.fields).any(|other| {
        matches!(&other.source, Source::Computed(needs)
            if needs.iter().any(|need| Need::names(&need.children).contains(&&*field.name)))
    });
    let in_interface = world
        .interfaces_of(&object.name)
        .any(|i| i.fields.contains(&field.name));
    let others = object.fields.iter().filter(|own| own.name != field.name);
    let lacking = others.map(|own| own.missing.clone());
    let nothing_left = lacking.reduce(|one, other| &one & &other);
    let empties = nothing_left.is_some_and(|subgraphs| !subgraphs.is_empty());
    if needed
        || empties
        || in_needs
        || in_interface
        || field.source == Source::Key
        || object.fields.len() == 1
    {
        return Some(None);
    }
    let (object, field) = (object.name.clone(), field.name.clone());
    let mut copy = world.clone();
    for known in copy.roots.iter_mut().chain(&mut copy.objects) {
        if known.name == object {
            known.fields.retain(|own| own.name != field);
        }
        for own in &mut known.fields {
            own.provides
                .retain(|_, provided| provided.iter().all(|need| !need.mentions(&field)));
        }
    }
    copy.roots.retain(|root| !root.fields.is_empty());
    Some(Some(copy))
}
