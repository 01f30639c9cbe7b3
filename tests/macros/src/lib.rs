//! `#[test]` for the integration tests, whose binary has its own harness (`tests/support/harness.rs`).
//!
//! The compiler's `#[test]` needs the compiler's harness, in which only functions are tests; here, case files are tests too.
//! This macro works on tokens without a parser: a test is a function without arguments.

use proc_macro::{TokenStream, TokenTree};

/// Registers a function as a test: `#[test]`, also for an `async fn`, which gets a runtime of one thread, or of several
/// with `#[test(threads)]`. It supports `#[ignore = "why"]` below it.
#[proc_macro_attribute]
pub fn test(arguments: TokenStream, function: TokenStream) -> TokenStream {
    let tokens: Vec<TokenTree> = function.into_iter().collect();
    let word = |at: usize| tokens.get(at).map(ToString::to_string).unwrap_or_default();
    let Some(at) = (0..tokens.len()).find(|at| word(*at) == "fn") else {
        return error("a test is a function");
    };
    let is_async = (0..at).any(|at| word(at) == "async");
    let name = word(at + 1);
    let run = match (is_async, arguments.to_string().as_str()) {
        (false, "") => format!("{name}()"),
        (true, "") => format!("crate::support::harness::block_on({name}())"),
        (true, "threads") => format!("crate::support::harness::block_on_threads({name}())"),
        _ => return error("only an async test has `threads`"),
    };
    let ignore = (0..at).find(|at| {
        let attribute = word(*at);
        attribute.starts_with("[ignore") || attribute.starts_with("[ ignore")
    });
    let is_ignored = ignore.is_some();
    let registration = format!(
        "::inventory::submit! {{
            crate::support::harness::Test {{
                module: ::core::module_path!(),
                name: \"{name}\",
                run: || {{ {run}; }},
                is_ignored: {is_ignored},
            }}
        }}"
    );
    // Without `#[ignore]`, which the compiler accepts only on its own tests.
    let kept = tokens
        .iter()
        .enumerate()
        .filter(|(index, _)| ignore.is_none_or(|ignore| *index != ignore && *index + 1 != ignore));
    let mut out: TokenStream = kept.map(|(_, token)| token.clone()).collect();
    match registration.parse::<TokenStream>() {
        Ok(registration) => out.extend(registration),
        Err(_) => return error("a test's name is a word"),
    }
    out
}

fn error(message: &str) -> TokenStream {
    let text = format!("compile_error!(\"{message}\");");
    text.parse().unwrap_or_default()
}
