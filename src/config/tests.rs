//! Valid and invalid settings, as operators write them.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::path::Path;

use super::*;

fn load(text: &str, environment: &Environment, flags: RawSettings) -> Result<Settings, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sangam.toml");
    std::fs::write(&path, text).unwrap();
    Settings::load(Some(&path), environment, flags).map_err(|error| {
        let folder = format!("{}/", folder.path().display());
        shown(&error.problems).replace(&folder, "")
    })
}

/// A line for each problem: its location, message and help.
fn shown(problems: &[Diagnostic]) -> String {
    let line = |problem: &Diagnostic| {
        let at = problem.labels.first().map(|label| &label.span);
        let at = at.map(|at| {
            let start = at.start();
            format!("{}:{}:{} ", at.source.path, start.line, start.column)
        });
        let help = problem.help.as_ref().map(|help| format!(" ({help})"));
        let parts = (at.unwrap_or_default(), help.unwrap_or_default());
        format!("{}{}{}", parts.0, problem.message, parts.1)
    };
    let lines: Vec<String> = problems.iter().map(line).collect();
    lines.join("\n")
}

fn refused(text: &str) -> String {
    load(text, &Environment::default(), RawSettings::default()).unwrap_err()
}

#[test]
fn a_flag_counts_more_than_the_environment_and_that_more_than_the_file() {
    let file = "listen = \"127.0.0.1:1\"\n[limits]\ndepth = 1\ntokens = 1\naliases = 1\n";
    let environment: Environment = [
        ("SANGAM_LIMITS_TOKENS", "2"),
        ("SANGAM_LIMITS_ALIASES", "2"),
    ]
    .into_iter()
    .collect();
    let mut flags = RawSettings::default();
    flags.limits.aliases = Some(3);
    let settings = load(file, &environment, flags).unwrap();
    assert_eq!(settings.general.listen.port(), 1);
    let limits = settings.limits;
    assert_eq!(
        (
            limits.depth,
            limits.tokens,
            limits.aliases,
            limits.root_fields
        ),
        (1, 2, 3, 50)
    );
}

#[test]
fn every_problem_is_told_with_its_place() {
    let problems = refused(
        "lisen = \"127.0.0.1:1\"\n[limits]\ndept = 3\ntokens = \"many\"\n[connector.dggi]\nbase_url = \"dggi\"\n\
         timeuot = \"5s\"\n[connector.dggi.sources.a]\nurl = \"http://a\"\n",
    );
    let expected = "\
sangam.toml:1:1 there is no setting `lisen` (did you mean `listen`?)
sangam.toml:3:1 there is no setting `dept` in [limits] (did you mean `depth`?)
sangam.toml:4:10 tokens: expected a whole number, found a string
sangam.toml:6:12 base_url: expected an absolute URL such as \"https://host/path\", found \"dggi\"
sangam.toml:7:1 there is no setting `timeuot` in [connector.dggi] (did you mean `timeout`?)
sangam.toml:9:1 there is no setting `url` in [connector.dggi.sources.a] (known: base_url, config, share_in_flight)";
    assert_eq!(problems, expected);
}

#[test]
fn a_value_out_of_its_range_is_refused_with_its_place() {
    let problems =
        refused("[limits]\ndepth = 0\nhttp2_window = \"2GiB\"\noperation_timeout = \"0s\"\n");
    let expected = "\
sangam.toml:2:9 depth: 0 is out of range, at least 1
sangam.toml:3:16 http2_window: 2GiB is out of range, 1 to 2GB
sangam.toml:4:21 operation_timeout: 0s is out of range, at least 1ms";
    assert_eq!(problems, expected);
    let environment = [("SANGAM_COST_LONG", "0")].into_iter().collect();
    let problems = load("", &environment, RawSettings::default()).unwrap_err();
    assert!(
        problems.contains("0 is out of range, at least 1"),
        "{problems}"
    );
    let least = load(
        "[limits]\ndepth = 1\n",
        &Environment::default(),
        RawSettings::default(),
    );
    assert_eq!(least.unwrap().limits.depth, 1);
}

