//! Values of settings, as files and variables have them.

use std::collections::BTreeMap;
use std::ffi::OsStr;

use toml::{Table, Value};

use super::Failure;

/// `[section] key` as `section.key`.
pub(super) fn flattened(table: &Table) -> BTreeMap<String, Value> {
    let mut out = BTreeMap::new();
    for (key, value) in table {
        match value {
            Value::Table(inner) => {
                out.extend(
                    flattened(inner).into_iter().map(|(below, value)| (format!("{key}.{below}"), value)),
                );
            }
            value => {
                out.insert(key.clone(), value.clone());
            }
        }
    }
    out
}

pub(super) fn insert(table: &mut Table, key: &str, value: Value) {
    match key.split_once('.') {
        None => {
            table.insert(key.to_owned(), value);
        }
        Some((section, key)) => {
            let inner = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(inner) = inner {
                insert(inner, key, value);
            }
        }
    }
}

/// Refuses a value of another kind than the setting has.
pub(super) fn fits(key: &str, value: &Value, like: &Value, source: &str) -> Result<(), Failure> {
    let needed = match (like, value) {
        (Value::Integer(_), Value::Integer(0..))
        | (Value::String(_), Value::String(_))
        | (Value::Boolean(_), Value::Boolean(_)) => return Ok(()),
        (Value::Array(_), Value::Array(values)) if values.iter().all(Value::is_str) => return Ok(()),
        (Value::Array(_), _) => "a list of texts in brackets",
        (Value::Integer(_), _) => "a whole number, 0 or more",
        (Value::Boolean(_), _) => "`true` or `false`",
        _ => "a text in quotes",
    };
    Err(Failure::usage(format!("`{key}` is {value}: {needed} is needed ({source})")))
}

/// A variable's text as the type that the setting has.
pub(super) fn typed(name: &str, text: &OsStr, like: &Value) -> Result<Value, Failure> {
    let wrong = |needed: &str| {
        let shown = text.display();
        Failure::usage(format!("the environment variable {name} is `{shown}`: {needed} is needed"))
    };
    let text = text.to_str().ok_or_else(|| wrong("UTF-8"))?;
    match like {
        Value::Integer(_) => {
            text.replace('_', "").parse().map(Value::Integer).map_err(|_| wrong("a whole number"))
        }
        Value::Boolean(_) => text.parse().map(Value::Boolean).map_err(|_| wrong("`true` or `false`")),
        Value::Array(_) => {
            let items = text.split([',', ' ']).filter(|item| !item.is_empty());
            Ok(Value::Array(items.map(|item| Value::String(item.to_owned())).collect()))
        }
        _ => Ok(Value::String(text.to_owned())),
    }
}
