//! Compares which operations are accepted and which are refused.

use std::collections::BTreeSet;
use std::fmt;

use sangam::gateway::{ClientContext, Gateway, GraphqlRequest};

use super::mutate::mutate;
use super::theirs::Theirs;
use super::waivers::Waiver;
use super::{conclude, introspect, rounds, waivers};
use crate::execution::gateway;
use crate::execution::upstream::Upstreams;
use crate::monolith::json::Json;
use crate::monolith::random::{Random, hash};
use crate::support::cases::{Case, cases};

/// The results of the runs.
pub(super) struct Counts {
    waivers: Vec<Waiver>,
    accepted: usize,
    refused: usize,
    /// The refused operations with a common error location.
    located: usize,
    waived: usize,
}

impl Counts {
    pub(super) fn new() -> Self {
        Counts {
            waivers: waivers::read(),
            accepted: 0,
            refused: 0,
            located: 0,
            waived: 0,
        }
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts {
            accepted,
            refused,
            located,
            waived,
            ..
        } = self;
        write!(
            f,
            "{accepted} accepted by both, {refused} refused by both, {located} at a common place, {waived} differences waived"
        )
    }
}

#[test]
#[ignore = "needs graphql-js from the npm registry: scripts/oracle-graphql runs it"]
async fn validation_agrees_with_graphql_js() {
    let mut theirs = Theirs::start();
    let mut counts = Counts::new();
    let mut wrong = Vec::new();
    let mut graphs = vec![(crate::validation::graph(), operations(&cases("validation")))];
    for case in cases("execution") {
        let operations = operations(std::slice::from_ref(&case));
        graphs.push((case, operations));
    }
    for (number, (case, operations)) in graphs.iter().enumerate() {
        let upstreams = Upstreams::start(case).await;
        let gateway = gateway(case, &upstreams);
        theirs.schema(gateway.api_sdl());
        wrong.extend(introspect::difference(&mut theirs, &gateway).await);
        if number == 0 {
            wrong.extend(unshown(&mut theirs, &gateway, &counts.waivers).await);
        }
        for text in operations {
            wrong.extend(difference(&mut theirs, &gateway, text, &mut counts).await);
        }
        let others: Vec<&str> = operations.iter().map(String::as_str).collect();
        // The operations of the rules are the most useful.
        let times = if number == 0 { 6 } else { 1 };
        for seed in rounds().flat_map(|round| round * times..(round + 1) * times) {
            for (place, text) in operations.iter().enumerate() {
                let random = &mut Random::new(hash(seed, &["mutated", &place.to_string()]));
                let mutated = mutate(text, &others, random);
                wrong.extend(difference(&mut theirs, &gateway, &mutated, &mut counts).await);
            }
        }
    }
    eprintln!("{} graphs; {counts}", graphs.len());
    conclude(&wrong);
    assert!(counts.accepted > 200 && counts.refused > 1000, "too few");
}

fn operations(cases: &[Case]) -> Vec<String> {
    let blocks = cases.iter().flat_map(|case| &case.blocks);
    let fences = [
        "graphql operation",
        "graphql valid",
        "graphql invalid",
        "graphql accepted",
        "graphql unsupported",
        "graphql refused",
    ];
    let blocks = blocks.filter(|block| fences.contains(&block.fence));
    blocks.map(|block| block.body.clone()).collect()
}

/// Waivers whose operation shows no difference.
async fn unshown(theirs: &mut Theirs, gateway: &Gateway, waivers: &[Waiver]) -> Vec<String> {
    let mut out = Vec::new();
    for waiver in waivers {
        let difference = judged(theirs, gateway, &waiver.operation).await;
        if !difference.is_some_and(|(kind, text)| waiver.covers(&waiver.operation, kind, &text)) {
            out.push(format!("no difference any more: {}", waiver.operation));
        }
    }
    out
}

