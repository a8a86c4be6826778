//! Values of JSON as they are compared: the order of members and the spelling of numbers do not matter.

mod decimal;

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

pub(crate) use decimal::Decimal;

/// Values nested deeper are not read: each level takes a piece of the stack, and another pass over its content.
const MAX_DEPTH: usize = 128;

/// A value of JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number.
    Number(Decimal),
    /// A string.
    Text(String),
    /// An array.
    Array(Vec<Self>),
    /// An object; of members with the same name the last one counts.
    Object(BTreeMap<String, Self>),
}

/// What has an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Quantity {
    /// A number.
    Number(Decimal),
    /// A time, in epoch seconds.
    Time(Decimal),
}

impl Json {
    /// Reads a value.
    ///
    /// # Errors
    /// Why it cannot be compared; the words go on from "it".
    pub(crate) fn read(value: &RawValue) -> Result<Self, &'static str> {
        Self::read_nested(value.get(), MAX_DEPTH)
    }

    fn read_nested(json: &str, depth: usize) -> Result<Self, &'static str> {
        const NOT_JSON: &str = "is not JSON";
        let nested = |value: &&RawValue| {
            let depth = depth.checked_sub(1).ok_or("is nested too deeply")?;
            Self::read_nested(value.get(), depth)
        };
        let json = json.trim();
        Ok(match json.as_bytes().first() {
            Some(b'{') => {
                let members: BTreeMap<String, &RawValue> =
                    serde_json::from_str(json).map_err(|_| NOT_JSON)?;
                let members =
                    members.iter().map(|(name, value)| nested(value).map(|value| (name.clone(), value)));
                Self::Object(members.collect::<Result<_, _>>()?)
            }
            Some(b'[') => {
                let elements: Vec<&RawValue> = serde_json::from_str(json).map_err(|_| NOT_JSON)?;
                Self::Array(elements.iter().map(nested).collect::<Result<_, _>>()?)
            }
            Some(b'"') => Self::Text(serde_json::from_str(json).map_err(|_| "holds half a character")?),
            _ => match json {
                "null" => Self::Null,
                "true" => Self::Bool(true),
                "false" => Self::Bool(false),
                number => Self::Number(Decimal::parse(number).ok_or("is a number out of all bounds")?),
            },
        })
    }

    /// What it is if it has an order: a number, or a text that is a time as RFC 3339 writes it.
    #[must_use]
    pub(crate) fn quantity(&self) -> Option<Quantity> {
        match self {
            Self::Number(number) => Some(Quantity::Number(number.clone())),
            Self::Text(text) => {
                let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
                Decimal::parse(&format!("{}e-9", time.unix_timestamp_nanos())).map(Quantity::Time)
            }
            _ => None,
        }
    }

    /// Whether one is a text that reads like the other, which is a number, `true`, `false` or `null`.
    #[must_use]
    pub(crate) fn reads_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(text), other) | (other, Self::Text(text)) => match other {
                Self::Null => text == "null",
                Self::Bool(value) => *text == value.to_string(),
                Self::Number(number) => Decimal::parse(text).as_ref() == Some(number),
                Self::Text(_) | Self::Array(_) | Self::Object(_) => false,
            },
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Json, &'static str> {
        Json::read(serde_json::from_str(json).unwrap())
    }

    #[test]
    fn values_are_equal_as_json() {
        for (a, b, equal) in [
            (r#"{"a":1,"b":[true,null]}"#, r#" { "b" : [true , null], "a": 1.0 } "#, true),
            (r#"{"a":1}"#, r#"{"a":1,"b":null}"#, false),
            ("[1,2]", "[2,1]", false),
            (r#""\u0041""#, r#""A""#, true),
            ("1", r#""1""#, false),
            ("[18446744073709551616]", "[18446744073709551617]", false),
        ] {
            assert_eq!(read(a) == read(b), equal, "{a} {b}");
        }
    }

    #[test]
    fn what_cannot_be_compared_says_why() {
        let deep = format!("{}1{}", "[".repeat(60_000), "]".repeat(60_000));
        assert_eq!(read(&deep), Err("is nested too deeply"));
        assert_eq!(read("1e99999999999999999999"), Err("is a number out of all bounds"));
        assert_eq!(read(r#""\ud800""#), Err("holds half a character"));
    }

    #[test]
    fn times_of_all_zones_have_one_order() {
        let quantity = |text: &str| Json::Text(text.to_owned()).quantity();
        assert_eq!(quantity("1970-01-01T01:00:01.5+01:00"), Decimal::parse("1.5").map(Quantity::Time));
        assert_eq!(quantity("1969-12-31T23:59:59Z"), Decimal::parse("-1").map(Quantity::Time));
        assert_eq!(quantity("1970-01-01"), None);
        assert_eq!(Json::Null.quantity(), None);
    }

    #[test]
    fn a_text_may_read_like_something_else() {
        let text = |text: &str| Json::Text(text.to_owned());
        for (a, b, alike) in [
            (read("3").unwrap(), text("3.0"), true),
            (text("true"), Json::Bool(true), true),
            (text("null"), Json::Null, true),
            (text("x"), Json::Null, false),
            (text("3"), text("3"), false),
            (Json::Null, Json::Null, false),
        ] {
            assert_eq!(a.reads_like(&b), alike, "{a:?} {b:?}");
        }
    }
}
