//! Files that change, and files that the gateway refuses.

use super::*;

/// It is a trusted document, too, and is reported once.
#[test(threads)]
async fn an_operation_that_is_not_served_has_one_line() {
    let unfit = [("Torn.graphql", "query Torn { parks { colour } }\n")];
    let documents = (0..21).map(|number| format!("\"{number}\": \"{{ nothing{number} }}\""));
    let manifest = format!("{{{}}}", documents.collect::<Vec<_>>().join(", "));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.json");
    std::fs::write(&path, manifest).unwrap();
    let settings = format!("[persisted]\nmanifests = [{path:?}]");
    let mut named = Named::start_with(&settings, &unfit).await;
    // The last line of the check of trusted documents.
    let message =
        "trusted documents do not fit the schema, of which the first have lines of their own";
    let line = named.running.until(message);
    assert_eq!(line["count"], 21);
    let log = named.running.stop();
    assert_eq!(log.matches("Torn.graphql").count(), 1, "{log}");
}

#[test(threads)]
async fn a_file_with_an_error_is_reported_and_affects_no_other() {
    let mut named = Named::start("").await;
    named.write("Parks.graphql", "query Parks { parks { id colour } }\n");
    named.write("Torn.graphql", "query Torn { parks {\n");
    named.write("Trees.graphql", "query Trees { parks { trees { id } } }\n");
    named.write(
        "path.graphql",
        "query Paths($path: ID!) { echo(id: $path) { text } }\n",
    );
    std::fs::remove_file(named.folder.path("schema/operations/plant.graphql")).unwrap();
    named.running.hang_up();
    named.running.until("reloaded");
    let said = named.running.said().to_owned();
    let lines: Vec<Value> = said
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .filter(|line: &Value| line["message"] == "a named operation is not served")
        .collect();
    let of = |file: &str| {
        let path = format!("schema/operations/{file}");
        let line = lines.iter().find(|line| line["file"] == path.as_str());
        line.unwrap_or_else(|| panic!("no line of {file}: {said}"))
    };
    assert_eq!(lines.len(), 3, "{said}");
    let parks = of("Parks.graphql");
    assert_eq!(parks["error"], "type `Park` does not have a field `colour`");
    assert_eq!((&parks["line"], &parks["column"]), (&json!(1), &json!(26)));
    assert_eq!(of("path.graphql")["code"], "RESERVED_NAME");
    let cases = [
        ("Parks", 503),
        ("Torn", 503),
        ("Paths?path=1", 503),
        ("Trees", 200),
        ("Echo?id=1", 200),
        ("Plant", 404),
    ];
    for (path, expected) in cases {
        let (status, _, body) = send(named.get(&format!("/operations/{path}"))).await;
        assert_eq!(status, expected, "{path}: {body}");
    }
    let refused = json(named.get("/operations/Parks")).await;
    let error = &refused["errors"][0];
    assert_eq!(error["extensions"]["code"], "OPERATION_NOT_SERVED");
    assert_eq!(
        error["message"],
        "The operation cannot be executed as it is: type `Park` does not have a field `colour`"
    );
    let list = json(named.get("/operations")).await;
    let listed = list["operations"].as_array().unwrap();
    let parks = listed.iter().find(|one| one["name"] == "Parks").unwrap();
    assert_eq!(
        parks["problem"],
        "type `Park` does not have a field `colour`"
    );

    // Corrected: it is served again, and what was not served before is not reported again.
    named.write("Parks.graphql", "query Parks { parks { id } }\n");
    named.running.hang_up();
    named.running.until("reloaded");
    let (status, _, _) = send(named.get("/operations/Parks")).await;
    assert_eq!(status, 200);
    let said = named.running.stop();
    let reported = said.matches("a named operation is not served").count();
    assert_eq!(reported, 3, "{said}");
}

#[test(threads)]
async fn a_folder_that_settings_name_must_exist() {
    let named = Named::start("operations = \"schema/operations\"").await;
    let (status, _, _) = send(named.get("/operations/Parks")).await;
    assert_eq!(status, 200);
    let settings = named.folder.path("sangam.toml");
    named.running.stop();
    let text = std::fs::read_to_string(&settings).unwrap();
    let text = text.replace(
        "operations = \"schema/operations\"",
        "[operations]\nfolder = \"nowhere\"",
    );
    std::fs::write(&settings, text).unwrap();
    let output = named.folder.command(&["serve"]).output().unwrap();
    let said = super::super::running::printed(&output);
    assert!(said.contains("nowhere cannot be read"), "{said}");
    assert_eq!(output.status.code(), Some(3), "{said}");
    drop(named.upstream);
}
