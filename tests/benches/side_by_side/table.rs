//! Figures side by side, in Markdown.

use std::fmt::Write;
use std::time::Duration;

/// Which is better.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Better {
    Less,
    More,
}

/// A table whose first column of figures is ours; behind each other figure stands how many times better ours is.
pub(crate) struct Table {
    rows: Vec<(String, Better, Vec<Option<f64>>)>,
    head: String,
}

impl Table {
    pub(crate) fn new(title: &str, columns: &[&str]) -> Self {
        let head = format!("| {title} | {} |\n|---|{}\n", columns.join(" | "), "---:|".repeat(columns.len()));
        Self { rows: Vec::new(), head }
    }

    /// A figure of all, where it could be measured.
    pub(crate) fn row(&mut self, name: &str, better: Better, values: Vec<Option<f64>>) {
        self.rows.push((name.to_owned(), better, values));
    }

    pub(crate) fn render(&self) -> String {
        let mut text = self.head.clone();
        for (name, better, values) in &self.rows {
            let ours = values.first().copied().flatten();
            write!(text, "| {name} |").ok();
            for (column, value) in values.iter().enumerate() {
                let cell = value.map_or_else(|| "–".to_owned(), number);
                let ratio = ours.zip(*value).map(|(ours, theirs)| match better {
                    Better::Less => theirs / ours,
                    Better::More => ours / theirs,
                });
                let ratio = ratio.filter(|ratio| column > 0 && ratio.is_finite());
                let ratio = ratio.map_or_else(String::new, |ratio| format!(" (× {})", number(ratio)));
                write!(text, " {cell}{ratio} |").ok();
            }
            text.push('\n');
        }
        text
    }
}

/// Three digits, or all before the point.
pub(crate) fn number(value: f64) -> String {
    let digits = match value {
        value if value < 0.9995 => 3,
        value if value < 9.995 => 2,
        value if value < 99.95 => 1,
        _ => 0,
    };
    let text = format!("{value:.digits$}");
    match text.split_once('.') {
        Some((whole, rest)) => format!("{}.{rest}", grouped(whole)),
        None => grouped(&text),
    }
}

pub(crate) fn count(value: usize) -> String {
    grouped(&value.to_string())
}

/// Digits with a comma before each three.
fn grouped(digits: &str) -> String {
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

pub(crate) fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

pub(crate) fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
