//! The table of departments: one line each.

use axum::Router;

use crate::standin::{Options, Standin};

/// One department with a stand-in.
pub struct Department {
    /// Its name, which is also the name of its folder under `connectors/`.
    pub name: &'static str,
    /// Creates the router of its system, in the initial state.
    pub router: fn() -> Router,
    /// Its part of `sangam.toml`: the keys of `[connector.<name>]`, with the placeholder `{url}` for the address of the
    /// stand-in. Secrets are samples that only the stand-ins accept.
    pub settings: &'static str,
}

impl Department {
    /// Starts its stand-in, whose [`Standin::reset`] also resets its state.
    ///
    /// # Errors
    /// No loopback port is free.
    pub async fn start(&self, options: Options) -> std::io::Result<Standin> {
        Standin::start(self.name, (self.router)(), Some(self.router), options).await
    }

    /// Its part of a `sangam.toml`, for a stand-in at `url`.
    #[must_use]
    pub fn settings(&self, url: &str) -> String {
        format!(
            "[connector.{}]\n{}\n",
            self.name,
            self.settings.trim().replace("{url}", url)
        )
    }
}

/// All departments, by name.
#[must_use]
pub fn departments() -> &'static [Department] {
    &[
        Department {
            name: "deliverables",
            router: crate::deliverables::router,
            settings: crate::deliverables::SETTINGS,
        },
        Department {
            name: "dggi",
            router: crate::dggi::router,
            settings: crate::dggi::SETTINGS,
        },
        Department {
            name: "grievances",
            router: crate::grievances::router,
            settings: crate::grievances::SETTINGS,
        },
        Department {
            name: "janbhagidari",
            router: crate::janbhagidari::router,
            settings: crate::janbhagidari::SETTINGS,
        },
        Department {
            name: "lgd",
            router: crate::lgd::router,
            settings: crate::lgd::SETTINGS,
        },
        Department {
            name: "schemes",
            router: crate::schemes::router,
            settings: crate::schemes::SETTINGS,
        },
        Department {
            name: "services",
            router: crate::services::router,
            settings: crate::services::SETTINGS,
        },
        Department {
            name: "umang",
            router: crate::umang::router,
            settings: crate::umang::SETTINGS,
        },
    ]
}
