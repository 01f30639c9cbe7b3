//! A named operation by GET against the same operation by `POST /graphql`, when both are answered from the cache of responses.

use std::error::Error;

use super::compare::{Calls, Expected, compare};
use super::contest::Contender;
use super::rows::at_least;
use super::wrk::{Call, Requests};
use super::{Bench, Outcome, request};
use sangam_harness::{Process, files};

pub(super) const NAME: &str = "The answer cached: GET /operations/Posts against POST /graphql";

pub(super) async fn run(bench: &Bench) -> Result<Outcome, Box<dyn Error>> {
    let upstream = Process::role(&["upstream", "posts"])?;
    let operations = std::fs::canonicalize(bench.paths.benches.join("operations"))?;
    let text = std::fs::read_to_string(operations.join("Posts.graphql"))?;
    let head = files::head(&bench.paths.benches.join("connectors/rest"))?;
    let base_url = format!("{}/kept", upstream.url);
    let settings =
        format!("{head}operations = {operations:?}\n[connector.posts]\nbase_url = {base_url:?}\n");
    let start = async |call: Call| {
        Contender::start(bench, &upstream, Requests::Same(call), false, || {
            bench.gateway(&settings)
        })
        .await
    };
    let by_get = start(Call::get("/operations/Posts".to_owned())).await?;
    let by_post = start(Call::graphql(request(&text))).await?;
    let expected = Expected {
        targets: at_least(0.95),
        other: "POST /graphql",
        calls: Calls::Same,
    };
    compare(bench, &upstream, [by_get, by_post], &[], expected).await
}
