//! No response and no output of `explain` contains secrets or values that clients have sent.

use std::sync::Arc;

use sangam::document::Value;
use sangam::gateway::{ClientContext, GraphqlRequest};
use sangam_demo::weather::Weather;

use super::world::World;

const QUERY: &str = "query Q($code: ID!) {
  district(lgdCode: $code) { name dggi { rank } workSummary { workCount } applicationSummary { asOf } }
}";

#[test]
async fn secrets_stay_inside() {
    for weather in [
        Weather::Fine,
        Weather::Dead,
        Weather::Status(500),
        Weather::Html,
        Weather::WrongShape,
    ] {
        let world = World::start("").await;
        world
            .standins
            .iter()
            .for_each(|standin| standin.weather(weather));
        let mut client = ClientContext {
            mutations_allowed: true,
            ..ClientContext::default()
        };
        let headers = Arc::make_mut(&mut client.headers);
        headers.insert(
            "authorization",
            "Bearer canary-in-a-header".parse().unwrap(),
        );
        headers.insert("x-api-key", "canary-of-the-client".parse().unwrap());
        let request = GraphqlRequest {
            query: Some(QUERY.to_owned()),
            variables: Some(Value::parse_json(br#"{"code": "canary-in-a-variable"}"#).unwrap()),
            ..GraphqlRequest::default()
        };
        let mut answer = world.gateway.execute(request.clone(), &client).await;
        let answer = answer.body().await;
        let explained = world
            .gateway
            .explain(&request, &client, true)
            .await
            .unwrap();
        let shown = format!("{}\n{explained:#?}", String::from_utf8_lossy(&answer));
        for canary in ["canary-in-a-header", "canary-of-the-client", "sample-"] {
            assert!(
                !shown.contains(canary),
                "{weather:?} shows {canary}:\n{shown}"
            );
        }
        for standin in &world.standins {
            for call in standin.calls() {
                let sent = format!("{:?}", call.headers);
                assert!(
                    !sent.contains("canary"),
                    "{} was sent what it did not ask for: {sent}",
                    standin.name()
                );
            }
        }
    }
}
