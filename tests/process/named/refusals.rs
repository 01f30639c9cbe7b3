//! Requests that are refused, with the reasons.

use super::*;

/// The status, the code and the message of a refusal.
async fn refusal(request: reqwest::RequestBuilder) -> (u16, String, String) {
    let (status, headers, body) = send(request).await;
    let body: Value = serde_json::from_str(&body).unwrap_or_else(|_| panic!("no JSON: {body}"));
    assert!(body.get("data").is_none(), "{body}");
    assert_eq!(header(&headers, "cache-control"), "no-store", "{body}");
    let error = &body["errors"][0];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (
        status,
        text(&error["extensions"]["code"]),
        text(&error["message"]),
    )
}

#[test(threads)]
async fn a_parameter_that_is_none_of_the_operation() {
    let named = Named::start("").await;
    let cases = [
        ("", "$id must be given: its type is ID!"),
        (
            "id=1&cuont=3",
            "`cuont` is no variable of Echo; did you mean `count`?",
        ),
        (
            "id=1&secret=3",
            "`secret` is no variable of Echo; it has id, count, share, open, sort, day, names, numbers, filter, q",
        ),
        ("id=1&id=2", "$id must be given once: its type is ID!"),
        (
            "id=1&count=personal",
            "$count must be an Int, a whole number of 32 bits: its type is Int",
        ),
        (
            "id=1&count=1.0",
            "$count must be an Int, a whole number of 32 bits: its type is Int",
        ),
        (
            "id=1&count=",
            "$count must be an Int, a whole number of 32 bits: its type is Int",
        ),
        (
            "id=1&count=3000000000",
            "$count must be an Int, a whole number of 32 bits: its type is Int",
        ),
        (
            "id=1&share=NaN",
            "$share must be a Float, a number as in JSON: its type is Float",
        ),
        (
            "id=1&open=yes",
            "$open must be `true` or `false`: its type is Boolean",
        ),
        (
            "id=1&sort=age",
            "$sort must be one of NAME, AGE: its type is Sort",
        ),
        (
            "id=1&numbers=1&numbers=x",
            "$numbers must be an Int, a whole number of 32 bits in each of its parameters, one for each element: its type is [Int]",
        ),
        (
            "id=1&filter=name",
            "$filter must be a JSON object of type Filter, as JSON text: its type is Filter",
        ),
        (
            "id=1&filter=%5B1%5D",
            "$filter must be a JSON object of type Filter, as JSON text: its type is Filter",
        ),
        (
            "id=1&filter=%7B%22ages%22%3A%5B%22x%22%5D%7D",
            "$filter.ages[0] must be an Int, a whole number of 32 bits",
        ),
        (
            "id=1&filter=%7B%22nam%22%3A1%7D",
            "$filter.nam: Filter has no such field",
        ),
        (
            "count=x&open=x",
            "$id must be given: its type is ID!; $count must be an Int, a whole number of 32 bits: its type is Int; \
             $open must be `true` or `false`: its type is Boolean",
        ),
    ];
    for (query, expected) in cases {
        let (status, code, message) =
            refusal(named.get(&format!("/operations/Echo?{query}"))).await;
        assert_eq!(
            (status, code.as_str()),
            (400, "INVALID_VARIABLES"),
            "{query}: {message}"
        );
        assert_eq!(message, expected, "{query}");
    }
    let cases = [
        (
            "Parks?x=1",
            "INVALID_VARIABLES",
            "`x` is no variable of Parks; it has none",
        ),
        (
            "Parks?path=a&path=b",
            "INVALID_VARIABLES",
            "`path` must be given once",
        ),
        (
            "Parks?format=csv",
            "BAD_REQUEST",
            "`format` is no parameter of this path",
        ),
        (
            "Parks?bom=true",
            "BAD_REQUEST",
            "`bom` is no parameter of this path",
        ),
        ("Echo?id=%ff", "BAD_REQUEST", NOT_UTF8),
        ("Echo.csv?id=%C3", "BAD_REQUEST", NOT_UTF8),
        ("Parks?%ff=1", "BAD_REQUEST", NOT_UTF8),
        ("Echo?id=%zz", "BAD_REQUEST", NO_DIGITS),
        ("Echo?id=100%", "BAD_REQUEST", NO_DIGITS),
        ("Echo/live?id=1&throttle=%4", "BAD_REQUEST", NO_DIGITS),
    ];
    for (path, code, message) in cases {
        let expected = (400, code.to_owned(), message.to_owned());
        assert_eq!(
            refusal(named.get(&format!("/operations/{path}"))).await,
            expected
        );
    }
    assert_eq!(named.calls.load(Ordering::SeqCst), 0);
    named.running.stop();
}

