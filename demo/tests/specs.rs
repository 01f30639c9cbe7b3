//! The recorded exchanges of the specs are equal to the responses of the stand-ins: sends every request of
//! `connectors/*/specs/*.md`, in the order of the file, to stand-ins. The department's own stand-in is reset for each file.
//!
//! New references, and the links of new certificates, are random: where the stand-in gives another one than is recorded, it takes the
//! place of the recorded one in the further requests of the file.
//!
//! It skips exchanges with the status 429 or 5xx, or with invalid JSON: these are failures, which stand-ins do not have by
//! themselves. It also skips refusals with the code `a_later_code`, which stands for one that a department adds later, and answers
//! with the reason phrase `Sample` (`HTTP/1.1 200 Sample`), which a department may give some day and its stand-in never does.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::path::{Path, PathBuf};

use sangam_demo::{Options, Standin, departments};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One recorded exchange.
struct Exchange {
    line: usize,
    source: Option<String>,
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: String,
    status: u16,
    is_sample: bool,
    media_type: String,
    answer: String,
}

#[tokio::test]
async fn recorded_exchanges_are_what_the_stand_ins_answer() {
    let connectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../connectors");
    let mut wrong = Vec::new();
    let mut replayed = 0;
    let (standins, settings) = start_all().await;
    for department in departments() {
        let folder = connectors.join(department.name);
        for file in specs(&folder) {
            standins
                .iter()
                .filter(|one| one.name() == department.name)
                .for_each(Standin::reset);
            let mut renamed = Renamed::default();
            for mut exchange in exchanges(&folder, &std::fs::read_to_string(&file).unwrap()) {
                if exchange.is_sample || exchange.is_bad_weather() || exchange.is_of_later() {
                    continue;
                }
                replayed += 1;
                let base = base_url(&settings, department.name, exchange.source.as_deref());
                exchange.body = renamed.in_text(exchange.body);
                if let Err(difference) = replay(&exchange, &base, &mut renamed).await {
                    wrong.push(format!(
                        "{}:{}: {difference}",
                        file.display(),
                        exchange.line
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(replayed > 0, "no spec was found");
}

/// The specs of a department, by name.
fn specs(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder.join("specs")) else {
        return Vec::new();
    };
    let mut files: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    files.sort();
    files
}

/// A stand-in for every department, and the settings with their addresses.
async fn start_all() -> (Vec<Standin>, toml::Table) {
    let mut standins = Vec::new();
    let mut settings = String::new();
    for department in departments() {
        let standin = department.start(Options::default()).await.unwrap();
        settings.push_str(&department.settings(&standin.url()));
        standins.push(standin);
    }
    (standins, settings.parse().unwrap())
}

/// The base URL of `@source name`: of one of the connector's own sources, or of `<connector>` or `<connector>/<source>`.
fn base_url(settings: &toml::Table, connector: &str, source: Option<&str>) -> String {
    let connector_settings = &settings["connector"][connector];
    let section = match source.map(|source| source.split_once('/').unwrap_or((source, ""))) {
        None => connector_settings,
        Some((connector, "")) => match connector_settings
            .get("sources")
            .and_then(|sources| sources.get(connector))
        {
            Some(source) => source,
            None if settings["connector"].get(connector).is_some() => {
                &settings["connector"][connector]
            }
            // The only source of a connector needs no section.
            None => connector_settings,
        },
        Some((connector, source)) => {
            let section = &settings["connector"][connector];
            section
                .get("sources")
                .and_then(|sources| sources.get(source))
                .unwrap_or(section)
        }
    };
    section["base_url"].as_str().unwrap().to_owned()
}

fn exchanges(folder: &Path, text: &str) -> Vec<Exchange> {
    let mut exchanges = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        if line.trim_end() == "```http" {
            let block: Vec<_> = lines
                .by_ref()
                .map(|(_, line)| line)
                .take_while(|line| *line != "```")
                .collect();
            exchanges.push(exchange(folder, number + 2, &block));
        }
    }
    exchanges
}

fn exchange(folder: &Path, line: usize, block: &[&str]) -> Exchange {
    let end = block
        .iter()
        .position(|line| line.starts_with("HTTP/1.1 "))
        .expect("an answer");
    let (mut request, answer) = block.split_at(end);
    let source = request[0]
        .strip_prefix("@source ")
        .map(|name| name.trim().to_owned());
    if source.is_some() {
        request = &request[1..];
    }
    let (method, target) = request[0].split_once(' ').expect("a request line");
    let (headers, body) = head_and_body(&request[1..]);
    let (answer_headers, text) = head_and_body(&answer[1..]);
    let file = |text: String| match text.strip_prefix("< ") {
        Some(path) => std::fs::read_to_string(folder.join(path.trim())).unwrap(),
        None => text,
    };
    Exchange {
        line,
        source,
        method: method.to_owned(),
        target: target.trim().to_owned(),
        headers,
        body: file(body),
        status: answer[0]["HTTP/1.1 ".len()..][..3]
            .parse()
            .expect("a status"),
        is_sample: answer[0].trim_end().ends_with(" Sample"),
        media_type: answer_headers
            .into_iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("content-type"))
            .map(|(_, value)| value)
            .unwrap_or_default(),
        answer: file(text),
    }
}

/// The header lines up to a blank line, and the rest.
fn head_and_body(lines: &[&str]) -> (Vec<(String, String)>, String) {
    let end = lines
        .iter()
        .position(|line| line.trim().is_empty())
        .unwrap_or(lines.len());
    let headers = lines[..end]
        .iter()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .collect();
    (headers, lines[end..].join("\n").trim().to_owned())
}

impl Exchange {
    fn says_json(&self) -> bool {
        self.media_type.contains("json")
    }

    fn is_bad_weather(&self) -> bool {
        self.status == 429
            || self.status >= 500
            || (self.says_json() && serde_json::from_str::<Value>(&self.answer).is_err())
    }

    fn is_of_later(&self) -> bool {
        let answer = serde_json::from_str::<Value>(&self.answer);
        answer.is_ok_and(|answer| answer["error"] == "a_later_code")
    }
}

/// The keys whose values are random where they are new.
const RANDOM: [&str; 2] = ["referenceNo", "url"];

/// Random values: the recorded ones, and those of this run.
#[derive(Default)]
struct Renamed(Vec<(String, String)>);

impl Renamed {
    fn in_text(&self, text: String) -> String {
        let all = self.0.iter();
        all.fold(text, |text, (recorded, actual)| {
            text.replace(recorded, actual)
        })
    }

    /// Notes that a value has taken the place of a recorded one of the same form.
    fn is_renamed(&mut self, key: &str, recorded: &Value, actual: &Value) -> bool {
        let (Some(recorded), Some(actual)) = (recorded.as_str(), actual.as_str()) else {
            return false;
        };
        if !RANDOM.contains(&key) || recorded.len() != actual.len() {
            return false;
        }
        let pair = (recorded.to_owned(), actual.to_owned());
        match self.0.iter().find(|(known, _)| *known == pair.0) {
            Some(known) => *known == pair,
            None => {
                self.0.push(pair);
                true
            }
        }
    }

    /// Whether a response is as it is recorded, apart from random values.
    fn same(&mut self, recorded: &Value, actual: &Value) -> bool {
        match (recorded, actual) {
            (Value::Object(recorded), Value::Object(actual)) => {
                recorded.len() == actual.len()
                    && recorded.iter().all(|(key, value)| {
                        actual.get(key).is_some_and(|actual| {
                            self.same(value, actual) || self.is_renamed(key, value, actual)
                        })
                    })
            }
            (Value::Array(recorded), Value::Array(actual)) => {
                recorded.len() == actual.len()
                    && (recorded.iter().zip(actual))
                        .all(|(recorded, actual)| self.same(recorded, actual))
            }
            _ => recorded == actual,
        }
    }
}

async fn replay(exchange: &Exchange, base: &str, renamed: &mut Renamed) -> Result<(), String> {
    let (status, body) = send(exchange, base).await;
    if status != exchange.status {
        return Err(format!(
            "status {} is recorded, the stand-in answers {status}: {body}",
            exchange.status
        ));
    }
    let same = if exchange.says_json() {
        let actual = serde_json::from_str::<Value>(&body).ok();
        let recorded = serde_json::from_str::<Value>(&exchange.answer).ok();
        let both = recorded.zip(actual);
        both.is_some_and(|(recorded, actual)| renamed.same(&recorded, &actual))
    } else {
        body.trim() == exchange.answer.trim()
    };
    if same {
        Ok(())
    } else {
        Err(format!(
            "recorded:\n{}\nthe stand-in answers:\n{body}",
            exchange.answer
        ))
    }
}

async fn send(exchange: &Exchange, base: &str) -> (u16, String) {
    let rest = base.strip_prefix("http://").expect("a loopback address");
    let (address, prefix) = rest
        .split_once('/')
        .map_or((rest, String::new()), |(a, p)| (a, format!("/{p}")));
    // The target `/` is the base URL itself.
    let target = match exchange.target.as_str() {
        "/" if !prefix.is_empty() => "",
        target => target,
    };
    let mut head = format!(
        "{} {prefix}{target} HTTP/1.0\r\nhost: {address}\r\n",
        exchange.method
    );
    for (name, value) in &exchange.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if !exchange.body.is_empty() {
        if !exchange
            .headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("content-type"))
        {
            head.push_str("content-type: application/json\r\n");
        }
        head.push_str(&format!("content-length: {}\r\n", exchange.body.len()));
    }
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream
        .write_all(format!("{head}\r\n{}", exchange.body).as_bytes())
        .await
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
    (
        head.split_whitespace().nth(1).unwrap().parse().unwrap(),
        body.to_owned(),
    )
}
