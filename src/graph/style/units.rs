//! Money is exact, and its name says the currency.

use apollo_compiler::ast::Type;
use apollo_compiler::parser::SourceSpan;

use super::folder::{Folder, fields};
use super::report::StyleReport;
use super::words::words;
use crate::connector::diagnostic::style_code as code;

/// What is an amount of money whatever its type is.
const MONEY: [&str; 6] = ["amount", "cost", "expenditure", "fee", "fees", "price"];

/// What is an amount of money if it is a `Decimal`: a count or a flag may be called the same.
const MONEY_AS_DECIMAL: [&str; 9] = [
    "allocated",
    "allocation",
    "approved",
    "budget",
    "outlay",
    "paid",
    "released",
    "sanctioned",
    "spent",
];

/// Other units of money than rupees.
const LARGE_UNITS: [&str; 6] = ["crore", "crores", "lakh", "lakhs", "paise", "thousands"];

pub(super) fn check(folder: &Folder<'_>, report: &mut StyleReport) {
    for field in &folder.fields {
        // `amount` beside `currency` is money of any currency.
        if !fields(field.parent).any(|sibling| sibling.name == "currency") {
            let definition = field.definition;
            amount(
                &field.coordinate,
                &definition.name,
                &definition.ty,
                field.at(),
                report,
            );
        }
    }
    for input in &folder.inputs {
        let definition = input.definition;
        amount(
            &input.coordinate,
            &definition.name,
            &definition.ty,
            input.at(),
            report,
        );
    }
}

fn amount(
    coordinate: &str,
    name: &str,
    ty: &Type,
    at: Option<SourceSpan>,
    report: &mut StyleReport,
) {
    let words = words(name);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let is_decimal = ty.inner_named_type() == "Decimal";
    let is_number = is_decimal || matches!(ty.inner_named_type().as_str(), "Int" | "Float");
    let is_money = has(&MONEY) || is_decimal && has(&MONEY_AS_DECIMAL);
    let in_rupees = words.ends_with(&["in".to_owned(), "rupees".to_owned()]);
    // `spentInPercent`, `feeCount`.
    let has_other_unit = words.iter().any(|word| word == "in") && !in_rupees && !has(&LARGE_UNITS);
    let is_count = words.last().is_some_and(|word| word == "count");
    if !is_number || !(is_money || in_rupees) || has_other_unit || is_count {
        return;
    }
    let exact: String = words
        .iter()
        .take_while(|word| *word != "in")
        .enumerate()
        .map(|(at, word)| match at {
            0 => word.clone(),
            _ => super::words::capital(word),
        })
        .collect();
    let message = match (is_decimal, in_rupees) {
        (true, true) => return,
        (true, false) => {
            format!("`{coordinate}` is an amount of money, and its name does not say the currency")
        }
        (false, _) => format!(
            "`{coordinate}` is an amount of money as `{}`, which is not exact",
            ty.inner_named_type()
        ),
    };
    let help = format!(
        "declare `{exact}InRupees: Decimal`; lakhs and crores are converted exactly, as decimal text"
    );
    report.add(&code::STYLE_MONEY, coordinate, at, message, help);
}