#[test]
fn what_is_not_toml_is_told_with_its_place() {
    let problems = refused("listen = \n");
    assert!(problems.starts_with("sangam.toml:1:"), "{problems}");
}

#[test]
fn a_line_that_is_too_long_to_read_is_not_shown() {
    let long = format!("listen = \"\"\n\n{}(", "$(".repeat(40_000));
    let text = read::file_text(Path::new("sangam.toml"), &long).unwrap_err();
    let text = text.to_string();
    assert!(text.len() < 1_000, "{}", text.len());
    let problems = refused(&format!("{}x = 1\n", " ".repeat(70_000)));
    assert!(problems.starts_with("sangam.toml:1:70001 "), "{problems}");
}

#[test]
fn an_admin_listener_that_others_reach_needs_a_token() {
    let problems = refused("[admin]\nlisten = \"0.0.0.0:9\"\n");
    assert!(
        problems.contains("admin.listen: 0.0.0.0:9 can be reached"),
        "{problems}"
    );
    let environment = [("SANGAM_ADMIN_TOKEN", "t")].into_iter().collect();
    let settings = load(
        "[admin]\nlisten = \"0.0.0.0:9\"\n",
        &environment,
        RawSettings::default(),
    );
    assert!(settings.unwrap().admin.token.unwrap().matches("t"));
}

#[test]
fn a_plain_secret_is_refused_where_a_reference_belongs() {
    let problems = refused("[admin]\ntoken = \"canary-7731\"\n");
    assert!(
        problems.contains("a secret by reference: { env = \"NAME\" }"),
        "{problems}"
    );
}

#[test]
fn a_connectors_secrets_are_read_and_masked() {
    let file = "[connector.dggi]\nbase_url = \"http://dggi.example/api\"\n\
                config = { api_key = { env = \"DGGI_KEY\" }, sub = { token = { sample = \"canary-2\" }, edition = 4 } }\n\
                [connector.dggi.sources.a]\nconfig = { sub = { token = { sample = \"canary-3\" } } }\n";
    let environment = [("DGGI_KEY", "canary-1")].into_iter().collect();
    let settings = load(file, &environment, RawSettings::default()).unwrap();
    let dggi = settings.connector("dggi", None).unwrap();
    assert_eq!(
        dggi.config.expose(),
        &serde_json::json!({ "api_key": "canary-1", "sub": { "token": "canary-2", "edition": 4 } })
    );
    let of_source = dggi.sources["a"].config.as_ref().unwrap();
    assert_eq!(
        of_source.expose(),
        &serde_json::json!({ "api_key": "canary-1", "sub": { "token": "canary-3" } })
    );
    let secrets: BTreeSet<&str> = dggi.secrets().map(Secret::expose).collect();
    assert_eq!(
        secrets,
        BTreeSet::from(["canary-1", "canary-2", "canary-3"])
    );
    let shown = format!("{settings:?} {dggi:?}");
    assert!(!shown.contains("canary"), "{shown}");
}

#[test]
fn a_plain_secret_in_config_is_refused() {
    let problems = refused("[connector.dggi.config]\nsub = { api_token = \"canary-7731\" }\n");
    assert!(
        problems.contains("config: `api_token` looks like a secret, which is given by reference")
            && problems.contains("write `api_token = { env = \"NAME\" }`"),
        "{problems}"
    );
    // What is no text is no secret.
    let file = "[connector.dggi.config]\ntoken_bytes = 16\n";
    load(file, &Environment::default(), RawSettings::default()).unwrap();
}

#[test]
fn a_missing_secret_is_told_when_its_connector_is_asked_for() {
    let file = "[connector.dggi]\nconfig = { a = { b = { env = \"DGGI_KEY\" } } }\n";
    let settings = load(file, &Environment::default(), RawSettings::default()).unwrap();
    let error = settings.connector("dggi", None).unwrap_err();
    let at = shown(&error.problems);
    assert!(
        at.ends_with("/sangam.toml:2:18 connector.dggi.config.a.b: the environment variable DGGI_KEY is not set"),
        "{at}"
    );
    assert!(settings.connector("lgd", None).is_ok());
    let unknown = settings.unknown_connectors(&["dgi", "lgd"]);
    let unknown = shown(&unknown);
    assert!(
        unknown.ends_with("/sangam.toml:1:12 there is no connector `dggi` (did you mean `dgi`?)"),
        "{unknown}"
    );
}

