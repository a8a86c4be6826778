//! Members of a request, read as an operation wants them.

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{DeserializeOwned, Deserializer, Error as _, IntoDeserializer, Unexpected, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Error, Map, Value};

use super::exception::Exception;
use crate::service::json_words::why_not_fitting;

/// Reads members as a request, or names the one that cannot be read.
pub(super) fn read<T: DeserializeOwned>(members: &Map<String, Value>) -> Result<T, Exception> {
    T::deserialize(object(members)).map_err(|error| {
        let reason = error.to_string();
        let fails_alike = |(name, value): &(&String, &Value)| {
            let alone = Map::from_iter([((*name).clone(), (*value).clone())]);
            T::deserialize(object(&alone)).is_err_and(|error| error.to_string() == reason)
        };
        let why = why_not_fitting(&error);
        Exception::invalid_request(match members.iter().find(fails_alike) {
            Some((name, _)) => format!("the member '{name}' cannot be read: {why}"),
            None => format!("the request cannot be read: {why}"),
        })
    })
}

type Members<'a> = MapDeserializer<'a, Box<dyn Iterator<Item = (&'a str, Json<'a>)> + 'a>, Error>;

fn object(members: &Map<String, Value>) -> Members<'_> {
    MapDeserializer::new(Box::new(members.iter().map(|(name, value)| (name.as_str(), Json(value)))))
}

/// A value in which no list is an object: serde takes a list for a struct's members in their order, AWS does not.
#[derive(Clone, Copy)]
struct Json<'a>(&'a Value);

impl<'a> IntoDeserializer<'a, Error> for Json<'a> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Json<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Array(list) => visitor.visit_seq(SeqDeserializer::new(list.iter().map(Json))),
            Value::Object(members) => visitor.visit_map(object(members)),
            scalar => scalar.deserialize_any(visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.0 {
            Value::Array(_) => Err(Error::invalid_type(Unexpected::Seq, &visitor)),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq
        tuple tuple_struct map identifier ignored_any
    }
}
