//! Job templates managed by AWS: the same in every account, with parameters that CreateJob fills in.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/job-templates-managed.html>

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::paging::Page;
use super::settings::Settings;
use super::template::no_such_template;
use super::{Rejected, State};

/// The one version that AWS has published of each.
const VERSION: &str = "1.0";

/// The query of ListManagedJobTemplates.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ListManagedJobTemplatesQuery {
    /// Only the template of this name.
    pub template_name: Option<String>,
    /// 1 to 250.
    pub max_results: Option<i64>,
    /// From the page before.
    pub next_token: Option<String>,
}

/// The answer to ListManagedJobTemplates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListManagedJobTemplatesResponse {
    /// In the order of AWS's guide.
    pub managed_job_templates: Vec<ManagedJobTemplateSummary>,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// A managed job template in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ManagedJobTemplateSummary {
    /// `arn:aws:iot:<region>::jobtemplate/<name>:<version>`.
    pub template_arn: String,
    /// Such as `AWS-Reboot`.
    pub template_name: String,
    /// What it is for.
    pub description: String,
    /// Where its jobs run.
    pub environments: Vec<&'static str>,
    /// Such as `1.0`.
    pub template_version: &'static str,
}

/// The answer to DescribeManagedJobTemplate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeManagedJobTemplateResponse {
    /// What the list says of it.
    #[serde(flatten)]
    pub summary: ManagedJobTemplateSummary,
    /// What CreateJob fills in.
    pub document_parameters: Vec<DocumentParameter>,
    /// JSON as text, with `${aws:iot:parameter:KEY}` in place of the parameters.
    pub document: String,
}

/// A parameter of a managed job template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DocumentParameter {
    /// Its name.
    pub key: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// What a value looks like.
    pub regex: String,
    /// A value.
    pub example: &'static str,
    /// It may be left out.
    pub optional: bool,
}

/// A job template of AWS's.
#[derive(Debug)]
pub(crate) struct ManagedTemplate {
    /// The name after `AWS-`, which the job document has too.
    action: &'static str,
    description: &'static str,
    /// What the device runs; without a handler it is a command.
    handler: Option<&'static str>,
    required: &'static [Parameter],
}

/// How a placeholder of a document begins for which a parameter is put.
const PARAMETER: &str = "${aws:iot:parameter:";

#[derive(Debug)]
struct Parameter {
    key: &'static str,
    description: &'static str,
    /// Characters of a value, where AWS bounds them.
    longest: Option<usize>,
    example: &'static str,
}

const RUN_AS_USER: Parameter = Parameter {
    key: "runAsUser",
    description: "Execute handler as another user. If not specified, then handler is executed as the same user as device client.",
    longest: Some(256),
    example: "user1",
};
const PATH_TO_HANDLER: Parameter = Parameter {
    key: "pathToHandler",
    description: "Path to handler on the device. If not specified, then device client will use the current working directory.",
    longest: Some(4096),
    example: "/path/to/handler/script",
};
const DOWNLOAD: &[Parameter] = &[
    Parameter {
        key: "downloadUrl",
        description: "URL of file to download.",
        longest: None,
        example: "http://www.example.com/index.html",
    },
    Parameter {
        key: "filePath",
        description: "Path on the device where downloaded file is written.",
        longest: None,
        example: "/path/to/file",
    },
];
const PACKAGES: &[Parameter] = &[Parameter {
    key: "packages",
    description: "Space-separated list of one or more applications.",
    longest: None,
    example: "package1 package2",
}];
const SERVICES: &[Parameter] = &[Parameter {
    key: "services",
    description: "Space-separated list of one or more system services.",
    longest: None,
    example: "service1 service2",
}];
const COMMAND: &[Parameter] = &[Parameter {
    key: "command",
    description: "Comma-separated command. A comma within the command is escaped.",
    longest: None,
    example: "echo,Hello",
}];

