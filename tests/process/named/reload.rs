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

/// Only the operations that are not valid themselves are refused, under their own names.
#[test(threads)]
async fn an_error_of_one_operation_is_not_one_of_the_others_of_its_file() {
    let further = [
        (
            "Two.graphql",
            "# The good one.\nquery TwoGood { parks { id ...Trees } }\nquery TwoBad { parks { colour } }\n\
             fragment Trees on Park { trees { id } }\n",
        ),
        // The fragment is that of two operations. The other fragment is that of none.
        (
            "Spread.graphql",
            "query SpreadA { parks { ...Colour } }\nquery SpreadB { parks { ...Colour } }\nquery SpreadC { parks { name } }\n\
             fragment Colour on Park { colour }\nfragment Unused on Park { id }\n",
        ),
        ("OtherName.graphql", "query Lost { parks { colour } }\n"),
        (
            "Beside.graphql",
            "query Beside1 { parks { id } }\n{ parks { id } }\nquery Twice { parks { id } }\nquery Twice { parks { name } }\n",
        ),
        ("Fragment.graphql", "fragment Lonely on Park { id }\n"),
    ];
    let named = Named::start_with("", &further).await;
    let why = "The operation cannot be executed as it is: ";
    let no_colour = "type `Park` does not have a field `colour`";
    for (name, expected) in [
        ("TwoGood", Ok("a1")),
        ("TwoBad", Err((503, no_colour))),
        ("Two", Err((404, ""))),
        ("SpreadA", Err((503, no_colour))),
        ("SpreadB", Err((503, no_colour))),
        ("SpreadC", Ok("<a>")),
        ("Spread", Err((404, ""))),
        ("Lost", Err((503, no_colour))),
        ("OtherName", Err((404, ""))),
        ("Beside1", Ok("\"b\"")),
        ("Beside", Err((503, "anonymous"))),
        ("Twice", Err((503, "Twice"))),
        ("Fragment", Err((503, "Lonely"))),
        ("Parks", Ok("a1")),
    ] {
        let (status, _, body) = send(named.get(&format!("/operations/{name}"))).await;
        match expected {
            Ok(data) => assert!(status == 200 && body.contains(data), "{name}: {body}"),
            Err((refused, reason)) => {
                assert!(
                    status == refused && body.contains(reason),
                    "{name}: {status} {body}"
                );
                assert_eq!(body.contains(why), status == 503, "{name}: {body}");
            }
        }
    }
    // It is executed with the text of its own, by each method.
    let (status, _, body) = send(named.post("/operations/TwoGood", "{}")).await;
    assert!(status == 200 && body.contains("a1"), "{body}");
    let list = json(named.get("/operations")).await;
    let listed = list["operations"].as_array().unwrap();
    let of = |name: &str| listed.iter().find(|one| one["name"] == name).unwrap();
    assert_eq!(of("TwoGood")["description"], "The good one.");
    assert_eq!(of("TwoBad")["problem"], no_colour);
    let log = named.running.stop();
    let lines: Vec<Value> = log
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let at = |message: &str, file: &str| {
        let of_file = lines.iter().filter(|line| {
            line["message"] == message
                && line["file"] == format!("schema/operations/{file}").as_str()
        });
        let places = of_file.map(|line| {
            (
                line["line"].as_u64().unwrap(),
                line["column"].as_u64().unwrap(),
            )
        });
        places.collect::<Vec<_>>()
    };
    let refused = "a named operation is not served";
    assert_eq!(at(refused, "Two.graphql"), [(3, 24)], "{log}");
    // The line of the fragment is there once.
    assert_eq!(at(refused, "Spread.graphql"), [(4, 27)], "{log}");
    let of_file = "a file of named operations is not valid; its operations are served";
    assert_eq!(at(of_file, "Spread.graphql"), [(5, 1)], "{log}");
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
