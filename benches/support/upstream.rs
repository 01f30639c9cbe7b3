//! An upstream on threads of its own that takes no memory for an answer: what is counted in this process is the
//! gateway's.

use std::collections::HashMap;
use std::io;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;

use serde_json::{Value, json};

/// A list of so many posts by ten users.
pub(crate) fn posts_document(count: u64) -> String {
    let post = |id: u64| {
        json!({
            "userId": id % 10 + 1,
            "id": id,
            "title": format!("post {id} of the season, and what the teacher said of it"),
            "body": "valley window kettle orchard bridge saffron walnut harvest ".repeat(3),
        })
    };
    (1..=count).map(post).collect::<Value>().to_string()
}

fn user_document(id: u64) -> String {
    json!({
        "id": id,
        "name": format!("user {id}"),
        "username": "lantern.shepherd",
        "email": format!("user{id}@posts.example"),
        "address": { "street": "stone market", "city": "meadow", "geo": { "lat": "34.08", "lng": "74.79" } },
        "company": { "name": "willow spring", "catchPhrase": "letter season kettle" },
    })
    .to_string()
}

/// The users that it serves; the posts are of the first ten.
pub(crate) const USERS: u64 = 1000;

/// Serves 100 posts, and users; gives the address.
pub(crate) fn serve_posts(seconds: u64) -> String {
    let mut answers: HashMap<String, Vec<u8>> = HashMap::new();
    let mut add = |path: String, body: String| {
        let keep = match seconds {
            0 => "no-store".to_owned(),
            seconds => format!("max-age={seconds}"),
        };
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncache-control: {keep}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        answers.insert(path, answer.into_bytes());
    };
    add("/posts".to_owned(), posts_document(100));
    for id in 1..=USERS {
        add(format!("/users/{id}"), user_document(id));
    }
    add("/users/1/posts".to_owned(), posts_document(10));
    let answers = Arc::new(answers);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answers = Arc::clone(&answers);
            // It ends when the client goes away.
            std::thread::spawn(move || converse(stream, &answers));
        }
    });
    format!("http://{address}")
}

fn converse(mut stream: TcpStream, answers: &HashMap<String, Vec<u8>>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut received = [0; 4096];
    let mut length = 0;
    loop {
        let read = stream.read(&mut received[length..])?;
        if read == 0 {
            return Ok(());
        }
        length += read;
        // Requests have no body, and the next one comes when this one is answered.
        if received[..length].ends_with(b"\r\n\r\n") {
            let head = std::str::from_utf8(&received[..length]).unwrap_or_default();
            let path = head.split(' ').nth(1).unwrap_or_default();
            let answer = answers.get(path).map_or(
                &b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"[..],
                |answer| answer,
            );
            stream.write_all(answer)?;
            length = 0;
        }
    }
}
