//! A plan as text, for people: which calls, in which order, what feeds what.

use std::fmt::Write;

use super::Call;
use super::Fetch;
use super::Input;
use super::Plan;
use super::ReadId;
use crate::connector::SchemaLifetime;
use crate::connector::Scope;
use crate::graph::query::ConnectMode;
use crate::graph::query::QueryGraph;

/// The plan, a paragraph per fetch. The same plan gives the same bytes.
pub fn explain(plan: &Plan, graph: &QueryGraph) -> String {
    let mut text = String::new();
    if plan.fetches.is_empty() {
        text.push_str("No calls: the gateway answers by itself.\n");
    }
    for (index, fetch) in plan.fetches.iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        let number = index + 1;
        let service = &graph.service(fetch.service).name;
        let _ = writeln!(text, "{number}. {service}: {}", how(graph, fetch));
        let path = path(plan, graph, fetch);
        if !path.is_empty() {
            let _ = writeln!(text, "   for {path}");
        }
        if !fetch.after.is_empty() {
            let after: Vec<String> = fetch
                .after
                .iter()
                .map(|fetch| (fetch + 1).to_string())
                .collect();
            let _ = writeln!(text, "   after {}", after.join(", "));
        }
        let guard = &plan.guards[fetch.guard as usize];
        if !guard.is_always() {
            let _ = writeln!(text, "   when {guard}");
        }
        if !fetch.inputs.is_empty() {
            let _ = writeln!(
                text,
                "   with {}",
                inputs(plan, graph, fetch.need, &fetch.inputs)
            );
        }
        if let Some(lifetime) = &fetch.lifetime {
            let _ = writeln!(text, "   kept {}", kept(lifetime));
        }
        match &fetch.call {
            Call::Operation(operation) | Call::Entities { operation, .. } => {
                let _ = writeln!(text, "   sends {}", operation.text);
            }
            Call::Connect { .. } => {
                let _ = writeln!(text, "   reads {}", reads(plan, fetch.read));
            }
        }
    }
    text
}

/// The plan as JSON, one object per fetch, with the same words.
pub fn explain_json(plan: &Plan, graph: &QueryGraph) -> serde_json::Value {
    let fetches = plan.fetches.iter().enumerate().map(|(index, fetch)| {
        let mut row = serde_json::json!({
            "fetch": index + 1,
            "connector": graph.service(fetch.service).name,
            "call": how(graph, fetch),
            "after": fetch.after.iter().map(|other| other + 1).collect::<Vec<_>>(),
            "group": fetch.group,
        });
        let path = path(plan, graph, fetch);
        if !path.is_empty() {
            row["for"] = path.into();
        }
        let guard = &plan.guards[fetch.guard as usize];
        if !guard.is_always() {
            row["when"] = guard.to_string().into();
        }
        if let Some(lifetime) = &fetch.lifetime {
            row["kept"] = serde_json::json!({
                "maxAgeSeconds": lifetime.max_age.as_secs(),
                "scope": lifetime.scope,
            });
        }
        if !fetch.inputs.is_empty() {
            row["with"] = inputs(plan, graph, fetch.need, &fetch.inputs).into();
        }
        match &fetch.call {
            Call::Operation(operation) | Call::Entities { operation, .. } => {
                row["sends"] = operation.text.to_string().into();
            }
            Call::Connect { connect, .. } => {
                if let Some(connect) = graph.connect(fetch.service, *connect) {
                    row["coordinate"] = connect.coordinate.as_str().into();
                }
                row["reads"] = reads(plan, fetch.read).into();
            }
        }
        row
    });
    serde_json::json!({ "fetches": fetches.collect::<Vec<_>>() })
}

/// `86400 s`, `60 s for one client`, `never`
fn kept(lifetime: &SchemaLifetime) -> String {
    let seconds = lifetime.max_age.as_secs();
    match lifetime.scope {
        _ if seconds == 0 => "never".to_owned(),
        Some(Scope::Private) => format!("{seconds} s, for one client"),
        _ => format!("{seconds} s"),
    }
}

fn how(graph: &QueryGraph, fetch: &Fetch) -> String {
    match &fetch.call {
        Call::Operation(operation) => format!("a {}", operation.kind.name()),
        Call::Entities { typename, .. } => format!("entities of {typename}, in one batch"),
        Call::Connect { connect, mode } => {
            let coordinate = coordinate(graph, fetch, *connect);
            match mode {
                ConnectMode::Root => coordinate,
                ConnectMode::Explicit | ConnectMode::Single => {
                    format!("{coordinate}, a call per key")
                }
                ConnectMode::Implicit => format!("{coordinate}, a call per object"),
                ConnectMode::Batch => format!("{coordinate}, in batches"),
            }
        }
    }
}

/// The coordinate of a connect within its folder.
fn coordinate(graph: &QueryGraph, fetch: &Fetch, connect: usize) -> String {
    let coordinate = graph
        .connect(fetch.service, connect)
        .map(|connect| connect.coordinate.as_str());
    let coordinate = coordinate.unwrap_or_default();
    coordinate
        .split_once(':')
        .map_or(coordinate, |(_, rest)| rest)
        .to_owned()
}

fn path(plan: &Plan, graph: &QueryGraph, fetch: &Fetch) -> String {
    let mut text = String::new();
    for step in &fetch.path {
        if !text.is_empty() {
            text.push('.');
        }
        text.push_str(&step.field);
        if !step.only.is_empty() {
            let names: Vec<&str> = step
                .only
                .iter()
                .map(|ty| graph.types.name(*ty).as_str())
                .collect();
            let _ = write!(text, " (of {})", names.join(", "));
        }
    }
    if let Some(only) = fetch.only {
        let _ = write!(text, " on {}", graph.types.name(only));
    }
    let _ = plan;
    text
}

fn inputs(plan: &Plan, graph: &QueryGraph, need: super::need::NeedId, all: &[Input]) -> String {
    let mut parts = Vec::with_capacity(all.len());
    for input in all {
        let mut part = input.name.to_string();
        if let Some(only) = input.only {
            part = format!("{part} (of {})", graph.types.name(only));
        }
        if let (false, Some(slot)) = (input.children.is_empty(), input.slot)
            && let Some(child) = plan.need(need).slots[slot as usize].child
        {
            part = format!(
                "{part} {{ {} }}",
                inputs(plan, graph, child, &input.children)
            );
        }
        parts.push(part);
    }
    parts.join(" ")
}

fn reads(plan: &Plan, read: ReadId) -> String {
    let mut parts = Vec::new();
    for field in &plan.read(read).fields {
        match field.read {
            Some(below) => parts.push(format!("{} {}", field.name, reads(plan, below))),
            None => parts.push(field.name.to_string()),
        }
    }
    format!("{{ {} }}", parts.join(" "))
}
