//! Nested lists of one GraphQL service: one operation, which multiplies in the service.

use crate::Aim;
use crate::attack::{Attack, Class, Finding};

/// The attack.
pub(super) const ATTACK: Attack = Attack {
    // So few that the service survives for a while.
    connections: 4,
    judge: |seen| {
        let calls = seen.calls.get("grievances").copied().unwrap_or_default();
        vec![Finding::new(
            calls == 0,
            format!("{calls} operations that cost a million rows reached the service"),
        )]
    },
    ..Attack::new(
        Class::Query,
        "nested lists",
        "`grievances(first: 100)` in one another, sent on to a GraphQL service",
        |aim| Box::pin(run(aim)),
    )
};

async fn run(aim: Aim) {
    aim.posts(|number, round| {
        let first = 60 + (number * 7 + round) % 41;
        let open = format!("nodes {{ district {{ grievances(first: {first}) {{ ").repeat(3);
        let query = format!(
            "{{ grievances(first: 100) {{ {open}totalCount{}",
            " }".repeat(11)
        );
        crate::wire::operation(&query)
    })
    .await;
}
