//! Results as files: CSV, workbooks, NDJSON, and the values at a path.

use super::*;

#[test(threads)]
async fn a_result_is_a_file_in_the_form_of_its_suffix() {
    let named = Named::start("").await;
    let cases = [
        (
            "Parks.csv",
            "text/csv; charset=utf-8; header=present",
            "attachment; filename=\"Parks.csv\"",
        ),
        (
            "Parks.xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "attachment; filename=\"Parks.xlsx\"",
        ),
        (
            "Parks.ndjson",
            "application/x-ndjson; charset=utf-8",
            "attachment; filename=\"Parks.ndjson\"",
        ),
        (
            "Parks.json?path=parks.trees.id",
            "application/json; charset=utf-8",
            "",
        ),
    ];
    for (path, content_type, disposition) in cases {
        let request = named.get(&format!("/operations/{path}"));
        let response = request.send().await.unwrap();
        let headers = response.headers().clone();
        assert_eq!(response.status().as_u16(), 200, "{path}");
        assert_eq!(header(&headers, "content-type"), content_type);
        assert_eq!(header(&headers, "content-disposition"), disposition);
        assert_eq!(header(&headers, "x-content-type-options"), "nosniff");
        assert!(!header(&headers, "last-modified").is_empty());
        assert!(header(&headers, "cache-control").starts_with("public, max-age="));
        assert_eq!(header(&headers, "sangam-partial"), "");
        let body = response.bytes().await.unwrap();
        if path.ends_with(".xlsx") {
            assert!(body.starts_with(b"PK"), "no archive");
        }
    }
    let text = async |path: &str| send(named.get(&format!("/operations/{path}"))).await.2;
    assert_eq!(
        text("Parks.json?path=parks.trees.id").await,
        r#"["a1","a2","b1"]"#
    );
    assert_eq!(
        text("Echo.json?id=1&path=echo.text").await.chars().next(),
        Some('"')
    );
    let csv = text("Parks.csv").await;
    assert!(csv.starts_with("id,name\r\na,<a>\r\n"), "{csv}");
    let with_mark = text("Parks.csv?bom=true").await;
    assert_eq!(with_mark, format!("\u{feff}{csv}"));
    let trees = text("Parks.csv?path=parks.trees").await;
    assert_eq!(trees.lines().count(), 4, "{trees}");
    let lines = text("Parks.ndjson?path=parks").await;
    assert_eq!(lines.lines().count(), 2, "{lines}");
    for line in lines.lines() {
        let _: Value = serde_json::from_str(line).unwrap();
    }
    // The same file has the same tag.
    let (_, headers, _) = send(named.get("/operations/Parks.csv")).await;
    let tag = header(&headers, "etag").to_owned();
    let again = named
        .get("/operations/Parks.csv")
        .header("if-none-match", &tag);
    assert_eq!(send(again).await.0, 304);
    let other = named
        .get("/operations/Parks.ndjson")
        .header("if-none-match", &tag);
    assert_eq!(send(other).await.0, 200);
    named.running.stop();
}

