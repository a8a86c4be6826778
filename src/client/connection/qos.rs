//! Quality of service.

use std::fmt;

use rumqttc::v5::mqttbytes::QoS;

/// How often a message is sent; AWS IoT knows no more than these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Qos {
    /// Once, and perhaps in vain.
    AtMostOnce,
    /// Until it is acknowledged.
    #[default]
    AtLeastOnce,
}

impl From<Qos> for QoS {
    fn from(qos: Qos) -> Self {
        match qos {
            Qos::AtMostOnce => Self::AtMostOnce,
            Qos::AtLeastOnce => Self::AtLeastOnce,
        }
    }
}

impl From<QoS> for Qos {
    fn from(qos: QoS) -> Self {
        match qos {
            QoS::AtMostOnce => Self::AtMostOnce,
            QoS::AtLeastOnce | QoS::ExactlyOnce => Self::AtLeastOnce,
        }
    }
}

/// Its number.
impl fmt::Display for Qos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AtMostOnce => "0",
            Self::AtLeastOnce => "1",
        })
    }
}
