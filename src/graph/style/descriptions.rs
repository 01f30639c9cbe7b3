//! Everything that clients see is described.

use apollo_compiler::parser::SourceSpan;
use apollo_compiler::schema::ExtendedType;

use super::facts::Facts;
use super::folder::{Field, Folder, Input};
use super::report::StyleReport;
use crate::connector::diagnostic::style_code as code;
use crate::connector::list;

/// The most places that a finding shows.
const SHOWN: usize = 3;

/// One finding for each type, about everything in it.
pub(super) fn check(facts: &Facts<'_>, folder: &Folder<'_>, report: &mut StyleReport) {
    for (ty, fields, inputs) in folder.members() {
        let mut lacking: Vec<(String, Option<SourceSpan>)> = Vec::new();
        for (coordinate, at) in elements(ty, fields, inputs) {
            if !facts.described.contains(&coordinate)
                && facts.is_responsible(folder, &coordinate)
                && !report.is_accepted(&code::STYLE_DESCRIPTION, &coordinate)
            {
                lacking.push((coordinate, at));
            }
        }
        if lacking.is_empty() {
            continue;
        }
        let places: Vec<_> = lacking.iter().take(SHOWN).map(|(_, at)| *at).collect();
        let names = list(lacking.iter().map(|(coordinate, _)| coordinate));
        let has = if lacking.len() == 1 { "has" } else { "have" };
        report.add_at(
            &code::STYLE_DESCRIPTION,
            &places,
            format!("{names} {has} no description"),
            "say what it is to a developer who has only the schema; of an argument, also an example",
        );
    }
}

/// A type, except for roots, and its members.
fn elements(
    ty: &ExtendedType,
    fields: &[Field<'_>],
    inputs: &[Input<'_>],
) -> Vec<(String, Option<SourceSpan>)> {
    let name = ty.name();
    let mut elements = Vec::new();
    if fields.first().is_none_or(|field| field.root.is_none()) {
        elements.push((name.to_string(), name.location()));
    }
    let fields = fields.iter();
    elements.extend(fields.map(|field| (field.coordinate.clone(), field.at())));
    let inputs = inputs.iter();
    elements.extend(inputs.map(|input| (input.coordinate.clone(), input.at())));
    if let ExtendedType::Enum(values) = ty {
        let values = values.values.values();
        elements.extend(
            values.map(|value| (format!("{name}.{}", value.value), value.value.location())),
        );
    }
    elements.sort_by_key(|(_, at)| at.map(|at| at.offset()));
    elements
}
