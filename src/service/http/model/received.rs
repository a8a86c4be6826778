//! What stands where in a request.

use serde_json::{Map, Value};

use super::super::exception::Exception;
use super::table::{Input, Model, Number, Place, Shape};

/// What a request holds, each member by how it is spelled in its place.
#[derive(Debug, Default)]
pub(in super::super) struct Received {
    pub(in super::super) path: Map<String, Value>,
    pub(in super::super) query: Map<String, Value>,
    pub(in super::super) headers: Map<String, Value>,
    pub(in super::super) body: Map<String, Value>,
}

impl Received {
    pub(super) fn in_place(&self, place: Place) -> &Map<String, Value> {
        match place {
            Place::Path => &self.path,
            Place::Query => &self.query,
            Place::Header => &self.headers,
            Place::Body => &self.body,
        }
    }

    fn in_place_mut(&mut self, place: Place) -> &mut Map<String, Value> {
        match place {
            Place::Path => &mut self.path,
            Place::Query => &mut self.query,
            Place::Header => &mut self.headers,
            Place::Body => &mut self.body,
        }
    }
}

impl Model {
    /// Puts what stands as text in the path, the query or a header among what was received; false where the
    /// operation has no such member.
    pub(in super::super) fn receive(
        &self,
        input: &Input,
        received: &mut Received,
        place: Place,
        spelled: &str,
        text: &str,
    ) -> Result<bool, Exception> {
        let found = input.members.iter().find(|member| member.place == place && member.spelled == spelled);
        let Some(member) = found else { return Ok(false) };
        let value = read(self.shape(member.shape), text)?;
        received.in_place_mut(place).insert(spelled.to_owned(), value);
        Ok(true)
    }
}

fn read(shape: &Shape, text: &str) -> Result<Value, Exception> {
    let (value, kind) = match shape {
        Shape::Boolean => (text.parse().ok().map(Value::Bool), "Boolean"),
        Shape::Number(Number::Integer, _) => (text.parse::<i32>().ok().map(Value::from), "Integer"),
        Shape::Number(Number::Long, _) => (text.parse::<i64>().ok().map(Value::from), "Long"),
        Shape::Number(Number::Double, _) => (text.parse::<f64>().ok().map(Value::from), "Double"),
        _ => (Some(Value::from(text)), "String"),
    };
    value.ok_or_else(|| Exception::serialization(format!("'{text}' can not be converted to {kind}")))
}
