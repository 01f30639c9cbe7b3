//! The description of all operations as one OpenAPI document.

use serde_json::{Map, Value, json};

use super::schema::{Types, reference};
use crate::named::catalogue::{Named, NamedOperations};
use crate::named::operation::NamedOperation;
use crate::named::parameter::{Form, LIVE_PARAMETERS, Parameter};

/// A format of results, besides the response of GraphQL.
#[derive(Debug, Clone, Copy)]
pub struct DescribedFormat {
    /// What follows the name of an operation in the path, after a point.
    pub suffix: &'static str,
    /// The media type.
    pub media_type: &'static str,
    /// What it is.
    pub about: &'static str,
    /// Those of the reserved parameters that it has, and what they are for.
    pub parameters: &'static [(&'static str, &'static str)],
}

/// What follows the name of an operation in the path of its live query.
const LIVE: &str = "/live";

/// The formats of results.
pub type Formats<'a> = &'a [DescribedFormat];

/// A status of a response with errors and no data, with its meaning.
const FAILURES: [(&str, &str); 6] = [
    (
        "400",
        "A variable is missing, unknown, repeated or not of its type, or the gateway refuses the request. The message says what to correct.",
    ),
    ("404", "There is no operation with this name."),
    (
        "405",
        "The operation is sent by POST alone, or it is a subscription.",
    ),
    ("502", "There are no data, because an upstream failed."),
    (
        "503",
        "There are no data, because an upstream or the gateway is busy, or the operation does not fit the schema now.",
    ),
    (
        "504",
        "There are no data, because an upstream gave no response in time.",
    ),
];

impl NamedOperations {
    /// The description of all operations, as the text of an OpenAPI 3.1 document. `version` is that of the gateway; both
    /// arguments are the same in all calls.
    pub fn openapi(&self, formats: Formats<'_>, version: &str) -> &str {
        self.described
            .get_or_init(|| self.describe(formats, version))
    }

    fn describe(&self, formats: Formats<'_>, version: &str) -> String {
        let (mut paths, mut schemas) = (Map::new(), self.types.clone());
        shared_schemas(&mut schemas);
        for (_, named) in self.iter() {
            let Named::Ready(operation) = named else {
                continue;
            };
            schemas.insert(data_name(operation), operation.data.clone());
            let path = format!("/operations/{}", operation.name);
            for format in formats.iter().filter(|_| operation.has_formats()) {
                let path = format!("{path}.{}", format.suffix);
                paths.insert(path, operation.formatted(format));
            }
            if !operation.by_post {
                paths.insert(format!("{path}{LIVE}"), operation.live());
            }
            if !operation.is_subscription() {
                paths.insert(path, operation.path_item());
            }
        }
        let document = json!({
            "openapi": "3.1.0",
            "info": {
                "title": "Named operations",
                "version": version,
                "description": "Each operation is a GraphQL operation with a URL of its own.",
            },
            "servers": [{ "url": "/" }],
            "paths": paths,
            "components": { "schemas": schemas, "responses": responses() },
        });
        document.to_string()
    }
}

/// The name of the schema of an operation's data. A type of GraphQL has no point in its name.
fn data_name(operation: &NamedOperation) -> String {
    format!("{}.data", operation.name)
}

fn shared_schemas(schemas: &mut Types) {
    let error = json!({
        "type": "object",
        "required": ["message"],
        "properties": {
            "message": { "type": "string" },
            "path": { "type": "array", "items": { "anyOf": [{ "type": "string" }, { "type": "integer" }] } },
            "locations": { "type": "array", "items": {
                "type": "object",
                "properties": { "line": { "type": "integer" }, "column": { "type": "integer" } },
            } },
            "extensions": { "type": "object", "properties": {
                "code": { "type": "string" },
                "sangam": { "type": "object", "properties": { "kind": { "type": "string" } } },
            } },
        },
    });
    let errors = json!({
        "type": "object",
        "required": ["errors"],
        "properties": {
            "errors": { "type": "array", "items": reference("Response.error") },
            "data": { "type": "null" },
        },
    });
    schemas.insert("Response.error".to_owned(), error);
    schemas.insert("Response.errors".to_owned(), errors);
}

fn responses() -> Value {
    let responses = FAILURES.iter().map(|(status, meaning)| {
        let content = json!({ "application/json": { "schema": reference("Response.errors") } });
        let response = json!({ "description": meaning, "content": content });
        (format!("Response.{status}"), response)
    });
    Value::Object(responses.collect())
}

/// The responses of an operation. `success` is the one with status 200.
fn all_responses(success: Value, by_post: bool) -> Value {
    let mut all = Map::new();
    all.insert("200".to_owned(), success);
    for (status, _) in FAILURES {
        if status != "405" || by_post {
            let response = format!("#/components/responses/Response.{status}");
            all.insert(status.to_owned(), json!({ "$ref": response }));
        }
    }
    Value::Object(all)
}

/// The headers of each success.
fn headers() -> Value {
    json!({
        "Last-Modified": {
            "description": "The time as of which the data are: when the oldest part of them was fetched.",
            "schema": { "type": "string" },
        },
        "Cache-Control": {
            "description": "How long the response may be used again.",
            "schema": { "type": "string" },
        },
    })
}

