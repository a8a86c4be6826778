//! `model.txt`: one shape after the other, with its members below it.
//!
//! ```text
//! input iot CancelJob                              an operation, by its plane
//!   jobId* JobId uri                               * required
//!   mqtt5Configuration! Mqtt5Configuration         ! refused by name
//!   ascendingOrder boolean query isAscendingOrder  spelled so in its place
//! structure Tag
//!   Key* TagKey
//! string TagKey 1..128 [a-z]+                      length and pattern
//! ```

use std::collections::HashMap;
use std::str::{FromStr, SplitWhitespace};

use super::super::plane::Plane;
use super::pattern::Pattern;

const TABLE: &str = include_str!("model.txt");

/// What all offered operations take.
#[derive(Debug)]
pub(in super::super) struct Model {
    inputs: HashMap<(&'static str, &'static str), Input>,
    shapes: HashMap<&'static str, Shape>,
}

/// What one operation takes.
#[derive(Debug, Default)]
pub(in super::super) struct Input {
    pub(super) operation: &'static str,
    pub(super) members: Vec<Member>,
}

/// A member of an input or of a structure.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) name: &'static str,
    pub(super) shape: &'static str,
    pub(super) is_required: bool,
    pub(super) is_offered: bool,
    pub(super) place: Place,
    /// How it is spelled there.
    pub(super) spelled: &'static str,
}

/// A place in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Place {
    Path,
    Query,
    Header,
    Body,
}

/// What a value is like.
#[derive(Debug)]
pub(super) enum Shape {
    Boolean,
    Number(Number, Bounds<f64>),
    Text(Text),
    Enumeration(Vec<&'static str>),
    List { size: Bounds<usize>, entry: &'static str },
    Map { key: &'static str, value: &'static str },
    Structure(Vec<Member>),
}

/// The numbers of Java.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Number {
    Integer,
    Long,
    Double,
}

/// A text and its limits.
#[derive(Debug, Default)]
pub(super) struct Text {
    pub(super) length: Bounds<usize>,
    pub(super) pattern: Option<Pattern>,
    /// AWS does not say what it was given.
    pub(super) is_unquoted: bool,
}

/// The least and the most of something; the limits keep the spelling of the model.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Bounds<T> {
    pub(super) least: Option<(T, &'static str)>,
    pub(super) most: Option<(T, &'static str)>,
}

impl Model {
    pub(in super::super) fn read() -> Self {
        let mut model = Self { inputs: HashMap::new(), shapes: plain_shapes() };
        let mut lines = TABLE.lines().peekable();
        while let Some(line) = lines.next() {
            let members = std::iter::from_fn(|| lines.next_if(|line| line.starts_with(' ')));
            model.add(line, members.map(Member::parse).collect());
        }
        model
    }

    /// What an operation takes, if it is one that is offered.
    pub(in super::super) fn input(&self, plane: Plane, operation: &'static str) -> Option<&Input> {
        self.inputs.get(&(plane.signing_name(), operation))
    }

    pub(super) fn shape(&self, name: &str) -> &Shape {
        self.shapes.get(name).expect("a test looks up every shape that the table names")
    }

    fn add(&mut self, line: &'static str, members: Vec<Member>) {
        let mut words = line.split_whitespace();
        let mut word = || words.next().expect("the lines of the table are complete");
        let (kind, name) = (word(), word());
        if kind == "input" {
            let operation = word();
            self.inputs.insert((name, operation), Input { operation, members });
        } else {
            self.shapes.insert(name, Shape::parse(kind, words, members));
        }
    }
}

/// Those of the types that limit nothing.
fn plain_shapes() -> HashMap<&'static str, Shape> {
    let number = |number| Shape::Number(number, Bounds::default());
    HashMap::from([
        ("boolean", Shape::Boolean),
        ("integer", number(Number::Integer)),
        ("long", number(Number::Long)),
        ("double", number(Number::Double)),
        ("string", Shape::Text(Text::default())),
    ])
}

impl Shape {
    fn parse(kind: &str, mut words: SplitWhitespace<'static>, members: Vec<Member>) -> Self {
        if kind == "enum" {
            return Self::Enumeration(words.collect());
        }
        if kind == "structure" {
            return Self::Structure(members);
        }
        let first = words.next().expect("a shape has limits or parts");
        let second = words.next();
        match kind {
            "integer" => Self::Number(Number::Integer, Bounds::parse(first)),
            "long" => Self::Number(Number::Long, Bounds::parse(first)),
            "double" => Self::Number(Number::Double, Bounds::parse(first)),
            "list" => Self::List { size: Bounds::parse(first), entry: second.expect("a list has entries") },
            "map" => Self::Map { key: first, value: second.expect("a map has values") },
            _ => Self::Text(Text {
                length: Bounds::parse(first),
                pattern: second.map(Pattern::new),
                is_unquoted: kind == "unquoted",
            }),
        }
    }
}

impl Member {
    fn parse(line: &'static str) -> Self {
        let mut words = line.split_whitespace();
        let marked = words.next().expect("a member has a name");
        let name = marked.trim_end_matches(['*', '!']);
        Self {
            name,
            shape: words.next().expect("a member has a shape"),
            is_required: marked.contains('*'),
            is_offered: !marked.contains('!'),
            place: words.next().map_or(Place::Body, Place::parse),
            spelled: words.next().unwrap_or(name),
        }
    }
}

impl Place {
    fn parse(word: &str) -> Self {
        match word {
            "uri" => Self::Path,
            "query" => Self::Query,
            "header" => Self::Header,
            other => unreachable!("{other} is no place of a member"),
        }
    }
}

impl<T: FromStr> Bounds<T> {
    fn parse(word: &'static str) -> Self {
        let bound = |text: &'static str| text.parse().ok().map(|bound| (bound, text));
        let (least, most) = word.split_once("..").expect("two bounds have dots between them");
        Self { least: bound(least), most: bound(most) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::{control, data};
    use super::*;

    #[test]
    fn the_table_has_every_offered_operation() {
        let model = Model::read();
        let control = control::HANDLERS.iter().copied().flatten().map(|(name, _)| (Plane::Control, *name));
        let data = data::HANDLERS.iter().map(|(name, _)| (Plane::Data, *name));
        for (plane, name) in control.chain(data) {
            let line = format!("{plane:?} {name}: run tests/python/model_table.py");
            assert_eq!(model.input(plane, name).expect(&line).operation, name);
        }
    }

    #[test]
    fn the_table_has_every_shape_that_it_names() {
        let model = Model::read();
        let inputs = model.inputs.values().flat_map(|input| &input.members);
        let structures = model.shapes.values().flat_map(|shape| match shape {
            Shape::Structure(members) => members.as_slice(),
            _ => &[],
        });
        for member in inputs.chain(structures) {
            model.shape(member.shape);
        }
        for shape in model.shapes.values() {
            match shape {
                Shape::List { entry, .. } => {
                    model.shape(entry);
                }
                Shape::Map { key, value } => {
                    model.shape(key);
                    model.shape(value);
                }
                Shape::Text(Text { pattern: Some(pattern), .. }) => assert!(!pattern.fits("\u{7}")),
                _ => {}
            }
        }
    }
}
