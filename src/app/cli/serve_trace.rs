//! `--trace` and `--trace-file` of `serve`: whether what clients do is told, in which form, and where.

use std::path::PathBuf;

use clap::Args;

use super::error::UsageError;
use super::key_material;
use super::options::{TraceFormat, TraceOptions};

#[derive(Debug, Args)]
pub(super) struct TraceArgs {
    /// Show every packet and every call on standard error: who sent what, the answer, and how long that took;
    /// --trace=json for one JSON object a line
    #[arg(
        long,
        env = "JOBS_SANDBOX_TRACE",
        hide_env_values = true,
        value_name = "FORM",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "text",
        value_parser = parse_form
    )]
    trace: Option<Form>,
    /// Write that to a file instead, and what was there before to FILE.1; neither grows beyond 10 MiB
    #[arg(long, env = "JOBS_SANDBOX_TRACE_FILE", hide_env_values = true, value_name = "FILE")]
    trace_file: Option<PathBuf>,
}

/// What `--trace` says; a variable can also say no.
#[derive(Debug, Clone, Copy)]
enum Form {
    Off,
    As(TraceFormat),
}

impl TraceArgs {
    pub(super) fn options(self) -> Result<Option<TraceOptions>, UsageError> {
        key_material::refuse_contents("--trace-file", self.trace_file.as_deref())?;
        let file = self.trace_file.filter(|file| !file.as_os_str().is_empty());
        let format = match self.trace {
            Some(Form::As(format)) => format,
            // To name a file is to want a trace.
            None if file.is_some() => TraceFormat::Text,
            Some(Form::Off) | None => return Ok(None),
        };
        Ok(Some(TraceOptions { format, file }))
    }
}

fn parse_form(text: &str) -> Result<Form, String> {
    match text {
        "text" | "on" | "true" | "1" => Ok(Form::As(TraceFormat::Text)),
        "json" => Ok(Form::As(TraceFormat::Json)),
        "" | "off" | "false" | "0" => Ok(Form::Off),
        _ => Err("write text or json, or off".into()),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Serve {
        #[command(flatten)]
        trace: TraceArgs,
    }

    fn options(arguments: &[&str]) -> Option<TraceOptions> {
        let arguments = std::iter::once(&"serve").chain(arguments);
        Serve::try_parse_from(arguments).unwrap().trace.options().unwrap()
    }

    #[test]
    fn a_file_alone_means_text_and_off_means_nothing() {
        let (text, json) = (TraceFormat::Text, TraceFormat::Json);
        let as_options =
            |format, file: Option<&str>| Some(TraceOptions { format, file: file.map(Into::into) });
        for (arguments, expected) in [
            (&[][..], None),
            (&["--trace"], as_options(text, None)),
            (&["--trace=json"], as_options(json, None)),
            (&["--trace-file", "t"], as_options(text, Some("t"))),
            (&["--trace=json", "--trace-file", "t"], as_options(json, Some("t"))),
            (&["--trace=off", "--trace-file", "t"], None),
            (&["--trace="], None),
        ] {
            assert_eq!(options(arguments), expected, "{arguments:?}");
        }
        assert!(Serve::try_parse_from(["serve", "--trace=xml"]).is_err());
        // What follows is not its value.
        assert!(Serve::try_parse_from(["serve", "--trace", "json"]).is_err());
    }
}