const TEMPLATES: [ManagedTemplate; 8] = [
    ManagedTemplate {
        action: "Reboot",
        description: "A managed job template for rebooting the device.",
        handler: Some("reboot.sh"),
        required: &[],
    },
    ManagedTemplate {
        action: "Download-File",
        description: "A managed job template for downloading a file.",
        handler: Some("download-file.sh"),
        required: DOWNLOAD,
    },
    ManagedTemplate {
        action: "Install-Application",
        description: "A managed job template for installing one or more applications.",
        handler: Some("install-packages.sh"),
        required: PACKAGES,
    },
    ManagedTemplate {
        action: "Remove-Application",
        description: "A managed job template for uninstalling one or more applications.",
        handler: Some("remove-packages.sh"),
        required: PACKAGES,
    },
    ManagedTemplate {
        action: "Start-Application",
        description: "A managed job template for starting one or more system services.",
        handler: Some("start-services.sh"),
        required: SERVICES,
    },
    ManagedTemplate {
        action: "Stop-Application",
        description: "A managed job template for stopping one or more system services.",
        handler: Some("stop-services.sh"),
        required: SERVICES,
    },
    ManagedTemplate {
        action: "Restart-Application",
        description: "A managed job template for restarting one or more system services.",
        handler: Some("restart-services.sh"),
        required: SERVICES,
    },
    ManagedTemplate {
        action: "Run-Command",
        description: "A managed job template for running a shell command.",
        handler: None,
        required: COMMAND,
    },
];

impl ManagedTemplate {
    /// The template that an ARN names; none where the ARN is of no managed template.
    pub(super) fn of_arn(settings: &Settings, arn: &str) -> Option<Result<&'static Self, Rejected>> {
        let name_and_version = arn.strip_prefix(&arn_of(settings, ""))?;
        let found = name_and_version.rsplit_once(':').and_then(|(name, version)| Self::find(name, version));
        Some(found.ok_or_else(|| no_such_template(name_and_version)))
    }

    fn find(name: &str, version: &str) -> Option<&'static Self> {
        TEMPLATES.iter().find(|template| version == VERSION && template.name() == name)
    }

    fn name(&self) -> String {
        format!("AWS-{}", self.action)
    }

    pub(super) fn description(&self) -> &'static str {
        self.description
    }

    /// The parameters that a job may leave out. A command has no handler that could lie somewhere.
    fn optional(&self) -> &'static [Parameter] {
        if self.handler.is_some() { &[RUN_AS_USER, PATH_TO_HANDLER] } else { &[RUN_AS_USER] }
    }

    /// The document, with placeholders for the parameters.
    pub(super) fn document(&self) -> String {
        let (kind, input) = if let Some(handler) = self.handler {
            let mut input = json!({ "handler": handler });
            if !self.required.is_empty() {
                input["args"] = self.required.iter().map(Parameter::placeholder).collect();
            }
            input["path"] = PATH_TO_HANDLER.placeholder().into();
            ("runHandler", input)
        } else {
            let command = self.required.iter().map(|one| (one.key.to_owned(), one.placeholder().into()));
            ("runCommand", Value::Object(command.collect()))
        };
        let run_as_user = RUN_AS_USER.placeholder();
        let action = json!({ "name": self.action, "type": kind, "input": input, "runAsUser": run_as_user });
        json!({ "version": VERSION, "steps": [{ "action": action }] }).to_string()
    }

    /// All parameters, those that a job must give first.
    fn parameters(&self) -> impl Iterator<Item = &'static Parameter> {
        self.required.iter().chain(self.optional())
    }

    fn check(&self, values: &BTreeMap<String, String>) -> Result<(), Rejected> {
        let refuse = |message: String| Err(Rejected::InvalidRequest(message));
        let name = self.name();
        if let Some(missing) = self.required.iter().find(|required| !values.contains_key(required.key)) {
            let key = missing.key;
            return refuse(format!("Document parameter {key} is required by the job template {name}."));
        }
        for (key, value) in values {
            let known = self.parameters().find(|parameter| parameter.key == key);
            let Some(parameter) = known else {
                return refuse(format!("Document parameter {key} is not one of the job template {name}."));
            };
            if parameter.longest.is_some_and(|longest| value.chars().count() > longest) {
                let regex = parameter.regex();
                return refuse(format!(
                    "The value of the document parameter {key} must satisfy the regular expression {regex}."
                ));
            }
        }
        Ok(())
    }

    fn summary(&self, settings: &Settings) -> ManagedJobTemplateSummary {
        ManagedJobTemplateSummary {
            template_arn: arn_of(settings, &format!("{}:{VERSION}", self.name())),
            template_name: self.name(),
            description: self.description.to_owned(),
            environments: vec!["LINUX"],
            template_version: VERSION,
        }
    }
}

