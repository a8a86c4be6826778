"""Connecting with AWS's device SDK, as its samples do."""

from concurrent.futures import Future

from awsiot import mqtt5_client_builder, mqtt_connection_builder

from peer import CA, CERT, DEADLINE, HOST, KEY, PORT


def connect(version, **options):
    """A protocol client over MQTT 5 or 3.1.1, its CONNACK (MQTT 5 alone), and what disconnects it."""
    options = dict(endpoint=HOST, port=PORT, cert_filepath=CERT, pri_key_filepath=KEY, ca_filepath=CA) | options
    if version == "3":
        connection = mqtt_connection_builder.mtls_from_path(
            **{"client_id": "device-sdk", "clean_session": True} | options
        )
        connection.connect().result(DEADLINE)
        return connection, None, lambda: connection.disconnect().result(DEADLINE)

    connected, stopped = Future(), Future()
    client = mqtt5_client_builder.mtls_from_path(
        on_lifecycle_connection_success=connected.set_result,
        on_lifecycle_connection_failure=lambda data: connected.set_exception(data.exception),
        on_lifecycle_stopped=stopped.set_result,
        **options,
    )
    client.start()
    connack = connected.result(DEADLINE).connack_packet
    return client, connack, lambda: (client.stop(), stopped.result(DEADLINE))
