//! Serving on a free port of this machine, which is written to standard output.

use std::io;
use std::io::Write;
use std::net::Ipv4Addr;

use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;

/// What a process says on its first line, before its address.
pub const GREETING: &str = "listening ";

/// Serves `router`, until the process is ended.
///
/// # Errors
/// When no loopback port can be had.
pub async fn serve(router: Router) -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    writeln!(io::stdout(), "{GREETING}http://{address}")?;
    let listener = listener.tap_io(|stream| {
        // Answers go out at once either way; it is what the gateway does too.
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, router).await
}
