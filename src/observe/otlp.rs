//! Exports spans to a collector, by OTLP over HTTP.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use opentelemetry::{Key, KeyValue};
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};

use super::process;
use crate::config::Tracing;

/// Runs the requests of the exporter's thread on the gateway's runtime, to which the HTTP client's connections belong.
#[derive(Debug, Clone)]
struct OnRuntime {
    client: reqwest::Client,
    runtime: tokio::runtime::Handle,
}

#[async_trait]
impl HttpClient for OnRuntime {
    async fn send_bytes(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>, HttpError> {
        let request = request.try_into()?;
        let client = self.client.clone();
        let answer = self.runtime.spawn(async move {
            let answer = client.execute(request).await?.error_for_status()?;
            let status = answer.status();
            let body = answer.bytes().await?;
            Ok::<_, HttpError>((status, body))
        });
        let (status, body) = answer.await??;
        let mut response = http::Response::new(body);
        *response.status_mut() = status;
        Ok(response)
    }
}

/// The provider that exports to the endpoint; `None` without an endpoint. Must run within a tokio runtime.
pub(crate) fn provider(
    settings: &Tracing,
) -> Result<Option<SdkTracerProvider>, Box<dyn std::error::Error + Send + Sync>> {
    let Some(endpoint) = &settings.endpoint else {
        return Ok(None);
    };
    let client = OnRuntime {
        client: client(settings.export_timeout)?,
        runtime: tokio::runtime::Handle::try_current()?,
    };
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(client)
        .with_endpoint(endpoint.as_str())
        .with_timeout(settings.export_timeout)
        .build()?;
    let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(settings.sample.0)));
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_sampler(sampler)
        .with_resource(resource(settings))
        .build();
    Ok(Some(provider))
}

/// What identifies this process to the collector. `Resource::builder` has read `OTEL_SERVICE_NAME` and
/// `OTEL_RESOURCE_ATTRIBUTES`.
fn resource(settings: &Tracing) -> Resource {
    let given = Resource::builder().build();
    let is_given = |key: &'static str| given.get(&Key::from_static_str(key)).is_some();
    let variable = std::env::var_os("OTEL_SERVICE_NAME").is_some_and(|name| !name.is_empty());
    let attributes = std::env::var("OTEL_RESOURCE_ATTRIBUTES").unwrap_or_default();
    let mut attributes = attributes
        .split(',')
        .filter_map(|pair| pair.split_once('='));
    let names_service = variable || attributes.any(|(key, _)| key.trim() == "service.name");
    let mut builder = Resource::builder();
    // The settings are for this gateway; a default is for any.
    if !names_service || settings.service_name != Tracing::default().service_name {
        builder = builder.with_service_name(settings.service_name.clone());
    }
    if !is_given("service.version") {
        builder = builder.with_attribute(KeyValue::new("service.version", process::VERSION));
    }
    if !is_given("service.instance.id") {
        builder = builder.with_attribute(KeyValue::new("service.instance.id", instance_id()));
    }
    builder.build()
}

/// A random UUID (version 4).
fn instance_id() -> String {
    let bits = rand::random::<u128>();
    let bits = bits & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
    let digits = format!("{bits:032x}");
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32];
    parts.map(|part| &digits[part]).join("-")
}

/// The HTTP client. It panics without a cryptography provider, and traces start before the rest of the process, so one is
/// installed here.
fn client(timeout: Duration) -> reqwest::Result<reqwest::Client> {
    // Refused only when there is one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().timeout(timeout).build()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_has_a_uuid() {
        let id = instance_id();
        let lengths: Vec<usize> = id.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert_eq!(&id[14..15], "4");
        assert!("89ab".contains(&id[19..20]));
    }

    #[test]
    fn a_client_needs_nothing_to_be_installed() {
        let timeout = Tracing::default().export_timeout;
        client(timeout).unwrap();
        client(timeout).unwrap();
    }
}
