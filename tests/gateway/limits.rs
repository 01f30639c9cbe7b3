//! Limits of execution, each at n and at n + 1.

use serde_json::Value;

use super::world::World;

const QUERY: &str = "{ districts { name dggi { rank } } }";

fn limit_errors(answer: &Value) -> Vec<String> {
    let errors = answer["errors"].as_array().cloned().unwrap_or_default();
    let limits = errors
        .iter()
        .filter(|error| error["extensions"]["sangam"]["kind"] == "LIMIT");
    limits
        .map(|error| error["message"].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[test]
async fn calls_to_upstreams() {
    let enough = World::start("[limits]\nupstream_calls = 2")
        .await
        .ask(QUERY)
        .await;
    assert_eq!(enough.get("errors"), None, "{enough:#}");
    let world = World::start("[limits]\nupstream_calls = 1").await;
    let answer = world.ask(QUERY).await;
    assert_eq!(answer["data"]["districts"][0]["name"], "Anantnag");
    assert_eq!(answer["data"]["districts"][0]["dggi"], Value::Null);
    assert_eq!(
        limit_errors(&answer)[0],
        "The operation needs more calls to upstreams than allowed (1)"
    );
    assert_eq!(world.standin("dggi").call_count(), 0);
}

#[test]
async fn objects_that_a_step_starts_from() {
    let enough = World::start("[limits]\nlist_fanout = 20")
        .await
        .ask(QUERY)
        .await;
    assert_eq!(enough.get("errors"), None, "{enough:#}");
    let world = World::start("[limits]\nlist_fanout = 19").await;
    let answer = world.ask(QUERY).await;
    assert_eq!(
        limit_errors(&answer)[0],
        "20 objects need calls; one fetch may start from 19"
    );
    assert_eq!(answer["data"]["districts"][19]["name"], "Reasi");
    assert_eq!(world.standin("dggi").call_count(), 0);
}

#[test]
async fn bytes_of_an_answer() {
    let length = World::start("")
        .await
        .ask_raw("{ districts { name } }")
        .await
        .len()
        - 1;
    let enough = World::start(&format!("[limits]\nanswer_bytes = {length}")).await;
    assert_eq!(
        enough.ask("{ districts { name } }").await.get("errors"),
        None
    );
    let world = World::start(&format!("[limits]\nanswer_bytes = {}", length - 1)).await;
    let answer = world.ask("{ districts { name } }").await;
    assert_eq!(answer["data"], Value::Null);
    assert_eq!(
        limit_errors(&answer),
        [format!(
            "The response is longer than allowed ({} bytes)",
            length - 1
        )]
    );
}

#[test]
async fn errors_of_an_answer() {
    let world = World::start("[limits]\nerrors = 3").await;
    world
        .standin("dggi")
        .weather(sangam_demo::weather::Weather::Dead);
    let answer = world.ask(QUERY).await;
    assert_eq!(answer["errors"].as_array().map(Vec::len), Some(3));
    assert_eq!(answer["extensions"]["sangam"]["errorsLeftOut"], 17);
}

#[test]
async fn steps_of_the_planner() {
    let world = World::start("[limits]\nplan_steps = 1").await;
    let answer = world.ask(QUERY).await;
    assert_eq!(
        answer["errors"][0]["extensions"]["code"],
        "PLAN_TOO_COMPLEX"
    );
    assert_eq!(world.standin("lgd").call_count(), 0);
}

#[test]
async fn digits_of_a_number() {
    const COMPOSITES: &str = "{ districts { dggi { composite } } }";
    let text = World::start("").await.ask_raw(COMPOSITES).await;
    let text = String::from_utf8_lossy(text.as_ref()).into_owned();
    let numbers = text.split("\"composite\":").skip(1).map(|rest| {
        let number = rest.split(['}', ',']).next().unwrap_or_default();
        number.bytes().filter(u8::is_ascii_digit).count()
    });
    let lengths: Vec<usize> = numbers.collect();
    let longest = lengths.iter().copied().max().unwrap();
    let enough = World::start(&format!("[limits]\nnumber_digits = {longest}")).await;
    assert_eq!(enough.ask(COMPOSITES).await.get("errors"), None);
    let world = World::start(&format!("[limits]\nnumber_digits = {}", longest - 1)).await;
    let answer = world.ask(COMPOSITES).await;
    let errors = answer["errors"].as_array().unwrap();
    let beyond = lengths.iter().filter(|length| **length == longest).count();
    assert_eq!(errors.len(), beyond);
    assert_eq!(errors[0]["extensions"]["sangam"]["kind"], "BAD_ANSWER");
}
