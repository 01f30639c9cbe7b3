//! 100 posts of 10 users, in the sizes of the well-known placeholder service. The words are drawn by a fixed rule.

use bytes::Bytes;
use serde_json::{Value, json};

pub(super) const POSTS: u64 = 100;
pub(super) const USERS: u64 = 10;

const WORDS: [&str; 24] = [
    "river", "meadow", "orchard", "bridge", "saffron", "walnut", "harvest", "lantern", "valley",
    "stone", "market", "window", "garden", "journey", "morning", "shepherd", "carpet", "willow",
    "spring", "teacher", "village", "letter", "season", "kettle",
];

/// The first posts; beyond the usual hundred, the users begin again.
pub(super) fn posts(count: u64) -> Value {
    (1..=count).map(post).collect()
}

/// The document of each user.
pub(super) fn users() -> Vec<Bytes> {
    (1..=USERS)
        .map(|id| Bytes::from(user(id).to_string()))
        .collect()
}

/// The one of the user with this id.
pub(super) fn of_user<T>(users: &[T], id: u64) -> Option<&T> {
    users.get(usize::try_from(id.checked_sub(1)?).ok()?)
}

/// Who wrote a post.
pub(super) fn author(post: u64) -> u64 {
    (post - 1) / (POSTS / USERS) % USERS + 1
}

pub(super) fn post(id: u64) -> Value {
    json!({
        "userId": author(id),
        "id": id,
        "title": words(id, 6),
        "body": words(id + 1_000, 24),
    })
}

pub(super) fn user(id: u64) -> Value {
    let name = words(id + 2_000, 2);
    let login = name.replace(' ', ".");
    json!({
        "id": id,
        "name": name,
        "username": login,
        "email": format!("{login}@posts.example"),
        "address": {
            "street": words(id + 3_000, 2),
            "suite": format!("Flat {id}"),
            "city": words(id + 4_000, 1),
            "zipcode": format!("1900{id:02}"),
            "geo": { "lat": "34.0837", "lng": "74.7973" },
        },
        "phone": format!("0194-555-01{id:02}"),
        "website": format!("{login}.example"),
        "company": {
            "name": words(id + 5_000, 2),
            "catchPhrase": words(id + 6_000, 4),
            "bs": words(id + 7_000, 3),
        },
    })
}

/// `count` words that depend on `seed` alone (the steps of a 64-bit linear congruential generator).
pub(super) fn words(seed: u64, count: usize) -> String {
    let mut state = seed;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        WORDS[(state >> 33) as usize % WORDS.len()]
    };
    let words: Vec<&str> = (0..count).map(|_| next()).collect();
    words.join(" ")
}
