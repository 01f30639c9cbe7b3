//! Operation texts that are expensive to validate: fragments that spread each other twice, cycles, thousands of directives,
//! names and values, and deep nesting.

use crate::Aim;
use crate::attack::{Attack, Class};

/// The attack.
pub(super) const ATTACK: Attack = Attack::new(
    Class::Query,
    "hard documents",
    "fragments that double or go in circles, thousands of directives, variables and brackets",
    |aim| Box::pin(run(aim)),
);

async fn run(aim: Aim) {
    aim.posts(|number, round| {
        let query = match (number + round) % 8 {
            0 => doubling(),
            1 => cycle(),
            2 => format!(
                "{{ districts {{ name{} }} }}",
                " @include(if: true)".repeat(1_300)
            ),
            3 => format!(
                "{{ districts {{ {}name{} }} }}",
                "... { ".repeat(3_000),
                " }".repeat(3_000)
            ),
            4 => format!(
                "{{ works(filter: {{ text: {}1{} }}) {{ totalCount }} }}",
                "[".repeat(40_000),
                "]".repeat(40_000)
            ),
            5 => format!(
                "query ({}) {{ districts {{ name }} }}",
                many(1_900, |at| format!("$v{at}: Int "))
            ),
            6 => format!("{{ districts {{ {} }} }}", "name ".repeat(9_000)),
            // Fields with the same response name: all pairs are compared.
            _ => format!(
                "{{ {} }}",
                many(850, |at| format!(
                    "... {{ works(first: {at}) {{ totalCount }} }} "
                ))
            ),
        };
        crate::wire::operation(&format!("{query} # {number} {round}"))
    })
    .await;
}

fn many(count: usize, one: impl Fn(usize) -> String) -> String {
    (0..count).map(one).collect()
}

/// Two to the power of thirty fields.
fn doubling() -> String {
    let fragments = many(30, |at| {
        let next = at + 1;
        format!("fragment F{at} on District {{ ...F{next} ...F{next} }} ")
    });
    format!("{{ districts {{ ...F0 }} }} {fragments} fragment F30 on District {{ name }}")
}

fn cycle() -> String {
    let fragments = many(400, |at| {
        let next = (at + 1) % 400;
        format!("fragment F{at} on District {{ name ...F{next} }} ")
    });
    format!("{{ districts {{ ...F0 }} }} {fragments}")
}
