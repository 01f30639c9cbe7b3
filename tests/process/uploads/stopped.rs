//! Clients that stop, files that no call uses, and the memory that a long file takes.

use super::*;

/// A client that sends nothing of its file, and one that leaves.
#[test(threads)]
async fn a_client_that_stops_ends_the_call() {
    let started = start("[limits]\nstall_timeout = \"5s\"").await;
    let address = started.running.url.strip_prefix("http://").unwrap();
    let start = head(LONG, &json!({ "file": null }), &one_file());
    let file = part("0", Some(("a", "text/plain")), "xxxx");
    let request = format!(
        "POST /graphql HTTP/1.1\r\nhost: x\r\napollo-require-preflight: 1\r\ncontent-length: 100000\r\n\
         content-type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n{start}{file}"
    );
    let mut slow = TcpStream::connect(address).await.unwrap();
    slow.write_all(request.as_bytes()).await.unwrap();
    let mut answer = vec![0; 4096];
    let length = slow.read(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
    assert!(answer.contains("\"code\":\"REQUEST_TIMEOUT\""), "{answer}");
    while started.received.broken.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    drop(slow);
    let before = started.received.bytes.load(Ordering::SeqCst);
    let mut leaving = TcpStream::connect(address).await.unwrap();
    leaving.write_all(request.as_bytes()).await.unwrap();
    while started.received.bytes.load(Ordering::SeqCst) == before {
        tokio::task::yield_now().await;
    }
    drop(leaving);
    while started.received.broken.load(Ordering::SeqCst) == 1 {
        tokio::task::yield_now().await;
    }
}

/// Parts after the last file that the operation uses cannot change a response that is complete. They are read, so that the client
/// reads the response, and can send the next request.
#[test(threads)]
async fn what_no_call_uses_is_read_and_dropped() {
    let started = start("").await;
    let one = part("0", Some(("a", "text/plain")), "used");
    let unused = part("1", Some(("b", "text/plain")), &"x".repeat(8_000_000));
    let (null, first) = (json!({ "file": null }), one_file());
    let both = json!({ "0": ["variables.file"], "1": ["variables.other"] });
    let bodies = [
        // `map` does not name it.
        head(RAW, &null, &first) + &one + &unused + &end(),
        // It names it, and no call has it.
        head(RAW, &json!({ "file": null, "other": null }), &both) + &one + &unused + &end(),
        // A field of a form.
        head(RAW, &null, &first) + &one + &part("note", None, &"x".repeat(2_000_000)) + &end(),
        // No call is made, and `map` is empty.
        head("{ __typename }", &json!({}), &json!({})) + &unused + &end(),
        // The first file is refused.
        head(RAW, &null, &first) + &part("0", Some(("a", "text/html")), "x") + &unused + &end(),
    ];
    let address = started.running.url.strip_prefix("http://").unwrap();
    let mut client = TcpStream::connect(address).await.unwrap();
    for (body, expected) in
        bodies
            .iter()
            .zip([RAW_SENT, RAW_SENT, RAW_SENT, "Query", "UPLOAD_TYPE"])
    {
        let request = format!(
            "POST /graphql HTTP/1.1\r\nhost: x\r\napollo-require-preflight: 1\r\ncontent-length: {}\r\n\
             content-type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n{body}",
            body.len()
        );
        client.write_all(request.as_bytes()).await.unwrap();
        let answer = answer(&mut client).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(answer.contains(expected), "{answer}");
    }
    let requests = started.received.requests.lock().unwrap();
    assert!(requests.iter().all(|(_, _, body)| body == b"used"));
    assert_eq!(requests.len(), 3);
}

const RAW_SENT: &str = r#""raw":{"id":"7"}"#;

/// A client that sends for ever what no call uses gets the response, and its connection is closed.
#[test(threads)]
async fn what_no_call_uses_has_an_end() {
    let started = start("[files]\nupload_bytes = \"100KB\"").await;
    let address = started.running.url.strip_prefix("http://").unwrap();
    let body = head(RAW, &json!({ "file": null }), &one_file())
        + &part("0", Some(("a", "text/plain")), "used");
    let request = format!(
        "POST /graphql HTTP/1.1\r\nhost: x\r\napollo-require-preflight: 1\r\ntransfer-encoding: chunked\r\n\
         content-type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n{:x}\r\n{body}\r\n",
        body.len()
    );
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(request.as_bytes()).await.unwrap();
    let more = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    let unnamed = format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"z\"\r\n\r\n");
    let unnamed = format!("{:x}\r\n{unnamed}\r\n", unnamed.len());
    client.write_all(unnamed.as_bytes()).await.unwrap();
    while client.write_all(more.as_bytes()).await.is_ok() {}
    let requests = started.received.requests.lock().unwrap();
    assert_eq!(requests.len(), 1);
}

const LENGTH: usize = 100_000_000;

/// A file of 100 MB in bounded memory.
#[cfg(target_os = "linux")]
#[test(threads)]
async fn a_long_file_takes_little_memory() {
    let started = start("[files]\nupload_bytes = \"200MB\"").await;
    let small = head(LONG, &json!({ "file": null }), &one_file())
        + &part("0", Some(("a", "text/plain")), "x")
        + &end();
    upload(&started.running, small).await;
    let counted = started.received.bytes.swap(0, Ordering::SeqCst);
    assert_eq!(counted, 1);
    let before = started.running.memory("VmRSS");
    let start = head(LONG, &json!({ "file": null }), &one_file())
        + &format!(
            "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"0\"; filename=\"a\"\r\ncontent-type: text/plain\r\n\r\n"
        );
    let piece = Bytes::from(vec![b'x'; 100_000]);
    let pieces = stream::iter(vec![piece; LENGTH / 100_000]);
    let end = Bytes::from(format!("\r\n{}", end()));
    let body = stream::iter([Bytes::from(start)])
        .chain(pieces)
        .chain(stream::iter([end]));
    let body = reqwest::Body::wrap_stream(body.map(Ok::<_, std::io::Error>));
    let response = super::super::running::client()
        .post(format!("{}/graphql", started.running.url))
        .header(
            "content-type",
            format!("multipart/form-data; boundary={BOUNDARY}"),
        )
        .header("apollo-require-preflight", "1")
        .body(body);
    let answer = response.send().await.unwrap().text().await.unwrap();
    assert_eq!(answer, r#"{"data":{"long":{"id":"7"}}}"#);
    assert_eq!(started.received.bytes.load(Ordering::SeqCst), LENGTH);
    let rise = started.running.memory("VmHWM").saturating_sub(before);
    assert!(rise < 32_000_000, "{rise} bytes more");
}
