//! Trusted documents: the operation texts that the gateway's operator has, by id, by hash, and by what they say.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::hash::Sha256;
use super::reference::Reference;
use crate::operation::CanonicalForm;

/// An operation text that a manifest or the folder of named operations has.
#[derive(Debug, Clone)]
pub struct TrustedDocument {
    /// Its id in the manifest; for a named operation, the hash of its text.
    pub id: Arc<str>,
    /// The text.
    pub text: Arc<str>,
    /// The hash of the text.
    pub hash: Sha256,
    /// The path of the file that has it.
    pub file: Arc<str>,
    /// The file is one of named operations, which are compiled and checked where they are loaded.
    pub is_named: bool,
}

/// All trusted documents.
#[derive(Debug, Default)]
pub struct TrustedDocuments {
    documents: Vec<TrustedDocument>,
    /// Indices of `documents`.
    by_id: HashMap<Arc<str>, usize>,
    by_hash: HashMap<Sha256, usize>,
    forms: HashSet<CanonicalForm>,
}

impl TrustedDocuments {
    /// Adds a document, unless it is there already.
    ///
    /// # Errors
    /// The id stands for another text: the document that has it.
    pub fn add(&mut self, document: TrustedDocument) -> Result<(), &TrustedDocument> {
        if let Some(index) = self.by_id.get(&document.id) {
            let other = &self.documents[*index];
            return match other.text == document.text {
                true => Ok(()),
                false => Err(other),
            };
        }
        let index = self.documents.len();
        self.by_id.insert(Arc::clone(&document.id), index);
        self.by_hash.entry(document.hash).or_insert(index);
        self.forms.extend(CanonicalForm::of(&document.text));
        self.documents.push(document);
        Ok(())
    }

    /// All documents, in the order in which they were added.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &TrustedDocument> {
        self.documents.iter()
    }

    /// The document that a request refers to.
    pub fn find(&self, reference: &Reference<'_>) -> Option<&TrustedDocument> {
        let by_id = self.by_id.get(reference.sent);
        let by_id = by_id.or_else(|| self.by_id.get(reference.id));
        let index = by_id.or_else(|| self.by_hash.get(&reference.hash?))?;
        self.documents.get(*index)
    }

    /// Whether a document says the same as this text.
    pub fn has_text(&self, text: &str) -> bool {
        let is_form = |form| self.forms.contains(&form);
        !self.forms.is_empty() && CanonicalForm::of(text).is_some_and(is_form)
    }
}

impl TrustedDocument {
    /// Whether it says the same as this text.
    pub fn says(&self, text: &str) -> bool {
        let is_form = |form| CanonicalForm::of(&self.text) == Some(form);
        *self.text == *text || CanonicalForm::of(text).is_some_and(is_form)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn document(id: &str, text: &str) -> TrustedDocument {
        TrustedDocument {
            id: id.into(),
            text: text.into(),
            hash: Sha256::of(text),
            file: "manifest.json".into(),
            is_named: false,
        }
    }

    fn found(documents: &TrustedDocuments, id: &str) -> Option<String> {
        let reference = Reference::of(Some(id), None).unwrap().unwrap();
        let document = documents.find(&reference);
        document.map(|document| document.text.to_string())
    }

    #[test]
    fn a_document_is_found_by_id_hash_and_text() {
        let mut documents = TrustedDocuments::default();
        documents.add(document("card", "{ a }")).unwrap();
        documents.add(document("other", "{ b }")).unwrap();
        assert_eq!(found(&documents, "card").as_deref(), Some("{ a }"));
        let hash = Sha256::of("{ b }");
        assert_eq!(
            found(&documents, &hash.to_string()).as_deref(),
            Some("{ b }")
        );
        assert_eq!(
            found(&documents, &format!("sha256:{hash}")).as_deref(),
            Some("{ b }")
        );
        assert_eq!(found(&documents, "none"), None);
        // Ids of GraphQL Code Generator have the prefix, too.
        let id = format!("sha256:{}", "0".repeat(64));
        documents.add(document(&id, "{ c }")).unwrap();
        assert_eq!(found(&documents, &id).as_deref(), Some("{ c }"));
        assert!(documents.has_text("{ __typename, a } # as another tool prints it"));
        assert!(!documents.has_text("{ a b }"));
        assert!(
            documents
                .iter()
                .all(|document| document.says(&document.text))
        );
    }

    #[test]
    fn an_id_stands_for_one_text() {
        let mut documents = TrustedDocuments::default();
        documents.add(document("card", "{ a }")).unwrap();
        documents.add(document("card", "{ a }")).unwrap();
        let other = documents.add(document("card", "{ b }")).unwrap_err();
        assert_eq!(&*other.text, "{ a }");
        assert_eq!(documents.iter().len(), 1);
    }

    #[test]
    fn without_documents_no_text_is_trusted() {
        assert!(!TrustedDocuments::default().has_text(""));
    }
}
