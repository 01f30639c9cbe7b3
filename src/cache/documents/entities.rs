//! Entities of a GraphQL service, kept one by one.
//!
//! One call of `_entities` asks for many. Each is looked for by its own key, and only those that are not there are asked
//! for; what then comes is cut into entities again. So one batch serves the next, whatever else stands in it. The batch
//! itself is not kept: its entities are.

use bytes::Bytes;

use super::super::entry::Document;
use super::super::key::{DocumentKeyParts, EntitiesKey, EntitiesKeyParts, Key};
use super::calling::Rules;
use super::reading::{DocumentLookup, known_beforehand};
use super::verdict::Judgement;
use super::{CacheState, Documents, Fetched, Policy, UpstreamCall};
use crate::document::Span;
use crate::source::SourceError;

/// What a call of `_entities` asks for, beside the [`UpstreamCall`] itself, whose request has no body yet.
#[derive(Debug, Clone, Copy)]
pub struct EntitiesCall<'a> {
    /// The ways in which entities are selected.
    pub selections: &'a [EntitySelection],
    /// The lists of the call one after the other.
    pub representations: &'a [Representation],
    /// The texts of the entities in an answer, for representations of these lists, in their order; `None` for an answer
    /// of which nothing may be kept, or that has others.
    pub parts: fn(&Document, &[u16]) -> Option<Vec<Span>>,
}

impl EntitiesCall<'_> {
    /// The lists of the representations at these places.
    fn lists(&self, places: &[usize]) -> Vec<u16> {
        let list = |place: &usize| self.representations[*place].list;
        places.iter().map(list).collect()
    }
}

/// What is selected of an entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntitySelection {
    /// In a canonical form.
    pub text: String,
    /// The values of the variables that it uses, as JSON in a fixed order.
    pub variables: Vec<u8>,
}

/// An entity that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Representation {
    /// In which list of the call.
    pub list: u16,
    /// Which of [`EntitiesCall::selections`].
    pub selection: u16,
    /// JSON, with its keys in a fixed order.
    pub text: Vec<u8>,
}

/// What became of it.
#[derive(Debug)]
pub struct FetchedEntities {
    /// Beside the representations: the entities that were kept.
    pub cached: Vec<Option<Fetched>>,
    /// The answer for the others, in their order; `None` where there are none.
    pub called: Option<Result<Fetched, SourceError>>,
}

impl Documents {
    /// Fetches entities. `body` writes the request's body for the representations at these places.
    pub async fn entities<B>(
        &self,
        call: UpstreamCall<'_>,
        asked: EntitiesCall<'_>,
        body: B,
    ) -> FetchedEntities
    where
        B: Fn(&[usize]) -> Bytes,
    {
        let mut missing: Vec<usize> = (0..asked.representations.len()).collect();
        let mut cached = Vec::new();
        cached.resize_with(missing.len(), || None);
        let Some(entities) = self.entity_lookup(&call, asked) else {
            let mut call = call;
            call.request.body = body(&missing);
            let (parts, lists) = (asked.parts, asked.lists(&missing));
            let accept = move |document: &Document| parts(document, &lists).is_some();
            let called = Some(self.fetch(call, accept).await);
            return FetchedEntities { cached, called };
        };
        let mut first_look = true;
        loop {
            let epoch = call.endpoint.epoch().now();
            missing.retain(|place| {
                cached[*place] = self.entity(&call, &entities, *place, epoch, first_look);
                cached[*place].is_none()
            });
            first_look = false;
            let Some(first) = missing.first().copied() else {
                return FetchedEntities {
                    cached,
                    called: None,
                };
            };
            let own = UpstreamCall {
                endpoint: call.endpoint,
                request: crate::connector::Request {
                    body: body(&missing),
                    ..call.request.clone()
                },
                options: call.options.clone(),
                policy: call.policy,
                admissions: call.admissions,
            };
            let called = self.call_for(own, &entities, &missing, epoch, asked).await;
            match called {
                // Another flight has brought it in between; what else it has brought is looked for once more.
                Ok(found) if found.state == CacheState::Hit => {
                    cached[first] = Some(found);
                    missing.remove(0);
                }
                called => {
                    let called = Some(called);
                    return FetchedEntities { cached, called };
                }
            }
        }
    }

    /// `None` where nothing of the answer may be kept.
    fn entity_lookup(
        &self,
        call: &UpstreamCall<'_>,
        asked: EntitiesCall<'_>,
    ) -> Option<EntityLookup> {
        let Policy::Read { lifetime, subject } = call.policy else {
            return None;
        };
        let known = known_beforehand(lifetime, subject.as_ref());
        if known == Some(false) || (known.is_none() && !call.endpoint.may_be_storable()) {
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
        let common: Vec<EntitiesKey> = asked.selections.iter().map(common).collect();
        let own = asked.representations.iter();
        let key = |own: &Representation| common[usize::from(own.selection)].entity(&own.text);
        Some(EntityLookup {
            keys: own.map(|own| key(own).into()).collect(),
            rules: Rules {
                lifetime,
                has_subject: subject.is_some(),
            },
        })
    }

    fn entity(
        &self,
        call: &UpstreamCall<'_>,
        entities: &EntityLookup,
        place: usize,
        epoch: u64,
        counts: bool,
    ) -> Option<Fetched> {
        let found = self
            .shared
            .find(&entities.keys[place], epoch, entities.rules.lifetime);
        let state = match found {
            Some(_) => CacheState::Hit,
            None => CacheState::Miss,
        };
        if state == CacheState::Hit {
            call.endpoint.upstream().state().served(state);
        }
        if counts || state == CacheState::Hit {
            self.shared.entity_lookups.count(state);
        }
        found
    }

    async fn call_for(
        &self,
        call: UpstreamCall<'_>,
        entities: &EntityLookup,
        missing: &[usize],
        epoch: u64,
        asked: EntitiesCall<'_>,
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
        let keys: Vec<Key> = missing.iter().map(|place| entities.keys[*place]).collect();
        let lookup = DocumentLookup {
            key: flight.key().into(),
            stored_key: keys[0],
            epoch,
            rules: entities.rules,
        };
        let (parts, lists) = (asked.parts, asked.lists(missing));
        let judge = move |document: &Document| match parts(document, &lists) {
            // Which entity is which follows from their order alone.
            Some(parts) if parts.len() == keys.len() => {
                let text = |part: &Span| Bytes::copy_from_slice(part.of(&document.body));
                let texts = parts.iter().map(text);
                Judgement::Parts(keys.iter().copied().zip(texts).collect())
            }
            _ => Judgement::Failed,
        };
        Box::pin(self.miss(call, lookup, judge)).await
    }
}

/// A read of entities that may be kept.
struct EntityLookup {
    /// Beside the representations.
    keys: Vec<Key>,
    rules: Rules,
}
