//! Mutations: sent without the caches; documents from before a mutation are not used after it.

use std::sync::Arc;

use super::super::cache_state::CacheState;
use super::super::connector::SharedConnectorState;
use super::super::endpoint::Endpoint;
use super::super::entry::Document;
use super::super::waiting::Wait;
use super::calling::Called;
use super::verdict::Judgement;
use super::{Documents, Fetched, UpstreamCall};
use crate::observe::scope;
use crate::source::{Outcome, SourceError, SourceErrorKind};

impl Documents {
    pub(super) async fn mutate<J>(
        &self,
        call: UpstreamCall<'_>,
        judge: J,
    ) -> Result<Fetched, SourceError>
    where
        J: Fn(&Document) -> Judgement + Send + 'static,
    {
        let admission = call
            .admissions
            .admit(call.endpoint.connector(), Wait::Call)?;
        let state = call.endpoint.connector().state();
        self.shared.served(state, CacheState::Bypass);
        let mut under_way = EpochGuard::new(call.endpoint);
        let mut awaited = EpochGuard::new(call.endpoint);
        let (inner, endpoint) = (Arc::clone(&self.shared), Arc::clone(call.endpoint));
        let (request, options) = (call.request, call.options);
        let task = async move {
            let _admission = admission;
            let epoch = endpoint.epoch().now();
            let called = inner.call(&endpoint, &request, &options, epoch, None).await;
            let unchanged = |document: &Document| match judge(document) {
                Judgement::Unchanged => true,
                Judgement::Failed => matches!(document.outcome, Outcome::Refused(_)),
                _ => false,
            };
            let document = called.as_ref().map(|called| &called.document);
            if document.is_ok_and(unchanged) {
                under_way.changes_nothing();
            }
            under_way.end().await;
            called
        };
        let ended = scope::spawn(task).await;
        // The task has advanced the epoch, if necessary.
        awaited.changes_nothing();
        let Called {
            document, report, ..
        } = match ended {
            Ok(result) => result?,
            Err(lost) => {
                let detail = format!("the mutation's task ended: {lost}");
                return Err(SourceError::new(SourceErrorKind::Internal, detail));
            }
        };
        let (document, state) = (Arc::new(document), CacheState::Bypass);
        let fetched = Fetched::new(document, state, self.now(), None);
        Ok(fetched.reported_by(Some(report)))
    }
}

/// Advances the epoch when it is dropped, unless it is known by then that nothing was changed. A mutation has two: one
/// is dropped when the mutation ends, the other one when its client stops waiting.
struct EpochGuard {
    state: Arc<SharedConnectorState>,
    /// The fields that it may change; all fields of the connector if empty.
    fields: Arc<[String]>,
    may_change: bool,
}

impl EpochGuard {
    fn new(endpoint: &Endpoint) -> EpochGuard {
        EpochGuard {
            state: Arc::clone(endpoint.connector().state()),
            fields: Arc::clone(endpoint.changes()),
            may_change: true,
        }
    }

    /// Advances the epoch, and waits until it has moved for all who share the backend.
    async fn end(mut self) {
        if std::mem::take(&mut self.may_change) {
            self.state.advance(&self.fields).wait().await;
        }
    }

    fn changes_nothing(&mut self) {
        self.may_change = false;
    }
}

impl Drop for EpochGuard {
    fn drop(&mut self) {
        if self.may_change {
            // The epoch moves although no caller waits for it.
            let _ = self.state.advance(&self.fields);
        }
    }
}
