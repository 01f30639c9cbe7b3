//! The findings of composition, each with a stable code and attributed to one connector.
//!
//! A finding that concerns several connectors still blames exactly one: the connector whose removal would fix it, so
//! that one connector with a mistake can be left out without the others. The locations in other connectors are
//! `related`.

use apollo_compiler::Node;
use apollo_compiler::parser::SourceSpan;

use super::view::View;
use crate::connector::Subgraph;
use crate::connector::diagnostic::{Code, Diagnostic, Severity, SourceFiles};

/// One finding, before its spans become positions in the text of a connector.
#[derive(Debug, Clone)]
pub(crate) struct Finding {
    /// Stable code.
    pub(crate) code: &'static Code,
    /// An error stops composition; a warning does not.
    pub(crate) severity: Severity,
    /// The blamed connector, by index.
    pub(crate) graph: Option<usize>,
    /// What is wrong, without a closing period.
    pub(crate) message: String,
    /// The span in the blamed connector's text.
    pub(crate) at: Option<SourceSpan>,
    /// Related spans: connector, span, and what is there.
    pub(crate) related: Vec<(usize, Option<SourceSpan>, String)>,
    /// Notes, each a line of its own.
    pub(crate) notes: Vec<String>,
    /// How to fix it.
    pub(crate) help: Option<String>,
}

impl Finding {
    /// An error of connector `graph`.
    pub(crate) fn new(code: &'static Code, graph: usize, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            graph: Some(graph),
            message: message.into(),
            at: None,
            related: Vec::new(),
            notes: Vec::new(),
            help: None,
        }
    }

    /// A warning to connector `graph`.
    pub(crate) fn warning(code: &'static Code, graph: usize, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::new(code, graph, message)
        }
    }

    /// An error that no single connector causes.
    pub(crate) fn global(code: &'static Code, message: impl Into<String>) -> Self {
        Self {
            graph: None,
            ..Self::new(code, 0, message)
        }
    }

    /// Sets its span to that of a node.
    pub(crate) fn at<T: ?Sized>(self, node: &Node<T>) -> Self {
        self.at_span(node.location())
    }

    /// Sets its span.
    pub(crate) fn at_span(mut self, span: Option<SourceSpan>) -> Self {
        self.at = span;
        self
    }

    /// Adds a related span.
    pub(crate) fn related(
        mut self,
        graph: usize,
        span: Option<SourceSpan>,
        note: impl Into<String>,
    ) -> Self {
        self.related.push((graph, span, note.into()));
        self
    }

    fn render(self, subgraphs: &[Subgraph], sources: &[SourceFiles]) -> Diagnostic {
        let connector = self.graph.map_or("", |graph| &subgraphs[graph].name);
        let span = |graph: usize, at| sources[graph].span(at);
        let mut diagnostic = match self.severity {
            Severity::Error => Diagnostic::error(self.code, connector, self.message),
            Severity::Warning => Diagnostic::warning(self.code, connector, self.message),
        };
        if let Some(graph) = self.graph {
            diagnostic = diagnostic.at(span(graph, self.at));
        }
        for (graph, at, note) in self.related {
            diagnostic = diagnostic.label(span(graph, at), note);
        }
        diagnostic.notes = self.notes;
        diagnostic.help_opt(self.help)
    }

    /// Adds how to fix it.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// The findings so far.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) findings: Vec<Finding>,
}

impl Report {
    /// Adds one.
    pub(crate) fn push(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Whether there is an error.
    pub(crate) fn has_errors(&self) -> bool {
        self.errors() > 0
    }

    /// The number of errors.
    pub(crate) fn errors(&self) -> usize {
        let is_error = |finding: &&Finding| finding.severity == Severity::Error;
        self.findings.iter().filter(is_error).count()
    }

    /// The findings as diagnostics: errors first, then by connector and position.
    pub(crate) fn into_diagnostics(self, subgraphs: &[Subgraph]) -> Vec<Diagnostic> {
        let mut findings = self.findings;
        findings.sort_by(|a, b| {
            let key = |finding: &Finding| {
                let offset = finding.at.map_or(0, |at| at.offset());
                (finding.severity, finding.graph, offset, finding.code.name)
            };
            key(a).cmp(&key(b)).then_with(|| a.message.cmp(&b.message))
        });
        let sources = subgraphs
            .iter()
            .map(|subgraph| SourceFiles::new(subgraph.schema.sources.clone()));
        let sources: Vec<SourceFiles> = sources.collect();
        findings
            .into_iter()
            .map(|finding| finding.render(subgraphs, &sources))
            .collect()
    }
}

/// `a`, `a and b`, `a, b and c`, each in backticks.
pub(crate) fn names<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> String {
    let all: Vec<String> = names
        .into_iter()
        .map(|name| format!("`{}`", name.as_ref()))
        .collect();
    match all.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// The names of connectors, in backticks.
pub(crate) fn graph_names(views: &[View<'_>], graphs: impl IntoIterator<Item = usize>) -> String {
    names(graphs.into_iter().map(|graph| views[graph].name))
}

/// The candidate nearest to `wanted`, if it is near enough to be a typo.
pub(crate) fn nearest<'a>(
    wanted: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(wanted, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len().min(wanted.len()) / 4)
        .min()
        .map(|(_, candidate)| candidate)
}
