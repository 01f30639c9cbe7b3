//! Generates `docs/configuration.md` from the declarations of the settings.

use std::fmt::Write;

use super::section::Section;
use super::sections::{
    RawAdmin, RawCache, RawCheck, RawConnectorLimits, RawCors, RawCost, RawDns, RawFiles,
    RawGeneral, RawLimits, RawLive, RawLog, RawOperations, RawPersisted, RawStreaming, RawTls,
    RawTracing,
};

const HEAD: &str = "\
# Configuration

Every setting of the gateway.

<!-- Generated from src/config/sections.rs by `make docs`; do not edit. -->

Settings come from `sangam.toml` in the working directory; `--config` names another file. An environment variable
overrides the file, and a flag overrides both. The variable of a setting is `SANGAM_`, its section and its key in
capitals: `SANGAM_LISTEN`, `SANGAM_LIMITS_DEPTH`, `SANGAM_CONNECTOR_DGGI_BASE_URL`. Lists in variables are separated by
commas. An unknown key is an error. Paths in the file are relative to it.

Secrets are given by reference only: `{ env = \"NAME\" }`, `{ file = \"path\" }`, or `{ credential = \"NAME\" }` for a file that
systemd passes to the service (`LoadCredential=NAME:path`, in `$CREDENTIALS_DIRECTORY`). A demonstration may write a text that
is no secret as `{ sample = \"text\" }`.

An example:

    listen = \"127.0.0.1:4000\"
    connectors = \"connectors\"

    [admin]
    listen = \"127.0.0.1:4001\"
    token = { file = \"/run/secrets/admin\" }

    [limits]
    depth = 15
    upstream_calls = 200

    [connector.dggi]
    base_url = \"https://dggi.example.gov.in/api\"
    timeout = \"5s\"
    config = { api_key = { env = \"DGGI_KEY\" } }
";

const OVERRIDE_LABELS: &str = "
## `[override_labels]`

Which labels of `@override(from:, label:)` are on: `true`, `false`, or the percentage of requests for which the label is
on, drawn once per request. A label that is not listed is off. Labels of the form `percent(n)` are not listed: they
contain their percentage.

    [override_labels]
    \"new-billing\" = true
    \"new-search\" = 12.5
";

const CONNECTOR_TAIL: &str = "
Also:

- `config`: a table that the connector's mappings read as `$config`. Its secrets are given by reference, at any depth: a plain
  text whose key suggests a secret (`token`, `password`, …) is refused. Secrets are masked in logs and in `sangam explain`.
  `sangam check` warns of a value that a mapping reads and that is not set; requests that read it fail. A mapping that can do
  without it reads `$config.x?`.
- `sources.<source>.base_url`: the base URL of one of several `@source`s. Its variable is
  `SANGAM_CONNECTOR_<NAME>_SOURCES_<SOURCE>_BASE_URL`.
- `sources.<source>.share_in_flight`: `share_in_flight` for the calls of one of several `@source`s.
- `sources.<source>.config`: a table whose keys replace those of `config` for the connects of this source.

In variables, names with dashes have underscores: the folder `land-records` is `SANGAM_CONNECTOR_LAND_RECORDS_…`.

The folder's `connector.toml` may set `timeout`, `connect_timeout`, `max_response_bytes`, `response_format`, `in_flight`, `concurrency`,
`queue` and `latency_varies`, and describes the connector (`owner`, `description`). `sangam.toml` overrides it.
";

/// `docs/configuration.md`.
pub fn markdown() -> String {
    let mut text = HEAD.to_owned();
    section::<RawGeneral>(&mut text, "General");
    section::<RawLimits>(&mut text, "`[limits]`");
    section::<RawCost>(&mut text, "`[cost]`");
    section::<RawCheck>(&mut text, "`[check]`");
    section::<RawCache>(&mut text, "`[cache]`");
    section::<RawPersisted>(&mut text, "`[persisted]`");
    section::<RawDns>(&mut text, "`[dns]`");
    section::<RawAdmin>(&mut text, "`[admin]`");
    section::<RawTls>(&mut text, "`[tls]`");
    section::<RawCors>(&mut text, "`[cors]`");
    section::<RawOperations>(&mut text, "`[operations]`");
    section::<RawFiles>(&mut text, "`[files]`");
    section::<RawLive>(&mut text, "`[live]`");
    section::<RawStreaming>(&mut text, "`[streaming]`");
    section::<RawLog>(&mut text, "`[log]`");
    section::<RawTracing>(&mut text, "`[tracing]`");
    text.push_str(OVERRIDE_LABELS);
    section::<RawConnectorLimits>(&mut text, "`[connector.<name>]`");
    text.push_str(CONNECTOR_TAIL);
    text
}

fn section<S: Section>(text: &mut String, title: &str) {
    let about: Vec<&str> = S::ABOUT.lines().map(str::trim).collect();
    // Writing to a string cannot fail.
    let _ = write!(text, "\n## {title}\n\n{}\n\n", about.join("\n"));
    text.push_str("| key | default | meaning |\n|---|---|---|\n");
    for entry in S::entries() {
        let doc: Vec<&str> = entry.doc.lines().map(str::trim).collect();
        let doc = doc.join(" ").replace('|', "\\|");
        let kind = match entry.range.as_str() {
            "" => entry.kind.to_owned(),
            range => format!("{}, {range}", entry.kind),
        };
        let default = match entry.default.as_str() {
            "" => String::new(),
            default => format!("`{default}`"),
        };
        let _ = writeln!(
            text,
            "| `{}` | {default} | {doc} ({}) |",
            entry.name,
            kind.replace('|', "\\|")
        );
    }
}
