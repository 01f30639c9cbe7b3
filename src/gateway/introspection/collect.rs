//! Collects the introspection fields of an operation, for one request.
//!
//! All types of the introspection schema are objects, so CollectFields (GraphQL specification, 6.3.2) gives the same
//! fields for every element of a list. It runs once per selection set, not once per element: for
//! `{ __schema { types { name } } }` the fields of `types` are collected once, not for each type of the schema. The
//! result owns its data, so it can be sent to a worker thread.

use std::collections::{HashMap, HashSet};

use apollo_compiler::executable::{Field, Operation, Selection, SelectionSet};
use apollo_compiler::{ExecutableDocument, Name, ast};
use indexmap::IndexMap;

use crate::budget::{Account, Exceeded};
use crate::document::{Str, Value};

/// Coerced variables by name.
type CoercedValues = HashMap<Str, Value>;

/// The introspection fields that one request selects.
#[derive(Debug)]
pub(in crate::gateway) struct IntrospectionSelection {
    /// `__schema`, `__type` and `__service` at the root.
    pub(super) roots: Vec<SelectedField>,
}

/// A response field.
#[derive(Debug)]
pub(super) struct SelectedField {
    /// The response name.
    pub(super) name: Name,
    pub(super) field: MetaField,
    /// `includeDeprecated`.
    pub(super) with_deprecated: bool,
    /// The name of `__type(name:)`.
    pub(super) type_name: Option<Str>,
    /// The fields that are selected of its value.
    pub(super) below: Vec<SelectedField>,
}

/// The fields of introspection (GraphQL specification, 4.2), whichever type they belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MetaField {
    Schema,
    Type,
    Typename,
    Description,
    Types,
    QueryType,
    MutationType,
    SubscriptionType,
    Directives,
    Kind,
    Name,
    Fields,
    Interfaces,
    PossibleTypes,
    EnumValues,
    InputFields,
    OfType,
    IsOneOf,
    SpecifiedByUrl,
    Args,
    TypeOf,
    IsDeprecated,
    DeprecationReason,
    DefaultValue,
    Locations,
    IsRepeatable,
    Service,
    Capabilities,
    Identifier,
    Value,
}

impl MetaField {
    fn of(name: &str) -> Option<MetaField> {
        Some(match name {
            "__schema" => MetaField::Schema,
            "__type" => MetaField::Type,
            "__typename" => MetaField::Typename,
            "description" => MetaField::Description,
            "types" => MetaField::Types,
            "queryType" => MetaField::QueryType,
            "mutationType" => MetaField::MutationType,
            "subscriptionType" => MetaField::SubscriptionType,
            "directives" => MetaField::Directives,
            "kind" => MetaField::Kind,
            "name" => MetaField::Name,
            "fields" => MetaField::Fields,
            "interfaces" => MetaField::Interfaces,
            "possibleTypes" => MetaField::PossibleTypes,
            "enumValues" => MetaField::EnumValues,
            "inputFields" => MetaField::InputFields,
            "ofType" => MetaField::OfType,
            "isOneOf" => MetaField::IsOneOf,
            "specifiedByURL" => MetaField::SpecifiedByUrl,
            "args" => MetaField::Args,
            "type" => MetaField::TypeOf,
            "isDeprecated" => MetaField::IsDeprecated,
            "deprecationReason" => MetaField::DeprecationReason,
            "defaultValue" => MetaField::DefaultValue,
            "locations" => MetaField::Locations,
            "isRepeatable" => MetaField::IsRepeatable,
            "__service" => MetaField::Service,
            "capabilities" => MetaField::Capabilities,
            "identifier" => MetaField::Identifier,
            "value" => MetaField::Value,
            _ => return None,
        })
    }
}

