//! The Janbhagidari (EMPOWERMENT) portal of public works: REST, no login.
//!
//! Every response is an envelope `{success, message, data}`. It reports errors of the caller with HTTP 200, except for a
//! work that does not exist (404). Money is in lakh rupees, as text with two digits and Indian grouping; `NIL` and
//! `00/00/0000` mean no value. Feedback is stored until the stand-in ends.

mod counts;
mod envelope;
mod feedback;
mod operations;
mod works;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::routing::{get, post};

use works::Feedback;

/// Its part of `sangam.toml`.
pub const SETTINGS: &str = r#"base_url = "{url}/empowerment/api""#;

/// The day that the data are as of.
const AS_OF: &str = "31/10/2026";

/// The service, in its initial state.
pub fn router() -> Router {
    let operations = Router::new()
        .route("/works", get(operations::search))
        .route("/works/summary", get(operations::summary))
        .route("/works/{id}", get(operations::one))
        .route(
            "/works/{id}/feedback",
            get(feedback::of_work).post(feedback::give),
        )
        .route("/feedback", get(feedback::by_ids))
        .route("/blocks", get(counts::blocks))
        .route("/summary", post(counts::summary))
        .with_state(State::default());
    Router::new().nest("/empowerment/api", operations)
}

/// What changes: the feedback, oldest first.
#[derive(Clone)]
struct State(Arc<Mutex<Vec<Feedback>>>);

impl Default for State {
    fn default() -> Self {
        State(Arc::new(Mutex::new(works::feedback())))
    }
}

impl State {
    fn feedback(&self) -> MutexGuard<'_, Vec<Feedback>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
