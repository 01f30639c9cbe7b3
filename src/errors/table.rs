//! The tables of `docs/errors.md`. Its prose is written by hand around them.

use super::code::ErrorCode;
use super::kind::ErrorKind;

/// The page with its tables as they are to be: `page` is its text with any tables between the marks.
pub fn markdown(page: &str) -> String {
    let page = replace(page, "kinds", &kinds());
    replace(&page, "codes", &codes())
}

fn kinds() -> String {
    let mut text = "| kind | what it means | what a page might do |\n|---|---|---|\n".to_owned();
    for kind in ErrorKind::ALL {
        let [meaning, advice] = kind.described();
        text += &format!("| `{}` | {meaning} | {advice} |\n", kind.as_str());
    }
    text
}

fn codes() -> String {
    let mut text =
        "| code | what happened | status | what the client can do |\n|---|---|---|---|\n"
            .to_owned();
    for code in ErrorCode::ALL {
        let status = code.status().map(|status| status.to_string());
        let (name, meaning, advice) = (code.as_str(), code.meaning(), code.advice());
        let status = status.unwrap_or_default();
        text += &format!("| `{name}` | {meaning} | {status} | {advice} |\n");
    }
    text
}

/// Puts a table between its marks; a page without them stays as it is.
fn replace(page: &str, name: &str, table: &str) -> String {
    let begin = format!("<!-- generated: {name} -->\n");
    let end = format!("<!-- end of {name} -->\n");
    let parts = page.split_once(&begin).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(&end)?;
        Some((before, after))
    });
    match parts {
        Some((before, after)) => format!("{before}{begin}{table}{end}{after}"),
        None => page.to_owned(),
    }
}