/// The difference for an operation, unless a waiver covers it.
pub(super) async fn difference(
    theirs: &mut Theirs,
    gateway: &Gateway,
    operation: &str,
    counts: &mut Counts,
) -> Option<String> {
    let (ours, others) = (
        ours(gateway, operation).await,
        errors(&asked(theirs, operation)),
    );
    match (ours.is_empty(), others.is_empty()) {
        (true, true) => counts.accepted += 1,
        (false, false) => {
            counts.refused += 1;
            counts.located += usize::from(!places(&ours).is_disjoint(&places(&others)));
        }
        _ => {}
    }
    let (kind, text) = judge(&ours, &others)?;
    if counts
        .waivers
        .iter()
        .any(|waiver| waiver.covers(operation, kind, &text))
    {
        counts.waived += 1;
        return None;
    }
    Some(format!("## {kind}\n{operation}\n{text}"))
}

async fn judged(
    theirs: &mut Theirs,
    gateway: &Gateway,
    operation: &str,
) -> Option<(&'static str, String)> {
    let (ours, others) = (
        ours(gateway, operation).await,
        errors(&asked(theirs, operation)),
    );
    judge(&ours, &others)
}

/// The errors of an operation: messages with their locations.
type Errors = Vec<(String, BTreeSet<(String, String)>)>;

fn judge(ours: &Errors, theirs: &Errors) -> Option<(&'static str, String)> {
    let kind = match (ours.is_empty(), theirs.is_empty()) {
        (true, true) => return None,
        (true, false) => "refused there",
        (false, true) => "refused here",
        (false, false) if is_syntax(ours) != is_syntax(theirs) => "syntax for one only",
        // Parsers continue differently after the first error.
        (false, false) if is_syntax(ours) => return None,
        (false, false) if !places(ours).is_disjoint(&places(theirs)) => return None,
        (false, false) => "other places",
    };
    let told = |errors: &Errors| -> String {
        let lines = errors
            .iter()
            .map(|(message, places)| format!("    {message} {places:?}\n"));
        lines.collect()
    };
    Some((
        kind,
        format!("  here:\n{}  there:\n{}", told(ours), told(theirs)),
    ))
}

fn is_syntax(errors: &Errors) -> bool {
    let mut messages = errors.iter().map(|(message, _)| message.to_lowercase());
    messages.any(|message| message.starts_with("syntax error"))
}

fn places(errors: &Errors) -> BTreeSet<&(String, String)> {
    errors.iter().flat_map(|(_, places)| places).collect()
}

/// The gateway's errors of parsing and validation for an operation.
async fn ours(gateway: &Gateway, operation: &str) -> Errors {
    let request = GraphqlRequest {
        query: Some(operation.to_owned()),
        ..GraphqlRequest::default()
    };
    let client = ClientContext::default();
    let explained = gateway.explain(&request, &client, false);
    match explained.await {
        Ok(_) => Errors::new(),
        Err(refusal) => {
            let refusal = Json::parse(&refusal).unwrap();
            let codes = ["\"GRAPHQL_PARSE_FAILED\"", "\"GRAPHQL_VALIDATION_FAILED\""];
            let text = refusal.text();
            let judged = codes.iter().any(|code| text.contains(code));
            if judged {
                errors(&refusal)
            } else {
                Errors::new()
            }
        }
    }
}

fn asked(theirs: &mut Theirs, operation: &str) -> Json {
    theirs.ask(vec![("validate", Json::string(operation))])
}

/// The errors of a response.
fn errors(answer: &Json) -> Errors {
    let errors = answer
        .get("errors")
        .and_then(Json::as_list)
        .unwrap_or_default();
    let messages = errors.iter().map(|error| {
        let message = error.get("message").and_then(Json::as_str).unwrap();
        let places = error.get("locations").and_then(Json::as_list);
        let places = places.unwrap_or_default().iter().map(|place| {
            let number = |name: &str| place.get(name).unwrap_or(&Json::Null).text();
            (number("line"), number("column"))
        });
        (message.to_owned(), places.collect())
    });
    messages.collect()
}
