//! Entities of a GraphQL service, cached one by one.
//!
//! One `_entities` call fetches many entities. Each has a key of its own, and only those that are not cached are
//! requested; the response is split into entities, which are stored separately. So the entities of one batch serve
//! other batches, in any combination. The response as a whole is not stored.

use std::sync::Arc;

use super::super::cache_state::CacheState;
use super::super::endpoint::Endpoint;
use super::super::entries::Answer;
use super::super::entry::Document;
use super::super::flight::FlightMark;
use super::super::key::{DocumentKeyParts, EntitiesKey, EntitiesKeyParts, Key};
use super::lookup::{DocumentLookup, Rules};
use super::reading::may_be_cached;
use super::verdict::Judgement;
use super::{Documents, Fetched, Policy, UpstreamCall};
use crate::connector::Request;
use crate::document::ValueSpan;
use crate::source::SourceError;

/// The representations of an `_entities` call. The request of its [`UpstreamCall`] has no body yet.
#[derive(Debug, Clone, Copy)]
pub struct EntitiesCall<'a> {
    /// The distinct selections.
    pub selections: &'a [EntitySelection],
    /// The representations of all lists, list after list.
    pub representations: &'a [Representation],
    /// The texts of the entities in a document, given the list of each representation; `None` if nothing of the
    /// document may be stored, or if its entities do not match.
    pub parts: fn(&Document, &[u16]) -> Option<Vec<ValueSpan>>,
}

impl EntitiesCall<'_> {
    /// The lists of the representations with these indexes.
    fn lists(&self, indexes: &[usize]) -> Vec<u16> {
        let list = |index: &usize| self.representations[*index].list;
        indexes.iter().map(list).collect()
    }
}

/// A selection on an entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntitySelection {
    /// Its text in a canonical form.
    pub text: String,
    /// The values of its variables, as JSON in a fixed order.
    pub variables: Vec<u8>,
}

/// The representation of an entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Representation {
    /// The number of its list in the call.
    pub list: u16,
    /// The index of its selection in [`EntitiesCall::selections`].
    pub selection: u16,
    /// JSON, with its keys in a fixed order.
    pub text: Vec<u8>,
}

/// The result of [`Documents::entities`].
#[derive(Debug)]
pub struct FetchedEntities {
    /// For each representation: the entity, if it was cached.
    pub cached: Vec<Option<Fetched>>,
    /// The response for the others, in their order; `None` if there are none.
    pub called: Option<Result<Fetched, SourceError>>,
}

impl Documents {
    /// Fetches entities. `call` has the request without its operation; `request` makes the request for the
    /// representations with these indexes.
    pub async fn entities<R>(
        &self,
        call: UpstreamCall<'_>,
        requested: EntitiesCall<'_>,
        request: R,
    ) -> FetchedEntities
    where
        R: Fn(&[usize]) -> Request,
    {
        let mut missing: Vec<usize> = (0..requested.representations.len()).collect();
        let mut cached = Vec::new();
        cached.resize_with(missing.len(), || None);
        let Some(entities) = self.entity_lookup(&call, requested) else {
            let mut call = call;
            call.request = request(&missing);
            let (parts, lists) = (requested.parts, requested.lists(&missing));
            let accept = move |document: &Document| parts(document, &lists).is_some();
            let called = Some(self.fetch(call, accept).await);
            return FetchedEntities { cached, called };
        };
        let mut first_look = true;
        loop {
            let mark = self.shared.flights.mark();
            let (stored, epoch, is_now) = self.look(call.endpoint, &entities, &missing).await;
            let looked = is_now.then_some(mark);
            let mut stored = stored.into_iter();
            missing.retain(|index| {
                let found = stored.next().flatten();
                let is_found = found.is_some();
                let usable = found.and_then(|document| {
                    let key = &entities.keys[*index];
                    let lifetime = entities.rules.lifetime;
                    self.shared.usable(document, key, epoch, lifetime)
                });
                if is_found && usable.is_none() && first_look {
                    self.shared.entity_lookups.stale();
                    self.shared.entries.is_stale(&entities.keys[*index]);
                }
                self.count_entity(call.endpoint, usable.is_some(), first_look);
                cached[*index] = usable;
                cached[*index].is_none()
            });
            first_look = false;
            let Some(first) = missing.first().copied() else {
                let called = None;
                return FetchedEntities { cached, called };
            };
            let call = UpstreamCall {
                request: request(&missing),
                options: call.options.clone(),
                ..call
            };
            let found = (&missing[..], epoch, looked);
            let fetched = self.fetch_missing(call, &entities, found, requested);
            match fetched.await {
                // Another flight has stored the first missing entity in the meantime, and maybe others: look again.
                Ok(fetched) if fetched.state == CacheState::Hit => {
                    cached[first] = Some(fetched);
                    missing.remove(0);
                }
                called => {
                    let called = Some(called);
                    return FetchedEntities { cached, called };
                }
            }
        }
    }

