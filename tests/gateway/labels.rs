//! What the values of enums are called: every enum that clients show has a label for each of its values in each language.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::world::World;

/// The fields with labels, one of each folder that has enums.
const LABELS: &str = "query ($language: Language!) {
  deliverableLabels(language: $language) { ...Label }
  dggiLabels(language: $language) { ...Label }
  grievanceLabels(language: $language) { ...Label }
  schemeLabels(language: $language) { ...Label }
  serviceLabels(language: $language) { ...Label }
  umangLabels(language: $language) { ...Label }
  workLabels(language: $language) { ...Label }
}
fragment Label on EnumLabel { enumName value language direction text }";

/// Enums that no screen shows: for programs, or with names of their own (`Area.names`).
fn is_shown(name: &str) -> bool {
    !name.ends_with("Order")
        && !name.ends_with("ErrorCode")
        && !name.starts_with("Sangam")
        && ![
            "AreaCode",
            "Language",
            "ServiceCertificateFormat",
            "ServiceQuestionType",
            "TextDirection",
        ]
        .contains(&name)
}

/// The values of the enums of the public schema that screens show.
fn enums() -> BTreeSet<(String, String)> {
    let schema = include_str!("../../schema/api.graphql");
    let mut values = BTreeSet::new();
    let mut current = None;
    for line in schema.lines() {
        if let Some(name) = line.strip_prefix("enum ") {
            current = Some(name.trim_end_matches(" {")).filter(|name| is_shown(name));
        } else if line == "}" {
            current = None;
        } else if let Some(name) = current {
            let value = line.trim();
            let is_value = |byte: u8| byte.is_ascii_uppercase() || byte == b'_';
            if !value.is_empty() && value.bytes().all(is_value) {
                values.insert((name.to_owned(), value.to_owned()));
            }
        }
    }
    values
}

/// All labels in a language, by enum and value.
async fn labels(world: &World, language: &str) -> BTreeMap<(String, String), String> {
    let answer = world.data(LABELS, &json!({ "language": language })).await;
    let text = |label: &Value, key: &str| label[key].as_str().unwrap().to_owned();
    let lists = answer.as_object().unwrap().values();
    let all = lists.flat_map(|list| list.as_array().unwrap());
    all.map(|label| {
        let direction = if language == "UR" { "RTL" } else { "LTR" };
        assert_eq!(label["language"], language, "{label}");
        assert_eq!(label["direction"], direction, "{label}");
        let key = (text(label, "enumName"), text(label, "value"));
        (key, text(label, "text"))
    })
    .collect()
}

#[test]
async fn each_value_has_a_label_in_each_language() {
    let world = World::start("").await;
    let english = labels(&world, "EN").await;
    let known: BTreeSet<_> = english.keys().cloned().collect();
    assert_eq!(known, enums());
    for language in ["HI", "UR"] {
        let translated = labels(&world, language).await;
        assert_eq!(translated.len(), english.len());
        for (key, text) in translated {
            assert!(!text.is_ascii() && text != english[&key], "{key:?}: {text}");
        }
    }
    // Only the grievance cell, which is a GraphQL service, is asked at all.
    let asked = world.standins.iter().filter(|one| one.call_count() > 0);
    let asked: Vec<_> = asked.map(|one| one.name()).collect();
    assert_eq!(asked, ["grievances"]);
}
