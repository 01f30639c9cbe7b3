//! Moves CPU-bound work to the [`workers`](super::workers): compiling operations, and writing large introspection responses.
//!
//! The memory of a job is charged to the budget of the process. When there is no memory left, or the queue is full, the
//! request is refused as busy, and the client may retry.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::GraphqlRequest;
use super::compile::{Compiled, CompiledOperation, bytes_to_compile};
use super::introspection::{IntrospectionSelection, IntrospectionValues, Stopped, WriteLimits};
use super::refusal::Refusal;
use super::run::Gateway;
use super::workers::JobError;
use crate::budget::{Account, Exceeded};
use crate::cache::plans::{Compilation, PlanOrigin};
use crate::errors::{ErrorKind, code};
use crate::observe::metrics::PLAN_SECONDS;
use crate::operation::CoercedVariables;

/// The length of a job that takes the lane for long ones, whatever the length of its text.
const LONG_JOB: usize = usize::MAX;

impl Gateway {
    /// The compiled operation of a request: from the plan cache, or compiled now.
    pub(super) async fn compiled(
        &self,
        request: &GraphqlRequest,
    ) -> Result<Arc<Compiled>, Refusal> {
        if request.is_reference() {
            // Boxed: the future is large, and most requests have a text.
            return Box::pin(self.compiled_by_reference(request)).await;
        }
        let Some(text) = &request.query else {
            return Err(Refusal::new(
                code::BAD_REQUEST,
                ErrorKind::Invalid,
                "The request has no query",
            ));
        };
        self.compiled_text(text, request.operation_name.as_deref())
            .await
    }

    /// The compiled operation of a text.
    pub(super) async fn compiled_text(
        &self,
        text: &str,
        name: Option<&str>,
    ) -> Result<Arc<Compiled>, Refusal> {
        let start = |compilation| self.compile(compilation);
        self.plans.get_or_compile(text, name, start).await
    }

    /// The compiled operation of a text with this hash, which clients send instead of it.
    pub(super) async fn compiled_hashed(
        &self,
        hash: &[u8; 32],
        text: &Arc<str>,
        name: Option<&str>,
    ) -> Result<Arc<Compiled>, Refusal> {
        if let Some(compiled) = self.plans.get_hashed(hash, name) {
            return Ok(compiled);
        }
        let start = |compilation| self.compile(compilation);
        let text = Arc::clone(text);
        self.plans.compile_hashed((hash, text), name, start).await
    }

    /// Compiles an operation of another generation.
    pub(super) async fn compiled_again(
        &self,
        origin: PlanOrigin,
    ) -> Result<Arc<Compiled>, Refusal> {
        let name = origin.name.as_deref();
        match &origin.sha256 {
            Some(hash) => self.compiled_hashed(hash, &origin.text, name).await,
            None => self.compiled_text(&origin.text, name).await,
        }
    }

    /// Compiles an operation on a worker.
    fn compile(
        &self,
        compilation: Compilation<Compiled>,
    ) -> impl Future<Output = Result<Arc<Compiled>, Refusal>> + Send + use<> {
        let compiling = Arc::clone(&self.compiling);
        let account = self.runtime.budget.account(usize::MAX);
        let length = compilation.text().len();
        // Checked here so that a text which is too long is neither copied into the queue nor cached.
        let refusal = compiling
            .compiler
            .check_length(compilation.text())
            .err()
            .map(Refusal::from);
        // Before it is parsed, so that only trusted documents reach the parser where only they are executed.
        let is_trusted = refusal.is_none() && self.persisted.is_trusted(compilation.text());
        let untrusted = || self.persisted.refused(is_trusted);
        let refusal = refusal.or_else(untrusted);
        let refusal = refusal.or_else(|| refused(&account, length));
        let job = move |_: &dyn Fn() -> bool| {
            if let Some(refusal) = refused(&account, bytes_to_compile(length)) {
                return Err(refusal);
            }
            let begun = Instant::now();
            let compiled = compiling.compile(compilation.text(), compilation.name());
            if let Compiled::Ready(ready) = &compiled {
                ready.is_untrusted.store(!is_trusted, Ordering::Relaxed);
            }
            metrics::histogram!(PLAN_SECONDS).record(begun.elapsed().as_secs_f64());
            Ok(compilation.store(compiled))
        };
        let done = self.shared.workers.run(length, job);
        async move {
            match refusal {
                Some(refusal) => Err(refusal),
                None => done.await.map_err(job_refusal)?,
            }
        }
    }

    /// The values of `__schema` and `__type`.
    pub(super) async fn introspect(
        &self,
        ready: &CompiledOperation,
        coerced: &CoercedVariables,
    ) -> Result<IntrospectionValues, Refusal> {
        let limits = &self.runtime.limits;
        let deadline = Instant::now() + limits.timeout;
        let bytes = limits.answer_bytes;
        let (document, operation) = (&ready.operation.document, &ready.operation.definition);
        let account = self.runtime.budget.account(limits.operation_bytes);
        let selection =
            IntrospectionSelection::collect(document, operation, &coerced.values, &account);
        let selection = selection.map_err(|exceeded| stopped_refusal(exceeded.into()))?;
        match selection.write_short(&self.introspection, &account, bytes, deadline) {
            Err(Stopped::TooLong(_)) => {}
            short => {
                let values = short.map_err(stopped_refusal)?;
                return Ok(IntrospectionValues { values, account });
            }
        }
        let introspection = Arc::clone(&self.introspection);
        let job = move |is_awaited: &dyn Fn() -> bool| {
            let write_limits = WriteLimits {
                bytes,
                deadline,
                is_awaited,
            };
            selection.write(&introspection, account, &write_limits)
        };
        // The text is short, but the response is not.
        let written = self.shared.workers.run(LONG_JOB, job).await;
        written.map_err(job_refusal)?.map_err(stopped_refusal)
    }
}

/// Charges bytes to the account; the refusal if they exceed it.
fn refused(account: &Account, bytes: usize) -> Option<Refusal> {
    let charged = account.charge(bytes);
    charged
        .err()
        .map(|exceeded| stopped_refusal(exceeded.into()))
}

fn job_refusal(reason: JobError) -> Refusal {
    match reason {
        JobError::Busy => Refusal::busy(),
        JobError::Panicked => Refusal::internal("The operation could not be compiled"),
    }
}

fn stopped_refusal(stopped: Stopped) -> Refusal {
    match stopped {
        Stopped::TooLong(bytes) => {
            let message = format!("The response is longer than allowed ({bytes} bytes)");
            Refusal::new(code::LIMIT_EXCEEDED, ErrorKind::Limit, &message)
        }
        Stopped::Exceeded(Exceeded::Account(bytes)) => {
            let message = format!("The operation needs more memory than allowed ({bytes} bytes)");
            Refusal::new(code::LIMIT_EXCEEDED, ErrorKind::Limit, &message)
        }
        Stopped::Exceeded(Exceeded::Budget(_)) | Stopped::Abandoned => Refusal::busy(),
        Stopped::Late => Refusal::new(
            code::GATEWAY_TIMEOUT,
            ErrorKind::Timeout,
            "The operation was not done in time",
        ),
    }
}

#[cfg(test)]
#[path = "offload_tests.rs"]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;
