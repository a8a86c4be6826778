//! Pages of long lists: `maxResults` in, an opaque token for the next page out.

use std::fmt::Display;
use std::str::FromStr;

use super::Rejected;

/// The page that a request asks for. `K` is what the list is sorted by; a token names the last one listed.
#[derive(Debug, Clone)]
pub(crate) struct Page<K> {
    size: usize,
    /// Only what comes behind it.
    pub(crate) after: Option<K>,
}

impl<K: FromStr + Display> Page<K> {
    /// Reads `maxResults` and `nextToken`.
    pub(crate) fn read(max_results: i64, next_token: Option<&str>) -> Result<Self, Rejected> {
        let size = usize::try_from(max_results).unwrap_or(1);
        let after = next_token.map(decode).transpose()?;
        Ok(Self { size, after })
    }

    /// The first entries of `rest`, as many as fit, and the token where there are more.
    pub(crate) fn cut<T>(
        &self,
        rest: impl IntoIterator<Item = T>,
        key: impl Fn(&T) -> K,
    ) -> (Vec<T>, Option<String>) {
        let mut rest = rest.into_iter();
        let entries: Vec<T> = rest.by_ref().take(self.size).collect();
        let more = rest.next().is_some();
        let token = entries.last().filter(|_| more).map(|last| encode(&key(last)));
        (entries, token)
    }
}

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Hexadecimal, so that nobody builds tokens by hand.
fn encode(key: &impl Display) -> String {
    key.to_string().bytes().fold(String::new(), |mut token, byte| {
        token.extend([byte >> 4, byte & 15].map(|digit| char::from(HEX[usize::from(digit)])));
        token
    })
}

fn decode<K: FromStr>(token: &str) -> Result<K, Rejected> {
    let invalid = || Rejected::InvalidRequest("Next token is invalid.".to_owned());
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, rest) = token.as_bytes().as_chunks::<2>();
    let byte = |pair: &[u8; 2]| Some(digit(pair[0])? << 4 | digit(pair[1])?);
    let bytes: Option<Vec<u8>> = pairs.iter().map(byte).collect();
    let text = bytes.filter(|_| rest.is_empty()).and_then(|bytes| String::from_utf8(bytes).ok());
    text.and_then(|text| text.parse().ok()).ok_or_else(invalid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_leads_to_the_next_page() {
        let first: Page<u64> = Page::read(2, None).unwrap();
        let (entries, token) = first.cut([1, 2, 3], |entry| *entry);
        assert_eq!(entries, [1, 2]);
        let second: Page<u64> = Page::read(2, token.as_deref()).unwrap();
        assert_eq!(second.after, Some(2));
        assert_eq!(second.cut([3], |entry| *entry), (vec![3], None));
    }

    #[test]
    fn a_token_that_was_made_up_is_refused() {
        for token in ["", "3", "zz", "é", "31", "ff"] {
            let page = Page::<u64>::read(2, Some(token));
            if token == "31" {
                assert_eq!(page.unwrap().after, Some(1));
            } else {
                assert_eq!(page.unwrap_err().to_string(), "Next token is invalid.", "{token}");
            }
        }
    }
}
