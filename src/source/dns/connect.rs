//! The interfaces of the resolver for the two HTTP clients.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::dns::Name;
use tower::Service;

use super::{DnsError, Resolver};

/// Addresses with port 0, which the client replaces.
type Addresses = std::vec::IntoIter<SocketAddr>;

impl Resolver {
    async fn addresses(self, host: String) -> Result<Addresses, DnsError> {
        let resolved = self.resolve(&host).await?;
        let addresses: Vec<_> = resolved.iter().map(|ip| SocketAddr::new(*ip, 0)).collect();
        Ok(addresses.into_iter())
    }
}

impl Service<Name> for Resolver {
    type Response = Addresses;
    type Error = DnsError;
    type Future = Pin<Box<dyn Future<Output = Result<Addresses, DnsError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), DnsError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        Box::pin(self.clone().addresses(name.as_str().to_owned()))
    }
}

impl reqwest::dns::Resolve for Resolver {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let asked = self.clone().addresses(name.as_str().to_owned());
        Box::pin(async move {
            let addresses = asked.await?;
            Ok(Box::new(addresses) as reqwest::dns::Addrs)
        })
    }
}