/// The data are those of the request before, and so is the workbook, though its sheet says another time.
#[test(threads)]
async fn a_workbook_that_has_not_changed_is_not_sent_again() {
    let named = Named::start("").await;
    let path = "/operations/Parks.xlsx";
    let (_, headers, _) = send(named.get(path)).await;
    let tag = header(&headers, "etag").to_owned();
    assert!(tag.starts_with("W/\""), "{tag}");
    let unchanged = async |path: &str, list: &str| {
        let request = named.get(path).header("if-none-match", list);
        let (status, headers, body) = send(request).await;
        assert_eq!(body.is_empty(), status == 304);
        (status, header(&headers, "etag").to_owned())
    };
    assert_eq!(unchanged(path, &tag).await, (304, tag.clone()));
    assert_eq!(unchanged(path, "*").await, (304, tag.clone()));
    assert_eq!(
        unchanged(path, &format!("\"x\", {tag}")).await,
        (304, tag.clone())
    );
    // Fetched again, with the same data.
    let plant = named.post("/operations/Plant", r#"{"variables":{"id":"1"}}"#);
    assert_eq!(send(plant).await.0, 200);
    assert_eq!(unchanged(path, &tag).await, (304, tag.clone()));
    assert_eq!(named.calls.load(Ordering::SeqCst), 2);
    // Another time zone, a part, other variables: other bytes.
    let in_kolkata = unchanged("/operations/Parks.xlsx?timezone=Asia/Kolkata", &tag).await;
    assert_eq!(in_kolkata.0, 200);
    assert_ne!(in_kolkata.1, tag);
    let echo = unchanged("/operations/Echo.xlsx?id=1", &tag).await;
    let other = unchanged("/operations/Echo.xlsx?id=2", &echo.1).await;
    assert_eq!((echo.0, other.0), (200, 200));
    // A response with an error may not be kept, so it has no tag.
    let failed = named
        .get("/operations/Maybe.xlsx?status=500")
        .header("if-none-match", "*");
    assert_eq!(send(failed).await.0, 502);
    named.running.stop();
}

#[test(threads)]
async fn times_in_a_workbook_are_those_of_a_time_zone() {
    let named = Named::start("").await;
    let about = async |query: &str| {
        let request = named.get(&format!("/operations/Parks.xlsx{query}"));
        let book = request.send().await.unwrap().bytes().await.unwrap();
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(book)).unwrap();
        let sheet = archive.by_name("xl/worksheets/sheet3.xml").unwrap();
        let sheet = std::io::read_to_string(sheet).unwrap();
        let number = |after: &str| {
            let (_, rest) = sheet.split_once(after).unwrap();
            let (_, rest) = rest.split_once("<v>").unwrap();
            rest.split_once('<').unwrap().0.parse::<f64>().unwrap()
        };
        (number("data as of"), sheet)
    };
    let (utc, sheet) = about("").await;
    assert!(sheet.contains(">UTC<"), "{sheet}");
    let (india, sheet) = about("?timezone=Asia/Kolkata").await;
    assert!(sheet.contains(">Asia/Kolkata<"), "{sheet}");
    let hours = (india - utc) * 24.0;
    assert!((5.4..5.6).contains(&hours), "{hours}");
    let request = named.get("/operations/Parks.xlsx?timezone=Asia/Atlantis");
    let (status, _, body) = send(request).await;
    assert_eq!(status, 400);
    assert!(
        body.contains(
            "`timezone` must be the name of a time zone, such as `Asia/Kolkata` or `UTC`"
        ),
        "{body}"
    );
    named.running.stop();
}

#[test(threads)]
async fn a_file_is_complete_unless_a_part_is_wanted() {
    let named = Named::start("").await;
    for (suffix, path) in [
        ("csv", "&path=parks"),
        ("ndjson", "&path=parks"),
        ("xlsx", ""),
        ("json", "&path=parks"),
    ] {
        for (status, expected) in [(500, 502), (503, 503), (504, 504)] {
            let url = format!("/operations/Maybe.{suffix}?status={status}{path}");
            let (status, headers, body) = send(named.get(&url)).await;
            assert_eq!(status, expected, "{url}: {body}");
            assert_eq!(header(&headers, "cache-control"), "no-store");
            let body: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(body["errors"].as_array().unwrap().len(), 1, "{body}");
            assert_eq!(body.get("data"), None);
            let request = named.get(&format!("{url}&partial=true"));
            let response = request.send().await.unwrap();
            assert_eq!(response.status().as_u16(), 200, "{url}");
            assert_eq!(header(response.headers(), "sangam-partial"), "true");
            assert_eq!(header(response.headers(), "cache-control"), "no-store");
        }
    }
    let url = "/operations/Maybe.ndjson?status=500&path=parks&partial=true";
    let (_, _, body) = send(named.get(url)).await;
    let last: Value = serde_json::from_str(body.lines().last().unwrap()).unwrap();
    assert!(last["$errors"].is_array(), "{body}");
    // Without data, nothing is a file.
    let url = "/operations/Sure.csv?status=500&partial=true";
    let (status, headers, _) = send(named.get(url)).await;
    assert_eq!(
        (status, header(&headers, "content-type")),
        (502, "application/json; charset=utf-8")
    );
    named.running.stop();
}

#[test(threads)]
async fn a_path_or_an_option_that_the_operation_does_not_have() {
    let named = Named::start("").await;
    let cases = [
        ("Parks.json?path=parks.colour", 400),
        ("Parks.json?path=", 400),
        ("Parks.json?path=parks.id.x", 400),
        ("Parks.csv?path=nothing", 400),
        ("Parks.ndjson?path=parks.id", 400),
        ("Parks.xlsx?path=parks", 400),
        ("Parks.csv?bom=1", 400),
        ("Parks.csv?partial=yes", 400),
        ("Parks.ndjson?bom=true", 400),
        ("Parks.csv?timezone=UTC", 400),
        ("Parks.xlsx?timezone=", 400),
        ("Parks.json?bom=true", 400),
    ];
    for (path, expected) in cases {
        let (status, headers, body) = send(named.get(&format!("/operations/{path}"))).await;
        assert_eq!(status, expected, "{path}: {body}");
        assert_eq!(
            header(&headers, "content-type"),
            "application/json; charset=utf-8"
        );
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(
            body["errors"][0]["extensions"]["code"], "BAD_REQUEST",
            "{body}"
        );
    }
    assert_eq!(named.calls.load(Ordering::SeqCst), 0);
    named.running.stop();
}