impl IntrospectionSelection {
    /// Collects the introspection fields of an operation of a valid document. Their number is at most that of the
    /// operation's fields with fragments expanded, which `limits.fields` bounds; their memory is charged to the account.
    pub(in crate::gateway) fn collect(
        document: &ExecutableDocument,
        operation: &Operation,
        variables: &CoercedValues,
        account: &Account,
    ) -> Result<IntrospectionSelection, Exceeded> {
        let collector = Collector {
            document,
            variables,
            account,
        };
        let roots = collector.fields(&[&operation.selection_set], |name| {
            matches!(name, "__schema" | "__type" | "__service")
        });
        Ok(IntrospectionSelection { roots: roots? })
    }
}

type FieldGroups<'d> = IndexMap<&'d Name, Vec<&'d Field>, ahash::RandomState>;

struct Collector<'d> {
    document: &'d ExecutableDocument,
    variables: &'d CoercedValues,
    account: &'d Account,
}

impl<'d> Collector<'d> {
    /// Merges selection sets into response fields; keeps the fields whose names are `wanted`.
    fn fields(
        &self,
        sets: &[&'d SelectionSet],
        wanted: fn(&str) -> bool,
    ) -> Result<Vec<SelectedField>, Exceeded> {
        let mut groups = FieldGroups::default();
        let mut spread = HashSet::new();
        for set in sets {
            self.group(set, &mut spread, &mut groups);
        }
        let mut fields = Vec::new();
        for (name, group) in groups {
            // Fields of one response name are the same field with the same arguments (5.3.2).
            let Some(first) = group.first().filter(|first| wanted(&first.name)) else {
                continue;
            };
            let Some(field) = MetaField::of(&first.name) else {
                continue;
            };
            self.account.charge(size_of::<SelectedField>())?;
            let sets: Vec<_> = group.iter().map(|field| &field.selection_set).collect();
            fields.push(SelectedField {
                name: name.clone(),
                field,
                with_deprecated: self.argument(first, "includeDeprecated")
                    == Some(Value::Bool(true)),
                type_name: match self.argument(first, "name") {
                    Some(Value::String(name)) => Some(name),
                    _ => None,
                },
                below: self.fields(&sets, |_| true)?,
            });
        }
        Ok(fields)
    }

    /// CollectFields.
    fn group(
        &self,
        set: &'d SelectionSet,
        spread: &mut HashSet<&'d Name>,
        groups: &mut FieldGroups<'d>,
    ) {
        for selection in &set.selections {
            if self.is_left_out(selection) {
                continue;
            }
            match selection {
                Selection::Field(field) => {
                    groups.entry(field.response_key()).or_default().push(field);
                }
                Selection::InlineFragment(inline) => {
                    self.group(&inline.selection_set, spread, groups);
                }
                Selection::FragmentSpread(fragment_spread) => {
                    let fragment = self.document.fragments.get(&fragment_spread.fragment_name);
                    if let Some(fragment) = fragment
                        && spread.insert(&fragment_spread.fragment_name)
                    {
                        self.group(&fragment.selection_set, spread, groups);
                    }
                }
            }
        }
    }

    fn is_left_out(&self, selection: &Selection) -> bool {
        let directives = selection.directives();
        let is = |directive: &str, outcome: bool| {
            let argument = directives
                .get(directive)?
                .specified_argument_by_name("if")?;
            (self.value(argument)? == Value::Bool(outcome)).then_some(())
        };
        is("skip", true).is_some() || is("include", false).is_some()
    }

    fn argument(&self, field: &Field, name: &str) -> Option<Value> {
        self.value(field.specified_argument_by_name(name)?)
    }

    /// A Boolean or a string, literal or variable: introspection has no other arguments.
    fn value(&self, value: &ast::Value) -> Option<Value> {
        match value {
            ast::Value::Boolean(value) => Some(Value::Bool(*value)),
            ast::Value::String(text) => Some(Value::from(text.as_str())),
            ast::Value::Variable(name) => self.variables.get(name.as_str()).cloned(),
            _ => None,
        }
    }
}
