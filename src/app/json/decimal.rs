//! Numbers of JSON as they are spelled: compared exactly, however many digits they have.

use std::cmp::Ordering;

/// An exponent further from zero is not read: a number has not that many digits.
const MAX_EXPONENT: i64 = i64::MAX / 4;

/// A decimal number: 0.DIGITS times ten to the power of the exponent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decimal {
    negative: bool,
    exponent: i64,
    /// Without zeros before and after; none for 0, which is neither negative nor has an exponent.
    digits: String,
}

impl Decimal {
    /// The number that `spelling` stands for in JSON; `None` if it is none, or its exponent is absurd.
    #[must_use]
    pub(crate) fn parse(spelling: &str) -> Option<Self> {
        let (mantissa, exponent) = spelling.split_once(['e', 'E']).unwrap_or((spelling, "0"));
        let (negative, mantissa) = mantissa.strip_prefix('-').map_or((false, mantissa), |rest| (true, rest));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = [whole, fraction].concat();
        if whole.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let digits = all.trim_start_matches('0');
        let leading_zeros = i64::try_from(all.len() - digits.len()).ok()?;
        let digits = digits.trim_end_matches('0');
        if digits.is_empty() {
            return Some(Self { negative: false, exponent: 0, digits: String::new() });
        }
        let exponent: i64 = exponent.parse().ok()?;
        if exponent.abs() > MAX_EXPONENT {
            return None;
        }
        let exponent = exponent + i64::try_from(whole.len()).ok()? - leading_zeros;
        Some(Self { negative, exponent, digits: digits.to_owned() })
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let sign = |number: &Self| match number.digits.as_str() {
            "" => 0,
            _ if number.negative => -1,
            _ => 1,
        };
        // Of two fractions that begin alike, the one with more digits is greater, as of two texts.
        let magnitude = || (self.exponent, &self.digits).cmp(&(other.exponent, &other.digits));
        sign(self)
            .cmp(&sign(other))
            .then_with(|| if self.negative { magnitude().reverse() } else { magnitude() })
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decimal(spelling: &str) -> Decimal {
        Decimal::parse(spelling).unwrap()
    }

    #[test]
    fn spellings_of_one_number_are_one_number() {
        for (a, b) in [
            ("1", "1.0"),
            ("100", "1e2"),
            ("0.01", "1E-2"),
            ("0", "-0.00e99999999999999999999"),
            ("-120", "-0.12e+3"),
            ("18446744073709551617", "18446744073709551617.000"),
        ] {
            assert_eq!(decimal(a), decimal(b));
        }
    }

    #[test]
    fn digits_beyond_those_of_a_double_count() {
        for (less, more) in [
            ("9007199254740992", "9007199254740993"),
            ("18446744073709551616", "18446744073709551617"),
            ("-18446744073709551617", "-18446744073709551616"),
            ("0.1", "0.10000000000000000001"),
            ("-1e400", "1e-400"),
            ("1e-400", "2e-400"),
            ("-1", "0"),
            ("0", "1e-9"),
        ] {
            assert!(decimal(less) < decimal(more), "{less} {more}");
        }
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in ["", "-", "x", "1e", "1x", ".5", "+1", "1e99999999999999999999", "--1", "1.-1"] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn integers_are_ordered_as_integers_and_fractions_as_what_they_are_of(
            a in any::<i64>(), b in any::<i64>(), places in 0..30_usize,
        ) {
            let spelled = |number: i64| {
                let digits = format!("{:0>1$}", number.unsigned_abs(), places + 1);
                let (whole, fraction) = digits.split_at(digits.len() - places);
                format!("{}{whole}{}{fraction}", if number < 0 { "-" } else { "" }, if places > 0 { "." } else { "" })
            };
            prop_assert_eq!(decimal(&a.to_string()).cmp(&decimal(&b.to_string())), a.cmp(&b));
            prop_assert_eq!(decimal(&spelled(a)).cmp(&decimal(&spelled(b))), a.cmp(&b));
            prop_assert_eq!(decimal(&spelled(a)), decimal(&format!("{a}e-{places}")));
        }
    }
}
