//! Requests with several files, and files that several fields use.

use super::*;

const TWO: &str =
    "mutation ($a: Upload!, $b: Upload!) { one: raw(file: $a) { id } two: raw(file: $b) { id } }";
const TWICE: &str =
    "mutation ($a: Upload!) { one: raw(file: $a) { id } two: raw(file: $a) { id } }";

fn two() -> Value {
    json!({ "0": ["variables.a"], "1": ["variables.b"] })
}

/// Two files in an order, for two fields that are executed one after the other.
fn two_files(order: [&str; 2]) -> String {
    let parts = order.map(|name| part(name, Some((name, "text/plain")), &format!("file {name}")));
    head(TWO, &json!({ "a": null, "b": null }), &two()) + &parts.concat() + &end()
}

#[test(threads)]
async fn files_are_used_in_their_order_and_once() {
    let started = start("").await;
    let answer = upload(&started.running, two_files(["0", "1"])).await;
    assert_eq!(
        answer["data"],
        json!({ "one": { "id": "7" }, "two": { "id": "7" } })
    );
    // The first field waits for its file in vain, and the second one has its own.
    let answer = upload(&started.running, two_files(["1", "0"])).await;
    assert_eq!(code(&answer), "UPLOAD_ORDER");
    assert_eq!(answer["data"], json!({ "one": null, "two": { "id": "7" } }));
    let file = part("0", Some(("a", "text/plain")), "x");
    let twice = head(
        TWICE,
        &json!({ "a": null }),
        &json!({ "0": ["variables.a"] }),
    ) + &file
        + &end();
    let answer = upload(&started.running, twice).await;
    assert_eq!(code(&answer), "UPLOAD_ORDER");
    // No upstream has it.
    assert_eq!(answer.get("data"), None);
    let paths = json!({ "0": ["variables.a", "variables.b"] });
    let twice = head(TWO, &json!({ "a": null, "b": null }), &paths) + &file + &end();
    let answer = upload(&started.running, twice).await;
    assert_eq!((code(&answer), answer.get("data")), ("UPLOAD_ORDER", None));
    assert_eq!(started.received.requests.lock().unwrap().len(), 3);
    // Only one of the fields is executed, or both are the same one.
    for fields in [
        "one: raw(file: $a) { id } two: raw(file: $a) @skip(if: $yes) { id }",
        "one: raw(file: $a) { id } ... @include(if: $yes) { one: raw(file: $a) { id } }",
    ] {
        let query = format!("mutation ($a: Upload!, $yes: Boolean!) {{ {fields} }}");
        let variables = json!({ "a": null, "yes": true });
        let body = head(&query, &variables, &json!({ "0": ["variables.a"] })) + &file + &end();
        let answer = upload(&started.running, body).await;
        assert_eq!(
            answer,
            json!({ "data": { "one": { "id": "7" } } }),
            "{fields}"
        );
    }
    let sized = "mutation ($file: Upload!) { sized(file: $file) { id } }";
    let body = head(sized, &json!({ "file": null }), &one_file()) + &file + &end();
    assert_eq!(code(&upload(&started.running, body).await), "UPLOAD_ORDER");
}

