//! Who waits for a client sees it come, subscribe and go.

use rmqtt_codec::v5::{Connect, DisconnectReasonCode};
use tokio::time::timeout;

use crate::client::{Client, PATIENCE};
use crate::service::Service;

const GOODBYE: DisconnectReasonCode = DisconnectReasonCode::NormalDisconnection;

const NOTIFY: &str = "$aws/things/MyThing/jobs/notify";

#[tokio::test]
async fn a_client_has_come_once_it_has_a_subscription() {
    let service = Service::start().await;
    let _there_before = Client::connect(&service.local, "before").await;
    let clients = service.local.clients();
    let before = clients.connections();
    let mut own = Client::connect(&service.local, "own").await;
    own.subscribe(&[NOTIFY]).await;
    assert_eq!(clients.connected_since(before, &["own".to_owned()]), None);

    let awaited = clients.clone();
    let come = tokio::spawn(async move { awaited.subscribed_since(before, &["own".to_owned()]).await });
    let mut silent = Client::connect(&service.local, "silent").await;
    let mut pump = Client::connect(&service.local, "pump").await;
    assert_eq!(clients.connected_since(before, &["own".to_owned()]).as_deref(), Some("silent"));
    silent.subscribe(&["$aws/things/SomeoneElses/jobs/notify"]).await;
    assert!(!come.is_finished(), "the subscription was refused");
    pump.subscribe(&[NOTIFY]).await;
    assert_eq!(timeout(PATIENCE, come).await.unwrap().unwrap(), "pump");

    let awaited = clients.clone();
    let gone = tokio::spawn(async move { awaited.gone("pump").await });
    own.pending().await;
    assert!(!gone.is_finished());
    drop(pump);
    timeout(PATIENCE, gone).await.unwrap().unwrap();
    assert_eq!(clients.connected_since(before, &["own".to_owned()]).as_deref(), Some("silent"));
}

#[tokio::test]
async fn a_client_that_comes_back_to_its_session_has_its_subscriptions() {
    let service = Service::start().await;
    let connect = |clean_start| {
        let connect = Connect { clean_start, session_expiry_interval_secs: 600, ..Connect::default() }
            .client_id("pump");
        Client::connect_with(&service.local, connect)
    };
    let (mut pump, _) = connect(true).await;
    pump.subscribe(&[NOTIFY]).await;
    pump.disconnect(GOODBYE).await;
    let clients = service.local.clients();
    timeout(PATIENCE, clients.gone("pump")).await.unwrap();
    let before = clients.connections();
    let (_back, ack) = connect(false).await;
    assert!(ack.session_present);
    assert_eq!(
        timeout(PATIENCE, clients.subscribed_since(before, &["own".to_owned()])).await.unwrap(),
        "pump"
    );
}
