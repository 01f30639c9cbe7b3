//! The rows of the comparison: what is asked, of whom, and what must hold of the figures.

use std::error::Error;
use std::fmt::Write;

use super::figures::Target;
use super::wrk::Call;
use super::{Bench, large};
use sangam_harness::{Process, files};

const POSTS: &str = "{ posts { id userId title user { id name email } } }";
const TITLES: &str = "{ posts { title } }";
const GREET: &str = "{ greet }";

/// One row.
pub(super) struct Row {
    pub(super) name: &'static str,
    operation: Operation,
    world: World,
    /// The gateway keeps whole answers too, as it does by default.
    answers_kept: bool,
    pub(super) other: Other,
    pub(super) targets: Targets,
}

/// What the gateway is held against.
#[derive(Clone, Copy)]
pub(super) enum Other {
    /// A backend that is written by hand for the query.
    ByHand(&'static str),
    /// The gateway itself, with an upstream whose responses may be kept: it answers from its cache of responses. The calls
    /// of the first side are shared by the requests that are under way, so they differ on purpose.
    AnswerCached,
}

/// What must hold: of the ratios of throughput and CPU time, of the gateway's memory at most, in MB, and of the ratio of
/// the two sides' memory.
#[derive(Debug, Clone, Copy)]
pub(super) struct Targets {
    pub(super) throughput: Target,
    pub(super) cpu: Target,
    pub(super) memory: Target,
    pub(super) memory_ratio: Target,
}

/// What must hold against an older binary of the gateway.
pub(super) const NO_WORSE: Targets = Targets {
    throughput: Target::AtLeast(0.98),
    cpu: Target::None,
    memory: Target::None,
    memory_ratio: Target::AtMost(1.05),
};

const AS_BY_HAND: Targets = Targets {
    throughput: Target::AtLeast(0.95),
    cpu: Target::AtMost(1.2),
    memory: Target::None,
    memory_ratio: Target::None,
};

#[derive(Clone, Copy)]
enum Operation {
    Text(&'static str),
    /// The file with the district query.
    District,
}

/// Who is called.
#[derive(Clone, Copy)]
pub(super) enum World {
    /// Posts and users over REST; under which part of the upstream, which says whether its answers may be kept.
    Rest(&'static str),
    /// Posts and users as Federation subgraphs; under which part of the upstream.
    Federation(&'static str),
    /// Accounts, inventory, products and reviews as Federation subgraphs; under which part of the upstream.
    Large(&'static str),
    /// The stand-ins of the seven departments.
    Departments,
}

pub(super) const ROWS: [Row; 12] = [
    Row {
        name: "Nothing cached: a join over REST",
        operation: Operation::Text(POSTS),
        world: World::Rest("no-store"),
        answers_kept: true,
        other: Other::ByHand("join"),
        targets: AS_BY_HAND,
    },
    Row {
        name: "Nothing cached: one list over REST",
        operation: Operation::Text(TITLES),
        world: World::Rest("no-store"),
        answers_kept: true,
        other: Other::ByHand("titles"),
        targets: AS_BY_HAND,
    },
    Row {
        name: "Nothing cached: no upstream call",
        operation: Operation::Text(GREET),
        world: World::Rest("no-store"),
        answers_kept: true,
        other: Other::ByHand("greet"),
        targets: AS_BY_HAND,
    },
    Row {
        name: "Nothing cached: a join over Federation subgraphs",
        operation: Operation::Text(POSTS),
        world: World::Federation("no-store"),
        answers_kept: true,
        other: Other::ByHand("federation"),
        targets: AS_BY_HAND,
    },
    Row {
        name: "Nothing cached: the large federation operation",
        operation: Operation::Text(large::OPERATION),
        world: World::Large("no-store"),
        answers_kept: true,
        other: Other::ByHand("large"),
        targets: at_least(0.95),
    },
    Row {
        name: "Documents cached: a join over REST",
        operation: Operation::Text(POSTS),
        world: World::Rest("kept"),
        answers_kept: false,
        other: Other::ByHand("kept"),
        targets: at_least(0.95),
    },
    Row {
        name: "The answer cached",
        operation: Operation::Text(POSTS),
        world: World::Rest("kept"),
        answers_kept: true,
        other: Other::ByHand("memory"),
        targets: at_least(0.8),
    },
    Row {
        name: "Documents cached: the district query",
        operation: Operation::District,
        world: World::Departments,
        answers_kept: false,
        other: Other::ByHand("district"),
        targets: Targets {
            throughput: Target::AtLeast(0.8),
            cpu: Target::None,
            memory: Target::AtMost(150.0),
            memory_ratio: Target::None,
        },
    },
    Row {
        name: "Shared in flight: a join over REST",
        operation: Operation::Text(POSTS),
        world: World::Rest("no-store"),
        answers_kept: true,
        other: Other::AnswerCached,
        targets: at_least(0.7),
    },
    Row {
        name: "Shared in flight: one list over REST",
        operation: Operation::Text(TITLES),
        world: World::Rest("no-store"),
        answers_kept: true,
        other: Other::AnswerCached,
        targets: at_least(0.9),
    },
    Row {
        name: "Shared in flight: a join over Federation subgraphs",
        operation: Operation::Text(POSTS),
        world: World::Federation("no-store"),
        answers_kept: true,
        other: Other::AnswerCached,
        targets: at_least(0.7),
    },
    Row {
        name: "Shared in flight: the large federation operation",
        operation: Operation::Text(large::OPERATION),
        world: World::Large("no-store"),
        answers_kept: true,
        other: Other::AnswerCached,
        targets: at_least(0.7),
    },
];

/// Only the throughput counts.
pub(super) const fn at_least(throughput: f64) -> Targets {
    Targets {
        throughput: Target::AtLeast(throughput),
        cpu: Target::None,
        memory: Target::None,
        memory_ratio: Target::None,
    }
}

impl Row {
    /// Whether the requests that are under way share their calls.
    pub(super) fn is_shared(&self) -> bool {
        matches!(self.other, Other::AnswerCached)
    }

    /// The same with an upstream whose responses may be kept.
    pub(super) fn answer_cached(&self) -> Row {
        let world = match self.world {
            World::Rest(_) => World::Rest("kept"),
            World::Federation(_) => World::Federation("kept"),
            World::Large(_) => World::Large("kept"),
            World::Departments => World::Departments,
        };
        Row { world, ..*self }
    }

    /// The text of the operation.
    pub(super) fn operation(&self, bench: &Bench) -> Result<String, Box<dyn Error>> {
        match self.operation {
            Operation::Text(text) => Ok(text.to_owned()),
            Operation::District => district(bench),
        }
    }

    pub(super) fn upstream(&self) -> Result<Process, Box<dyn Error>> {
        self.world.upstream()
    }

    /// What the backend knows of the upstream.
    pub(super) fn address(&self, upstream: &Process) -> String {
        match self.world {
            World::Rest(keeping) | World::Federation(keeping) | World::Large(keeping) => {
                format!("{}/{keeping}", upstream.url)
            }
            World::Departments => upstream.url.clone(),
        }
    }

    /// Nothing is set but what has to be: the gateway runs with its defaults.
    pub(super) async fn settings(
        &self,
        bench: &Bench,
        upstream: &Process,
    ) -> Result<String, Box<dyn Error>> {
        let connectors = match self.world {
            World::Rest(_) => bench.paths.benches.join("connectors/rest"),
            World::Federation(_) => bench.paths.benches.join("connectors/federation"),
            World::Large(_) => bench.paths.benches.join("connectors/large"),
            World::Departments => bench.paths.connectors.clone(),
        };
        let mut settings = files::head(&connectors)?;
        if matches!(self.world, World::Departments) {
            settings.push_str(ONLY);
        }
        if !self.answers_kept {
            settings.push_str("[cache]\nresponses = \"0MB\"\n");
        }
        let shared = match self.is_shared() {
            true => "share_in_flight = \"on\"\n",
            false => "",
        };
        if self.is_shared() {
            let _ = writeln!(settings, "[cache]\n{shared}");
        }
        let address = self.address(upstream);
        let mut services = |names: &[&str]| {
            for service in names {
                let url = format!("{address}/{service}/graphql");
                let _ = writeln!(
                    settings,
                    "[connector.{service}]\n{shared}base_url = {url:?}"
                );
            }
        };
        match self.world {
            World::Rest(_) => {
                let _ = writeln!(
                    settings,
                    "[connector.posts]\n{shared}base_url = {address:?}"
                );
            }
            World::Federation(_) => services(&["posts", "users"]),
            World::Large(_) => services(&large::SERVICES),
            World::Departments => settings.push_str(&departments(bench, upstream).await?),
        }
        Ok(settings)
    }

    /// The calls that one request makes, as the upstream can be sent them directly; none when it makes none.
    pub(super) fn calls(&self) -> Vec<Call> {
        match (&self.operation, self.world) {
            (Operation::Text(POSTS), World::Rest("no-store")) => {
                let users = (1..=10).map(|id| Call::get(format!("/no-store/users/{id}")));
                std::iter::once(Call::get("/no-store/posts".to_owned()))
                    .chain(users)
                    .collect()
            }
            (Operation::Text(TITLES), World::Rest("no-store")) => {
                vec![Call::get("/no-store/posts".to_owned())]
            }
            (Operation::Text(POSTS), World::Federation(_)) => {
                let representations: Vec<serde_json::Value> = (1..=10)
                    .map(|id| serde_json::json!({ "__typename": "User", "id": id }))
                    .collect();
                let users = serde_json::json!({
                    "query": "query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on User { name email } } }",
                    "variables": { "representations": representations },
                });
                let posts = super::request("{ posts { id userId title user { id } } }");
                [("posts", posts), ("users", users.to_string())]
                    .map(|(service, body)| Call {
                        method: "POST",
                        path: format!("/no-store/{service}/graphql"),
                        body,
                    })
                    .to_vec()
            }
            (_, World::Large("no-store")) => large::calls(),
            _ => Vec::new(),
        }
    }
}

impl World {
    pub(super) fn upstream(self) -> Result<Process, Box<dyn Error>> {
        Process::role(&[
            "upstream",
            match self {
                World::Rest(_) => "posts",
                World::Federation(_) => "services",
                World::Large(_) => "large",
                World::Departments => "departments",
            },
        ])
    }
}

/// The text of the district query.
pub(super) fn district(bench: &Bench) -> Result<String, Box<dyn Error>> {
    let path = &bench.paths.operation;
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()).into())
}

/// The setting that loads the departments which the district query asks, and no others.
pub(super) const ONLY: &str = "only = [\"dggi\", \"grievances\", \"janbhagidari\", \"lgd\", \"schemes\", \"services\", \"umang\"]\n";

/// The settings of the departments' connectors.
pub(super) async fn departments(
    bench: &Bench,
    upstream: &Process,
) -> Result<String, Box<dyn Error>> {
    let url = format!("{}/settings", upstream.url);
    Ok(bench.client.get(url).send().await?.text().await?)
}