#[test(threads)]
async fn other_orders_need_disk() {
    let folder = tempfile::tempdir().unwrap();
    let spool = folder.path().display();
    let started = start(&format!("[files]\nspool_bytes = 500\nspool = \"{spool}\"")).await;
    for body in [
        two_files(["1", "0"]),
        {
            let map = json!({ "0": ["variables.a", "variables.b"] });
            let file = part("0", Some(("0", "text/plain")), "file 0");
            head(TWO, &json!({ "a": null, "b": null }), &map) + &file + &end()
        },
        {
            let file = part("0", Some(("0", "text/plain")), "file 0");
            let map = json!({ "0": ["variables.a"] });
            head(TWICE, &json!({ "a": null }), &map) + &file + &end()
        },
    ] {
        let answer = upload(&started.running, body).await;
        assert_eq!(
            answer["data"],
            json!({ "one": { "id": "7" }, "two": { "id": "7" } }),
            "{answer}"
        );
    }
    let bodies: Vec<String> = {
        let mut requests = started.received.requests.lock().unwrap();
        let all = requests.drain(..);
        all.map(|(_, _, body)| String::from_utf8(body).unwrap())
            .collect()
    };
    let expected = ["file 0", "file 1", "file 0", "file 0", "file 0", "file 0"];
    assert_eq!(bodies, expected);
    let sized = "mutation ($file: Upload!) { sized(file: $file) { id } }";
    let with = |content: &str| {
        head(sized, &json!({ "file": null }), &one_file())
            + &part("0", Some(("a", "text/plain")), content)
            + &end()
    };
    let answer = upload(&started.running, with("12345")).await;
    assert_eq!(
        answer["data"],
        json!({ "sized": { "id": "7" } }),
        "{answer}"
    );
    let (_, headers, body) = started.one();
    assert_eq!(headers["content-length"], body.len().to_string());
    assert!(body.contains("12345"));
    let answer = upload(&started.running, with(&"x".repeat(501))).await;
    assert_eq!(code(&answer), "OVERLOADED");
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        0,
        "files stay"
    );
}

/// What is wrong with one file is not said of another one, which is passed on, also if much is left of the first.
#[test(threads)]
async fn the_fault_of_one_file_is_not_that_of_another() {
    let folder = tempfile::tempdir().unwrap();
    let spool = folder.path().display();
    let disk = format!("spool_bytes = 1000000\nspool = \"{spool}\"");
    let long = "x".repeat(3_000_000);
    for settings in ["", disk.as_str()] {
        let started = start(&format!("[files]\nupload_bytes = \"8MB\"\n{settings}")).await;
        for (content_type, content, expected) in [
            ("text/html", "x", "UPLOAD_TYPE"),
            ("text/html", &*long, "UPLOAD_TYPE"),
            ("text/plain", &*long, "UPLOAD_TOO_LARGE"),
        ] {
            let body = head(TWO, &json!({ "a": null, "b": null }), &two())
                + &part("0", Some(("0", content_type)), content)
                + &part("1", Some(("1", "text/plain")), "good")
                + &end();
            let answer = upload(&started.running, body).await;
            assert_eq!(code(&answer), expected);
            assert_eq!(answer["errors"].as_array().unwrap().len(), 1, "{answer}");
            assert_eq!(
                answer["data"],
                json!({ "one": null, "two": { "id": "7" } }),
                "{expected}"
            );
            let mut requests = started.received.requests.lock().unwrap();
            let last = requests.drain(..).next_back().unwrap();
            assert_eq!(last.2, b"good");
        }
        // The body itself is wrong: nothing can follow.
        let body = head(TWO, &json!({ "a": null, "b": null }), &two())
            + &part("9", Some(("9", "text/plain")), "x")
            + &part("1", Some(("1", "text/plain")), "good")
            + &end();
        let answer = upload(&started.running, body).await;
        assert_eq!(answer["data"], json!({ "one": null, "two": null }));
        let errors = answer["errors"].as_array().unwrap();
        assert!(
            errors
                .iter()
                .all(|error| error["extensions"]["code"] == "UPLOAD_NOT_IN_MAP"),
            "{answer}"
        );
    }
    // A file for which the disk has no room, before one that fits.
    let settings = format!("[files]\nspool_bytes = 100\nspool = \"{spool}\"");
    let started = start(&settings).await;
    let body = head(TWO, &json!({ "a": null, "b": null }), &two())
        + &part("1", Some(("1", "text/plain")), &"x".repeat(101))
        + &part("0", Some(("0", "text/plain")), "good")
        + &end();
    let answer = upload(&started.running, body).await;
    assert_eq!(code(&answer), "OVERLOADED", "{answer}");
    assert_eq!(answer["data"], json!({ "one": { "id": "7" }, "two": null }));
}
