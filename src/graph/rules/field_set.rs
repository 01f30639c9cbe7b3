//! The rules for every field set: it parses, selects fields that exist, ends at leaves, and has no directives.

use apollo_compiler::parser::SourceSpan;
use apollo_compiler::schema::{Component, Directive, ExtendedType, FieldDefinition};
use apollo_compiler::{Name, Node};

use super::super::field_sets::{field, fields_of};
use super::super::report::{Finding, Report, nearest};
use super::super::view::View;
use crate::connector::diagnostic::Code;
use crate::connector::{FieldSet, FieldSetItem};

/// The codes of one directive's field sets.
pub(super) struct Codes {
    /// The name of the directive, as `@key`.
    pub(super) directive: &'static str,
    /// `fields:` is not a string.
    pub(super) not_a_string: &'static Code,
    /// It does not parse, or does not fit the schema.
    pub(super) invalid: &'static Code,
    /// It contains a directive.
    pub(super) has_directive: &'static Code,
    /// It contains a field with arguments; `None` if that is allowed.
    pub(super) has_arguments: Option<&'static Code>,
    /// It contains a list, an interface or a union; `None` if that is allowed.
    pub(super) bad_type: Option<&'static Code>,
}

/// One field set during its check.
pub(super) struct Checked<'a, 'v> {
    pub(super) graph: usize,
    pub(super) view: &'v View<'a>,
    pub(super) codes: &'static Codes,
    /// The coordinate of the element with the directive: `District` or `District.score`.
    pub(super) on: String,
    pub(super) at: Option<SourceSpan>,
}

impl<'a> Checked<'a, '_> {
    /// Parses and checks; `None` after a finding.
    pub(super) fn check(
        &mut self,
        parent: &Name,
        directive: &Node<Directive>,
        report: &mut Report,
    ) -> Option<FieldSet> {
        self.at = directive.location();
        let value = directive.specified_argument_by_name("fields")?;
        self.at = value.location().or(self.at);
        let Some(text) = value.as_str() else {
            report.push(
                self.finding(
                    self.codes.not_a_string,
                    "the fields must be a string".to_owned(),
                )
                .help("write them as one text: fields: \"id name\""),
            );
            return None;
        };
        if text.trim().is_empty() {
            let finding = self.finding(self.codes.invalid, "it selects nothing".to_owned());
            report.push(finding.help("name at least one field"));
            return None;
        }
        let set =
            match FieldSet::parse(text) {
                Ok(set) => set,
                Err(error) => {
                    let code = if error.message.contains("the directive `@") {
                        self.codes.has_directive
                    } else {
                        self.codes.invalid
                    };
                    report.push(self.finding(code, error.message).help(
                        "a field set is names with sub-selections, such as \"id owner { id }\"",
                    ));
                    return None;
                }
            };
        let before = report.findings.len();
        self.selection(parent, &set, report);
        (report.findings.len() == before).then_some(set)
    }

    /// A finding about this field set.
    pub(super) fn finding(&self, code: &'static Code, message: String) -> Finding {
        let directive = self.codes.directive;
        let message = format!("{directive} on `{}`: {message}", self.on);
        Finding::new(code, self.graph, message).at_span(self.at)
    }

    fn selection(&self, parent: &Name, set: &FieldSet, report: &mut Report) {
        for item in &set.items {
            match item {
                FieldSetItem::Field { name, .. } if name == "__typename" => {}
                FieldSetItem::Field {
                    name,
                    arguments,
                    children,
                } => match field(self.view.schema, parent, name) {
                    Some(definition) => {
                        self.field(parent, definition, arguments.len(), children, report);
                    }
                    None => self.unknown_field(parent, name, report),
                },
                FieldSetItem::Fragment { on, children } => {
                    if self.view.schema.types.contains_key(on) {
                        self.selection(on, children, report);
                    } else {
                        let message = format!("there is no type `{on}`");
                        report.push(self.finding(self.codes.invalid, message));
                    }
                }
            }
        }
    }

    fn field(
        &self,
        parent: &Name,
        definition: &'a Component<FieldDefinition>,
        arguments: usize,
        children: &FieldSet,
        report: &mut Report,
    ) {
        let at = format!("{parent}.{}", definition.name);
        let named = definition.ty.inner_named_type();
        let ty = self.view.schema.types.get(named);
        if let Some(code) = self.codes.has_arguments
            && (arguments > 0 || !definition.arguments.is_empty())
        {
            let message = format!("it selects `{at}`, which has arguments");
            report.push(
                self.finding(code, message)
                    .help("select fields without arguments"),
            );
        }
        if let Some(code) = self.codes.bad_type {
            // Lists and unions are allowed: other composers accept them, and a list of scalars or objects identifies an
            // entity as well as a single value does.
            if let Some(ExtendedType::Interface(_)) = ty {
                let message = format!("it selects `{at}`, which is an interface");
                report.push(self.finding(code, message).help(
                    "select fields of scalars, enums, objects and unions, or lists of these",
                ));
                return;
            }
        }
        let composite = ty.is_some_and(|ty| {
            matches!(
                ty,
                ExtendedType::Object(_) | ExtendedType::Interface(_) | ExtendedType::Union(_)
            )
        });
        match (composite, children.is_empty()) {
            (true, true) => {
                let message =
                    format!("`{at}` is of type `{named}` and needs a selection of its fields");
                let help = format!("write `{} {{ … }}`", definition.name);
                report.push(self.finding(self.codes.invalid, message).help(help));
            }
            (false, false) => {
                let message = format!("`{at}` is a `{named}`, which has no fields to select");
                report.push(self.finding(self.codes.invalid, message));
            }
            (true, false) => self.selection(named, children, report),
            (false, true) => {}
        }
    }

    fn unknown_field(&self, parent: &Name, name: &Name, report: &mut Report) {
        let fields = self.view.schema.types.get(parent).into_iter();
        let names = fields.flat_map(|ty| fields_of(ty).map(|(name, _)| name.as_str()));
        let mut finding = self.finding(
            self.codes.invalid,
            format!("type `{parent}` has no field `{name}`"),
        );
        finding = match nearest(name, names) {
            Some(near) => finding.help(format!("did you mean `{near}`?")),
            None => finding.help(format!(
                "add the field to `{parent}` in this connector, marked @external if another resolves it"
            )),
        };
        report.push(finding);
    }
}
