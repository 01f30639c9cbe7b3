//! Numbers that the parsers of clients cannot read: with a huge exponent, or a hundred thousand digits.

use crate::Aim;
use crate::attack::{Attack, Class, Finding};

/// More digits than a number may have by default; the parsers of clients read this many.
const DIGITS: usize = 5_000;

/// The attack.
pub(super) const ATTACK: Attack = Attack {
    connections: 8,
    few: 8,
    judge: |seen| {
        let [came, looked] = ["unreadable numbers", "answered"].map(|name| seen.count(name));
        vec![Finding::new(
            came == 0 && looked > 0,
            format!("{came} of {looked} answers had a number that a client cannot read"),
        )]
    },
    ..Attack::new(
        Class::Upstream,
        "huge numbers",
        "`1e999999`, and numbers of 100,000 digits, as `Float` and as a scalar of its own",
        |aim| Box::pin(run(aim)),
    )
};

async fn run(aim: Aim) {
    let body = |number: u64, round: u64| {
        let kind = ["exponent", "digits", "fraction", "small"][number as usize % 4];
        let field = ["float", "number"][number as usize / 4 % 2];
        crate::wire::operation(&format!(
            "query {{ {field}(kind: \"{kind}\", run: \"{number} {round}\") {{ value }} }}"
        ))
    };
    aim.answers(body, |aim, answer| {
        let long = answer
            .chunk_by(|left, right| left.is_ascii_digit() && right.is_ascii_digit())
            .any(|digits| digits.len() > DIGITS);
        let text = String::from_utf8_lossy(answer);
        if long || text.contains("999999") {
            aim.count("unreadable numbers");
        }
    })
    .await;
}
