//! Random operations: each approaches a limit by its depth, its aliases or the lengths of its lists.

use std::fmt::Write;
use std::sync::Arc;

use apollo_compiler::Schema;
use apollo_compiler::ast::Type;
use apollo_compiler::schema::{ExtendedType, FieldDefinition, InputValueDefinition};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

/// The maximum length of an operation text, slightly below the limit.
const LENGTH: usize = 60_000;
/// Ids: of districts, departments, services and editions, and some that do not exist.
const IDS: [&str; 8] = [
    "1",
    "2",
    "13",
    "8123",
    "20101",
    "domicile-certificate",
    "latest",
    "none",
];

/// The shape of an operation.
#[derive(Clone, Copy)]
struct Shape {
    /// The depth of selections.
    depth: usize,
    /// The number of composite fields in one selection.
    wide: usize,
    /// The number of aliases of one root field.
    names: usize,
    /// The percentage of lists with the maximum length.
    long: u32,
}

const SHAPES: [Shape; 5] = [
    Shape {
        depth: 14,
        wide: 1,
        names: 1,
        long: 100,
    },
    Shape {
        depth: 12,
        wide: 2,
        names: 4,
        long: 80,
    },
    Shape {
        depth: 3,
        wide: 3,
        names: 49,
        long: 80,
    },
    Shape {
        depth: 6,
        wide: 4,
        names: 2,
        long: 50,
    },
    Shape {
        depth: 4,
        wide: 8,
        names: 1,
        long: 20,
    },
];

/// Generates operations on a schema.
pub(super) struct Maker {
    schema: Arc<Schema>,
    random: StdRng,
    text: String,
    shape: Shape,
}

impl Maker {
    pub(super) fn new(schema: Arc<Schema>, seed: u64) -> Maker {
        Maker {
            schema,
            random: StdRng::seed_from_u64(seed),
            text: String::new(),
            shape: SHAPES[0],
        }
    }

    /// The next operation.
    pub(super) fn operation(&mut self) -> String {
        self.shape = *SHAPES.choose(&mut self.random).unwrap();
        self.text = String::from("{ ");
        if self.random.random_range(0..20) == 0 {
            self.introspection();
        } else {
            let fields = self.composites("Query");
            let field = fields.choose(&mut self.random).unwrap().clone();
            for name in 0..self.shape.names {
                let _ = write!(self.text, "r{name}: ");
                self.field(&field, self.shape.depth);
            }
        }
        self.text.push('}');
        std::mem::take(&mut self.text)
    }

    fn introspection(&mut self) {
        let depth = self.random.random_range(1..6);
        let open = "fields { type { ".repeat(depth);
        for name in 0..self.shape.names {
            let close = "} } ".repeat(depth);
            let _ = write!(
                self.text,
                "i{name}: __schema {{ types {{ {open}name {close}}} }} "
            );
        }
    }

    /// The composite fields of a type; lists several times.
    fn composites(&self, ty: &str) -> Vec<FieldDefinition> {
        let mut composites = Vec::new();
        for field in self.fields(ty) {
            if self.is_leaf(&field) || !field.arguments.iter().all(|given| self.can_give(given)) {
                continue;
            }
            let lists = usize::from(field.ty.is_list() || has(&field, "first"));
            composites.extend(std::iter::repeat_n(field, 1 + 6 * lists));
        }
        composites
    }

    fn fields(&self, ty: &str) -> Vec<FieldDefinition> {
        match self.schema.types.get(ty) {
            Some(ExtendedType::Object(object)) => object
                .fields
                .values()
                .map(|field| FieldDefinition::clone(field))
                .collect(),
            Some(ExtendedType::Interface(interface)) => interface
                .fields
                .values()
                .map(|field| FieldDefinition::clone(field))
                .collect(),
            _ => Vec::new(),
        }
    }

    fn is_leaf(&self, field: &FieldDefinition) -> bool {
        let named = self.schema.types.get(field.ty.inner_named_type());
        matches!(named, Some(ExtendedType::Scalar(_) | ExtendedType::Enum(_)))
    }

    /// Whether a value for an argument can be generated, or the argument left out.
    fn can_give(&self, argument: &InputValueDefinition) -> bool {
        let named = self.schema.types.get(argument.ty.inner_named_type());
        !argument.is_required() || !matches!(named, Some(ExtendedType::InputObject(_)))
    }

    fn field(&mut self, field: &FieldDefinition, depth: usize) {
        self.text.push_str(&field.name);
        self.arguments(field);
        self.selection(field.ty.inner_named_type().as_str(), depth);
    }

    fn selection(&mut self, ty: &str, depth: usize) {
        self.text.push_str(" { __typename ");
        let leaves = self.fields(ty);
        let leaves = leaves
            .iter()
            .filter(|field| self.is_leaf(field) && field.arguments.is_empty());
        let leaves: String = leaves.map(|field| format!("{} ", field.name)).collect();
        self.text.push_str(&leaves);
        let fields = self.composites(ty);
        if depth > 1 && !fields.is_empty() {
            for name in 0..self.random.random_range(1..=self.shape.wide) {
                if self.text.len() > LENGTH {
                    break;
                }
                let field = fields.choose(&mut self.random).unwrap().clone();
                let _ = write!(self.text, "f{name}: ");
                self.field(&field, depth - 1);
            }
        }
        self.text.push_str("} ");
    }

    fn arguments(&mut self, field: &FieldDefinition) {
        let mut given = Vec::new();
        for argument in &field.arguments {
            let counts = ["first", "last"].contains(&argument.name.as_str());
            if !counts && !argument.is_required() && self.random.random_range(0..4) > 0 {
                continue;
            }
            if let Some(value) = self.value(&argument.ty, counts) {
                given.push(format!("{}: {value}", argument.name));
            }
        }
        if !given.is_empty() {
            let _ = write!(self.text, "({})", given.join(", "));
        }
    }

    fn value(&mut self, ty: &Type, counts: bool) -> Option<String> {
        let name = ty.inner_named_type().as_str();
        if let Some(ExtendedType::Enum(values)) = self.schema.types.get(name) {
            let values: Vec<String> = values.values.keys().map(ToString::to_string).collect();
            return values.choose(&mut self.random).cloned();
        }
        Some(match name {
            "Int" if counts && self.random.random_range(0..100) < self.shape.long => {
                "100".to_owned()
            }
            "Int" => self.random.random_range(1..30).to_string(),
            "Float" => "1.5".to_owned(),
            "Boolean" => self.random.random::<bool>().to_string(),
            "ID" | "String" => format!("{:?}", IDS.choose(&mut self.random).unwrap()),
            _ => return None,
        })
    }
}

fn has(field: &FieldDefinition, argument: &str) -> bool {
    field
        .arguments
        .iter()
        .any(|existing| existing.name == argument)
}