#[test]
fn a_connector_can_be_set_in_the_environment_alone() {
    let environment = [
        ("SANGAM_CONNECTOR_DGGI_BASE_URL", "http://127.0.0.1:9/a"),
        ("SANGAM_CONNECTOR_LAND_RECORDS_CONNECT_TIMEOUT", "1s"),
        ("SANGAM_CONNECTOR_LAND_RECORDS_TIMEOUT", "2s"),
        ("SANGAM_CONNECTOR_TAX_OFFICE_TIMEOUT", "4s"),
        (
            "SANGAM_CONNECTOR_TAX_OFFICE_SOURCES_OLD_API_BASE_URL",
            "http://127.0.0.1:9/old",
        ),
        ("SANGAM_OF_ANOTHER_PROGRAM", "2"),
        ("SANGAM_SERVICE_HOST", "10.0.0.1"),
    ];
    let environment = environment.into_iter().collect();
    let file = "[connector.land-records]\nconcurrency = 3\n";
    let settings = load(file, &environment, RawSettings::default()).unwrap();
    assert_eq!(settings.unknown_variables, ["SANGAM_OF_ANOTHER_PROGRAM"]);
    let dggi = settings.connector("dggi", None).unwrap();
    assert_eq!(
        dggi.common.base_url.unwrap().as_str(),
        "http://127.0.0.1:9/a"
    );
    let records = settings.connector("land-records", None).unwrap().common;
    assert_eq!(
        (
            records.concurrency,
            records.timeout.as_secs(),
            records.connect_timeout.as_secs()
        ),
        (3, 2, 1)
    );
    let tax = settings.connector("tax-office", None).unwrap();
    assert_eq!(tax.common.timeout.as_secs(), 4);
    assert_eq!(
        tax.sources["old_api"].base_url.as_ref().unwrap().as_str(),
        "http://127.0.0.1:9/old"
    );
    let unknown = settings.unknown_connectors(&["dggi", "land-records", "tax-ofice"]);
    assert_eq!(
        shown(&unknown),
        "SANGAM_CONNECTOR_TAX_OFFICE_…: there is no connector `tax_office` (did you mean `tax-ofice`?)"
    );
}

#[test]
fn a_misspelt_variable_is_refused() {
    for (variable, expected) in [
        (
            "SANGAM_LISTNE",
            "SANGAM_LISTNE is no setting (did you mean `SANGAM_LISTEN`?",
        ),
        (
            "SANGAM_LIMITS_DEPHT",
            "SANGAM_LIMITS_DEPHT is no setting (did you mean `SANGAM_LIMITS_DEPTH`?",
        ),
        (
            "SANGAM_TLS_CIPHER",
            "SANGAM_TLS_CIPHER is no setting (known: SANGAM_TLS_CERTIFICATE, SANGAM_TLS_KEY",
        ),
        (
            "SANGAM_CONNECTOR_DGGI_RETRIES",
            "SANGAM_CONNECTOR_DGGI_RETRIES is no setting (known: SANGAM_CONNECTOR_<NAME>_BASE_URL, ",
        ),
    ] {
        let environment = [(variable, "1")].into_iter().collect();
        let error = load("", &environment, RawSettings::default()).unwrap_err();
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn a_folders_own_settings_count_less_and_hold_no_deployment() {
    let path = Path::new("connectors/dggi/connector.toml");
    let settings = load(
        "[connector.dggi]\ntimeout = \"1s\"\n",
        &Environment::default(),
        RawSettings::default(),
    )
    .unwrap();
    let text = "owner = \"Planning\"\ntimeout = \"9s\"\nconcurrency = 2\n";
    let dggi = settings.connector("dggi", Some((path, text))).unwrap();
    assert_eq!(
        (dggi.common.timeout.as_secs(), dggi.common.concurrency),
        (1, 2)
    );
    let error = settings.connector("dggi", Some((path, "base_url = \"http://a\"\n")));
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains("`base_url` is a matter of the deployment"),
        "{error}"
    );
}
