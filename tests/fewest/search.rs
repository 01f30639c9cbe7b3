//! The exhaustive search for the fewest calls, on the model that the module describes.

use std::collections::BTreeSet;

use super::graph::{Field, Graph, Required};
use super::measure::Cost;
use super::operation::Node;

/// Simulations for one operation; a larger search is given up.
const MOST_SIMULATIONS: usize = 60_000;

/// No operation on a graph needs more steps.
const MOST_STEPS: usize = 8;

/// The bits of keys in what is known at a place; those of fields are below.
const KEY_BITS: usize = 56;

/// A position.
struct Place {
    ty: usize,
    /// The leaves that must be known, as bits.
    goals: u64,
    /// By field: the place below.
    below: Vec<Option<usize>>,
}

/// A call of `_entities`, or of root fields at the first step. Steps are counted from one.
type Call = (usize, usize);

/// A call that enters a place.
type Hop = (usize, usize, usize);

/// The result of a search.
pub(super) enum Found {
    Fewest(Cost),
    /// No calls suffice.
    Impossible,
    TooLarge,
}

/// What plans are not allowed to do, to find out why a plan is not the best.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Without {
    /// A field that yields entities is asked for in one service only, at each position.
    pub(super) several_services: bool,
}

struct Search<'g> {
    graph: &'g Graph,
    places: Vec<Place>,
    /// The only service in which the field above a place is asked for, if it yields entities.
    only: Vec<Option<usize>>,
    left: usize,
}

/// The search has taken too many simulations.
struct GivenUp;

/// The fewest calls for an operation.
pub(super) fn fewest(graph: &Graph, operation: &Node, without: Without) -> Found {
    let mut search = Search {
        graph,
        places: Vec::new(),
        only: Vec::new(),
        left: MOST_SIMULATIONS,
    };
    search.add(operation);
    search.only = vec![None; search.places.len()];
    let found = match without.several_services {
        true => search.best_choice(0),
        false => search.run(),
    };
    match found {
        Ok(Some(cost)) => Found::Fewest(cost),
        Ok(None) => Found::Impossible,
        Err(GivenUp) => Found::TooLarge,
    }
}

