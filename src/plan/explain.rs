//! A plan as text, for people: which calls are made, in which order, and what feeds what.

use std::fmt::Write;

use super::division::Division;
use super::explain_parts::{DeferredPart, StreamedPart, fragments, streamed_lists};
use super::{Fetch, FetchCall, Input, Plan, ReadId};
use crate::connector::{SchemaLifetime, Scope};
use crate::graph::query::{ConnectMode, QueryGraph};

/// The plan, a paragraph per call. Equal plans give equal texts.
pub fn explain(plan: &Plan, graph: &QueryGraph) -> String {
    let mut text = String::new();
    if plan.fetches.is_empty() {
        text.push_str("No calls: the gateway answers by itself.\n");
    }
    let numbers = plan.call_numbers();
    let deferred = Division::usual(plan);
    let mut number = 0;
    for (index, (fetch, fetch_number)) in plan.fetches.iter().zip(&numbers).enumerate() {
        if *fetch_number == number {
            // It is part of the call above.
            continue;
        }
        number = *fetch_number;
        if number > 1 {
            text.push('\n');
        }
        let subgraph = &graph.subgraph(fetch.subgraph).name;
        let _ = writeln!(text, "{number}. {subgraph}: {}", how(plan, graph, fetch));
        let parts = plan.parts(fetch);
        let after = after(fetch, &numbers);
        if let [part] = parts.as_slice() {
            part_lines(&mut text, plan, graph, part, &after);
        } else {
            after_line(&mut text, &after);
            for part in &parts {
                part_lines(&mut text, plan, graph, part, &[]);
            }
        }
        let fragments = fragments(deferred.as_ref(), index);
        if !fragments.is_empty() {
            let fragments: Vec<String> = fragments.iter().map(DeferredPart::to_text).collect();
            let _ = writeln!(text, "   deferred, for {}", fragments.join(", "));
        }
        for list in streamed_lists(plan, index) {
            let _ = writeln!(text, "   streamed: {}", list.to_text());
        }
        if let Some(lifetime) = &fetch.lifetime {
            let _ = writeln!(text, "   {}", caching(lifetime));
        }
        match plan.operation(fetch) {
            Some(operation) => {
                let _ = writeln!(text, "   sends {}", operation.text);
            }
            None => {
                let _ = writeln!(text, "   reads {}", reads(plan, fetch.read));
            }
        }
    }
    text
}

fn after_line(text: &mut String, after: &[usize]) {
    if !after.is_empty() {
        let after: Vec<String> = after.iter().map(usize::to_string).collect();
        let _ = writeln!(text, "   after {}", after.join(", "));
    }
}

/// The rows that a fetch starts from, its guard and its inputs.
fn part_lines(text: &mut String, plan: &Plan, graph: &QueryGraph, fetch: &Fetch, after: &[usize]) {
    let path = path(graph, fetch);
    let absent = absent_from(plan, fetch);
    if let Some(list) = absent {
        let _ = writeln!(text, "   for {path} that is not in the list of {list}");
    } else if !path.is_empty() {
        let _ = writeln!(text, "   for {path}");
    }
    after_line(text, after);
    let guard = &plan.guards[fetch.guard as usize];
    if !guard.is_always() {
        let _ = writeln!(text, "   when {guard}");
    }
    if !fetch.inputs.is_empty() {
        let inputs = inputs(plan, graph, fetch.position, &fetch.inputs);
        let _ = writeln!(text, "   with {inputs}");
    }
    for (variable, value) in contexts(plan, graph, fetch) {
        let _ = writeln!(text, "   ${variable} from {value}");
    }
}

/// The variables for values of contexts, each with the ancestors and their fields.
fn contexts(plan: &Plan, graph: &QueryGraph, fetch: &Fetch) -> Vec<(String, String)> {
    let all = fetch.contexts.iter().map(|context| {
        let sources = context.sources.iter().rev().map(|source| {
            let path: Vec<&str> = fetch.path[..source.depth]
                .iter()
                .map(|step| step.field.as_str())
                .collect();
            let path = match path.is_empty() {
                true => graph
                    .types
                    .name(plan.position(source.position).ty)
                    .to_string(),
                false => path.join("."),
            };
            let inputs = inputs(plan, graph, source.position, &source.inputs);
            format!("{path} {{ {inputs} }}")
        });
        let sources: Vec<String> = sources.collect();
        (context.variable.clone(), sources.join(", else "))
    });
    all.collect()
}

/// The number of the call for the list that the rows of a fetch are not in.
fn absent_from(plan: &Plan, fetch: &Fetch) -> Option<usize> {
    let list = fetch.absent_from?;
    plan.call_numbers().get(list).copied()
}

/// The numbers of the calls that a call waits for.
fn after(fetch: &Fetch, numbers: &[usize]) -> Vec<usize> {
    let mut after: Vec<usize> = fetch.after.iter().map(|before| numbers[*before]).collect();
    after.dedup();
    after
}

