//! Readable JSON: a value that fits into a line is written in one line. Order and digits stay.

use sangam::document::Value;

/// The maximum length of a line.
const WIDTH: usize = 110;

pub(crate) fn pretty(value: &Value) -> String {
    let mut out = String::new();
    write(value, 0, &mut out);
    out.push('\n');
    out
}

fn write(value: &Value, depth: usize, out: &mut String) {
    let flat = flat(value);
    if flat.len() + 2 * depth <= WIDTH {
        out.push_str(&flat);
        return;
    }
    let indent = "  ".repeat(depth + 1);
    let mut first = true;
    let mut begin = |out: &mut String| {
        if !std::mem::take(&mut first) {
            out.push(',');
        }
        out.push('\n');
        out.push_str(&indent);
    };
    match value {
        Value::Array(items) => {
            out.push('[');
            for item in items.iter() {
                begin(out);
                write(item, depth + 1, out);
            }
        }
        Value::Object(members) => {
            out.push('{');
            for (name, member) in members.iter() {
                begin(out);
                out.push_str(&format!("\"{name}\": "));
                write(member, depth + 1, out);
            }
        }
        _ => return out.push_str(&flat),
    }
    out.push('\n');
    out.push_str(&"  ".repeat(depth));
    out.push(if matches!(value, Value::Array(_)) {
        ']'
    } else {
        '}'
    });
}

fn flat(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(flat).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(members) => {
            let members: Vec<String> = members
                .iter()
                .map(|(name, member)| format!("\"{name}\": {}", flat(member)))
                .collect();
            if members.is_empty() {
                return "{}".to_owned();
            }
            format!("{{ {} }}", members.join(", "))
        }
        leaf => {
            let mut text = Vec::new();
            leaf.write_json(&mut text);
            String::from_utf8_lossy(&text).into_owned()
        }
    }
}
