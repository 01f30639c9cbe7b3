//! How many fields of a request use a variable: a file that several use is passed on several times.

use std::collections::{HashMap, HashSet};

use apollo_compiler::executable::{Field, Selection, SelectionSet};
use apollo_compiler::schema::Value as Literal;
use apollo_compiler::{ExecutableDocument, Name, ast};

use super::compiled::Operation;
use crate::document::{Str, Value};

impl Operation {
    /// How often each variable is used in arguments, with these values of the variables. Fields that `@skip` and `@include` leave
    /// out do not count; fields that are merged, since they have the same response name, count once.
    pub fn variable_uses(&self, values: &HashMap<Str, Value>) -> HashMap<Name, usize> {
        let mut counting = Counting {
            document: &self.document,
            values,
            path: Vec::new(),
            counted: HashSet::new(),
            uses: HashMap::new(),
        };
        counting.selections(&self.definition.selection_set);
        counting.uses
    }
}

struct Counting<'o> {
    document: &'o ExecutableDocument,
    values: &'o HashMap<Str, Value>,
    /// The response names from the root.
    path: Vec<&'o Name>,
    /// The paths of the fields with arguments.
    counted: HashSet<Vec<&'o Name>>,
    uses: HashMap<Name, usize>,
}

impl<'o> Counting<'o> {
    /// The limit of fields counts them with the fragments expanded, as here.
    fn selections(&mut self, set: &'o SelectionSet) {
        for selection in &set.selections {
            if !self.is_included(selection.directives()) {
                continue;
            }
            match selection {
                Selection::Field(field) => self.field(field),
                Selection::InlineFragment(inline) => self.selections(&inline.selection_set),
                Selection::FragmentSpread(spread) => {
                    let document = self.document;
                    if let Some(fragment) = document.fragments.get(&spread.fragment_name) {
                        self.selections(&fragment.selection_set);
                    }
                }
            }
        }
    }

    fn field(&mut self, field: &'o Field) {
        self.path.push(field.response_key());
        if !field.arguments.is_empty() && self.counted.insert(self.path.clone()) {
            for argument in &field.arguments {
                self.value(&argument.value);
            }
        }
        self.selections(&field.selection_set);
        self.path.pop();
    }

    fn value(&mut self, value: &Literal) {
        match value {
            Literal::Variable(name) => *self.uses.entry(name.clone()).or_default() += 1,
            Literal::List(items) => items.iter().for_each(|item| self.value(item)),
            Literal::Object(members) => members.iter().for_each(|(_, value)| self.value(value)),
            _ => {}
        }
    }

    fn is_included(&self, directives: &ast::DirectiveList) -> bool {
        let condition = |name: &str| {
            let directive = directives.get(name)?;
            match &**directive.specified_argument_by_name("if")? {
                Literal::Boolean(flag) => Some(*flag),
                Literal::Variable(name) => self.values.get(name.as_str())?.as_bool(),
                _ => None,
            }
        };
        condition("skip") != Some(true) && condition("include") != Some(false)
    }
}
