//! The list of named operations, for people and programs, and their description.

use super::*;

#[test(threads)]
async fn programs_get_the_operations_with_their_variables() {
    let named = Named::start("").await;
    let list = json(named.get("/operations")).await;
    let operations = list["operations"].as_array().unwrap();
    let names: Vec<&str> = operations
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        ["Echo", "Maybe", "Parks", "Plant", "Sure", "Unnamed"]
    );
    let echo = &operations[0];
    assert_eq!(echo["description"], "What a client sent: for tests.");
    assert_eq!(echo["url"], "/operations/Echo");
    assert_eq!(echo["formats"]["json"], "/operations/Echo.json");
    assert_eq!(
        echo["variables"].as_array().unwrap()[..2],
        [
            json!({ "name": "id", "type": "ID!", "required": true }),
            json!({ "name": "count", "type": "Int", "default": "5", "required": false }),
        ]
    );
    let example = echo["example"].as_str().unwrap();
    assert_eq!(
        example,
        "/operations/Echo?id=a+b&names=x&names=y&filter=%7B%22name%22%3A%22n%22%7D"
    );
    let (status, _, body) = send(named.get(example)).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(operations[3]["kind"], "mutation");
    assert_eq!(operations[3]["methods"], json!(["POST"]));
    assert_eq!(operations[3].get("formats"), None);
    named.running.stop();
}

#[test(threads)]
async fn people_get_a_page() {
    let named = Named::start("").await;
    let accept = "text/html,application/xhtml+xml,*/*;q=0.8";
    let (status, headers, page) = send(named.get("/operations").header("accept", accept)).await;
    assert_eq!(status, 200);
    assert_eq!(header(&headers, "content-type"), "text/html; charset=utf-8");
    assert_eq!(header(&headers, "vary"), "accept");
    let policy = header(&headers, "content-security-policy");
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    for part in [
        "<meta name=\"viewport\"",
        "<meta name=\"color-scheme\" content=\"light dark\">",
        "<p>The parks &amp; their trees.</p>",
        "<code>count: Int = 5</code>",
        "<code>q: String = &quot;all&quot;</code>",
        "<a href=\"/operations/Parks\">",
        "<code>POST /operations/Plant</code>",
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
    assert!(!page.contains("<script"), "{page}");
    named.running.stop();
}

#[test(threads)]
async fn the_description_has_the_types_of_variables_and_data() {
    let named = Named::start("").await;
    let description = json(named.get("/operations/openapi.json")).await;
    assert_eq!(description["openapi"], "3.1.0");
    let echo = &description["paths"]["/operations/Echo"]["get"];
    let parameters = echo["parameters"].as_array().unwrap();
    let parameter = |name: &str| {
        parameters
            .iter()
            .find(|parameter| parameter["name"] == name)
            .unwrap()
    };
    assert_eq!(parameter("id")["required"], true);
    assert_eq!(parameter("id")["schema"], json!({ "type": "string" }));
    assert_eq!(parameter("count")["schema"]["default"], 5);
    let filter = &parameter("filter")["content"]["application/json"]["schema"];
    assert_eq!(filter["anyOf"][0]["$ref"], "#/components/schemas/Filter");
    let schemas = &description["components"]["schemas"];
    assert_eq!(schemas["Sort"]["enum"], json!(["NAME", "AGE"]));
    assert_eq!(schemas["Date"]["format"], "date");
    assert_eq!(
        schemas["Filter"]["properties"]["ages"]["anyOf"][0],
        json!({ "type": "array", "items": { "type": "integer", "format": "int32" } })
    );
    let parks = &schemas["Parks.data"]["properties"]["parks"]["anyOf"][0]["items"];
    assert_eq!(parks["properties"]["id"]["type"], "string");
    assert_eq!(parks["required"], json!(["id", "name", "trees"]));
    assert_eq!(description["paths"]["/operations/Plant"].get("get"), None);
    named.running.stop();
}
