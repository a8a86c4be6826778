//! The parts of a path that operations read.

/// A part of a path, named as in AWS's model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Label {
    CertificateId,
    ExecutionNumber,
    JobId,
    JobTemplateId,
    PolicyName,
    PolicyVersionId,
    Target,
    TemplateName,
    ThingGroupName,
    ThingName,
    ThingTypeName,
}

impl Label {
    /// The name as the paths of the operations have it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::CertificateId => "certificateId",
            Self::ExecutionNumber => "executionNumber",
            Self::JobId => "jobId",
            Self::JobTemplateId => "jobTemplateId",
            Self::PolicyName => "policyName",
            Self::PolicyVersionId => "policyVersionId",
            Self::Target => "target",
            Self::TemplateName => "templateName",
            Self::ThingGroupName => "thingGroupName",
            Self::ThingName => "thingName",
            Self::ThingTypeName => "thingTypeName",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::operations::listed;
    use super::super::plane::Plane;
    use super::*;

    #[test]
    fn every_label_is_a_part_of_a_path() {
        let paths: Vec<&str> = listed(Plane::Control).map(|(_, path, _)| path).collect();
        let labels = [
            Label::CertificateId,
            Label::ExecutionNumber,
            Label::JobId,
            Label::JobTemplateId,
            Label::PolicyName,
            Label::PolicyVersionId,
            Label::Target,
            Label::TemplateName,
            Label::ThingGroupName,
            Label::ThingName,
            Label::ThingTypeName,
        ];
        for label in labels {
            let part = format!("{{{}}}", label.as_str());
            assert!(paths.iter().any(|path| path.contains(&part)), "{part}");
        }
    }
}
