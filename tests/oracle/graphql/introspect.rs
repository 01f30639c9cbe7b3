//! Full introspection of a public schema.

use sangam::gateway::{ClientContext, Gateway, GraphqlRequest};

use super::theirs::Theirs;
use crate::monolith::json::Json;

/// The difference between the gateway's introspection and that of graphql-js for its current schema.
pub(super) async fn difference(theirs: &mut Theirs, gateway: &Gateway) -> Option<String> {
    let answer = theirs.ask(vec![("introspect", Json::Bool(true))]);
    let query = answer.get("query").and_then(Json::as_str).unwrap();
    let request = GraphqlRequest {
        query: Some(query.to_owned()),
        ..GraphqlRequest::default()
    };
    let mut response = gateway.execute(request, &ClientContext::default()).await;
    let ours = Json::parse(&response.body().await).unwrap();
    let found = first(
        "__schema",
        ours.get("data").and_then(|data| data.get("__schema"))?,
        answer.get("introspection")?.get("__schema")?,
    )?;
    Some(format!("{found}\n{}", gateway.api_sdl()))
}

/// The first difference of two values; the order of named items does not matter.
fn first(place: &str, ours: &Json, theirs: &Json) -> Option<String> {
    match (ours, theirs) {
        // Their default values are coerced: an object also has the fields with defaults.
        (Json::String(own), Json::String(other))
            if place.ends_with(".defaultValue") && own.starts_with('{') =>
        {
            let same = other.starts_with(own.trim_end_matches(['}', ' ']));
            (!same).then(|| format!("{place}: {own} here, {other} there"))
        }
        (Json::Object(own), Json::Object(other)) if own.len() == other.len() => {
            let mut members = own.iter();
            members.find_map(|(name, own)| {
                let other = theirs.get(name).unwrap_or(&Json::Null);
                first(&format!("{place}.{name}"), own, other)
            })
        }
        (Json::List(own), Json::List(other)) => {
            let (own, other) = (by_name(own), by_name(other));
            if own.len() != other.len() {
                return Some(format!("{place}: {ours} here, {theirs} there"));
            }
            let mut pairs = own.iter().zip(other).enumerate();
            pairs.find_map(|(index, (own, other))| first(&format!("{place}[{index}]"), own, other))
        }
        (own, other) if own == other => None,
        _ => Some(format!("{place}: {ours} here, {theirs} there")),
    }
}

/// The items sorted by name, without those of later editions of the specification: fields of introspection types, and
/// directives.
fn by_name(items: &[Json]) -> Vec<&Json> {
    let later = |item: &&Json| match item.get("name").and_then(Json::as_str) {
        Some(name) => name.starts_with("__") || ["oneOf", "deprecated"].contains(&name),
        None => false,
    };
    let mut items: Vec<&Json> = items.iter().filter(|item| !later(item)).collect();
    items.sort_by_key(|item| match item.get("name") {
        Some(name) => name.text(),
        None => item.text(),
    });
    items
}
