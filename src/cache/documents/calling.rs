//! Calls the upstream, judges the document, and stores it if allowed.

use std::sync::Arc;
use std::time::Duration;

use super::super::endpoint::Endpoint;
use super::super::entry::Document;
use super::super::freshness::Exchange;
use super::super::{freshness, refusals};
use super::Inner;
use super::lookup::{DocumentLookup, FlightOutcome, FlightResult, Rules};
use super::verdict::{Judgement, judged};
use crate::connector::Request;
use crate::source::{CallOptions, SourceError, SourceErrorKind};

impl Inner {
    /// The computation of a flight: calls, judges, stores.
    pub(super) async fn run_flight<J>(
        &self,
        endpoint: &Endpoint,
        request: &Request,
        options: &CallOptions,
        lookup: DocumentLookup,
        judge: J,
    ) -> FlightOutcome
    where
        J: Fn(&Document) -> Judgement + Send + 'static,
    {
        let rules = Some(lookup.rules);
        let document = self
            .call(endpoint, request, options, lookup.epoch, rules)
            .await?;
        let may_be_stored = document.lifetime.is_some();
        let (document, judgement) = judged(document, judge).await;
        if document.lifetime.is_none() {
            return Ok(FlightResult {
                document: Arc::new(document),
                // A document that had a lifetime, and lost it because it is no success, may go to all waiters. One that
                // had none from the beginning (`Vary: *`, `private`) may not.
                shareable: may_be_stored,
            });
        }
        let is_current = endpoint.epoch().now() == lookup.epoch;
        let document = match judgement {
            Judgement::Parts(parts) => {
                for (key, body) in parts.into_iter().filter(|_| is_current) {
                    self.store.insert(key, Arc::new(document.part(body)));
                }
                Arc::new(document)
            }
            _ => {
                let document = Arc::new(document.compact());
                if is_current {
                    self.store.insert(lookup.key, Arc::clone(&document));
                }
                document
            }
        };
        Ok(FlightResult {
            document,
            shareable: true,
        })
    }

    /// Calls the upstream and turns the response into a document.
    pub(super) async fn call(
        &self,
        endpoint: &Endpoint,
        request: &Request,
        options: &CallOptions,
        epoch: u64,
        rules: Option<Rules>,
    ) -> Result<Document, SourceError> {
        let upstream = endpoint.upstream();
        let requested_at = self.clock.now();
        let started = std::time::Instant::now();
        let result = endpoint.source().call(request, options).await;
        let (received_at, took) = (self.clock.now(), started.elapsed());
        let answer = match result {
            Ok(answer) => answer,
            Err(error) => {
                upstream.state().failed(received_at, took, error.kind);
                if error.kind == SourceErrorKind::Busy {
                    refusals::note(upstream.state().refusals(), &error.detail);
                }
                return Err(error);
            }
        };
        upstream
            .state()
            .answered(received_at, took, answer.received);
        let Some(rules) = rules else {
            return Ok(Document::new(
                answer,
                endpoint.stored_headers(),
                received_at,
                epoch,
            ));
        };
        let exchange = Exchange {
            facts: &answer.caching,
            requested_at,
            received_at,
            has_subject: rules.has_subject,
        };
        let lifetime = freshness::lifetime(&exchange, rules.lifetime);
        let age = match &lifetime {
            Ok((_, age)) => *age,
            Err(_) if answer.caching.age.is_some() => freshness::age_when_received(&exchange),
            // The document is not cached, and has no age of its own.
            Err(_) => Duration::ZERO,
        };
        if rules.lifetime.is_none() {
            endpoint.learn(lifetime.is_ok());
        }
        let mut document = Document::new(answer, endpoint.stored_headers(), received_at, epoch);
        document.age_when_received = age;
        document.lifetime = lifetime.ok().map(|(lifetime, _)| lifetime);
        Ok(document)
    }
}
