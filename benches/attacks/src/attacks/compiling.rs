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
const FIELDS: &str = "lgdCode name shortCode otherSpellings division { code __typename } names { __typename } \
    dggi { asOf composite rank edition { code __typename } weakestIndicators { value score indicator { code name __typename } } } \
    dggiHistory { asOf composite rank edition { code __typename } } applicationSummary { asOf byService { counts { inProcessCount overdueCount } service { id name __typename } } } \
    workSummary { asOf workCount approvedInRupees releasedInRupees spentInRupees \
    byStatus { status workCount approvedInRupees releasedInRupees spentInRupees __typename } __typename } \
    grievanceSummary { asOf receivedCount closedCount openCount openOlderThanCount(days: 28) __typename } \
    schemeProgress { month coverageInPercent scheme { slug name __typename } } \
    grievances(first: 1) { totalCount nodes { id type status receivedOn closedOn ageInDays constituency pendingAt reminderCount } } \
    works(first: 1) { nodes { id title sector village status physicalProgressInPercent approvedOn startedOn completedOn } }";

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
