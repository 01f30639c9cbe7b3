//! Where the cost of an operation comes from, for people.

use apollo_compiler::Name;

use super::estimate::{Estimate, Variables};
use super::objects::{CostClass, CostField, CostObject};
use super::program::Program;

/// The cost of one field of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldCost {
    /// Response names from the root.
    pub path: String,
    /// The assumed number of items of its list.
    pub size: Option<u64>,
    /// The number of parents.
    pub times: u64,
    /// The cost for all parents.
    pub cost: u64,
}

/// The most fields in a report.
const MOST: usize = 1_000;

/// The greatest length of a path in a message.
const LONGEST: usize = 200;

impl Program {
    /// The fields with a cost, in the order of the operation; at an abstract type those of the most expensive type.
    pub fn report(&self, estimate: &Estimate, variables: &Variables) -> Vec<FieldCost> {
        let mut report = ReportWalk {
            program: self,
            estimate,
            variables,
            fields: Vec::new(),
        };
        report.object(0, "", 1);
        report.fields
    }

    /// The path of response names to the deepest list of the most expensive fields.
    pub fn costliest(&self, estimate: &Estimate, variables: &Variables) -> Option<String> {
        let mut path: Vec<&Name> = Vec::new();
        let (mut object, mut lists) = (0, 1);
        while let Some(class) = self
            .object(object)
            .and_then(|object| greatest(object, estimate, variables))
        {
            let included = class.fields.iter().filter(|field| estimate.includes(field));
            // Of several equal ones, the first.
            let costs = included.rev();
            let Some(field) = costs.max_by_key(|field| estimate.field(field, variables)) else {
                break;
            };
            path.push(&field.name);
            if field.list.is_some() {
                lists = path.len();
            }
            let Some(below) = field.below else { break };
            object = below;
        }
        path.truncate(lists);
        let text = joined(&path);
        (!text.is_empty() && text.len() <= LONGEST).then_some(text)
    }
}

fn joined(path: &[&Name]) -> String {
    let names: Vec<&str> = path.iter().map(|name| name.as_str()).collect();
    names.join(".")
}

/// The most expensive class of an object.
fn greatest<'p>(
    object: &'p CostObject,
    estimate: &Estimate,
    variables: &Variables,
) -> Option<&'p CostClass> {
    let classes = object.classes.iter().rev();
    classes.max_by_key(|class| {
        let selected = estimate.selected(class, variables);
        selected.saturating_add(class.weight)
    })
}

struct ReportWalk<'r> {
    program: &'r Program,
    estimate: &'r Estimate,
    variables: &'r Variables,
    fields: Vec<FieldCost>,
}

impl ReportWalk<'_> {
    fn object(&mut self, index: u32, path: &str, times: u64) {
        let program = self.program;
        let object = program.object(index);
        let class = object.and_then(|object| greatest(object, self.estimate, self.variables));
        for field in class.into_iter().flat_map(|class| &class.fields) {
            if self.estimate.includes(field) && self.fields.len() < MOST {
                self.field(field, path, times);
            }
        }
    }

    fn field(&mut self, field: &CostField, path: &str, times: u64) {
        let cost = self.estimate.field(field, self.variables);
        if cost == 0 {
            return;
        }
        let path = match path {
            "" => field.name.to_string(),
            _ => format!("{path}.{}", field.name),
        };
        let size = field.size(self.variables);
        self.fields.push(FieldCost {
            path: path.clone(),
            size,
            times,
            cost: cost.saturating_mul(times),
        });
        if let Some(below) = field.below {
            let times = times.saturating_mul(size.unwrap_or(1));
            self.object(below, &path, times);
        }
    }
}
