//! What the gateway calls: the stand-ins of the seven departments, and departments that misbehave.
//!
//! They run in several processes, so that a department that an attack keeps busy is not the reason why another is slow.

mod hostile;

pub use self::hostile::NAME_SERVER;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::routing::get;
use sangam_demo::Options;
use sangam_demo::Standin;
use sangam_demo::departments;

use self::hostile::Hostile;

/// Upstreams that share a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The service desk, which honest clients ask for what is not kept.
    Desk,
    /// The other departments.
    Departments,
    /// Those that misbehave.
    Hostile,
}

/// All parts, with their names.
pub const PARTS: [(&str, Part); 3] = [
    ("desk", Part::Desk),
    ("departments", Part::Departments),
    ("hostile", Part::Hostile),
];

/// One part, running. It stops when dropped.
pub struct Upstreams {
    standins: Vec<Standin>,
    hostile: Option<Hostile>,
    settings: String,
}

impl Upstreams {
    /// Starts one.
    ///
    /// # Errors
    /// When no loopback port can be had.
    pub async fn start(part: Part) -> io::Result<Upstreams> {
        let mut upstreams = Upstreams {
            standins: Vec::new(),
            hostile: None,
            settings: String::new(),
        };
        if part == Part::Hostile {
            let hostile = Hostile::start().await?;
            upstreams.settings = hostile.settings();
            upstreams.hostile = Some(hostile);
            return Ok(upstreams);
        }
        let desk = |name: &str| name == "services";
        let own = departments()
            .iter()
            .filter(|department| desk(department.name) == (part == Part::Desk));
        for department in own {
            let options = Options {
                record: false,
                ..Options::default()
            };
            let standin = department.start(options).await?;
            upstreams
                .settings
                .push_str(&department.settings(&standin.url()));
            upstreams.standins.push(standin);
        }
        Ok(upstreams)
    }

    /// The settings of their connectors.
    #[must_use]
    pub fn settings(&self) -> &str {
        &self.settings
    }

    /// Calls so far, by the name of the department.
    #[must_use]
    pub fn calls(&self) -> BTreeMap<String, u64> {
        let standins = self.standins.iter();
        let standins = standins.map(|standin| (standin.name().to_owned(), standin.call_count()));
        let hostile = self.hostile.iter().flat_map(Hostile::calls);
        standins.chain(hostile).collect()
    }

    /// Runs one part until the process is ended: `/settings` and `/calls` tell of it.
    ///
    /// # Errors
    /// When there is no part of this name, or no loopback port.
    pub async fn serve(name: &str) -> Result<(), Box<dyn std::error::Error>> {
        let part = PARTS.iter().find(|(known, _)| *known == name);
        let (_, part) = part.ok_or("there is no such part of the upstreams")?;
        let upstreams = Arc::new(Upstreams::start(*part).await?);
        let settings = upstreams.settings.clone();
        let router = Router::new()
            .route("/settings", get(async move || settings))
            .route("/calls", get(async move || Json(upstreams.calls())));
        Ok(sangam_harness::listen::serve(router).await?)
    }
}