impl Parameter {
    fn placeholder(&self) -> String {
        format!("{PARAMETER}{}}}", self.key)
    }

    fn regex(&self) -> String {
        self.longest.map_or_else(|| "(.*?)".to_owned(), |longest| format!("(.){{0,{longest}}}"))
    }

    fn describe(&self, optional: bool) -> DocumentParameter {
        let Self { key, description, longest: _, example } = *self;
        DocumentParameter { key, description, regex: self.regex(), example, optional }
    }
}

impl State {
    /// The document of a managed template with the values of its parameters; an optional one that is not given is
    /// empty.
    pub(super) fn substitute(
        &self,
        template: &ManagedTemplate,
        values: &BTreeMap<String, String>,
    ) -> Result<String, Rejected> {
        template.check(values)?;
        let document = template.document();
        // A value is no place for further parameters: what stands in it stays as it is.
        let mut parts = document.split(PARAMETER);
        let mut substituted = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (key, rest) = part.split_once('}').unwrap_or((part, ""));
            let value = values.get(key).map_or("", String::as_str);
            let is_escaped = self.choices.document_parameters_are_escaped;
            substituted += &if is_escaped { in_json(value) } else { value.to_owned() };
            substituted += rest;
        }
        Ok(substituted)
    }

    /// AWS's own job templates.
    ///
    /// # Errors
    /// [`Rejected::InvalidRequest`] where the token of the query is not one of ours.
    pub fn list_managed_job_templates(
        &self,
        query: &ListManagedJobTemplatesQuery,
    ) -> Result<ListManagedJobTemplatesResponse, Rejected> {
        let page: Page<usize> = self.page(query.max_results, query.next_token.as_deref())?;
        let wanted = query.template_name.as_deref();
        let rest = TEMPLATES.iter().enumerate().filter(|(place, template)| {
            page.after.is_none_or(|after| *place > after) && wanted.is_none_or(|name| template.name() == name)
        });
        let (templates, next_token) = page.cut(rest, |(place, _)| *place);
        let summaries = templates.iter().map(|(_, template)| template.summary(&self.settings));
        Ok(ListManagedJobTemplatesResponse { managed_job_templates: summaries.collect(), next_token })
    }

    /// Describes one of AWS's own job templates, in its default version unless another is asked for.
    ///
    /// # Errors
    /// [`Rejected::ResourceNotFound`] where there is no such template or version.
    pub fn describe_managed_job_template(
        &self,
        name: &str,
        version: Option<&str>,
    ) -> Result<DescribeManagedJobTemplateResponse, Rejected> {
        let unknown = || {
            no_such_template(&version.map_or_else(|| name.to_owned(), |version| format!("{name}:{version}")))
        };
        let template = ManagedTemplate::find(name, version.unwrap_or(VERSION)).ok_or_else(unknown)?;
        let required = template.required.iter().map(|parameter| parameter.describe(false));
        let optional = template.optional().iter().map(|parameter| parameter.describe(true));
        Ok(DescribeManagedJobTemplateResponse {
            summary: template.summary(&self.settings),
            document_parameters: required.chain(optional).collect(),
            document: template.document(),
        })
    }
}

/// The ARN of a managed template; it belongs to no account.
fn arn_of(settings: &Settings, name_and_version: &str) -> String {
    format!("arn:{}:iot:{}::jobtemplate/{name_and_version}", settings.partition(), settings.region)
}

/// A text as it stands between the quotes of a JSON string.
fn in_json(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}
