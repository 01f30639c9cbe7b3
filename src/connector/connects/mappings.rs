//! Reads the named mappings of a folder.

use std::rc::Rc;

use apollo_compiler::Node;
use apollo_compiler::ast::Value;

use crate::connector::declared::DeclaredMapping;
use crate::connector::diagnostic::code;
use crate::connector::findings::Findings;
use crate::connector::mapping_text::FolderMappings;
use crate::mapping::{Dialect, NamedMappings, NamedProblem};

/// Parses the named mappings. Reports a repeated name, and uses the first mapping with it.
pub(super) fn parse(
    declared: &[DeclaredMapping],
    dialect: Dialect,
    findings: &mut Findings,
) -> Rc<FolderMappings> {
    let mut mappings = FolderMappings::default();
    let mut texts: Vec<(&str, &Node<Value>)> = Vec::new();
    for mapping in declared {
        let name = mapping.name.as_str().unwrap_or_default();
        match mappings.literals.get(name) {
            Some(_) => named_twice(mapping, declared, findings),
            None => {
                let literal = mapping.selection.clone();
                mappings.literals.insert(name.to_owned(), literal);
                texts.push((name, &mapping.selection));
            }
        }
    }
    let sources: Vec<(&str, &str)> = texts
        .iter()
        .map(|(name, literal)| (*name, literal.as_str().unwrap_or_default()))
        .collect();
    let (named, problems) = NamedMappings::parse(&sources, dialect);
    for problem in problems {
        report(problem, &texts, findings);
    }
    mappings.named = named;
    Rc::new(mappings)
}

fn named_twice(mapping: &DeclaredMapping, declared: &[DeclaredMapping], findings: &mut Findings) {
    let name = mapping.name.as_str().unwrap_or_default();
    let mut others = declared.iter();
    let first = others.find(|other| other.name.as_str() == Some(name));
    let first = first.and_then(|first| first.name.location());
    findings.push(
        findings
            .error(
                &code::DUPLICATE_MAPPING,
                format!("there are two mappings named `{name}`"),
            )
            .label(findings.span(mapping.name.location()), "named again")
            .label(findings.span(first), "first named here")
            .help("give one of them another name"),
    );
}

fn report(problem: NamedProblem, texts: &[(&str, &Node<Value>)], findings: &mut Findings) {
    let diagnostic = match problem {
        NamedProblem::Text(index, problem) => {
            let (name, literal) = texts[index];
            findings
                .error(&code::INVALID_MAPPING, problem.message)
                .label(
                    findings.inside(literal, problem.span),
                    format!("in the mapping `{name}`"),
                )
                .help_opt(problem.help)
        }
        NamedProblem::Circle(spreads) => {
            let names: Vec<&str> = spreads.iter().map(|(index, _)| texts[*index].0).collect();
            let error = findings.error(&code::CIRCULAR_MAPPING, circle(&names));
            let shown = spreads.into_iter().take(MOST_NAMES);
            let labelled = shown.fold(error, |error, (index, span)| {
                let (name, literal) = texts[index];
                let label = format!("in the mapping `{name}`");
                error.label(findings.inside(literal, span), label)
            });
            labelled.help("select what repeats as deep as it is needed")
        }
    };
    findings.push(diagnostic);
}

/// The most mappings of a circle that are named.
const MOST_NAMES: usize = 6;

/// What is wrong with mappings of which each spreads the next, and the last the first.
fn circle(names: &[&str]) -> String {
    if let [name] = names {
        return format!("the mapping `{name}` spreads itself");
    }
    let mut shown: Vec<String> = names
        .iter()
        .take(MOST_NAMES)
        .map(|name| format!("`{name}`"))
        .collect();
    if names.len() > MOST_NAMES {
        shown.push("…".to_owned());
    }
    shown.extend(names.first().map(|name| format!("`{name}`")));
    format!("mappings spread each other: {}", shown.join(" → "))
}

/// Warns of mappings that no text spreads.
pub(super) fn report_unused(
    declared: &[DeclaredMapping],
    mappings: &FolderMappings,
    findings: &mut Findings,
) {
    let mut seen = Vec::new();
    for mapping in declared {
        let name = mapping.name.as_str().unwrap_or_default();
        // A second mapping of a name has been reported.
        if seen.contains(&name) {
            continue;
        }
        let is_spread = mappings.named.is_spread(seen.len());
        seen.push(name);
        if !is_spread && mapping.has_valid_name() {
            findings.push(
                findings
                    .warning(
                        &code::UNUSED_MAPPING,
                        format!("nothing spreads the mapping `{name}`"),
                    )
                    .at(findings.span(mapping.name.location()))
                    .help(format!(
                        "spread it by `...&{name}`, or remove it: it has not been checked against a type"
                    )),
            );
        }
    }
}
