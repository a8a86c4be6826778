//! Why connections end, in words.

use crate::service::broker::end::End;
use crate::service::broker::refusal::Refusal;

pub(super) fn words(end: End) -> &'static str {
    match end {
        End::ByClient { .. } => "it disconnected",
        End::Lost => "the connection broke off",
        End::Refused(refusal) => of_refusal(refusal),
    }
}

fn of_refusal(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::NotAuthorized => "refused: no policy allows it, or one denies it",
        Refusal::CertificateNotActive => "refused: its certificate is not registered, or not active",
        Refusal::RetainedOnReserved => "refused: nothing is retained on topics that begin with $",
        Refusal::ReservedTopic => "refused: nobody listens to this topic, which begins with $",
        Refusal::TopicInvalid => "refused: the topic is too long, too deep, or has a wildcard",
        Refusal::FilterInvalid => {
            "refused: the topic filter is too long, too deep, or has a misplaced wildcard"
        }
        Refusal::QosNotSupported => "refused: there is no QoS 2",
        Refusal::Quota => "refused: there is no room for more",
        Refusal::TooManyFilters => "refused: a SUBSCRIBE has at most 8 filters",
        Refusal::SubscriptionIdentifier => "refused: there are no subscription identifiers",
        Refusal::TopicAlias => "refused: the topic alias is beyond the maximum, or stands for nothing",
        Refusal::TooLarge => "refused: the payload or the packet is too large",
        Refusal::ClientId => {
            "refused: the client id is empty without a clean session, too long, or begins with $"
        }
        Refusal::ProtocolVersion => "refused: the version of MQTT is neither 3.1.1 nor 5",
        Refusal::AuthenticationMethod => "refused: there is no enhanced authentication",
        Refusal::OutOfPlace => "refused: a client may not send this packet, or not now",
        Refusal::Malformed => "refused: what it sent is not MQTT, or a malformed packet",
        Refusal::KeepAlive => "it sent nothing for one and a half times the keep alive",
        Refusal::TakenOver => "another connection has the same client id",
        Refusal::SlowReader => "it does not read what is sent to it",
        Refusal::Administrative => "its certificate was deactivated or deleted",
        Refusal::ShuttingDown => "the service stops",
        Refusal::Fault(_) => "a fault ends it",
    }
}
