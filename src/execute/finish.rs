//! The end of a payload: writes its rows, in pieces, within the bounds of the operation.

use std::sync::Arc;

use bytes::Bytes;
use metrics::SharedString;

use super::{Executed, Execution};
use crate::cache::Payload;
use crate::cache::long::off_worker;
use crate::errors::ErrorKind;
use crate::observe::metrics::ERRORS;
use crate::response::bounds::Reached;
use crate::response::error_list::ErrorList;
use crate::response::pace::Pace;
use crate::response::write::{Material, Progress, Writer};
use crate::response::{ErrorBehavior, Sizes};

/// Writes the response's `extensions`, if there are any: warnings, and what the gateway says about the execution.
pub(super) fn write_extensions(warnings: &[u8], of_sangam: &[String], body: &mut Vec<u8>) {
    let mut members = Vec::new();
    if !warnings.is_empty() {
        members.push([&b"\"warnings\":["[..], warnings, b"]"].concat());
    }
    if !of_sangam.is_empty() {
        members.push(format!("\"sangam\":{{{}}}", of_sangam.join(",")).into_bytes());
    }
    if !members.is_empty() {
        body.extend_from_slice(b",\"extensions\":{");
        body.extend_from_slice(&members.join(&b","[..]));
        body.push(b'}');
    }
}

/// Counts an error for operators.
pub(super) fn count_error(connector: Option<&Arc<str>>, kind: ErrorKind, times: u32) {
    let connector = connector.map_or_else(
        || SharedString::const_str(""),
        |name| Arc::clone(name).into(),
    );
    metrics::counter!(ERRORS, "connector" => connector, "kind" => kind.as_str())
        .increment(times.into());
}

impl Execution<'_> {
    /// Writes the response, or an error in its place if it exceeds a bound.
    pub(super) async fn finish(&mut self) -> Executed {
        let written = self.write().await;
        let most = self.runtime.limits.answer_bytes;
        let written = written.and_then(|data| {
            let errors = self.group.errors.written().len();
            let listed = &self.group.errors;
            let all_left_out = !listed.is_empty() && !listed.is_any_listed();
            let beside = errors + listed.warnings().len();
            match data.len() + beside > most || all_left_out {
                true => Err(Reached::ResponseBytes(most)),
                false => Ok(data),
            }
        });
        let mut body = written.unwrap_or_else(|reached| {
            self.group.errors = ErrorList::new(1, usize::MAX);
            let failure = self.failures.add(reached.failure());
            let errors = &mut self.group.errors;
            errors.report_without_path(&self.failures, failure);
            Vec::from(&b"{\"data\":null"[..])
        });
        let left_out = self.failures.left_out();
        if let Some(left_out) = left_out.filter(|_| self.group.errors.is_empty()) {
            let errors = &mut self.group.errors;
            errors.report_without_path(&self.failures, left_out);
        }
        if self.request.on_error == ErrorBehavior::Halt && !self.group.errors.is_empty() {
            self.group.errors.keep_first();
            body = Vec::from(&b"{\"data\":null"[..]);
        }
        let cost = match &self.request.counting {
            Some(counting) => {
                let bytes = body.len();
                let (store, root) = (&self.store, self.group.root);
                Some(off_worker(bytes, || counting.actual(store, root, bytes)).await)
            }
            None => None,
        };
        let mut extensions = Vec::new();
        let errors = &self.group.errors;
        if !errors.is_empty() {
            body.extend_from_slice(b",\"errors\":[");
            body.extend_from_slice(errors.written());
            body.push(b']');
            if errors.left_out() > 0 {
                extensions.push(format!("\"errorsLeftOut\":{}", errors.left_out()));
            }
            self.provenance.forbid();
            errors.each_reported(&self.failures, count_error);
        }
        let counting = self.request.counting.as_ref();
        extensions.extend(counting.and_then(|counting| counting.reported(cost?)));
        write_extensions(self.group.errors.warnings(), &extensions, &mut body);
        body.push(b'}');
        let (rows, cells) = self.store.len();
        let failed = !errors.is_empty();
        // The caller may hold the execution while it sends the payload, which needs no rows.
        self.store.free(self.bounds.account);
        Executed {
            sizes: Sizes {
                answer: body.len(),
                rows,
                cells,
            },
            payload: Payload::only(Bytes::from(body)),
            cost,
            failed,
            provenance: std::mem::take(&mut self.provenance),
            calls: std::mem::take(&mut self.records),
        }
    }

    /// A response may be used for half the time of the URLs in it, so that a client has the other half to use them.
    fn limit_to_files(&mut self) {
        for file in &self.plan.output.files {
            let lifetime = self.runtime.files.lifetime(file.field.lifetime);
            let now = self.runtime.documents.now();
            self.provenance.restrict(lifetime / 2, None, now);
        }
    }

    /// Writes the response up to its `errors`.
    async fn write(&mut self) -> Result<Vec<u8>, Reached> {
        self.store.sort_raised();
        self.store.mark_absent();
        self.limit_to_files();
        let limits = &self.runtime.limits;
        let material = Material {
            store: &self.store,
            output: &self.plan.output,
            types: &self.runtime.graph.types,
            guards: &self.output_guards,
            introspection: &self.request.introspection,
            on_error: self.request.on_error,
            files: &self.runtime.files,
        };
        let expected = self.request.sizes.expected().answer;
        let (account, most) = (self.bounds.account, limits.answer_bytes);
        let mut writer = Writer::new(
            material,
            &mut self.group,
            &mut self.failures,
            account,
            expected,
            most,
        );
        let mut pace = Pace::until(self.runtime.limits.writing_deadline(self.bounds.deadline));
        writer.begin()?;
        while writer.run()? == Progress::More {
            pace.pause().await?;
        }
        Ok(writer.into_bytes())
    }
}
