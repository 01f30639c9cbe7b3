//! The findings of one folder, without those that it accepts with `@styleException`.

use std::collections::HashMap;

use apollo_compiler::ast::Directive;
use apollo_compiler::parser::SourceSpan;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Node, Schema};

use super::folder::{Folder, fields, own_types};
use crate::connector::diagnostic::{Code, SourceFiles, style_code as code};
use crate::connector::{Diagnostic, STYLE_EXCEPTION};

/// The findings of one folder.
pub(super) struct StyleReport {
    connector: String,
    sources: SourceFiles,
    /// By the coordinate of the element; that of the schema is empty.
    exceptions: HashMap<String, Vec<Exception>>,
    found: Vec<(usize, Diagnostic)>,
}

/// One `@styleException`.
struct Exception {
    rule: String,
    at: Option<SourceSpan>,
    is_used: bool,
}

impl StyleReport {
    /// No findings so far.
    pub(super) fn new(folder: &Folder<'_>) -> Self {
        StyleReport {
            connector: folder.subgraph.name.clone(),
            sources: SourceFiles::new(folder.schema().sources.clone()),
            exceptions: exceptions(folder.schema()),
            found: Vec::new(),
        }
    }

    /// Adds a finding about an element, unless the folder accepts it.
    pub(super) fn add(
        &mut self,
        code: &'static Code,
        coordinate: &str,
        at: Option<SourceSpan>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        if !self.is_accepted(code, coordinate) {
            let finding = Diagnostic::warning(code, &self.connector, message).help(help);
            self.push(at, finding.at(self.sources.span(at)));
        }
    }

    /// Adds a finding about several elements that are not accepted.
    pub(super) fn add_at(
        &mut self,
        code: &'static Code,
        places: &[Option<SourceSpan>],
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let mut finding = Diagnostic::warning(code, &self.connector, message).help(help);
        for at in places {
            finding = finding.at(self.sources.span(*at));
        }
        self.push(places.first().copied().flatten(), finding);
    }

    fn push(&mut self, at: Option<SourceSpan>, finding: Diagnostic) {
        self.found.push((at.map_or(0, |at| at.offset()), finding));
    }

    /// Whether the element, or what it is in, has an exception from the rule.
    pub(super) fn is_accepted(&mut self, code: &Code, coordinate: &str) -> bool {
        let mut coordinate = Some(coordinate);
        while let Some(element) = coordinate {
            let mut of_element = self.exceptions.get_mut(element).into_iter().flatten();
            if let Some(exception) = of_element.find(|one| one.rule == code.name) {
                exception.is_used = true;
                return true;
            }
            coordinate = match element.rsplit_once(['(', '.']) {
                Some((above, _)) => Some(above),
                None => (!element.is_empty()).then_some(""),
            };
        }
        false
    }

    /// The findings in the order of the text, with the exceptions that accept nothing.
    pub(super) fn into_diagnostics(mut self) -> Vec<Diagnostic> {
        let exceptions = std::mem::take(&mut self.exceptions);
        let unused = exceptions.into_values().flatten();
        for exception in unused.filter(|exception| !exception.is_used) {
            let message = format!("`{}` does not find anything here", exception.rule);
            let finding = Diagnostic::warning(&code::STYLE_EXCEPTION, &self.connector, message);
            let finding = finding.at(self.sources.span(exception.at));
            self.push(exception.at, finding.help("remove the `@styleException`"));
        }
        self.found.sort_by(|(at, one), (other_at, other)| {
            let key = |finding: &Diagnostic| (finding.code.name, finding.message.clone());
            at.cmp(other_at).then_with(|| key(one).cmp(&key(other)))
        });
        self.found.into_iter().map(|(_, finding)| finding).collect()
    }
}

/// The exceptions of a folder.
fn exceptions(schema: &Schema) -> HashMap<String, Vec<Exception>> {
    let mut found = HashMap::new();
    let of_schema = &schema.schema_definition.directives;
    add(
        &mut found,
        String::new(),
        of_schema.iter().map(|one| &one.node),
    );
    for ty in own_types(schema) {
        let name = ty.name();
        let directives = ty.directives().iter().map(|one| &one.node);
        add(&mut found, name.to_string(), directives);
        for field in fields(ty) {
            let coordinate = format!("{name}.{}", field.name);
            for argument in &field.arguments {
                let coordinate = format!("{coordinate}({}:)", argument.name);
                add(&mut found, coordinate, argument.directives.iter());
            }
            add(&mut found, coordinate, field.directives.iter());
        }
        match ty {
            ExtendedType::InputObject(object) => {
                for (field, definition) in &object.fields {
                    add(
                        &mut found,
                        format!("{name}.{field}"),
                        definition.directives.iter(),
                    );
                }
            }
            ExtendedType::Enum(values) => {
                for (value, definition) in &values.values {
                    add(
                        &mut found,
                        format!("{name}.{value}"),
                        definition.directives.iter(),
                    );
                }
            }
            _ => {}
        }
    }
    found
}

fn add<'a>(
    found: &mut HashMap<String, Vec<Exception>>,
    coordinate: String,
    directives: impl Iterator<Item = &'a Node<Directive>>,
) {
    let exceptions = directives.filter(|one| one.name == STYLE_EXCEPTION);
    let exceptions: Vec<Exception> = exceptions
        .filter_map(|directive| {
            let rule = directive.specified_argument_by_name("rule")?.as_enum()?;
            Some(Exception {
                rule: rule.to_string(),
                at: directive.location(),
                is_used: false,
            })
        })
        .collect();
    if !exceptions.is_empty() {
        found.insert(coordinate, exceptions);
    }
}
