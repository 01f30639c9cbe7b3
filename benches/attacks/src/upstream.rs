//! The upstreams: the stand-ins of the demonstration's departments, and upstreams that misbehave.
//!
//! They run in several processes, so that an upstream which is busy with an attack does not slow down the others.

mod hostile;

pub use self::hostile::NAME_SERVER;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use axum::routing::get;
use axum::{Json, Router};
use sangam_demo::{Options, Standin, departments};

use self::hostile::Hostile;

/// Upstreams that share a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The service desk, which honest clients read without caching.
    Desk,
    /// The other stand-ins.
    Standins,
    /// The upstreams that misbehave.
    Hostile,
}

/// All parts, with their names.
pub const PARTS: [(&str, Part); 3] = [
    ("desk", Part::Desk),
    ("standins", Part::Standins),
    ("hostile", Part::Hostile),
];

/// One running part. It stops when dropped.
pub struct Upstreams {
    standins: Vec<Standin>,
    hostile: Option<Hostile>,
    settings: String,
}

impl Upstreams {
    /// Starts one.
    ///
    /// # Errors
    /// No loopback port is free.
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
        let standins = departments()
            .iter()
            .filter(|department| desk(department.name) == (part == Part::Desk));
        for department in standins {
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

    /// The calls so far, by the name of the connector.
    #[must_use]
    pub fn calls(&self) -> BTreeMap<String, u64> {
        let standins = self.standins.iter();
        let standins = standins.map(|standin| (standin.name().to_owned(), standin.call_count()));
        let hostile = self.hostile.iter().flat_map(Hostile::calls);
        standins.chain(hostile).collect()
    }

    /// Runs one part until the process ends: `/settings` and `/calls` report on it.
    ///
    /// # Errors
    /// There is no part of this name, or no free loopback port.
    pub async fn serve(name: &str) -> Result<(), Box<dyn std::error::Error>> {
        let part = PARTS.iter().find(|(part_name, _)| *part_name == name);
        let (_, part) = part.ok_or("there is no such part of the upstreams")?;
        let upstreams = Arc::new(Upstreams::start(*part).await?);
        let settings = upstreams.settings.clone();
        let router = Router::new()
            .route("/settings", get(async move || settings))
            .route("/calls", get(async move || Json(upstreams.calls())));
        Ok(sangam_harness::listen::serve(router).await?)
    }
}
