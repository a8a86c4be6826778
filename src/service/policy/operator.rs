//! The operators of conditions: how one value of a request is compared with one value of a policy.
//!
//! AWS: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>

use std::cmp::Ordering;
use std::net::IpAddr;

use time::format_description::well_known::{Iso8601, Rfc3339};
use time::{Date, OffsetDateTime};

use super::pattern::Pattern;
use super::variable::Context;

/// An operator without its `…IfExists` and its negation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Text,
    TextIgnoringCase,
    TextWithWildcards,
    Arn,
    Address,
    Number(Comparison),
    Date(Comparison),
    /// Whether the request has no value for the key.
    Null,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A value of a policy, ready to be compared.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Operand {
    Text(Pattern),
    TextIgnoringCase(Pattern),
    /// The six parts of an ARN, each with wildcards of its own.
    Arn(Vec<Pattern>),
    Network {
        address: IpAddr,
        prefix: u32,
    },
    Number(Comparison, f64),
    Date(Comparison, OffsetDateTime),
    Null(bool),
}

impl Operator {
    /// The operator with this name, and whether it is negated.
    pub(super) fn named(name: &str) -> Option<(Self, bool)> {
        if let Some(comparison) = name.strip_prefix("Numeric") {
            return Comparison::named(comparison)
                .map(|(comparison, negated)| (Self::Number(comparison), negated));
        }
        if let Some(comparison) = name.strip_prefix("Date") {
            return Comparison::named(comparison)
                .map(|(comparison, negated)| (Self::Date(comparison), negated));
        }
        Some(match name {
            "StringEquals" => (Self::Text, false),
            "StringNotEquals" => (Self::Text, true),
            "StringEqualsIgnoreCase" | "Bool" => (Self::TextIgnoringCase, false),
            "StringNotEqualsIgnoreCase" => (Self::TextIgnoringCase, true),
            "StringLike" => (Self::TextWithWildcards, false),
            "StringNotLike" => (Self::TextWithWildcards, true),
            "ArnEquals" | "ArnLike" => (Self::Arn, false),
            "ArnNotEquals" | "ArnNotLike" => (Self::Arn, true),
            "IpAddress" => (Self::Address, false),
            "NotIpAddress" => (Self::Address, true),
            "Null" => (Self::Null, false),
            _ => return None,
        })
    }

    /// Reads a value of a policy; `None` where it is none for this operator.
    pub(super) fn operand(self, text: &str) -> Option<Operand> {
        Some(match self {
            Self::Text => Operand::Text(Pattern::parse_without_wildcards(text)),
            Self::TextIgnoringCase => Operand::TextIgnoringCase(Pattern::parse_without_wildcards(text)),
            Self::TextWithWildcards => Operand::Text(Pattern::parse(text)),
            Self::Arn => Operand::Arn(parts_of_arn(text).map(Pattern::parse).collect()),
            Self::Address => network(text)?,
            Self::Number(comparison) => Operand::Number(comparison, number(text)?),
            Self::Date(comparison) => Operand::Date(comparison, date(text)?),
            Self::Null => Operand::Null(text.to_ascii_lowercase().parse().ok()?),
        })
    }

    /// What a value of a policy has to be, for a message.
    pub(super) fn expects(self) -> &'static str {
        match self {
            Self::Text | Self::TextIgnoringCase | Self::TextWithWildcards | Self::Arn => "a string",
            Self::Address => "an IP address or a range as 203.0.113.0/24",
            Self::Number(_) => "a number",
            Self::Date(_) => "a date as 2026-01-31T00:00:00Z",
            Self::Null => "true or false",
        }
    }
}

impl Comparison {
    fn named(name: &str) -> Option<(Self, bool)> {
        Some(match name {
            "Equals" => (Self::Equal, false),
            "NotEquals" => (Self::Equal, true),
            "LessThan" => (Self::Less, false),
            "LessThanEquals" => (Self::LessOrEqual, false),
            "GreaterThan" => (Self::Greater, false),
            "GreaterThanEquals" => (Self::GreaterOrEqual, false),
            _ => return None,
        })
    }

    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

impl Operand {
    /// Whether all variables in it stand for something.
    pub(super) fn resolves(&self, context: &Context) -> bool {
        match self {
            Self::Text(pattern) | Self::TextIgnoringCase(pattern) => pattern.resolves(context),
            Self::Arn(parts) => parts.iter().all(|part| part.resolves(context)),
            _ => true,
        }
    }

    /// Whether a value of the request compares with it as the operator says.
    pub(super) fn admits(&self, actual: &str, context: &Context) -> bool {
        match self {
            Self::Text(pattern) => pattern.matches(actual, context),
            Self::TextIgnoringCase(pattern) => {
                pattern.text(context).is_some_and(|text| text.eq_ignore_ascii_case(actual))
            }
            Self::Arn(parts) => {
                let actual: Vec<_> = actual.splitn(6, ':').collect();
                actual.len() == parts.len()
                    && actual.iter().zip(parts).all(|(actual, part)| part.matches(actual, context))
            }
            Self::Network { address, prefix } => {
                actual.parse().is_ok_and(|actual| is_within(actual, *address, *prefix))
            }
            Self::Number(comparison, wanted) => number(actual)
                .and_then(|actual| actual.partial_cmp(wanted))
                .is_some_and(|ordering| comparison.holds(ordering)),
            Self::Date(comparison, wanted) => {
                date(actual).is_some_and(|actual| comparison.holds(actual.cmp(wanted)))
            }
            // It is about whether there is a value.
            Self::Null(_) => false,
        }
    }
}

/// Divides an ARN at its first five colons that stand in no variable.
fn parts_of_arn(text: &str) -> impl Iterator<Item = &str> {
    let mut in_variable = false;
    text.splitn(6, move |character| {
        in_variable = character == '{' || (in_variable && character != '}');
        character == ':' && !in_variable
    })
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// A date in one of the forms of ISO 8601 that W3C profiles, or epoch seconds.
fn date(text: &str) -> Option<OffsetDateTime> {
    if let Ok(seconds) = text.parse() {
        return OffsetDateTime::from_unix_timestamp(seconds).ok();
    }
    let day = || Date::parse(text, &Iso8601::DATE).ok();
    OffsetDateTime::parse(text, &Rfc3339).ok().or_else(|| Some(day()?.midnight().assume_utc()))
}

fn network(text: &str) -> Option<Operand> {
    let (address, prefix) =
        text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
    let address: IpAddr = address.parse().ok()?;
    let longest = if address.is_ipv4() { 32 } else { 128 };
    let prefix =
        prefix.map_or(Some(longest), |prefix| prefix.parse().ok()).filter(|prefix| *prefix <= longest)?;
    Some(Operand::Network { address, prefix })
}

fn is_within(address: IpAddr, network: IpAddr, prefix: u32) -> bool {
    match (address.to_canonical(), network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            (u32::from(address) ^ u32::from(network)).checked_shr(32 - prefix).unwrap_or(0) == 0
        }
        (IpAddr::V6(address), IpAddr::V6(network)) => {
            (u128::from(address) ^ u128::from(network)).checked_shr(128 - prefix).unwrap_or(0) == 0
        }
        _ => false,
    }
}
