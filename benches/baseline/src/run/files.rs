//! A download and an upload of 1 GB, each by a gateway that has answered one small request: the file passes through, and takes little
//! memory.

use std::convert::Infallible;
use std::error::Error;
use std::fmt::Write;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use reqwest::Body;
use serde_json::Value;

use super::figures::Target;
use super::{Bench, cold, megabytes, request};
use crate::upstream::{LENGTH, content};
use sangam_harness::{Process, files};

pub(super) const NAME: &str = "Files of 1 GB";

/// The most memory that a file may take, in MB.
const MORE: Target = Target::AtMost(32.0);

const RECORDING: &str = "{ recording { content } }";
const BOUNDARY: &str = "the-boundary";

pub(super) async fn run(bench: &Bench) -> Result<String, Box<dyn Error>> {
    let upstream = Process::role(&["upstream", "files"])?;
    let head = files::head(&bench.paths.benches.join("connectors/files"))?;
    let url = &upstream.url;
    let settings = format!(
        "{head}[files]\nupload_bytes = \"2GB\"\ndownload_bytes = \"2GB\"\n[connector.desk]\nbase_url = {url:?}\n"
    );
    let mut table = String::from(
        "| | before, MB | at most, MB | more, MB | target | MB a second |\n|---|---:|---:|---:|---|---:|\n",
    );
    for name in ["a download", "an upload"] {
        let gateway = bench.gateway(&settings)?;
        let first = bench.ask(&gateway, &request(RECORDING)).await?;
        cold::whole(&first)?;
        let before = megabytes(gateway.memory()?);
        let took = match name {
            "a download" => download(bench, &first).await?,
            _ => upload(bench, &gateway).await?,
        };
        let peak = megabytes(gateway.peak()?);
        let more = peak - before;
        let rate = megabytes(LENGTH as u64) / took.as_secs_f64();
        let met = MORE.text(more);
        let _ = writeln!(
            table,
            "| {name} | {before:.1} | {peak:.1} | {more:.1} | {met} | {rate:.0} |"
        );
    }
    Ok(table)
}

/// How long it takes until the file is there, by the URL in this response.
async fn download(bench: &Bench, response: &[u8]) -> Result<Duration, Box<dyn Error>> {
    let response: Value = serde_json::from_slice(response)?;
    let url = &response["data"]["recording"]["content"];
    let url = url.as_str().ok_or("the recording has no URL")?;
    let begun = Instant::now();
    let mut file = bench.client.get(url).send().await?.error_for_status()?;
    let mut received = 0;
    while let Some(piece) = file.chunk().await? {
        received += piece.len();
    }
    match received == LENGTH {
        true => Ok(begun.elapsed()),
        false => Err(format!("{received} bytes were received").into()),
    }
}

/// How long it takes until the upstream says that it has the file.
async fn upload(bench: &Bench, gateway: &Process) -> Result<Duration, Box<dyn Error>> {
    let query = "mutation ($file: Upload!) { keep(file: $file) { length } }";
    let operations = format!(r#"{{"query":"{query}","variables":{{"file":null}}}}"#);
    let begin = part("operations", &operations)
        + &part("map", r#"{"0":["variables.file"]}"#)
        + &head("0", "; filename=\"recording\"\r\ncontent-type: video/mp4");
    let end = format!("\r\n--{BOUNDARY}--\r\n");
    let piece = |text: String| stream::iter([Ok::<_, Infallible>(Bytes::from(text))]);
    let body = piece(begin).chain(content()).chain(piece(end));
    let begun = Instant::now();
    let request = bench
        .client
        .post(gateway.graphql())
        .header(
            "content-type",
            format!("multipart/form-data; boundary={BOUNDARY}"),
        )
        .header("apollo-require-preflight", "true")
        .body(Body::wrap_stream(body));
    let answer = request.send().await?.error_for_status()?.bytes().await?;
    let took = begun.elapsed();
    match answer == format!(r#"{{"data":{{"keep":{{"length":{LENGTH}}}}}}}"#) {
        true => Ok(took),
        false => Err(String::from_utf8_lossy(&answer).into()),
    }
}

/// A part of the body of an upload.
fn part(name: &str, content: &str) -> String {
    format!("{}{content}\r\n", head(name, ""))
}

/// What stands before the content of a part.
fn head(name: &str, more: &str) -> String {
    format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"{more}\r\n\r\n")
}
