//! Values of `$config` and `$env` that a connector reads and its deployment does not give.

use serde_json::{Value, json};

use super::running::{Folder, Running, post, printed, text};
use crate::support::server::{Then, raw};

const CONNECTOR: &str = r#"extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.12")
  @link(url: "https://specs.apollo.dev/connect/v0.3", import: ["@source", "@connect"])
  @source(name: "s", http: { baseURL: "https://tax.example", headers: [{ name: "x-key", value: "{$config.keys.api}" }] })
type Query {
  rate: Int @connect(source: "s", http: { GET: "/rate" }, selection: "$.rate")
  again: Int @connect(source: "s", http: { GET: "/again/{$env.TAX_ZONE}" }, selection: "$.rate")
  area: String @connect(source: "s", http: { GET: "/area/{$config.area?}" }, selection: "$->echo($config.prefix)")
}
"#;

#[test]
fn check_warns_of_each_value_once() {
    let folder = Folder::new("", &[("tax-office", CONNECTOR)]);
    let output = folder.command(&["check"]).output().unwrap();
    let printed = printed(&output);
    assert!(output.status.success(), "{printed}");
    let found: Vec<&str> = printed
        .lines()
        .filter(|line| line.starts_with("warning") || line.contains("= help"))
        .collect();
    assert_eq!(
        found,
        [
            "warning[VALUE_NOT_SET]: `$config.keys.api` has no value",
            "  = help: set it in sangam.toml: `[connector.tax-office] config = { keys = { api = … } }`",
            "warning[VALUE_NOT_SET]: `$env.TAX_ZONE` may not be read",
            "  = help: allow it in sangam.toml: `[connector.tax-office] env = [\"TAX_ZONE\"]`",
            "warning[VALUE_NOT_SET]: `$config.prefix` has no value",
            "  = help: set it in sangam.toml: `[connector.tax-office] config = { prefix = … }`",
        ],
        "{printed}"
    );
    assert!(printed.contains("3 warnings"), "{printed}");
}

#[test]
fn check_does_not_need_the_secrets() {
    let settings = "[connector.tax-office]\nenv = [\"TAX_ZONE\"]\n\
                    config = { keys = { api = { env = \"TAX_KEY\" } }, prefix = \"\" }\n";
    let folder = Folder::new(settings, &[("tax-office", CONNECTOR)]);
    let output = folder.command(&["check"]).output().unwrap();
    let printed = printed(&output);
    assert!(printed.contains("0 warnings"), "{printed}");
}

/// The address of the upstream may be a secret, too.
#[test]
fn check_and_explain_do_not_need_the_address() {
    let connector = CONNECTOR.replace("https://tax.example", "{$env.TAX_URL}");
    let others = "config = { keys = { api = { env = \"TAX_KEY\" } }, prefix = \"\" }\n";
    for (address, warnings) in [
        ("env = [\"TAX_ZONE\"]\n", "1 warning"),
        ("env = [\"TAX_ZONE\", \"TAX_URL\"]\n", "0 warnings"),
        (
            "env = [\"TAX_ZONE\"]\nbase_url = \"https://tax.example\"\n",
            "0 warnings",
        ),
    ] {
        let settings = format!("[connector.tax-office]\n{address}{others}");
        let folder = Folder::new(&settings, &[("tax-office", &connector)]);
        let output = folder.command(&["check"]).output().unwrap();
        let checked = printed(&output);
        assert!(checked.contains(warnings), "{checked}");
        assert!(output.status.success(), "{checked}");
        let output = folder.command(&["explain", "{ rate }"]).output().unwrap();
        let explained = printed(&output);
        assert!(explained.contains("tax-office: Query.rate"), "{explained}");
    }
}

#[test(threads)]
async fn requests_that_read_a_value_fail_and_others_do_not() {
    let tax = raw(
        b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{\"rate\": 5}".to_vec(),
        Then::Close,
    )
    .await;
    let settings = format!(
        "listen = \"127.0.0.1:0\"\n[connector.tax-office]\nbase_url = \"{}\"\nconfig = {{ keys = {{ api = {{ env = \"TAX_KEY\" }} }} }}\n",
        tax.url("")
    );
    let folder = Folder::new(&settings, &[("tax-office", CONNECTOR)]);
    let mut command = folder.command(&["serve"]);
    command.env("TAX_KEY", "k");
    let running = Running::start(command);
    let answer = text(post(&running.url, "{ rate again }", &json!({}))).await;
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["data"], json!({ "rate": 5, "again": null }));
    let errors = answer["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "{answer}");
    assert_eq!(
        errors[0]["message"],
        "The request cannot be made: `$env.TAX_ZONE` is not set"
    );
    assert_eq!(errors[0]["path"], json!(["again"]));
    assert_eq!(errors[0]["extensions"]["sangam"]["kind"], "INTERNAL");
    let log = running.stop();
    let warned = log
        .lines()
        .filter(|line| line.contains("requests of a connector lack a value"));
    assert_eq!(warned.count(), 2, "{log}");
}

#[test]
fn only_names_connectors_that_exist() {
    let settings = "only = [\"tax-office\", \"tax-ofice\"]\n[connector.land]\ntimeout = \"1s\"\n";
    let folder = Folder::new(settings, &[("tax-office", CONNECTOR), ("land", CONNECTOR)]);
    let output = folder.command(&["check"]).output().unwrap();
    let printed = printed(&output);
    assert!(!output.status.success(), "{printed}");
    let expected = "\
error[INVALID_SETTINGS]: only: there is no connector `tax-ofice`
 --> sangam.toml:1:1
  |
1 | only = [\"tax-office\", \"tax-ofice\"]
  | ^^^^
  |
  = help: did you mean `tax-office`?
";
    assert!(printed.contains(expected), "{printed}");
    assert!(!printed.contains("`land`"), "{printed}");
}
