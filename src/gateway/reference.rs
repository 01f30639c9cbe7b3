//! Requests that refer to an operation text by its hash or id.
//!
//! A reference is looked up among the trusted documents, then among the compiled operations, then among the texts that
//! clients have registered. A request with a hash and a text registers the text, if the hash is right and the text
//! compiles: then the store holds nothing but operations of this graph.

use std::sync::Arc;

use super::GraphqlRequest;
use super::compile::Compiled;
use super::refusal::Refusal;
use super::run::Gateway;
use crate::errors::code;
use crate::persisted::{Reference, Sha256, TrustedDocument, is_in};

impl GraphqlRequest {
    /// Whether the request refers to an operation text, with or without sending it.
    pub fn is_reference(&self) -> bool {
        self.document_id.is_some() || is_in(self.extensions.as_ref())
    }

    /// The text; an empty one is none.
    fn text(&self) -> Option<&str> {
        self.query.as_deref().filter(|text| !text.is_empty())
    }
}

impl Gateway {
    /// The compiled operation of a request that refers to its text.
    pub(super) async fn compiled_by_reference(
        &self,
        request: &GraphqlRequest,
    ) -> Result<Arc<Compiled>, Refusal> {
        let control = &self.persisted;
        let reference = Reference::of(request.document_id.as_deref(), request.extensions.as_ref());
        let reference = reference.map_err(|error| {
            control.counters.malformed.increment(1);
            Refusal::malformed(code::BAD_REQUEST, &error.to_string())
        })?;
        let Some(reference) = reference else {
            return Err(Refusal::malformed(
                code::BAD_REQUEST,
                "The request has no query",
            ));
        };
        let name = request.operation_name.as_deref();
        if let Some(text) = request.text() {
            // Before the text is hashed.
            self.compiling.compiler.check_length(text)?;
        }
        if let Some(document) = control.documents.find(&reference) {
            if request.text().is_some_and(|text| !document.says(text)) {
                let message = "The request's text is not the one that its hash or id stands for";
                return Err(control.mismatch(message));
            }
            control.counters.trusted.increment(1);
            let hash = document.hash.as_bytes();
            return self.compiled_hashed(hash, &document.text, name).await;
        }
        match (reference.hash, request.text()) {
            (Some(hash), None) => self.compiled_registered(&hash, name).await,
            (Some(hash), Some(text)) => self.register(&hash, text, name).await,
            // An id of another system, beside the text that it stands for there.
            (None, Some(text)) if !reference.is_hash => self.compiled_text(text, name).await,
            (None, Some(_)) => {
                Err(control.mismatch("The hash is not the SHA-256 of the request's text"))
            }
            (None, None) if reference.is_hash => Err(control.not_registered()),
            (None, None) => Err(control.not_found()),
        }
    }

    /// Compiles a trusted document for later requests.
    pub async fn compile_trusted(&self, document: &TrustedDocument) {
        let compiling = self.compiled_hashed(document.hash.as_bytes(), &document.text, None);
        // What is refused, is refused for the client that sends it.
        let _ = compiling.await;
    }

    /// The compiled operation of a text that a client has registered.
    async fn compiled_registered(
        &self,
        hash: &Sha256,
        name: Option<&str>,
    ) -> Result<Arc<Compiled>, Refusal> {
        let control = &self.persisted;
        let compiled = match self.plans.get_hashed(hash.as_bytes(), name) {
            // A text that was refused is not registered.
            Some(compiled) if matches!(*compiled, Compiled::Ready(_)) => Some(compiled),
            _ if !control.automatic => None,
            _ => match self.shared.texts.get(hash.as_bytes()).await {
                // A backend that others write is not believed.
                Some(text) if Sha256::of(&text) == *hash => {
                    let compiling = self.compiled_hashed(hash.as_bytes(), &text, name);
                    Some(compiling.await?)
                }
                _ => None,
            },
        };
        let compiled = compiled.ok_or_else(|| control.not_registered())?;
        control.counters.automatic.increment(1);
        Ok(compiled)
    }

    /// The compiled operation of a text with its hash; registers the text if it compiles.
    async fn register(
        &self,
        hash: &Sha256,
        text: &str,
        name: Option<&str>,
    ) -> Result<Arc<Compiled>, Refusal> {
        let control = &self.persisted;
        let known = self.plans.get_hashed(hash.as_bytes(), name);
        let compiled = match known {
            // The text was hashed before.
            Some(compiled) if compiled.is_of(text) => compiled,
            _ if Sha256::of(text) != *hash => {
                return Err(control.mismatch("The hash is not the SHA-256 of the request's text"));
            }
            _ if !control.automatic => return self.compiled_text(text, name).await,
            _ => {
                let hash = hash.as_bytes();
                self.compiled_hashed(hash, &text.into(), name).await?
            }
        };
        if control.automatic
            && let Compiled::Ready(ready) = &*compiled
        {
            control.counters.registered.increment(1);
            let text = Arc::clone(&ready.text);
            self.shared.texts.put(hash.as_bytes(), text);
        }
        Ok(compiled)
    }
}

impl Compiled {
    /// Whether it was compiled from this text.
    fn is_of(&self, text: &str) -> bool {
        matches!(self, Compiled::Ready(ready) if *ready.text == *text)
    }
}
