//! Merges the payloads of an incremental response, as the working draft of the specification says, and checks them on the way:
//! ids are announced before they are used, nothing is sent twice, and everything that is announced is completed.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// What has been merged so far.
#[derive(Default)]
pub(crate) struct Merged {
    data: Value,
    errors: Vec<Value>,
    /// The paths of what is pending, by id.
    pending: BTreeMap<String, Vec<Value>>,
    payloads: usize,
    ended: bool,
}

impl Merged {
    /// Adds the next payload.
    ///
    /// # Errors
    /// It is not what may follow.
    pub(crate) fn add(&mut self, payload: &Value) -> Result<(), String> {
        ensure(!self.ended, "a payload after the last one", payload)?;
        self.payloads += 1;
        let is_first = self.payloads == 1;
        ensure(payload.get("data").is_some() == is_first, "data", payload)?;
        if is_first {
            self.data = payload["data"].clone();
        }
        self.add_errors(payload);
        for pending in list(payload, "pending") {
            let path = elements(&pending["path"]);
            let known = self.pending.insert(pending["id"].to_string(), path);
            ensure(known.is_none(), "announced twice", pending)?;
        }
        for part in list(payload, "incremental") {
            self.add_part(part)?;
        }
        // What is deferred within a part is announced with it.
        for pending in list(payload, "pending") {
            let target = at(&mut self.data, &elements(&pending["path"]));
            let is_there = target.is_some_and(|one| one.is_object() || one.is_array());
            ensure(is_there, "no object and no list", pending)?;
        }
        for completed in list(payload, "completed") {
            let known = self.pending.remove(&completed["id"].to_string());
            ensure(known.is_some(), "not pending", completed)?;
            self.add_errors(completed);
        }
        self.ended = payload.get("hasNext") != Some(&Value::Bool(true));
        ensure(self.pending.is_empty() == self.ended, "hasNext", payload)
    }

    fn add_part(&mut self, part: &Value) -> Result<(), String> {
        let Some(mut path) = self.pending.get(&part["id"].to_string()).cloned() else {
            return ensure(false, "not pending", part);
        };
        if let Some(items) = part["items"].as_array() {
            let Some(Value::Array(list)) = at(&mut self.data, &path) else {
                return ensure(false, "no list", part);
            };
            list.extend(items.iter().cloned());
            self.add_errors(part);
            return Ok(());
        }
        path.extend(elements(&part["subPath"]));
        let target = at(&mut self.data, &path).and_then(Value::as_object_mut);
        let (Some(target), Some(data)) = (target, part["data"].as_object()) else {
            return ensure(false, "no object", part);
        };
        for (name, value) in data {
            let known = target.insert(name.clone(), value.clone());
            ensure(known.is_none(), "sent twice", part)?;
        }
        self.add_errors(part);
        Ok(())
    }

    fn add_errors(&mut self, of: &Value) {
        self.errors.extend(list(of, "errors").iter().cloned());
    }

    /// How many payloads there were.
    pub(crate) fn payloads(&self) -> usize {
        self.payloads
    }

    /// The answer: `data`, and `errors` if there are any.
    ///
    /// # Errors
    /// The last payload says that more follow.
    pub(crate) fn into_answer(self) -> Result<Value, String> {
        ensure(self.ended, "no last payload", &self.data)?;
        let mut answer = Map::new();
        answer.insert("data".to_owned(), self.data);
        if !self.errors.is_empty() {
            answer.insert("errors".to_owned(), Value::Array(self.errors));
        }
        Ok(Value::Object(answer))
    }
}

fn ensure(is_so: bool, what: &str, of: &Value) -> Result<(), String> {
    match is_so {
        true => Ok(()),
        false => Err(format!("{what}: {of}")),
    }
}

fn at<'v>(data: &'v mut Value, path: &[Value]) -> Option<&'v mut Value> {
    path.iter().try_fold(data, |value, step| match step {
        Value::String(name) => value.get_mut(name.as_str()),
        index => value.get_mut(index.as_u64()? as usize),
    })
}

fn list<'v>(of: &'v Value, name: &str) -> &'v [Value] {
    let list = of.get(name).and_then(Value::as_array);
    list.map_or(&[], Vec::as_slice)
}

fn elements(path: &Value) -> Vec<Value> {
    path.as_array().cloned().unwrap_or_default()
}
