//! A collector of traces: OTLP over HTTP, protobuf.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;

use crate::support::server::{Server, router};

/// The exported spans.
pub(super) struct Collector {
    server: Server,
    payloads: Arc<Mutex<Vec<Bytes>>>,
}

impl Collector {
    pub(super) async fn start() -> Collector {
        let payloads: Arc<Mutex<Vec<Bytes>>> = Arc::default();
        let noted = Arc::clone(&payloads);
        let take = move |body: Bytes| {
            noted.lock().unwrap().push(body);
            std::future::ready([("content-type", "application/x-protobuf")])
        };
        let server = router(Router::new().route("/v1/traces", post(take))).await;
        Collector { server, payloads }
    }

    /// The settings that export to it.
    pub(super) fn settings(&self) -> String {
        let url = self.server.url("/v1/traces");
        format!("[tracing]\nendpoint = \"{url}\"\nservice_name = \"of-the-test\"\n")
    }

    pub(super) fn origin(&self) -> String {
        self.server.url("")
    }

    /// The bytes of all requests.
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.payloads.lock().unwrap().concat()
    }

    /// The attributes of each resource, as texts.
    pub(super) fn resources(&self) -> Vec<BTreeMap<String, String>> {
        let payloads = self.payloads.lock().unwrap();
        let requests = payloads
            .iter()
            .map(|payload| ExportTraceServiceRequest::decode(payload.clone()).unwrap());
        let resources = requests.flat_map(|request| request.resource_spans);
        let attributes = |attribute: KeyValue| {
            let value = attribute.value.and_then(|value| value.value);
            (attribute.key, text(value))
        };
        resources
            .map(|of| {
                of.resource
                    .unwrap()
                    .attributes
                    .into_iter()
                    .map(attributes)
                    .collect()
            })
            .collect()
    }

    /// All spans, and the service names.
    pub(super) fn spans(&self) -> (Vec<Span>, Vec<String>) {
        let (mut spans, mut services) = (Vec::new(), Vec::new());
        for payload in self.payloads.lock().unwrap().iter() {
            let request = ExportTraceServiceRequest::decode(payload.clone()).unwrap();
            for of_resource in request.resource_spans {
                let attributes = of_resource.resource.unwrap().attributes;
                let name = attributes
                    .iter()
                    .find(|attribute| attribute.key == "service.name");
                services.push(text(name.unwrap().value.clone().unwrap().value));
                spans.extend(of_resource.scope_spans.into_iter().flat_map(|of| of.spans));
            }
        }
        (spans, services)
    }
}

/// The value of an attribute as text; empty without the attribute.
pub(super) fn attribute(span: &Span, key: &str) -> String {
    let attribute = span
        .attributes
        .iter()
        .find(|attribute| attribute.key == key);
    text(attribute.and_then(|attribute| attribute.value.clone()?.value))
}

fn text(value: Option<Value>) -> String {
    match value {
        None => String::new(),
        Some(Value::StringValue(text)) => text,
        Some(Value::IntValue(number)) => number.to_string(),
        Some(other) => format!("{other:?}"),
    }
}
