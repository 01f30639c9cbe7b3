//! The text of a mapping in the file: its string literal, and those of the named mappings that it spreads.
//!
//! A location in a mapping may be in a named mapping. A diagnostic about it points at the text of the named mapping, and says
//! where that is spread.

use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use apollo_compiler::Node;
use apollo_compiler::ast::Value;

use super::diagnostic::{Diagnostic, Span};
use super::findings::{Findings, SPREAD};
use crate::mapping::{NamedMappings, Selection, Spread};

/// The named mappings of a folder.
#[derive(Debug, Default)]
pub(crate) struct FolderMappings {
    /// The mappings, in the order of their declarations.
    pub(crate) named: NamedMappings,
    /// Their texts by name.
    pub(crate) literals: HashMap<String, Node<Value>>,
}

/// The text of a mapping or a template.
#[derive(Debug, Clone)]
pub(crate) struct MappingText {
    /// The argument or key that contains it: `selection`, `queryParams`, `headers`.
    pub(crate) argument: &'static str,
    literal: Node<Value>,
    spreading: Option<Spreading>,
}

/// A mapping that spreads others.
#[derive(Debug, Clone)]
struct Spreading {
    selection: Arc<Selection>,
    mappings: Rc<FolderMappings>,
}

impl MappingText {
    /// A text that spreads nothing.
    pub(crate) fn new(argument: &'static str, literal: &Node<Value>) -> Self {
        Self {
            argument,
            literal: literal.clone(),
            spreading: None,
        }
    }

    /// The text of a parsed mapping.
    pub(crate) fn of(
        selection: &Arc<Selection>,
        argument: &'static str,
        literal: &Node<Value>,
        mappings: &Rc<FolderMappings>,
    ) -> Self {
        let spreading = (!selection.spreads().is_empty()).then(|| Spreading {
            selection: Arc::clone(selection),
            mappings: Rc::clone(mappings),
        });
        Self {
            spreading,
            ..Self::new(argument, literal)
        }
    }

    /// The text to which locations refer: with those that it spreads.
    pub(crate) fn text(&self) -> &str {
        match &self.spreading {
            Some(spreading) => spreading.selection.text(),
            None => self.literal.as_str().unwrap_or_default(),
        }
    }

    /// The location in the file.
    pub(crate) fn span(&self, findings: &Findings, range: Range<usize>) -> Option<Span> {
        match self.spread_at(&range) {
            Some((spread, literal)) => findings.inside(literal, within(&range, spread)),
            None => findings.inside(&self.literal, range),
        }
    }

    /// Adds a location to a diagnostic.
    pub(crate) fn mark(
        &self,
        diagnostic: Diagnostic,
        range: Range<usize>,
        findings: &Findings,
    ) -> Diagnostic {
        let label = self.place(&range);
        self.mark_as(diagnostic, range, label, findings)
    }

    /// Adds a location with this text about it; and if it is in a named mapping, each place where that is spread.
    pub(crate) fn mark_as(
        &self,
        diagnostic: Diagnostic,
        range: Range<usize>,
        label: impl Into<String>,
        findings: &Findings,
    ) -> Diagnostic {
        let mut label = label.into();
        if label.is_empty() && self.spread_at(&range).is_some() {
            label = self.place(&range);
        }
        let mut diagnostic = diagnostic.label(self.span(findings, range.clone()), label);
        let mut at = range;
        while let Some((spread, _)) = self.spread_at(&at) {
            at = spread.at.clone();
            let label = format!("{SPREAD}{}", self.place(&at));
            diagnostic = diagnostic.label(self.span(findings, at.clone()), label);
        }
        diagnostic
    }

    /// Where a location is, as a label says it.
    pub(crate) fn place(&self, range: &Range<usize>) -> String {
        match self.spread_at(range) {
            Some((spread, _)) => format!("in the mapping `{}`", spread.name),
            None => format!("in `{}`", self.argument),
        }
    }

    /// The spread whose copy of a mapping contains a location, and the text of that mapping.
    fn spread_at(&self, range: &Range<usize>) -> Option<(&Spread, &Node<Value>)> {
        let spreading = self.spreading.as_ref()?;
        let mut spreads = spreading.selection.spreads().iter();
        let spread = spreads
            .find(|spread| spread.text.start <= range.start && range.end <= spread.text.end)?;
        let literal = spreading.mappings.literals.get(&*spread.name)?;
        Some((spread, literal))
    }
}

/// A location in a copy, as a location in the text that was copied.
fn within(range: &Range<usize>, spread: &Spread) -> Range<usize> {
    range.start - spread.text.start..range.end - spread.text.start
}
