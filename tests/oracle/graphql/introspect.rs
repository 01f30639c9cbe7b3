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
    let difference = first(
        "__schema",
        ours.get("data").and_then(|data| data.get("__schema"))?,
        answer.get("introspection")?.get("__schema")?,
    )?;
    Some(format!("{difference}\n{}", gateway.api_sdl()))
}

/// The first difference of two values; the order of named items does not matter.
fn first(place: &str, ours: &Json, theirs: &Json) -> Option<String> {
    match (ours, theirs) {
        // Their default values are coerced: an object also has the fields with defaults.
        (Json::String(our_text), Json::String(their_text))
            if place.ends_with(".defaultValue") && our_text.starts_with('{') =>
        {
            let same = their_text.starts_with(our_text.trim_end_matches(['}', ' ']));
            (!same).then(|| format!("{place}: {our_text} here, {their_text} there"))
        }
        (Json::Object(our_members), Json::Object(their_members))
            if our_members.len() == their_members.len() =>
        {
            let mut members = our_members.iter();
            members.find_map(|(name, our_member)| {
                let their_member = theirs.get(name).unwrap_or(&Json::Null);
                first(&format!("{place}.{name}"), our_member, their_member)
            })
        }
        (Json::List(our_items), Json::List(their_items)) => {
            let (our_items, their_items) = (by_name(our_items), by_name(their_items));
            if our_items.len() != their_items.len() {
                return Some(format!("{place}: {ours} here, {theirs} there"));
            }
            let mut pairs = our_items.iter().zip(their_items).enumerate();
            pairs.find_map(|(index, (our_item, their_item))| {
                first(&format!("{place}[{index}]"), our_item, their_item)
            })
        }
        (ours, theirs) if ours == theirs => None,
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
