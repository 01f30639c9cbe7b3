//! Selections and templates: parsed in every version, analysed, and evaluated on documents that do not match them.

use sangam::document::Value;
use sangam::mapping::{EvaluationBudget, Problem, Selection, Template, Variables, Version};

use super::super::corpus;
use super::super::input::{Input, Language};
use super::super::run::{REFUSED, Target};
use super::words;
use crate::mapping_properties::{fits, project};

struct Mappings;

pub(super) fn make(_: u64, _: bool) -> Box<dyn Target> {
    Box::new(Mappings)
}

impl Target for Mappings {
    fn corpus(&self) -> Vec<Input> {
        let documents = corpus::documents();
        let texts = corpus::mappings().into_iter().enumerate();
        texts
            .map(|(at, text)| {
                let document = |at: usize| &documents[at % documents.len()];
                Input::one(Language::Mapping, "text", text)
                    .with(Language::Json, "input", document(at))
                    .with(Language::Json, "arguments", document(at * 7 + 3))
            })
            .collect()
    }

    fn run(&self, input: &Input) -> Result<String, String> {
        let text = input.text("text");
        let value = |label| Value::parse_json(input.bytes(label)).unwrap_or_default();
        let (document, arguments) = (value("input"), value("arguments"));
        let mut variables = Variables::new();
        for name in ["$args", "$this", "$config", "$request", "$batch"] {
            variables.set(name, arguments.clone());
        }
        let mut told = Vec::new();
        for version in Version::ALL {
            for parsed in [
                Selection::parse(&text, version),
                Selection::parse_value(&text, version),
            ] {
                told.push(match parsed {
                    Ok(selection) => evaluated(&selection, &document, &variables)?,
                    Err(problems) => refused(&text, &problems)?,
                });
            }
            for parsed in [
                Template::parse_url(&text, version),
                Template::parse_header(&text, version),
            ] {
                told.push(match parsed {
                    Ok(template) => {
                        template.variables();
                        match template.render(&variables) {
                            Ok(rendered) => format!("text{}", rendered.text.is_empty()),
                            Err(error) if text.get(error.span.clone()).is_none() => {
                                return Err(format!("an error outside: {error:?}"));
                            }
                            Err(error) => format!("limit{}", error.limit),
                        }
                    }
                    Err(problems) => refused(&text, &problems)?,
                });
            }
        }
        let nothing = told.iter().all(|told| told.starts_with(REFUSED));
        let told = words(told.iter().map(|told| told.trim_start_matches(REFUSED)));
        Ok(if nothing {
            format!("{REFUSED}{told}")
        } else {
            told
        })
    }
}

/// A small budget, so that it is often exceeded.
fn budget() -> EvaluationBudget {
    EvaluationBudget {
        steps: 20_000,
        text: 20_000,
        nodes: 5_000,
        bytes: 50_000,
        warnings: 100,
    }
}

fn evaluated(
    selection: &Selection,
    document: &Value,
    variables: &Variables,
) -> Result<String, String> {
    let (shape, need) = (selection.shape(), selection.input_mask());
    let whole = selection.evaluate_within(Some(document), variables, &budget());
    if let Some(value) = &whole.value
        && !fits(value, shape)
    {
        return Err(format!("another shape: {value} {shape:?}"));
    }
    // The reduced document may be within the budget when the whole is not.
    if whole.errors.is_empty() {
        let part = project(document, need);
        let part = selection.evaluate_within(Some(&part), variables, &budget());
        if part.value != whole.value || part.warnings != whole.warnings {
            return Err(format!(
                "not all that it needs: {need:?} {:?} {:?}",
                whole, part
            ));
        }
    }
    selection.evaluate_each(Some(document), variables);
    let again = Selection::parse(selection.text(), selection.version());
    if again.is_err() && Selection::parse_value(selection.text(), selection.version()).is_err() {
        return Err("its own text is refused".to_owned());
    }
    let kind = whole.value.map(|value| format!("{:?}", value.kind()));
    let error = whole.errors.first().map(|error| error.kind);
    Ok(format!("{kind:?}{error:?}{}", whole.warnings.len().min(3)))
}

fn refused(text: &str, problems: &[Problem]) -> Result<String, String> {
    let outside = problems
        .iter()
        .find(|problem| text.get(problem.span.clone()).is_none());
    if let Some(problem) = outside {
        return Err(format!("a problem outside: {problem:?}"));
    }
    let first = problems.first().ok_or("refused without a reason")?;
    // Without the quoted parts of the text.
    let message = first.message.split('`').step_by(2);
    let message = message.collect::<String>().replace(' ', "_");
    Ok(format!("{REFUSED}{message}"))
}
