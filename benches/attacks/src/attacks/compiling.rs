//! Operations that are new, as long as allowed, and cheap to execute: each must be compiled.

use std::fmt::Write;

use crate::Aim;
use crate::attack::{Attack, Class};

/// The attack.
pub(super) const ATTACK: Attack = Attack::new(
    Class::Query,
    "compiling",
    "operations of 46 KB, each another one",
    |aim| Box::pin(run(aim)),
);

/// Roots of an operation, below the limit.
const ROOTS: usize = 45;
const FIELDS: &str = "lgdCode name nameLocal shortCode otherSpellings division { code __typename } names { __typename } \
    dggi { asOf composite rank edition { id __typename } weakest { value normalised indicator { id name __typename } } } \
    dggiHistory { asOf composite rank edition { id __typename } } serviceSummary { asOf byService { counts { inProcessCount overdueCount } service { id name __typename } } } \
    works { asOf all { count approved released spent } notStarted { count approved released spent } \
    inProgress { count approved released spent } completed { count approved released spent } suspended { count approved released spent } } \
    grievanceSummary { asOf received closed open openOlderThan(days: 28) __typename } \
    schemeProgress { month coverage scheme { slug name __typename } } \
    grievances(first: 1) { total items { id type status receivedOn closedOn ageDays constituency pendingAt reminders } } \
    worksInProgress(first: 1) { id title sector village status progress approvedOn startedOn completedOn approved spent }";

async fn run(aim: Aim) {
    aim.posts(|number, round| crate::wire::operation(&operation(number, round)))
        .await;
}

fn operation(number: u64, round: u64) -> String {
    let mut query = String::from("{ ");
    for root in 0..ROOTS {
        let _ = write!(
            query,
            "a{number}_{round}_{root}: district(lgdCode: \"none\") {{ {FIELDS} }} "
        );
    }
    query.push('}');
    query
}
