//! The calls to the departments: the same calls as the gateway makes for this query.

use bytes::Bytes;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

use super::super::{Failed, client};
use super::documents::{Backlogs, DirectoryEntry, Services};
use crate::upstream::Addresses;

/// The bodies of the departments' responses, unparsed.
pub(super) struct Documents {
    pub(super) directory: Bytes,
    pub(super) scores: Bytes,
    pub(super) progress: Bytes,
    pub(super) works: Bytes,
    pub(super) grievances: Bytes,
    pub(super) backlog: Bytes,
    pub(super) services: Bytes,
    pub(super) umang: Bytes,
}

const GRIEVANCES: &str = "query Districts($representations: [_Any!]!) { _entities(representations: $representations) { ... on District { grievanceSummary { asOf openCount openOlderThanCount(days: 28) } } } }";

/// The table of the open-data platform with the progress of each scheme in each district.
const PROGRESS: &str = "5f0c7b1e-2f6a-4a57-9a53-0c2d1a8e7c05";

/// All documents. The keys are samples that only the stand-ins accept.
pub(super) async fn all(upstream: &str) -> Result<Documents, Failed> {
    let client = client::client()?;
    let addresses = client::body(client.get(format!("{upstream}/addresses"))).await?;
    let departments = Departments {
        addresses: serde_json::from_slice(&addresses)?,
        client,
    };
    let directory = departments.directory().await?;
    let entries: Vec<DirectoryEntry<'_>> = serde_json::from_slice(&directory)?;
    let codes: Vec<String> = entries.iter().map(|entry| entry.code.to_string()).collect();
    let backlog = departments.backlog(&codes).await?;
    let services = departments.services(&services_of(&backlog)?).await?;
    let umang = departments.umang(&listings_of(&services)?).await?;
    Ok(Documents {
        scores: departments.scores(&codes).await?,
        progress: departments.progress(&codes).await?,
        works: departments.works(&codes).await?,
        grievances: departments.grievances(&codes).await?,
        directory,
        backlog,
        services,
        umang,
    })
}

fn services_of(backlog: &[u8]) -> Result<Vec<String>, Failed> {
    let backlogs: Backlogs<'_> = serde_json::from_slice(backlog)?;
    let mut ids: Vec<String> = Vec::new();
    for service in backlogs.rows.iter().flat_map(|row| &row.services) {
        if !ids.iter().any(|id| *id == service.id) {
            ids.push(service.id.clone().into_owned());
        }
    }
    Ok(ids)
}

fn listings_of(services: &[u8]) -> Result<Vec<String>, Failed> {
    let services: Services<'_> = serde_json::from_slice(services)?;
    let ids = services.services.iter();
    Ok(ids
        .filter_map(|service| Some(service.umang.clone()?.into_owned()))
        .collect())
}

struct Departments {
    client: Client,
    addresses: Addresses,
}

impl Departments {
    fn url(&self, department: &str, path: &str) -> Result<String, Failed> {
        let address = self.addresses.get(department);
        let address = address.ok_or_else(|| format!("where is {department}?"))?;
        Ok(format!("{address}{path}"))
    }

    fn post(&self, department: &str, path: &str) -> Result<RequestBuilder, Failed> {
        Ok(self.client.post(self.url(department, path)?))
    }

    async fn directory(&self) -> Result<Bytes, Failed> {
        client::body(self.post("lgd", "/lgdws/districtList?stateCode=1")?).await
    }

    async fn scores(&self, codes: &[String]) -> Result<Bytes, Failed> {
        let body =
            json!({ "edition": "latest", "type": "MONTHLY", "districts": codes, "weakest": 3 });
        let request = self.post("dggi", "/api/v1/scores")?;
        client::body(with_json(
            request.header("x-api-key", "sample-dggi-key"),
            &body,
        ))
        .await
    }

    async fn progress(&self, codes: &[String]) -> Result<Bytes, Failed> {
        let codes = codes.join("%2C");
        let path = format!(
            "/ogd/node/{PROGRESS}/datastore/export/json?api-key=sample-platform-key&filters%5Blevel%5D=DISTRICT&filters%5Bcode%5D={codes}"
        );
        client::body(self.client.get(self.url("schemes", &path)?)).await
    }

    async fn works(&self, codes: &[String]) -> Result<Bytes, Failed> {
        let request = self.post("janbhagidari", "/empowerment/api/summary")?;
        client::body(with_json(request, &json!({ "districts": codes }))).await
    }

    async fn grievances(&self, codes: &[String]) -> Result<Bytes, Failed> {
        let representations: Vec<Value> = codes
            .iter()
            .map(|code| json!({ "__typename": "District", "lgdCode": code }))
            .collect();
        let body = json!({
            "query": GRIEVANCES,
            "variables": { "representations": representations },
        });
        let request = self.post("grievances", "/graphql")?;
        client::body(with_json(request.header("x-api-key", "sample-key"), &body)).await
    }

    async fn backlog(&self, codes: &[String]) -> Result<Bytes, Failed> {
        let request = self.post("services", "/eunnat/v1/summary")?;
        client::body(with_json(
            signed_in(request),
            &json!({ "districtCodes": codes }),
        ))
        .await
    }

    async fn services(&self, ids: &[String]) -> Result<Bytes, Failed> {
        let path = format!("/eunnat/v1/services?ids={}", ids.join("%2C"));
        let request = self.client.get(self.url("services", &path)?);
        client::body(signed_in(request)).await
    }

    async fn umang(&self, ids: &[String]) -> Result<Bytes, Failed> {
        let mut request = self.post("umang", "/umangApi/ws1/fsrvdtl")?;
        for name in ["deptid", "srvid", "subsid", "subsid2", "formtrkr"] {
            request = request.header(name, "0");
        }
        let body = json!({
            "tkn": "", "trkr": "sangam", "lang": "en", "lat": "", "lon": "", "lac": "", "usag": "", "usrid": "",
            "mode": "web", "pltfrm": "web", "did": "", "srvid": "", "deptid": "", "subsid": "0", "subsid2": "0",
            "formtrkr": "0", "srvids": ids,
        });
        client::body(with_json(request.header("x-api-key", "sample-key"), &body)).await
    }
}

fn signed_in(request: RequestBuilder) -> RequestBuilder {
    request
        .header("x-apisetu-clientid", "sample-client")
        .header("x-apisetu-apikey", "sample-key")
}

fn with_json(request: RequestBuilder, body: &Value) -> RequestBuilder {
    request
        .header("content-type", "application/json")
        .body(body.to_string())
}