    /// The keys of the entities; `None` if they may not be cached.
    fn entity_lookup(
        &self,
        call: &UpstreamCall<'_>,
        requested: EntitiesCall<'_>,
    ) -> Option<EntityLookup> {
        let Policy::Read { lifetime, subject } = call.policy else {
            return None;
        };
        let may_be_cached = may_be_cached(lifetime, subject.as_ref());
        if may_be_cached == Some(false)
            || (may_be_cached.is_none() && !call.endpoint.may_be_storable(|| self.now()))
        {
            return None;
        }
        let common = |selection: &EntitySelection| {
            let parts = EntitiesKeyParts {
                endpoint: &call.endpoint.key,
                request: &call.request,
                selection: &selection.text,
                variables: &selection.variables,
                subject: subject.as_ref(),
            };
            parts.key()
        };
        let common: Vec<EntitiesKey> = requested.selections.iter().map(common).collect();
        let representations = requested.representations.iter();
        let key = |representation: &Representation| {
            common[usize::from(representation.selection)].entity(&representation.text)
        };
        Some(EntityLookup {
            keys: representations
                .map(|representation| key(representation).into())
                .collect(),
            rules: Rules {
                lifetime,
                has_subject: subject.is_some(),
                has_credentials: subject.is_some_and(|subject| subject.has_credentials()),
            },
        })
    }

    /// The stored entities with these indexes, or none of them, the epoch with which they are compared, and whether they were
    /// there at once.
    async fn look(
        &self,
        endpoint: &Endpoint,
        entities: &EntityLookup,
        indexes: &[usize],
    ) -> (Vec<Option<Arc<Document>>>, u64, bool) {
        let epoch = endpoint.epoch().now();
        let answer = if indexes.len() == entities.keys.len() {
            self.shared.entries.get_all(&entities.keys)
        } else {
            let keys: Vec<Key> = indexes.iter().map(|index| entities.keys[*index]).collect();
            self.shared.entries.get_all(&keys)
        };
        match answer {
            Answer::Now(found) => (found, epoch, true),
            answer => {
                let found = self.shared.current(endpoint, answer).await;
                (found.unwrap_or_default(), endpoint.epoch().now(), false)
            }
        }
    }

    /// Counts a hit, or at the first look a miss.
    fn count_entity(&self, endpoint: &Endpoint, is_hit: bool, first_look: bool) {
        let state = match is_hit {
            true => CacheState::Hit,
            false => CacheState::Miss,
        };
        if is_hit {
            endpoint.connector().state().served(state);
        }
        if first_look || is_hit {
            self.shared.entity_lookups.count(state);
        }
    }

    async fn fetch_missing(
        &self,
        call: UpstreamCall<'_>,
        entities: &EntityLookup,
        (missing, epoch, looked): (&[usize], u64, Option<FlightMark>),
        requested: EntitiesCall<'_>,
    ) -> Result<Fetched, SourceError> {
        let subject = match &call.policy {
            Policy::Read { subject, .. } => subject.as_ref(),
            _ => None,
        };
        let flight = DocumentKeyParts {
            endpoint: &call.endpoint.key,
            request: &call.request,
            subject,
        };
        let keys: Vec<Key> = missing.iter().map(|index| entities.keys[*index]).collect();
        let lookup = DocumentLookup {
            key: flight.key().into(),
            lookup_key: keys[0],
            epoch,
            rules: entities.rules,
            looked,
            may_be_kept: true,
        };
        let (parts, lists) = (requested.parts, requested.lists(missing));
        let judge = move |document: &Document| match parts(document, &lists) {
            // Entities are matched by position, so their number must be right.
            Some(parts) if parts.len() == keys.len() => {
                Judgement::Parts(keys.iter().copied().zip(parts).collect())
            }
            _ => Judgement::Failed,
        };
        Box::pin(self.miss(call, lookup, judge)).await
    }
}

/// The lookup of entities that may be cached.
struct EntityLookup {
    /// One for each representation.
    keys: Vec<Key>,
    rules: Rules,
}
