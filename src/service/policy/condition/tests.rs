use std::sync::Arc;

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::service::policy::{
    Action, CertificateNames, ConnectedThing, Context, Decision, Document, evaluate,
};

/// Whether a statement with this condition speaks of a client of `context`.
fn meets(condition: &str, context: &Context) -> bool {
    let text = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"*","Resource":"*","Condition":{condition}}}}}"#
    );
    evaluate([&Document::parse(&text).unwrap()], Action::Connect, "client", context) == Decision::Allowed
}

#[test]
fn addresses_are_within_networks() {
    for (address, network, expected) in [
        ("203.0.113.7", "203.0.113.0/24", true),
        ("203.0.114.7", "203.0.113.0/24", false),
        ("203.0.113.7", "203.0.113.7", true),
        ("203.0.113.8", "203.0.113.7/32", false),
        ("::ffff:203.0.113.7", "203.0.113.0/24", true),
        ("198.51.100.1", "0.0.0.0/0", true),
        ("2001:db8::1", "2001:db8::/32", true),
        ("2001:db9::1", "2001:db8::/32", false),
        ("2001:db8::1", "203.0.113.0/24", false),
    ] {
        let context = Context { source_ip: address.parse().ok(), ..Context::default() };
        let met = |operator: &str| {
            meets(&format!(r#"{{"{operator}":{{"aws:SourceIp":["192.0.2.1","{network}"]}}}}"#), &context)
        };
        assert_eq!(met("IpAddress"), expected, "{address} {network}");
        assert_eq!(met("NotIpAddress"), !expected, "{address} {network}");
    }
}

#[test]
fn numbers_and_dates_are_compared_as_such() {
    for (kind, lower, higher) in [
        ("Numeric", "9", "10.5"),
        ("Numeric", "-2", "1e1"),
        ("Date", "2026-01-31T23:00:00+02:00", "2026-01-31T22:00:00Z"),
        ("Date", "2026-01-31", "2026-01-31T00:00:01Z"),
        ("Date", "1769817600", "2026-02-01"),
    ] {
        for (attribute, value, order) in [(lower, higher, "<"), (higher, lower, ">"), (lower, lower, "=")] {
            let thing = ConnectedThing {
                attributes: [("a".to_owned(), attribute.to_owned())].into(),
                ..ConnectedThing::default()
            };
            let context = Context { thing: Some(thing), ..Context::default() };
            for (operator, orders) in [
                ("Equals", "="),
                ("NotEquals", "<>"),
                ("LessThan", "<"),
                ("LessThanEquals", "<="),
                ("GreaterThan", ">"),
                ("GreaterThanEquals", ">="),
            ] {
                let condition =
                    format!(r#"{{"{kind}{operator}":{{"iot:Connection.Thing.Attributes[a]":"{value}"}}}}"#);
                let expected = orders.contains(order);
                assert_eq!(meets(&condition, &context), expected, "{attribute} {condition}");
            }
        }
    }
    let words = Context { client_id: Some("ten".into()), ..Context::default() };
    assert!(!meets(r#"{"NumericLessThan":{"iot:ClientId":11}}"#, &words));
    assert!(!meets(r#"{"DateLessThan":{"iot:ClientId":"2026-01-31"}}"#, &words));
}

#[test]
fn arns_are_compared_part_by_part() {
    let context =
        Context { client_id: Some("arn:aws:iot:us-east-1:1:thing/a:b".into()), ..Context::default() };
    for (operator, pattern, expected) in [
        ("ArnEquals", "arn:aws:iot:*:1:thing/*", true),
        ("ArnLike", "arn:aws:iot:us-east-?:1:thing/a:b", true),
        ("ArnLike", "arn:aws:*:thing/a:b", false),
        ("ArnEquals", "arn:*", false),
        ("ArnNotEquals", "arn:aws:iot:*:1:thing/*", false),
        ("ArnNotLike", "arn:aws:iot:*:2:thing/*", true),
    ] {
        let condition = format!(r#"{{"{operator}":{{"iot:ClientId":"{pattern}"}}}}"#);
        assert_eq!(meets(&condition, &context), expected, "{condition}");
    }
}

#[test]
fn text_may_be_compared_without_regard_to_case() {
    let context = Context { client_id: Some("Lamp".into()), ..Context::default() };
    assert!(meets(r#"{"StringEqualsIgnoreCase":{"iot:ClientId":"lAMP"}}"#, &context));
    assert!(meets(r#"{"StringEqualsIgnoreCase":{"iot:ClientId":"${iot:ClientId}"}}"#, &context));
    assert!(!meets(r#"{"StringNotEqualsIgnoreCase":{"iot:ClientId":"lamp"}}"#, &context));
    assert!(!meets(r#"{"StringEqualsIgnoreCase":{"iot:ClientId":"l*"}}"#, &context));
}

#[test]
fn a_thing_has_a_type_and_attributes() {
    let thing = ConnectedThing {
        name: "lamp-1".into(),
        type_name: Some("lamp".into()),
        attributes: [("room".to_owned(), "hall".to_owned())].into(),
    };
    let context = Context { client_id: Some("lamp".into()), thing: Some(thing), ..Context::default() };
    for (key, value) in [
        ("iot:Connection.Thing.ThingName", "lamp-1"),
        ("iot:Connection.Thing.ThingTypeName", "lamp"),
        ("iot:Connection.Thing.ThingTypeName", "${iot:ClientId}"),
        ("iot:ClientId", "${iot:Connection.Thing.ThingTypeName}"),
        ("iot:Connection.Thing.Attributes[room]", "hall"),
        ("iot:Connection.Thing.IsAttached", "true"),
    ] {
        let met = |value: &str| meets(&format!(r#"{{"StringEquals":{{"{key}":"{value}"}}}}"#), &context);
        assert!(met(value), "{key} {value}");
        assert!(!met("other"), "{key}");
    }
}

#[test]
fn null_is_about_whether_there_is_a_value() {
    let context = Context { client_id: Some(String::new()), ..Context::default() };
    assert!(meets(r#"{"Null":{"iot:Connection.Thing.ThingName":"true"}}"#, &context));
    assert!(!meets(r#"{"Null":{"iot:Connection.Thing.ThingName":false}}"#, &context));
    assert!(meets(r#"{"Null":{"iot:ClientId":"false"}}"#, &context));
}

#[test]
fn a_condition_on_a_variable_that_stands_for_nothing_is_not_met() {
    for operator in ["StringEquals", "StringNotEquals", "StringNotLike", "ArnNotLike"] {
        let condition =
            format!(r#"{{"{operator}":{{"iot:ClientId":"${{iot:Connection.Thing.ThingName}}"}}}}"#);
        assert!(!meets(&condition, &Context::default()), "{operator}");
    }
}

#[test]
fn a_value_that_is_none_for_its_operator_is_malformed() {
    let refusal = |operator: &str, value: &str| {
        let text = format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"*","Resource":"*","Condition":{{"{operator}":{{"k":{value}}}}}}}}}"#
        );
        Document::parse(&text).unwrap_err().to_string()
    };
    for (operator, value, expects) in [
        ("IpAddress", r#""203.0.113.0/33""#, "an IP address or a range"),
        ("IpAddressIfExists", r#""lamp""#, "an IP address or a range"),
        ("NumericLessThan", r#""many""#, "a number"),
        ("NumericEquals", r#""NaN""#, "a number"),
        ("DateLessThan", r#""tomorrow""#, "a date"),
        ("Null", r#""maybe""#, "true or false"),
        ("StringLike", "{}", "a string"),
    ] {
        let refusal = refusal(operator, value);
        assert!(refusal.contains(&format!("condition key k is not {expects}")), "{refusal}");
    }
    for operator in ["NumericBetween", "DateBefore", "BinaryEquals", "Maybe:StringLike", "stringlike"] {
        assert!(refusal(operator, "1").contains(&format!("operator {operator} is not supported")));
    }
}

/// A client whose certificate has this subject, and is signed by itself.
fn client_of(subject: &[(DnType, &str)]) -> Context {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    for (part, value) in subject {
        params.distinguished_name.push(part.clone(), *value);
    }
    let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
    client_with(certificate.der())
}

fn client_with(certificate: &[u8]) -> Context {
    let (_, certificate) = X509Certificate::from_der(certificate).unwrap();
    Context {
        client_id: Some("lamp".into()),
        certificate: Some(Arc::new(CertificateNames::of(&certificate))),
        ..Context::default()
    }
}

#[test]
fn a_certificate_says_whom_it_names() {
    let context = client_of(&[
        (DnType::CommonName, "lamp"),
        (DnType::OrganizationName, "Lights"),
        (DnType::CustomDnType(vec![2, 5, 4, 46]), "q"),
    ]);
    for (key, value, expected) in [
        ("Subject.CommonName", "lamp", true),
        ("Subject.CommonName", "door", false),
        ("Issuer.Organization", "Lights", true),
        ("Subject.DistinguishedNameQualifier", "q", true),
        ("Subject.Country", "*", false),
        ("Subject.CommonName.0", "lamp", true),
        ("Subject.CommonName.1", "*", false),
        ("Subject.CommonName.x", "*", false),
        ("Subject.Nonsense", "*", false),
        ("Owner.CommonName", "*", false),
    ] {
        let condition = format!(r#"{{"StringLike":{{"iot:Certificate.{key}":"{value}"}}}}"#);
        assert_eq!(meets(&condition, &context), expected, "{condition}");
    }
    let as_value = |part: &str| {
        let condition =
            format!(r#"{{"StringEquals":{{"iot:ClientId":"${{iot:Certificate.Subject.{part}}}"}}}}"#);
        meets(&condition, &context)
    };
    assert!(as_value("CommonName"));
    assert!(!as_value("Organization"));
    assert!(!as_value("Country"));
    assert!(!as_value("CommonName.List"));
    let id = Context { certificate_id: "abc".into(), ..Context::default() };
    assert!(meets(r#"{"StringEquals":{"iot:CertificateId":"abc"}}"#, &id));
}

#[test]
fn of_several_values_the_first_stands_for_all_but_in_lists() {
    let pem = include_bytes!("../../../../tests/fixtures/certificate-with-two-units.pem");
    let (_, pem) = x509_parser::prelude::parse_x509_pem(pem).unwrap();
    let context = client_with(&pem.contents);
    for (operator, part, values, expected) in [
        ("StringEquals", "OrganizationalUnit", r#""Kitchen""#, true),
        ("StringEquals", "OrganizationalUnit", r#""Hall""#, false),
        ("StringEquals", "OrganizationalUnit.0", r#""Kitchen""#, true),
        ("StringEquals", "OrganizationalUnit.1", r#""Hall""#, true),
        ("StringEquals", "OrganizationalUnit.2", r#""Hall""#, false),
        ("ForAnyValue:StringEquals", "OrganizationalUnit.List", r#""Hall""#, true),
        ("ForAllValues:StringEquals", "OrganizationalUnit.List", r#""Hall""#, false),
        ("ForAllValues:StringEquals", "OrganizationalUnit.List", r#"["Hall","Kitchen"]"#, true),
    ] {
        let condition = format!(r#"{{"{operator}":{{"iot:Certificate.Issuer.{part}":{values}}}}}"#);
        assert_eq!(meets(&condition, &context), expected, "{condition}");
    }
}
