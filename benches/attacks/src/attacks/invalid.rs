//! Short invalid operations, as fast as they can be sent: each refusal is logged.

use crate::Aim;
use crate::attack::{Attack, Class, Finding};

/// The maximum number of log bytes per second.
const LOG: f64 = 100_000.0;

/// The attack.
pub(super) const ATTACK: Attack = Attack {
    judge: |seen| {
        let each = seen.logged as f64 / seen.seconds.max(1.0);
        vec![Finding::new(
            each <= LOG,
            format!(
                "{:.0} KB of log a second, at most {:.0}",
                each / 1e3,
                LOG / 1e3
            ),
        )]
    },
    ..Attack::new(
        Class::Query,
        "invalid queries",
        "unknown fields, as fast as they are refused",
        |aim| Box::pin(run(aim)),
    )
};

async fn run(aim: Aim) {
    aim.posts(|number, round| crate::wire::operation(&format!("{{ nothing{number}x{round} }}")))
        .await;
}