impl NamedOperation {
    /// The operation itself: its response is that of GraphQL.
    fn path_item(&self) -> Value {
        let response = json!({
            "type": "object",
            "required": ["data"],
            "properties": {
                "data": reference(&data_name(self)),
                "errors": { "type": "array", "items": reference("Response.error") },
                "extensions": { "type": "object" },
            },
        });
        let success = json!({
            "description": "The data. Fields that failed are null, with an error beside the data.",
            "headers": headers(),
            "content": { "application/json": { "schema": response } },
        });
        let responses = all_responses(success, self.by_post);
        let described = |id: String| {
            let mut described = Map::new();
            described.insert("operationId".to_owned(), json!(id));
            described.insert("description".to_owned(), json!(self.description));
            described.insert("responses".to_owned(), responses.clone());
            described
        };
        let mut post = described(match self.by_post {
            true => self.name.to_string(),
            false => format!("{}.post", self.name),
        });
        post.insert("requestBody".to_owned(), self.body());
        let mut item = Map::new();
        item.insert("post".to_owned(), Value::Object(post));
        if !self.by_post {
            let mut get = described(self.name.to_string());
            get.insert("parameters".to_owned(), Value::Array(self.described()));
            item.insert("get".to_owned(), Value::Object(get));
        }
        Value::Object(item)
    }

    /// The operation in another format.
    fn formatted(&self, format: &DescribedFormat) -> Value {
        let content = match format.media_type {
            "application/json" => json!({ "application/json": { "schema": {} } }),
            other => json!({ other: { "schema": { "type": "string" } } }),
        };
        let success = json!({
            "description": format.about,
            "headers": headers(),
            "content": content,
        });
        let mut parameters = self.described();
        parameters.extend(format.parameters.iter().map(|(name, about)| {
            json!({ "name": name, "in": "query", "description": about, "schema": { "type": "string" } })
        }));
        json!({ "get": {
            "operationId": format!("{}.{}", self.name, format.suffix),
            "description": self.description,
            "parameters": parameters,
            "responses": all_responses(success, false),
        } })
    }

    /// The operation as a live query, or the events of a subscription.
    fn live(&self) -> Value {
        let (about, own) = match self.is_subscription() {
            true => ("The response of GraphQL to each event.", &[][..]),
            false => (
                "An event with the response of GraphQL, and another one whenever it has changed.",
                &LIVE_PARAMETERS[..],
            ),
        };
        let success = json!({
            "description": about,
            "content": { "text/event-stream": { "schema": { "type": "string" } } },
        });
        let mut parameters = self.described();
        parameters.extend(own.iter().map(|(name, about)| {
            json!({ "name": name, "in": "query", "description": about, "schema": { "type": "string" } })
        }));
        json!({ "get": {
            "operationId": format!("{}.live", self.name),
            "description": self.description,
            "parameters": parameters,
            "responses": all_responses(success, false),
        } })
    }

    /// The body with the variables.
    fn body(&self) -> Value {
        let parameters = self.parameters.iter();
        let properties: Map<String, Value> = parameters
            .map(|parameter| (parameter.name.clone(), parameter.schema.clone()))
            .collect();
        let required: Vec<&str> = self.required().collect();
        let mut variables = Map::new();
        variables.insert("type".to_owned(), json!("object"));
        variables.insert("properties".to_owned(), Value::Object(properties));
        variables.insert("additionalProperties".to_owned(), json!(false));
        let mut body = Map::new();
        body.insert("type".to_owned(), json!("object"));
        if !required.is_empty() {
            variables.insert("required".to_owned(), json!(required));
            body.insert("required".to_owned(), json!(["variables"]));
        }
        body.insert("properties".to_owned(), json!({ "variables": variables }));
        json!({
            "required": !required.is_empty(),
            "content": { "application/json": { "schema": body } },
        })
    }

    fn required(&self) -> impl Iterator<Item = &str> {
        let parameters = self.parameters.iter();
        let required = parameters.filter(|parameter| parameter.is_required);
        required.map(|parameter| parameter.name.as_str())
    }

    fn described(&self) -> Vec<Value> {
        self.parameters.iter().map(Parameter::described).collect()
    }
}

impl Parameter {
    /// As a parameter of the query string.
    fn described(&self) -> Value {
        let mut described = Map::new();
        described.insert("name".to_owned(), json!(self.name));
        described.insert("in".to_owned(), json!("query"));
        described.insert("required".to_owned(), json!(self.is_required));
        described.insert("description".to_owned(), json!(format!("`{}`", self.ty)));
        let is_json = matches!(self.form(), Form::Json { .. });
        match (is_json, self.is_list) {
            (true, false) => {
                let content = json!({ "application/json": { "schema": self.schema } });
                described.insert("content".to_owned(), content);
            }
            (true, true) => {
                let element = json!({ "type": "string", "contentMediaType": "application/json" });
                let schema = json!({ "type": "array", "items": element });
                described.insert("schema".to_owned(), schema);
            }
            _ => {
                described.insert("schema".to_owned(), self.schema.clone());
            }
        }
        Value::Object(described)
    }
}
