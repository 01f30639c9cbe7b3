//! Fields that require a signed-in client are refused, however they are read.

use sangam::config::Settings;
use sangam::connector::read_sdl;
use sangam::gateway::{ClientContext, ConfiguredConnector, Gateway, GraphqlRequest};

const OWNER: &str = r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key", "@authenticated", "@policy"])
  @link(url: "https://specs.sangam.dev/wire/v0.1", import: ["@graphql"])
  @graphql(url: "http://127.0.0.1:9/graphql")
type Query { people: [Person!] open: Int vault: Vault }
type Person @key(fields: "number") { number: ID! @authenticated name: String }
type Vault @policy(policies: [["vault"]]) { gold: Int }
"#;

const OTHER: &str = r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key"])
  @link(url: "https://specs.sangam.dev/wire/v0.1", import: ["@graphql"])
  @graphql(url: "http://127.0.0.1:9/graphql")
type Person @key(fields: "number") { number: ID! visits: Int }
"#;

#[test]
async fn demands_hold_for_selections_keys_and_types() {
    let member = |name: &str, text: &str| ConfiguredConnector {
        subgraph: read_sdl(name, name, text)
            .0
            .unwrap_or_else(|| panic!("{:#?}", read_sdl(name, name, text).1)),
        owner: None,
        description: None,
        settings: Default::default(),
    };
    let members = vec![member("owner", OWNER), member("other", OTHER)];
    let gateway = Gateway::new(members, &Settings::default())
        .unwrap_or_else(|problem| panic!("{problem:#?}"));
    let cases = [
        ("{ people { number } }", Some("Person.number")),
        // Read as a key only.
        ("{ people { visits } }", Some("Person.number")),
        ("{ vault { gold } }", Some("Query.vault")),
        ("{ vault { __typename } }", Some("Query.vault")),
        ("{ people { name } }", None),
    ];
    for (query, refused) in cases {
        let request = GraphqlRequest {
            query: Some(query.to_owned()),
            ..GraphqlRequest::default()
        };
        let mut answer = gateway.execute(request, &ClientContext::default()).await;
        let answer: serde_json::Value = serde_json::from_slice(&answer.body().await).unwrap();
        let expected = refused.map(|field| {
            format!("{field} is for signed-in clients, and signing in is not supported yet")
        });
        match expected {
            Some(expected) => {
                assert_eq!(answer["errors"][0]["message"], expected, "{query}");
                assert_eq!(answer.get("data"), None, "{query}");
            }
            // The upstream is called, and does not listen.
            None => assert_eq!(
                answer["errors"][0]["extensions"]["sangam"]["kind"], "UNREACHABLE",
                "{query}"
            ),
        }
    }
}
