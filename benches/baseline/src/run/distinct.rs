//! Rows of which no two requests are the same: other keys, or other operations. What is kept for them is never asked again. The caches
//! of these rows are small, so that a run fills them several times over, and the memory of the process is held against their sizes.

use std::error::Error;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use super::ceiling::Ceilings;
use super::compare::{Calls, Expected, as_without_load, compare};
use super::contest::{Contender, load};
use super::figures::Target;
use super::rows::{NO_WORSE, Targets};
use super::wrk::{Call, FIRST, Requests};
use super::{Bench, Outcome, cold, figures, request};
use sangam_harness::{Process, files};

/// One row.
pub(super) struct Row {
    pub(super) name: &'static str,
    /// The body of a request, with [`FIRST`] where others have other numbers.
    body: fn() -> String,
    /// The sizes of the caches.
    caches: &'static str,
    /// The most that the process may use, in MB: the sizes of the caches that this load fills, and what else it needs.
    memory: f64,
    /// Caches of a second gateway, and the least ratio to its throughput.
    other: Option<(&'static str, f64)>,
    /// An older gateway, and the least ratio to its throughput; others may be [`NO_WORSE`].
    since: Option<(&'static str, f64)>,
    /// The calls of one request.
    calls: fn() -> Vec<Call>,
}

/// What a gateway needs beside its caches, in MB.
const BESIDE: f64 = 60.0;

/// About twenty fields of a user, and the user's posts.
const FIELDS: &str = "id name username email phone website address { street suite city zipcode geo { lat lng } } \
                      company { name catchPhrase bs } posts { id title }";

pub(super) const ROWS: [Row; 2] = [
    Row {
        name: "Distinct keys: caches on against caches off",
        body: another_user,
        caches: "documents = \"32MB\"\nresponses = \"32MB\"\n",
        memory: 32.0 + 32.0 + BESIDE,
        other: Some(("documents = \"0MB\"\nresponses = \"0MB\"\n", 0.97)),
        since: None,
        calls: of_a_user,
    },
    Row {
        name: "Operations never seen",
        body: another_operation,
        // Plans have their default size, 64 MB: an older gateway counts them instead.
        caches: "documents = \"8MB\"\nresponses = \"8MB\"\n",
        memory: 64.0 + 8.0 + 8.0 + BESIDE,
        other: None,
        since: Some(("24adb81", 1.25)),
        calls: Vec::new,
    },
];

fn another_user() -> String {
    let query = format!("query ($id: Int!) {{ user(id: $id) {{ {FIELDS} }} }}");
    json!({ "query": query, "variables": { "id": FIRST } }).to_string()
}

fn another_operation() -> String {
    request(&format!("{{ user(id: 1) {{ n{FIRST}: name {FIELDS} }} }}"))
}

fn of_a_user() -> Vec<Call> {
    let user = format!("/users/{FIRST}");
    vec![Call::get(user.clone()), Call::get(user + "/posts")]
}

pub(super) async fn run(bench: &Bench, row: &Row) -> Result<Outcome, Box<dyn Error>> {
    let upstream = Process::role(&["upstream", "users"])?;
    let head = files::head(&bench.paths.benches.join("connectors/users"))?;
    let settings = |caches: &str| {
        let url = &upstream.url;
        format!("{head}[cache]\n{caches}[connector.users]\nbase_url = {url:?}\n")
    };
    let start = async |start: &dyn Fn() -> Result<Process, Box<dyn Error>>| {
        let requests = Requests::Distinct(Call::graphql((row.body)()));
        let contender = Contender::start(bench, &upstream, requests, false, start).await?;
        cold::whole(&contender.answer)?;
        Ok::<_, Box<dyn Error>>(contender)
    };
    let caches = settings(row.caches);
    let gateway = start(&|| bench.gateway(&caches)).await?;
    let (second, expected) = match (&bench.before, row.other) {
        (Some(binary), _) => (
            start(&|| bench.other_side(&caches, "", "")).await?,
            against_older(row, &version(binary)?),
        ),
        (None, Some((caches, throughput))) => {
            let settings = settings(caches);
            let expected = Expected {
                targets: row.targets(Target::AtLeast(throughput)),
                other: "caches off",
                calls: Calls::Same,
            };
            (start(&|| bench.gateway_beside(&settings)).await?, expected)
        }
        (None, None) => return alone(bench, &upstream, gateway, row).await,
    };
    compare(
        bench,
        &upstream,
        [gateway, second],
        &(row.calls)(),
        expected,
    )
    .await
}

impl Row {
    fn targets(&self, throughput: Target) -> Targets {
        Targets {
            throughput,
            cpu: Target::None,
            memory: Target::AtMost(self.memory),
            memory_ratio: Target::None,
        }
    }
}

/// What is expected against an older gateway of this version.
fn against_older(row: &Row, version: &str) -> Expected {
    let throughput = match row.since {
        Some((commit, throughput)) if version.contains(commit) => Target::AtLeast(throughput),
        Some(_) => Target::None,
        None => NO_WORSE.throughput,
    };
    Expected {
        targets: row.targets(throughput),
        other: "before",
        calls: Calls::NoMore,
    }
}

/// What a binary of the gateway says of itself; its commit is in it.
fn version(binary: &Path) -> Result<String, Box<dyn Error>> {
    let output = Command::new(binary).arg("--version").output()?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A gateway without another side.
async fn alone(
    bench: &Bench,
    upstream: &Process,
    gateway: Contender,
    row: &Row,
) -> Result<Outcome, Box<dyn Error>> {
    let mut ceilings = Ceilings::default();
    let (requests, answer) = (&gateway.requests, &gateway.answer);
    ceilings.measure(bench, upstream, &(row.calls)(), requests, answer)?;
    let mut contenders = [gateway];
    load(bench, upstream, &mut contenders).await?;
    let [gateway] = contenders;
    cold::whole(&gateway.last(bench).await?)?;
    Ok(Outcome {
        table: figures::alone(&gateway.side, row.targets(Target::None), ceilings),
        void: as_without_load(&gateway.side).err(),
    })
}
