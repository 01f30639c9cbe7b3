//! Formats the cost of an operation for `sangam explain`.

use std::fmt::Write;

use serde_json::json;

use crate::config::CostMode;
use crate::cost::FieldCost;
use crate::gateway::ExplainedCost;

/// The number of fields that are shown: the most expensive ones.
const SHOWN: usize = 12;

/// `Cost: 460 of at most 20000`, and a line per field.
pub(super) fn as_text(cost: &ExplainedCost) -> String {
    // Writing to a string cannot fail.
    let mut text = format!("Cost: {} of at most {}", cost.estimated, cost.max);
    let is_over = cost.estimated > cost.max;
    match cost.mode {
        CostMode::Enforce if is_over => text.push_str("; clients are refused"),
        CostMode::Log if is_over => text.push_str("; clients are answered (cost.mode = \"log\")"),
        CostMode::Off => text.push_str(", which is not enforced (cost.mode = \"off\")"),
        _ => {}
    }
    if cost.without_variables {
        text.push_str("; without variables: lists that they size have assumed sizes");
    }
    text.push('\n');
    if let Some(actual) = cost.actual {
        let _ = writeln!(text, "Actual cost: {actual}");
    }
    let fields = costliest(&cost.fields);
    let widest = fields.first().map_or(0, |field| field.cost);
    let width = widest.to_string().len();
    for field in &fields {
        let _ = write!(text, "   {:>width$}  {}", field.cost, field.path);
        match (field.size, field.times) {
            (None, 1) => {}
            (None, times) => text.push_str(&format!(", of {times} objects")),
            (Some(size), 1) => text.push_str(&format!(", {size} items")),
            (Some(size), times) => {
                text.push_str(&format!(", {size} items of each of {times} objects"));
            }
        }
        text.push('\n');
    }
    let left_out = cost.fields.len() - fields.len();
    if left_out > 0 {
        let _ = writeln!(text, "   and {left_out} more fields that cost less");
    }
    text
}

pub(super) fn as_json(cost: &ExplainedCost) -> serde_json::Value {
    let fields = costliest(&cost.fields).into_iter().map(|field| {
        json!({
            "path": field.path,
            "cost": field.cost,
            "size": field.size,
            "times": field.times,
        })
    });
    json!({
        "estimated": cost.estimated,
        "actual": cost.actual,
        "max": cost.max,
        "mode": cost.mode.name(),
        "withoutVariables": cost.without_variables,
        "fields": fields.collect::<Vec<_>>(),
    })
}

/// The most expensive fields, in descending order.
fn costliest(fields: &[FieldCost]) -> Vec<&FieldCost> {
    let mut fields: Vec<&FieldCost> = fields.iter().collect();
    fields.sort_by_key(|field| std::cmp::Reverse(field.cost));
    fields.truncate(SHOWN);
    fields
}