impl Search<'_> {
    /// Adds a position with those below, and the values that `@requires` may need; returns its number.
    fn add(&mut self, node: &Node) -> usize {
        let graph = self.graph;
        let own = &graph.types[node.ty];
        let number = self.places.len();
        let position = |name: &str| own.fields.iter().position(|field| field.name == name);
        let key = |name: &str| super::graph::KEYS.iter().position(|key| *key == name);
        let bits = node.leaves.iter().map(|name| match position(name) {
            Some(place) => 1 << place,
            None => 1 << (KEY_BITS + key(name).expect("a key")),
        });
        let goals = bits.fold(0, |all, bit: u64| all | bit);
        self.places.push(Place {
            ty: node.ty,
            goals,
            below: vec![None; own.fields.len()],
        });
        for (name, below) in &node.below {
            let below = self.add(below);
            let place = position(name).expect("a field");
            self.places[number].below[place] = Some(below);
        }
        for required in own.fields.iter().flat_map(|field| &field.requires) {
            let place = position(&required.field).expect("a field");
            if required.below.is_empty() || self.places[number].below[place].is_some() {
                continue;
            }
            let ty = own.fields[place].to.expect("a value");
            let below = self.add(&Node {
                ty,
                ..Node::default()
            });
            self.places[number].below[place] = Some(below);
        }
        number
    }

    /// The best of all choices of one service for each field that yields entities, from this place on.
    fn best_choice(&mut self, place: usize) -> Result<Option<Cost>, GivenUp> {
        if place == self.places.len() {
            return self.run();
        }
        let above = self.places.iter().enumerate().find_map(|(number, own)| {
            let field = own.below.iter().position(|below| *below == Some(place));
            field.map(|field| (number, field))
        });
        let is_entity = self.graph.types[self.places[place].ty].is_entity();
        let Some((above, field)) = above.filter(|_| is_entity) else {
            return self.best_choice(place + 1);
        };
        let mut best: Option<Cost> = None;
        for service in &self.graph.types[self.places[above].ty].fields[field].at {
            self.only[place] = Some(*service);
            let found = self.best_choice(place + 1)?;
            best = [best, found].into_iter().flatten().min();
        }
        self.only[place] = None;
        Ok(best)
    }

    fn run(&mut self) -> Result<Option<Cost>, GivenUp> {
        let Some((steps, calls)) = self.all_calls()? else {
            return Ok(None);
        };
        for count in 1..=calls.len() {
            let mut sets = Vec::new();
            self.calls(&calls, 0, &mut Vec::new(), count, &mut sets)?;
            let mut least: Option<usize> = None;
            for set in &sets {
                let hops = self.fewest_hops(set, least.unwrap_or(usize::MAX))?;
                least = [least, hops].into_iter().flatten().min();
            }
            if let Some(hops) = least {
                return Ok(Some(Cost {
                    steps,
                    calls: count,
                    hops,
                }));
            }
        }
        Ok(None)
    }

    /// The least number of steps, and all calls of so many steps that can yield anything.
    fn all_calls(&mut self) -> Result<Option<(usize, Vec<Call>)>, GivenUp> {
        let services = self.graph.services;
        for steps in 1..=MOST_STEPS {
            let mut calls: Vec<Call> = (0..services).map(|service| (service, 1)).collect();
            calls.extend((2..=steps).flat_map(|step| (0..services).map(move |s| (s, step))));
            let (suffices, hops) = self.simulate(&calls, None)?;
            if suffices {
                let root = &self.graph.types[self.places[0].ty];
                let below = self.places[0].below.iter().zip(&root.fields);
                let of_root: BTreeSet<usize> = below
                    .filter(|(below, _)| below.is_some())
                    .flat_map(|(_, field)| field.at.iter().copied())
                    .collect();
                calls.retain(|(service, step)| match step {
                    1 => of_root.contains(service),
                    _ => hops.iter().any(|(_, s, t)| (s, t) == (service, step)),
                });
                return Ok(Some((steps, calls)));
            }
        }
        Ok(None)
    }

    /// Collects the sets of `count` more calls that suffice together with those chosen.
    fn calls(
        &mut self,
        all: &[Call],
        from: usize,
        chosen: &mut Vec<Call>,
        count: usize,
        sets: &mut Vec<Vec<Call>>,
    ) -> Result<(), GivenUp> {
        if count > all.len() - from {
            return Ok(());
        }
        let possible: Vec<Call> = match count {
            0 => chosen.clone(),
            _ => chosen.iter().chain(&all[from..]).copied().collect(),
        };
        if !self.simulate(&possible, None)?.0 {
            return Ok(());
        }
        if count == 0 {
            sets.push(chosen.clone());
            return Ok(());
        }
        chosen.push(all[from]);
        self.calls(all, from + 1, chosen, count - 1, sets)?;
        chosen.pop();
        self.calls(all, from + 1, chosen, count, sets)
    }

    /// The fewest hops with these calls, if they are fewer than `bound`.
    fn fewest_hops(&mut self, calls: &[Call], bound: usize) -> Result<Option<usize>, GivenUp> {
        let (_, hops) = self.simulate(calls, None)?;
        for count in 0..=hops.len() {
            if count >= bound {
                return Ok(None);
            }
            if self.hops(calls, &hops, 0, &mut Vec::new(), count)? {
                return Ok(Some(count));
            }
        }
        Ok(None)
    }

    /// Whether `count` more hops suffice together with those chosen.
    fn hops(
        &mut self,
        calls: &[Call],
        all: &[Hop],
        from: usize,
        chosen: &mut Vec<Hop>,
        count: usize,
    ) -> Result<bool, GivenUp> {
        if count > all.len() - from {
            return Ok(false);
        }
        let possible: Vec<Hop> = match count {
            0 => chosen.clone(),
            _ => chosen.iter().chain(&all[from..]).copied().collect(),
        };
        if !self.simulate(calls, Some(&possible))?.0 {
            return Ok(false);
        }
        if count == 0 {
            return Ok(true);
        }
        chosen.push(all[from]);
        let found = self.hops(calls, all, from + 1, chosen, count - 1)?;
        chosen.pop();
        Ok(found || self.hops(calls, all, from + 1, chosen, count)?)
    }

    /// Makes these calls, with these hops or all that are possible: whether all goals are known at the end, and the hops.
    fn simulate(
        &mut self,
        calls: &[Call],
        hops: Option<&[Hop]>,
    ) -> Result<(bool, Vec<Hop>), GivenUp> {
        self.left = self.left.checked_sub(1).ok_or(GivenUp)?;
        let mut known = vec![0; self.places.len()];
        let mut made = Vec::new();
        let last = calls.iter().map(|(_, step)| *step).max().unwrap_or(1);
        for step in 1..=last {
            let mut next = known.clone();
            for (service, _) in calls.iter().filter(|call| call.1 == step) {
                if step == 1 {
                    self.expand(0, *service, false, None, &known, &mut next);
                    continue;
                }
                for place in 1..self.places.len() {
                    let hop = (place, *service, step);
                    if self.can_enter(place, *service, &known)
                        && hops.is_none_or(|hops| hops.contains(&hop))
                    {
                        made.push(hop);
                        self.expand(place, *service, true, None, &known, &mut next);
                    }
                }
            }
            known = next;
        }
        let mut all = self.places.iter().zip(&known);
        let suffices = all.all(|(place, known)| place.goals & !known == 0);
        Ok((suffices, made))
    }

    fn can_enter(&self, place: usize, service: usize, known: &[u64]) -> bool {
        let own = &self.graph.types[self.places[place].ty];
        let keys = own.homes.get(&service).into_iter().flatten();
        keys.into_iter()
            .any(|key| known[place] & (1 << (KEY_BITS + key)) != 0)
    }

    /// Adds what a call of a service yields at a place that it has reached.
    fn expand(
        &self,
        place: usize,
        service: usize,
        entered: bool,
        provided: Option<&[String]>,
        known: &[u64],
        next: &mut [u64],
    ) {
        let own = &self.graph.types[self.places[place].ty];
        for key in own.keys_at(service) {
            next[place] |= 1 << (KEY_BITS + key);
        }
        for (number, field) in own.fields.iter().enumerate() {
            let resolves = field.at.contains(&service) && self.is_met(place, field, entered, known);
            if !resolves && !provided.is_some_and(|names| names.contains(&field.name)) {
                continue;
            }
            next[place] |= 1 << number;
            let below = self.places[place].below[number];
            let is_asked = |below: &usize| self.only[*below].is_none_or(|only| only == service);
            if let Some(below) = below.filter(is_asked) {
                let provides = field.provides.get(&service).map(Vec::as_slice);
                self.expand(below, service, false, provides, known, next);
            }
        }
    }

    /// Whether what a field requires is known before the call.
    fn is_met(&self, place: usize, field: &Field, entered: bool, known: &[u64]) -> bool {
        if field.requires.is_empty() {
            return true;
        }
        entered
            && field
                .requires
                .iter()
                .all(|one| self.is_known(place, one, known))
    }

    fn is_known(&self, place: usize, required: &Required, known: &[u64]) -> bool {
        let own = &self.graph.types[self.places[place].ty];
        let position = |names: &[Field], name: &str| {
            let found = names.iter().position(|field| field.name == name);
            found.expect("a field")
        };
        let number = position(&own.fields, &required.field);
        let Some(below) = self.places[place].below[number].filter(|_| !required.below.is_empty())
        else {
            return known[place] & (1 << number) != 0;
        };
        let value = &self.graph.types[self.places[below].ty];
        let mut names = required.below.iter();
        names.all(|name| known[below] & (1 << position(&value.fields, name)) != 0)
    }
}
