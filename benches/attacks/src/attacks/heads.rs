//! Invalid request heads: no host, two hosts, both lengths, a URL that is too long, too many fields. Each gets its status.

use crate::Aim;
use crate::attack::{Attack, Class, Finding};

const GET: &str = "GET /graphql?query=%7Bdistricts%7Bname%7D%7D HTTP/1.1\r\n";
const POST: &str = "POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n";
/// A valid query.
const CHUNKED: &str = "1f\r\n{\"query\":\"{districts{lgdCode}}\"}\r\n0\r\n\r\n";

/// The attack.
pub(super) const ATTACK: Attack = Attack {
    judge: |seen| {
        let wrong: Vec<String> = seen
            .counts
            .keys()
            .filter(|name| name.starts_with("wrong"))
            .cloned()
            .collect();
        vec![Finding::new(
            wrong.is_empty() && seen.count("right") > 0,
            format!(
                "statuses: {}",
                match &*wrong {
                    [] => "all as they should be".to_owned(),
                    wrong => wrong.join("; "),
                }
            ),
        )]
    },
    ..Attack::new(
        Class::Client,
        "wrong heads",
        "no host, two hosts, two lengths, URLs and fields of 200 KB, unknown versions",
        |aim| Box::pin(run(aim)),
    )
};

/// What is sent, and the statuses that are correct; 0 stands for a connection that closes without a response.
fn cases() -> Vec<(&'static str, String, &'static [u16])> {
    let long = "x".repeat(200_000);
    let fields: String = (0..5_000).map(|at| format!("x-{at}: y\r\n")).collect();
    vec![
        ("no host", format!("{GET}\r\n"), &[400]),
        (
            "two hosts",
            format!("{GET}host: a\r\nhost: b\r\n\r\n"),
            &[400],
        ),
        (
            "the same host twice",
            format!("{GET}host: a\r\nhost: a\r\n\r\n"),
            &[400],
        ),
        (
            "two lengths",
            format!("{POST}content-length: 2\r\ncontent-length: 3\r\n\r\n{{}}"),
            &[400, 0],
        ),
        (
            "a length and chunks",
            format!("{POST}content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n{CHUNKED}"),
            // RFC 9112 allows a server to use the chunks and close the connection afterwards.
            &[200, 400, 0],
        ),
        (
            "a long URL",
            format!("GET /graphql?query={long} HTTP/1.1\r\nhost: a\r\n\r\n"),
            &[414, 431, 400, 0],
        ),
        (
            "a long field",
            format!("{GET}host: a\r\nx-long: {long}\r\n\r\n"),
            &[431, 400, 0],
        ),
        (
            "many fields",
            format!("{GET}host: a\r\n{fields}\r\n"),
            &[431, 400, 0],
        ),
        (
            "a version of its own",
            GET.replace("1.1", "9.9") + "host: a\r\n\r\n",
            &[400, 505, 0],
        ),
        (
            "no request at all",
            "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\r\n\r\n".to_owned(),
            &[400, 0],
        ),
    ]
}

async fn run(aim: Aim) {
    let client = async |aim: Aim, number: u64| {
        let cases = cases();
        let mut round = 0;
        while aim.goes_on(round) || round < cases.len() as u64 {
            let (name, request, right) = &cases[(number + round) as usize % cases.len()];
            let mut wire = aim.connect().await?;
            // The gateway may refuse it before all bytes are sent; then a reset may discard the response.
            let sent = wire.send(request.as_bytes()).await;
            let answer = match sent {
                Ok(()) => wire.answer().await.map_or(0, |answer| answer.status),
                Err(_) => 0,
            };
            match right.contains(&answer) {
                true => aim.count("right"),
                false => aim.count(&format!("wrong: {name}: {answer}")),
            }
            round += 1;
        }
        Ok(())
    };
    aim.crowd(client).await;
}
