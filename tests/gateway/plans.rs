//! One plan serves all outcomes of `@override` labels: counted by the metric of look-ups in the plan cache.

use std::collections::BTreeSet;

use metrics_exporter_prometheus::PrometheusBuilder;
use sangam::document::Value;
use sangam::gateway::{ClientContext, Draw, GraphqlRequest};

use crate::execution::gateway;
use crate::execution::upstream::Upstreams;
use crate::support::cases::cases;

/// The percentiles of the requests.
const DRAWS: [f64; 6] = [0.0, 4.0, 10.0, 49.0, 50.0, 99.0];

#[test]
async fn an_operation_is_compiled_once_for_all_outcomes_of_labels() {
    let mut with_labels = 0;
    for case in cases("execution") {
        if case.block("text draw").is_none() {
            continue;
        }
        let upstreams = Upstreams::start(&case).await;
        let recorder = PrometheusBuilder::new().build_recorder();
        let gateway = metrics::with_local_recorder(&recorder, || gateway(&case, &upstreams));
        let (mut texts, mut asked, mut calls) = (BTreeSet::new(), 0, BTreeSet::new());
        let blocks = case.blocks.iter().enumerate();
        for (place, block) in blocks.filter(|(_, block)| block.fence == "graphql operation") {
            texts.insert(&block.body);
            let next = case.blocks.get(place + 1);
            let variables = next.filter(|next| next.fence == "json variables");
            for draw in DRAWS {
                let request = GraphqlRequest {
                    query: Some(block.body.clone()),
                    variables: variables
                        .map(|variables| Value::parse_json(variables.body.as_bytes()).unwrap()),
                    ..GraphqlRequest::default()
                };
                let client = ClientContext {
                    draw: Draw::At(draw),
                    mutations_allowed: true,
                    ..ClientContext::default()
                };
                gateway.execute(request, &client).await;
                asked += 1;
                calls.insert(upstreams.take_calls());
            }
        }
        let counted = recorder.handle().render();
        let count = |state: &str| {
            let name = format!("sangam_cache_lookups_total{{cache=\"plan\",state=\"{state}\"}} ");
            let line = counted.lines().find_map(|line| line.strip_prefix(&name));
            line.map_or(0, |count| count.parse::<usize>().unwrap())
        };
        let lookups = (count("miss"), count("hit"));
        assert_eq!(
            lookups,
            (texts.len(), asked - texts.len()),
            "{}",
            case.path.display()
        );
        // Checks that the outcomes differ.
        with_labels += usize::from(calls.len() > texts.len());
    }
    assert!(
        with_labels >= 5,
        "only {with_labels} cases have outcomes that differ"
    );
}