const NOT_UTF8: &str = "The query string has percent-encoded bytes that are not UTF-8";
const NO_DIGITS: &str = "The query string has a `%` without two hexadecimal digits behind it; write `%25` for the character itself";

#[test(threads)]
async fn a_body_that_is_none_of_the_operation() {
    let named = Named::start("").await;
    let cases = [
        (
            "[]",
            "BAD_REQUEST",
            "The body is not a JSON object; send {\"variables\": {…}}",
        ),
        (
            r#"{"query": "{ parks { id } }"}"#,
            "BAD_REQUEST",
            "The body of a named operation has the members `variables` and `extensions` only",
        ),
        (
            r#"{"variables": []}"#,
            "BAD_REQUEST",
            "`variables` must be an object or null",
        ),
        (
            "",
            "INVALID_VARIABLES",
            "$id must be given: its type is ID!",
        ),
        (
            "{}",
            "INVALID_VARIABLES",
            "$id must be given: its type is ID!",
        ),
        (
            r#"{"variables": {"id": "1", "cuont": 3}}"#,
            "INVALID_VARIABLES",
            "`cuont` is no variable of Echo; did you mean `count`?",
        ),
        (
            r#"{"variables": {"id": "1", "count": "personal"}}"#,
            "INVALID_VARIABLES",
            "$count must be an Int, a whole number of 32 bits",
        ),
    ];
    for (body, code, message) in cases {
        let expected = (400, code.to_owned(), message.to_owned());
        assert_eq!(
            refusal(named.post("/operations/Echo", body)).await,
            expected,
            "{body}"
        );
    }
    let (status, _, message) = refusal(named.post("/operations/Echo", "{")).await;
    assert!(
        status == 400 && message.starts_with("The body is not JSON: "),
        "{message}"
    );
    let in_query = named.post("/operations/Echo?id=1", "{}");
    let (status, _, message) = refusal(in_query).await;
    assert_eq!(
        (status, message.as_str()),
        (400, "The variables of a POST request are in its body")
    );
    let url = format!("{}/operations/Plant", named.running.url);
    for content_type in ["text/plain", "application/x-www-form-urlencoded"] {
        let request = client().post(&url).header("content-type", content_type);
        let (status, code, _) = refusal(request.body(r#"{"variables":{"id":"1"}}"#)).await;
        assert_eq!((status, code.as_str()), (415, "UNSUPPORTED_MEDIA_TYPE"));
    }
    named.running.stop();
}

#[test(threads)]
async fn a_path_that_is_none_of_an_operation() {
    let named = Named::start("").await;
    let cases = [
        (
            "Park",
            "There is no operation with this name; did you mean `Parks`?",
        ),
        (
            "parks",
            "There is no operation with this name; did you mean `Parks`?",
        ),
        (
            "Nothing",
            "There is no operation with this name; /operations lists them",
        ),
        (
            "Parks/",
            "There is nothing at this path; the path of an operation is /operations/<Name>, or /operations/<Name> with .json, .csv, .xlsx, .ndjson",
        ),
        (
            "Parks.exe",
            "There is nothing at this path; the path of an operation is /operations/<Name>, or /operations/<Name> with .json, .csv, .xlsx, .ndjson",
        ),
        (
            "..%2fgraphql",
            "There is nothing at this path; the path of an operation is /operations/<Name>, or /operations/<Name> with .json, .csv, .xlsx, .ndjson",
        ),
    ];
    for (path, message) in cases {
        let expected = (404, "NOT_FOUND".to_owned(), message.to_owned());
        assert_eq!(
            refusal(named.get(&format!("/operations/{path}"))).await,
            expected,
            "{path}"
        );
    }
    let long = "a".repeat(1_000);
    let (status, _, message) = refusal(named.get(&format!("/operations/{long}"))).await;
    assert!(status == 404 && message.len() < 100, "{message}");
    named.running.stop();
}

#[test(threads)]
async fn a_method_that_the_operation_does_not_allow() {
    let named = Named::start("").await;
    let cases = [
        (http::Method::GET, "Plant?id=1", "POST"),
        (http::Method::HEAD, "Plant?id=1", "POST"),
        (http::Method::GET, "Secret?id=1", "POST"),
        (http::Method::PUT, "Plant", "POST"),
        (http::Method::DELETE, "Parks", "GET, HEAD, POST"),
        (http::Method::POST, "", "GET, HEAD"),
        (http::Method::POST, "openapi.json", "GET, HEAD"),
    ];
    for (method, path, allow) in cases {
        let url = format!("{}/operations/{path}", named.running.url);
        let (status, headers, _) = send(client().request(method.clone(), url)).await;
        assert_eq!(
            (status, header(&headers, "allow")),
            (405, allow),
            "{method} {path}"
        );
    }
    named.running.stop();
}
