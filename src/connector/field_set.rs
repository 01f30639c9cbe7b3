//! Field sets: the selections of `@key(fields:)`, `@requires(fields:)` and `@provides(fields:)`, and the fields of `$this`,
//! `$args` and `$batch` that a connect reads.

use std::fmt;

use apollo_compiler::{Name, Node, ast};

/// A field set (Federation's `FieldSet` scalar): fields that must be read of an object, without aliases.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldSet {
    /// In their written order.
    pub items: Vec<FieldSetItem>,
}

/// One item of a [`FieldSet`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldSetItem {
    /// `name(arguments) { children }`; `children` is empty at a leaf.
    Field {
        /// The field's name.
        name: Name,
        /// Arguments, as `@requires` allows them; empty for keys.
        arguments: Vec<(Name, Node<ast::Value>)>,
        /// Sub-selection.
        children: FieldSet,
    },
    /// `... on on { children }`.
    Fragment {
        /// The type condition.
        on: Name,
        /// Its selection.
        children: FieldSet,
    },
}

/// Why a text is not a field set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FieldSetError {
    /// What is wrong with it.
    pub message: String,
}

impl FieldSet {
    /// The argument `fields` of a directive; `None` if it is no field set, which the rules of composition report.
    pub(crate) fn of_directive(directive: &ast::Directive) -> Option<Self> {
        let text = directive.specified_argument_by_name("fields")?.as_str()?;
        Self::parse(text).ok()
    }

    /// Parses the text of a `FieldSet` scalar, with or without outer braces.
    pub fn parse(text: &str) -> Result<Self, FieldSetError> {
        let trimmed = text.trim();
        let braced = if trimmed.starts_with('{') {
            trimmed.to_owned()
        } else {
            format!("{{{trimmed}\n}}")
        };
        let document = ast::Document::parse(braced, "fields").map_err(|errors| FieldSetError {
            message: errors
                .errors
                .iter()
                .next()
                .map_or_else(String::new, |error| error.error.to_string()),
        })?;
        match document.definitions.as_slice() {
            [ast::Definition::OperationDefinition(operation)] => {
                Self::from_selections(&operation.selection_set)
            }
            _ => Err(FieldSetError {
                message: "it must be a single selection set".to_owned(),
            }),
        }
    }

    fn from_selections(selections: &[ast::Selection]) -> Result<Self, FieldSetError> {
        let mut items = Vec::with_capacity(selections.len());
        for selection in selections {
            let directives = match selection {
                ast::Selection::Field(field) => &field.directives,
                ast::Selection::InlineFragment(fragment) => &fragment.directives,
                ast::Selection::FragmentSpread(spread) => &spread.directives,
            };
            if let Some(directive) = directives.first() {
                let message = format!("it must not apply the directive `@{}`", directive.name);
                return Err(FieldSetError { message });
            }
            match selection {
                ast::Selection::Field(field) if field.alias.is_some() => {
                    return Err(FieldSetError {
                        message: format!("it must not alias the field `{}`", field.name),
                    });
                }
                ast::Selection::Field(field) => items.push(FieldSetItem::Field {
                    name: field.name.clone(),
                    arguments: field
                        .arguments
                        .iter()
                        .map(|argument| (argument.name.clone(), argument.value.clone()))
                        .collect(),
                    children: Self::from_selections(&field.selection_set)?,
                }),
                ast::Selection::InlineFragment(fragment) => {
                    let children = Self::from_selections(&fragment.selection_set)?;
                    match &fragment.type_condition {
                        Some(on) => items.push(FieldSetItem::Fragment {
                            on: on.clone(),
                            children,
                        }),
                        None => items.extend(children.items),
                    }
                }
                ast::Selection::FragmentSpread(spread) => {
                    let message =
                        format!("it must not spread the fragment `{}`", spread.fragment_name);
                    return Err(FieldSetError { message });
                }
            }
        }
        Ok(FieldSet { items })
    }

    /// The same items in the order of their names.
    pub(crate) fn sorted(&self) -> Self {
        let mut items = self.items.clone();
        for item in &mut items {
            let (FieldSetItem::Field { children, .. } | FieldSetItem::Fragment { children, .. }) =
                item;
            *children = children.sorted();
        }
        items.sort_by_cached_key(|item| match item {
            FieldSetItem::Field { name, .. } | FieldSetItem::Fragment { on: name, .. } => {
                name.clone()
            }
        });
        FieldSet { items }
    }

    /// Whether it has no items.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

/// The text, without outer braces, which [`FieldSet::parse`] reads.
impl fmt::Display for FieldSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, item) in self.items.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            let children = match item {
                FieldSetItem::Fragment { on, children } => {
                    write!(f, "... on {on}")?;
                    children
                }
                FieldSetItem::Field {
                    name,
                    arguments,
                    children,
                } => {
                    write!(f, "{name}")?;
                    let texts = arguments.iter();
                    let texts = texts
                        .map(|(name, value)| format!("{name}: {}", value.serialize().no_indent()));
                    let texts: Vec<String> = texts.collect();
                    if !texts.is_empty() {
                        write!(f, "({})", texts.join(", "))?;
                    }
                    children
                }
            };
            if !children.is_empty() {
                write!(f, " {{ {children} }}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_with_and_without_braces() {
        let cases = [
            ("id", "id"),
            ("{ id }", "id"),
            ("id organization { id }", "id organization { id }"),
            ("... on A { b { c } } ... { d }", "... on A { b { c } } d"),
            (
                "a(b: [1], c: {d: \"e\"}) { f }",
                "a(b: [1], c: {d: \"e\"}) { f }",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(
                FieldSet::parse(text).map(|set| set.to_string()),
                Ok(expected.to_owned()),
                "{text}"
            );
        }
    }

    #[test]
    fn refuses_what_is_not_a_field_set() {
        for text in ["", "id }", "{ id } { id }", "a: id", "...F", "id("] {
            assert!(FieldSet::parse(text).is_err(), "{text}");
        }
    }
}
