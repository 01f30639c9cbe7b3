//! Calls the upstream, judges the document, and stores it if allowed.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;

use super::super::call_report::CallReport;
use super::super::endpoint::Endpoint;
use super::super::entries::Answer;
use super::super::entry::Document;
use super::super::failed_calls::CallFailure;
use super::super::freshness;
use super::super::freshness::Exchange;
use super::super::key::Key;
use super::super::long::off_worker;
use super::Inner;
use super::lookup::{DocumentLookup, FlightOutcome, FlightResult, Rules};
use super::verdict::{Judgement, judged};
use crate::connector::Request;
use crate::document::ValueSpan;
use crate::source::{CallOptions, SourceError, SourceErrorKind};

/// The outcome of a call that has a response.
pub(super) struct Called {
    pub(super) document: Document,
    pub(super) report: Arc<CallReport>,
    /// Whether other reads that ask for the same at this time may use it, though it may not be kept.
    pub(super) may_be_shared: bool,
}

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
        let Called {
            document,
            report,
            may_be_shared,
        } = self
            .call(endpoint, request, options, lookup.epoch, rules)
            .await?;
        let may_be_stored = document.lifetime.is_some();
        let (document, judgement) = judged(document, judge).await;
        if document.lifetime.is_none() {
            return Ok(FlightResult {
                document: Arc::new(document),
                report: Some(report),
                // A document that had a lifetime, and lost it because it is no success, may go to all waiters. One that
                // had none from the beginning only if `share_in_flight` allows it.
                shareable: may_be_stored || may_be_shared,
            });
        }
        let is_current = endpoint.epoch().now() == lookup.epoch;
        let document = match judgement {
            Judgement::Parts(parts) => {
                let parts = parts.into_iter().filter(|_| is_current);
                let parts = parts
                    .filter(|(key, part)| {
                        self.entries
                            .wants(key, document.part_weight(part.range().len()))
                    })
                    .collect();
                let (document, parts) = copied(document, parts).await;
                self.store(parts).await;
                Arc::new(document)
            }
            _ => {
                let is_stored = is_current && self.entries.wants(&lookup.key, document.weight());
                if is_stored {
                    let document = Arc::new(document.compact());
                    self.store([(lookup.key, Arc::clone(&document))]).await;
                    document
                } else {
                    Arc::new(document)
                }
            }
        };
        Ok(FlightResult {
            document,
            report: Some(report),
            shareable: true,
        })
    }

    /// Stores documents. Waits until lookups find them: later requests must not call for them again.
    async fn store(&self, documents: impl IntoIterator<Item = (Key, Arc<Document>)>) {
        let mut waits = Vec::new();
        for (key, document) in documents {
            if let answer @ Answer::Later(_) = self.entries.put(key, document) {
                waits.push(answer.wait());
            }
        }
        join_all(waits).await;
    }

    /// Calls the upstream and turns the response into a document. The caller must see to it that the outcome is reported.
    pub(super) async fn call(
        &self,
        endpoint: &Endpoint,
        request: &Request,
        options: &CallOptions,
        epoch: u64,
        rules: Option<Rules>,
    ) -> Result<Called, SourceError> {
        let state = endpoint.connector().state();
        let requested_at = self.clock.now();
        let started = std::time::Instant::now();
        let result = endpoint.source().call(request, options).await;
        let (received_at, took) = (self.clock.now(), started.elapsed());
        let answer = match result {
            Ok(answer) => answer,
            Err(error) => {
                state.called(took, None);
                match error.kind {
                    SourceErrorKind::Busy => state.limited(received_at, &error.detail),
                    // The upstream is not to blame.
                    SourceErrorKind::Upload(_) => {}
                    kind => {
                        let failure = CallFailure {
                            status: None,
                            why: error.detail.as_str().into(),
                            of_client: false,
                        };
                        let coordinate = endpoint.coordinate();
                        state.failed(received_at, coordinate, kind.kind(), &failure);
                    }
                }
                return Err(error);
            }
        };
        state.called(took, Some(answer.received));
        let status = answer.envelope.status().map(|status| status.number);
        let judged = (answer.outcome, status);
        let report = CallReport::new(state, endpoint.coordinate(), judged, received_at);
        let Some(rules) = rules else {
            return Ok(Called {
                document: Document::new(answer, endpoint.stored_headers(), received_at, epoch),
                report,
                may_be_shared: false,
            });
        };
        let may_be_shared = endpoint.sharing.record(&answer.caching);
        let exchange = Exchange {
            facts: &answer.caching,
            requested_at,
            received_at,
            has_subject: rules.has_subject,
            has_credentials: rules.has_credentials,
        };
        let lifetime = freshness::lifetime(&exchange, rules.lifetime);
        let age = match &lifetime {
            Ok((_, age)) => *age,
            Err(_) if answer.caching.age.is_some() => freshness::age_when_received(&exchange),
            // The document is not cached, and has no age of its own.
            Err(_) => Duration::ZERO,
        };
        if rules.lifetime.is_none() {
            let kept_until = lifetime.as_ref().ok().map(|(lifetime, age)| {
                let left = lifetime.fresh_for.saturating_sub(*age);
                received_at.plus(left)
            });
            endpoint.record_storable(kept_until);
        }
        let mut document = Document::new(answer, endpoint.stored_headers(), received_at, epoch);
        document.age_when_received = age;
        document.lifetime = lifetime.ok().map(|(lifetime, _)| lifetime);
        Ok(Called {
            document,
            report,
            may_be_shared,
        })
    }
}

/// The parts of a document as documents of their own, and the document.
async fn copied(
    document: Document,
    parts: Vec<(Key, ValueSpan)>,
) -> (Document, Vec<(Key, Arc<Document>)>) {
    let bytes = parts.iter().map(|(_, part)| part.range().len()).sum();
    let copy = |(key, part): (Key, ValueSpan)| {
        let body = Bytes::copy_from_slice(part.of(&document.body));
        (key, Arc::new(document.part(body)))
    };
    let parts = off_worker(bytes, || parts.into_iter().map(copy).collect()).await;
    (document, parts)
}
