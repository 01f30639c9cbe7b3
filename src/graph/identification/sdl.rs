//! The schema of the subgraph that the gateway adds.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Name, Schema};

use super::names::{ID, MOST_IDS, NODE, NODE_FIELD, NODES_FIELD};
use super::types::{IdentifiedTypes, interfaces, schema_of};
use crate::connector::{FieldSet, FieldSetItem, Subgraph};

/// The description of `id`, in the interface and in each type.
const ID_DESCRIPTION: &str =
    r#""Identifies the object among those of all types. Its text has no meaning for clients.""#;

/// The SDL.
pub(super) fn write(subgraphs: &[Subgraph], types: &IdentifiedTypes) -> String {
    let mut text = format!(
        r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@listSize"])

"An object with a globally unique id."
interface {NODE} {{
  {ID_DESCRIPTION}
  {ID}: ID!
}}

type Query {{
  "The object with this id; null if it does not exist. A text that is no id of this graph is null, too, with an error."
  {NODE_FIELD}(
    "The `{ID}` of an object."
    {ID}: ID!
  ): {NODE}
  """
  The objects with these ids, in the same order; null for each that does not exist, and null with an error for each text that is no
  id of this graph. The list is null, with an error, if there are too many.
  """
  {NODES_FIELD}(
    "The `{ID}` of each object: at most {MOST_IDS}."
    ids: [ID!]!
  ): [{NODE}] @listSize(assumedSize: {MOST_IDS}, slicingArguments: ["ids"], requireOneSlicingArgument: false)
}}
"#
    );
    let interfaces = interfaces(subgraphs, types);
    for name in interfaces.keys() {
        let _ = write!(
            text,
            "\ninterface {name} implements {NODE} {{ {ID_DESCRIPTION} {ID}: ID! }}\n"
        );
    }
    let mut fields = Fields::default();
    for (name, identified) in types {
        fields.add(name, &identified.key, schema_of(subgraphs, identified));
    }
    for (name, mut own) in fields.of {
        text.push_str(&format!("\ntype {name}"));
        if let Some(identified) = types.get(&name) {
            let _ = write!(text, " implements {NODE}");
            let implemented = interfaces.iter().filter(|(_, of)| of.contains(&name));
            for (interface, _) in implemented {
                let _ = write!(text, " & {interface}");
            }
            let _ = write!(text, " @key(fields: \"{}\")", identified.key);
            own.insert(ID.to_owned(), "ID!".to_owned());
        }
        text.push_str(" {");
        for (field, ty) in own {
            if field == ID {
                let _ = write!(text, " {ID_DESCRIPTION}");
            }
            let _ = write!(text, " {field}: {ty}");
        }
        text.push_str(" }\n");
    }
    for leaf in fields.leaves {
        let _ = write!(text, "\n{leaf}\n");
    }
    text
}

/// The fields of keys.
#[derive(Default)]
struct Fields {
    /// By type, with their types.
    of: BTreeMap<Name, BTreeMap<String, String>>,
    /// The definitions of their scalars and enums.
    leaves: BTreeSet<String>,
}

impl Fields {
    fn add(&mut self, ty: &Name, key: &FieldSet, schema: &Schema) {
        for item in &key.items {
            let FieldSetItem::Field { name, children, .. } = item else {
                continue;
            };
            let Ok(field) = schema.type_field(ty, name) else {
                continue;
            };
            let own = self.of.entry(ty.clone()).or_default();
            own.insert(name.to_string(), field.ty.to_string());
            let named = field.ty.inner_named_type();
            match schema.types.get(named) {
                Some(ExtendedType::Scalar(scalar)) if !scalar.is_built_in() => {
                    let specified_by = scalar.directives.get("specifiedBy");
                    let specified_by = specified_by.map(|one| format!(" {}", one.node));
                    let specified_by = specified_by.unwrap_or_default();
                    self.leaves.insert(format!("scalar {named}{specified_by}"));
                }
                Some(ExtendedType::Enum(definition)) => {
                    let values: Vec<&str> = definition.values.keys().map(Name::as_str).collect();
                    let values = values.join(" ");
                    self.leaves.insert(format!("enum {named} {{ {values} }}"));
                }
                _ => self.add(named, children, schema),
            }
        }
    }
}