/// The plan as JSON, an object per call, with the same terms.
pub fn explain_json(plan: &Plan, graph: &QueryGraph) -> serde_json::Value {
    let numbers = plan.call_numbers();
    let deferred = Division::usual(plan);
    let mut calls = Vec::new();
    for (index, (fetch, number)) in plan.fetches.iter().zip(&numbers).enumerate() {
        if *number == calls.len() {
            continue;
        }
        let mut call = serde_json::json!({
            "fetch": number,
            "connector": graph.subgraph(fetch.subgraph).name,
            "call": how(plan, graph, fetch),
            "after": after(fetch, &numbers),
        });
        let parts = plan.parts(fetch);
        if let [part] = parts.as_slice() {
            add_part(&mut call, plan, graph, part);
        } else {
            let parts = parts.iter().map(|part| {
                let mut call_part = serde_json::json!({});
                add_part(&mut call_part, plan, graph, part);
                call_part
            });
            call["parts"] = parts.collect();
        }
        let fragments = fragments(deferred.as_ref(), index);
        if !fragments.is_empty() {
            let fragments = fragments.iter().map(DeferredPart::to_json);
            call["deferred"] = fragments.collect();
        }
        let lists = streamed_lists(plan, index);
        if !lists.is_empty() {
            call["streamed"] = lists.iter().map(StreamedPart::to_json).collect();
        }
        if let Some(lifetime) = &fetch.lifetime {
            call["cached"] = serde_json::json!({
                "maxAgeSeconds": lifetime.max_age.as_secs(),
                "scope": lifetime.scope,
            });
        }
        if let Some(operation) = plan.operation(fetch) {
            call["sends"] = operation.text.as_str().into();
        }
        if let FetchCall::Connect { connect, .. } = &fetch.call {
            if let Some(connect) = graph.connect(fetch.subgraph, *connect) {
                call["coordinate"] = connect.coordinate.as_str().into();
            }
            call["reads"] = reads(plan, fetch.read).into();
        }
        calls.push(call);
    }
    serde_json::json!({ "fetches": calls })
}

fn add_part(into: &mut serde_json::Value, plan: &Plan, graph: &QueryGraph, fetch: &Fetch) {
    let path = path(graph, fetch);
    if !path.is_empty() {
        into["for"] = path.into();
    }
    if let Some(list) = absent_from(plan, fetch) {
        into["absentFrom"] = list.into();
    }
    let guard = &plan.guards[fetch.guard as usize];
    if !guard.is_always() {
        into["when"] = guard.to_string().into();
    }
    if !fetch.inputs.is_empty() {
        into["with"] = inputs(plan, graph, fetch.position, &fetch.inputs).into();
    }
    for (variable, value) in contexts(plan, graph, fetch) {
        into["contexts"][variable] = value.into();
    }
}

/// `cached for 86400 s`, `cached for 60 s, for one client`, `never cached`.
fn caching(lifetime: &SchemaLifetime) -> String {
    let seconds = lifetime.max_age.as_secs();
    match lifetime.scope {
        _ if seconds == 0 => "never cached".to_owned(),
        Some(Scope::Private) => format!("cached for {seconds} s, for one client"),
        _ => format!("cached for {seconds} s"),
    }
}

fn how(plan: &Plan, graph: &QueryGraph, fetch: &Fetch) -> String {
    match &fetch.call {
        FetchCall::Operation(operation) => format!("a {}", operation.kind.name()),
        FetchCall::Entities { .. } => {
            let mut names: Vec<&str> = Vec::new();
            for part in plan.parts(fetch) {
                if let FetchCall::Entities { typename, .. } = &part.call
                    && !names.contains(&typename.as_str())
                {
                    names.push(typename);
                }
            }
            let names = match names.split_last() {
                Some((last, others)) if !others.is_empty() => {
                    format!("{} and {last}", others.join(", "))
                }
                _ => names.concat(),
            };
            let variables = fetch.contexts.iter();
            let variables: Vec<String> = variables
                .map(|context| format!("${}", context.variable))
                .collect();
            match variables.is_empty() {
                true => format!("entities of {names}, in one batch"),
                false => format!(
                    "entities of {names}, in a batch per {}",
                    variables.join(", ")
                ),
            }
        }
        FetchCall::Connect { connect, mode } => {
            let coordinate = coordinate(graph, fetch, *connect);
            match mode {
                ConnectMode::Root => coordinate,
                ConnectMode::Explicit | ConnectMode::Single => {
                    format!("{coordinate}, a call per key")
                }
                ConnectMode::Implicit => format!("{coordinate}, a call per object"),
                ConnectMode::Batch => format!("{coordinate}, in batches"),
                ConnectMode::List => format!("{coordinate}, one list for all keys"),
            }
        }
    }
}

/// The coordinate of a connect within its folder.
fn coordinate(graph: &QueryGraph, fetch: &Fetch, connect: usize) -> String {
    let coordinate = graph
        .connect(fetch.subgraph, connect)
        .map(|connect| connect.coordinate.as_str());
    let coordinate = coordinate.unwrap_or_default();
    coordinate
        .split_once(':')
        .map_or(coordinate, |(_, rest)| rest)
        .to_owned()
}

fn path(graph: &QueryGraph, fetch: &Fetch) -> String {
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
    text
}

fn inputs(
    plan: &Plan,
    graph: &QueryGraph,
    position: super::requested::PositionId,
    all: &[Input],
) -> String {
    let mut parts = Vec::with_capacity(all.len());
    for input in all {
        let mut part = input.name.to_string();
        if let Some(only) = input.only {
            part = format!("{part} (of {})", graph.types.name(only));
        }
        if let (false, Some(slot)) = (input.children.is_empty(), input.slot)
            && let Some(child) = plan.position(position).slots[slot as usize].child
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
