//! JSON of another type than the model's, refused in the words of AWS's parser, and members that are none of the
//! model's, which AWS ignores.

use serde_json::{Map, Value};

use super::super::exception::Exception;
use super::table::{Input, Member, Model, Number, Place, Shape};

const OBJECT: &str = "Start of structure or map found where not expected";
const LIST: &str = "Start of list found where not expected";
const SCALAR: &str = "Unexpected field type";

/// How many ignored members are told.
const TOLD: usize = 16;

impl Model {
    /// The paths of the members of a body that the model does not have, up to the first of another type.
    pub(in super::super) fn unknown_members(&self, input: &Input, body: &Map<String, Value>) -> Vec<String> {
        let mut unknown = Vec::new();
        // Of another type: that is for `check` to say.
        let _ = self.check_types(&input.members, &mut body.clone(), "", &mut unknown);
        unknown
    }

    /// Refuses members in a body of another type; takes out those that are null, which are absent, and those that the
    /// model does not have, and notes the paths of these in `ignored`.
    pub(super) fn check_types(
        &self,
        members: &[Member],
        values: &mut Map<String, Value>,
        prefix: &str,
        ignored: &mut Vec<String>,
    ) -> Result<(), Exception> {
        let known =
            |name: &str| members.iter().find(|member| member.place == Place::Body && member.spelled == name);
        let unknown = values.keys().filter(|name| known(name).is_none());
        ignored.extend(unknown.map(|name| format!("{prefix}{name}")).take(TOLD - ignored.len().min(TOLD)));
        values.retain(|name, value| known(name).is_some() && !value.is_null());
        values.iter_mut().try_for_each(|(name, value)| match known(name) {
            Some(member) => self.check_type(member.shape, value, &format!("{prefix}{name}."), ignored),
            None => Ok(()),
        })
    }

    fn check_type(
        &self,
        shape: &str,
        value: &mut Value,
        prefix: &str,
        ignored: &mut Vec<String>,
    ) -> Result<(), Exception> {
        match (self.shape(shape), value) {
            (_, Value::Null) => Ok(()),
            (Shape::Structure(members), Value::Object(values)) => {
                self.check_types(members, values, prefix, ignored)
            }
            (Shape::Map { value: shape, .. }, Value::Object(values)) => {
                values.iter_mut().try_for_each(|(key, value)| {
                    self.check_type(shape, value, &format!("{prefix}{key}."), ignored)
                })
            }
            (Shape::List { entry, .. }, Value::Array(entries)) => {
                entries.iter_mut().try_for_each(|value| self.check_type(entry, value, prefix, ignored))
            }
            (_, Value::Object(_)) => Err(Exception::serialization(OBJECT)),
            (_, Value::Array(_)) => Err(Exception::serialization(LIST)),
            (shape, scalar) => check_scalar(shape, scalar),
        }
    }
}

fn check_scalar(shape: &Shape, scalar: &Value) -> Result<(), Exception> {
    let kind = match (shape, scalar) {
        (Shape::Boolean, Value::Bool(_))
        | (Shape::Text(_) | Shape::Enumeration(_), Value::String(_))
        | (Shape::Number(Number::Double, _), Value::Number(_)) => return Ok(()),
        (Shape::Number(Number::Integer, _), value)
            if value.as_i64().is_some_and(|v| i32::try_from(v).is_ok()) =>
        {
            return Ok(());
        }
        (Shape::Number(Number::Long, _), Value::Number(number)) if number.is_i64() => return Ok(()),
        (Shape::Boolean, Value::String(_)) => {
            return Err(Exception::serialization("Unexpected token received from parser"));
        }
        (Shape::Boolean, _) => "Boolean",
        (Shape::Text(_) | Shape::Enumeration(_), _) => "String",
        (Shape::Number(Number::Integer, _), _) => "Integer",
        (Shape::Number(Number::Long, _), _) => "Long",
        (Shape::Number(Number::Double, _), _) => "Double",
        _ => return Err(Exception::serialization(SCALAR)),
    };
    let token = match scalar {
        Value::Bool(true) => "TRUE_VALUE",
        Value::Bool(false) => "FALSE_VALUE",
        Value::Number(number) if number.is_f64() => "DECIMAL_VALUE",
        Value::Number(_) => "NUMBER_VALUE",
        _ => "STRING_VALUE",
    };
    Err(Exception::serialization(format!("{token} cannot be converted to {kind}")))
}
