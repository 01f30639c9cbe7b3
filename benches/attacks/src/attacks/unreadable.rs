//! An upstream sends an unreadable response that may be cached for an hour, and has recovered by the next call.

use crate::Aim;
use crate::attack::{Attack, Class, Finding};

const KINDS: [&str; 13] = [
    "cut",
    "html",
    "nan",
    "surrogate",
    "trailing",
    "text",
    "list",
    "null",
    "empty",
    "plain",
    "utf8",
    "deep",
    "204",
];

/// The attack.
pub(super) const ATTACK: Attack = Attack {
    connections: KINDS.len(),
    few: KINDS.len(),
    judge: |seen| {
        let kept: Vec<&str> = KINDS
            .into_iter()
            .filter(|kind| seen.count(kind) > 0)
            .collect();
        vec![Finding::new(
            kept.is_empty() && seen.count("recovered") > 0,
            format!(
                "kept although they could not be read: {}",
                match &*kept {
                    [] => "none".to_owned(),
                    kept => kept.join(", "),
                }
            ),
        )]
    },
    ..Attack::new(
        Class::Upstream,
        "unreadable answers",
        "13 kinds of answers that cannot be read, each to be kept for an hour; then good ones",
        |aim| Box::pin(run(aim)),
    )
};

async fn run(aim: Aim) {
    let client = async |aim: Aim, number: u64| {
        let mut wire = aim.connect().await?;
        let kind = KINDS[number as usize % KINDS.len()];
        let mut round = 0;
        while aim.goes_on(round) {
            let run = format!("{number}-{round}");
            let query =
                format!("query {{ unreadable(kind: \"{kind}\", run: \"{run}\") {{ id }} }}");
            let body = crate::wire::operation(&query);
            let mut last = Vec::new();
            // The second response shows whether the first one was cached.
            for _ in 0..3 {
                last = wire.ask(&body).await?.body;
            }
            let good = String::from_utf8_lossy(&last).contains("\"id\":\"7\"");
            aim.count(if good { "recovered" } else { kind });
            round += 1;
        }
        Ok(())
    };
    aim.crowd(client).await;
}
