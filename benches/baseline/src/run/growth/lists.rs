//! Executing: lists of growing length, each element with its user (ten users, whatever the length).

use std::error::Error;
use std::time::{Duration, Instant};

use super::super::{Bench, request};
use super::median_of;
use sangam_harness::Process;

const LENGTHS: [u64; 4] = [10, 100, 1_000, 10_000];

/// One request after the other, for so long at least, and so many at least.
const LONG_ENOUGH: Duration = Duration::from_secs(1);
const OFTEN_ENOUGH: usize = 10;

/// The median time of a request for each length, in milliseconds.
pub(super) async fn measure(bench: &Bench, upstream: &Process) -> Result<Vec<f64>, Box<dyn Error>> {
    let gateway = bench.gateway(&super::settings(bench, upstream)?)?;
    let mut medians = Vec::new();
    for length in LENGTHS {
        let body = request(&format!(
            "{{ list(length: {length}) {{ id userId title user {{ id name email }} }} }}"
        ));
        let answer: serde_json::Value = serde_json::from_slice(&bench.ask(&gateway, &body).await?)?;
        let received = answer["data"]["list"].as_array().map_or(0, Vec::len);
        if answer.get("errors").is_some() || received as u64 != length {
            return Err(format!("a list of {length} has {received}: {}", answer["errors"]).into());
        }
        let begun = Instant::now();
        let mut times = Vec::new();
        while begun.elapsed() < LONG_ENOUGH || times.len() < OFTEN_ENOUGH {
            let asked = Instant::now();
            bench.ask(&gateway, &body).await?;
            times.push(asked.elapsed());
        }
        medians.push(median_of(times));
    }
    Ok(medians)
}
