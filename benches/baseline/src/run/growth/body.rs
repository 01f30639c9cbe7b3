//! One field out of a document of ten million bytes: the document has to be held, and little more.

use std::error::Error;

use super::super::figures::Target;
use super::super::{Bench, megabytes, request};
use sangam_harness::Process;

/// The document, in MB, and what may come on top of it.
const DOCUMENT: f64 = 10.0;
const ON_TOP: f64 = 10.0;

pub(super) async fn measure(bench: &Bench, upstream: &Process) -> Result<String, Box<dyn Error>> {
    let gateway = bench.gateway(&super::settings(bench, upstream)?)?;
    // What is set up with the first request, whatever it is, has nothing to do with the document.
    bench
        .ask(&gateway, &request("{ list(length: 10) { id } }"))
        .await?;
    let before = megabytes(gateway.memory()?);
    let answer = bench
        .ask(&gateway, &request("{ large { wanted } }"))
        .await?;
    if answer != r#"{"data":{"large":{"wanted":"found"}}}"# {
        return Err(String::from_utf8_lossy(&answer).into());
    }
    let peak = megabytes(gateway.peak()?);
    let more = peak - before;
    Ok(format!(
        "| | before, MB | at most, MB | more, MB | target |\n|---|---:|---:|---:|---|\n\
         | one field out of a document of 10 MB | {before:.1} | {peak:.1} | {more:.1} | {} |\n",
        Target::AtMost(DOCUMENT + ON_TOP).text(more)
    ))
}
