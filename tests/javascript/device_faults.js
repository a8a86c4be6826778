// What AWS's device SDK for JavaScript (IotJobsClientv2, MQTT 5) makes of each kind of fault: a line a fault, with what
// the request brought, what the next one brought, and the version of the job execution afterwards. But for a connection
// that fell silent, the next one must be an answer. Each fault has a device of its own, all at once.
"use strict";

const { once } = require("node:events");
const { iot, iotjobs, mqtt5 } = require("aws-iot-device-sdk-v2");

// What the SDK gives a request in seconds; what is lost takes so long to be seen.
const PATIENCE = 3;
const DEADLINE = 30_000;

// The version of a job execution that was updated once.
const UPDATED = 2;

// A fault, and the version of the job execution at the end. After a lost connection it is left open: the SDK sends an
// update that was not acknowledged once more, and it is carried out twice.
const FAULTS = [
  ["refuse=RequestThrottled --on update", 1],
  ["refuse=NotAuthorized --on publish", 1],
  ["drop-request --on update", 1],
  ["drop-answer --on update", UPDATED],
  ["duplicate --on update", UPDATED],
  ["delay=1s --on update", UPDATED],
  ["corrupt --on update", UPDATED],
  ["no-puback --on update", UPDATED],
  ["disconnect --on update"],
  ["disconnect=ServerBusy --on update"],
  ["takeover --on update"],
  ["reset --on update"],
  ["silence --on update", UPDATED],
  ["drop-event --on notify-next", UPDATED + 1],
  ["duplicate --on notify-next", UPDATED + 1],
  ["delay=1s --on notify-next", UPDATED + 1],
  ["corrupt --on notify-next", UPDATED + 1],
  ["disconnect --on notify-next", UPDATED + 1],
  ["refuse-connect=ServerBusy", 1],
  ["refuse-connect=NotAuthorized", 1],
  ["no-connack", 1],
  ["delay=1s --on connect", 1],
  ["disconnect --on connect", 1],
  ["reset --on connect", 1],
  ["refuse=NotAuthorized --on subscribe", 1],
  ["drop-answer --on subscribe", 1],
  ["delay=1s --on subscribe", 1],
];

const env = process.env;

async function http(method, path, body) {
  const request = { method, body: body && JSON.stringify(body), signal: AbortSignal.timeout(DEADLINE) };
  const answer = await fetch(env.AWS_ENDPOINT_URL + path, request);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return text ? JSON.parse(text) : {};
}

function check(what, found, expected) {
  if (found !== expected) throw new Error(`${what}: ${found}, not ${expected}`);
}

function within(what, promise) {
  const late = new Promise((_, reject) => {
    const timer = setTimeout(() => reject(new Error(`${what}: nothing within ${DEADLINE} ms`)), DEADLINE);
    promise.finally(() => clearTimeout(timer)).catch(() => {});
  });
  return Promise.race([promise, late]);
}

const words = (error) => error.internalError?.message ?? error.message;

async function outcome(request) {
  try {
    return (await within("a request", request())) ? "answered" : "empty";
  } catch (error) {
    return error.modeledError ? `refused with ${error.modeledError.code}` : `failed: ${words(error)}`;
  }
}

class Device {
  constructor(thing) {
    Object.assign(this, { thing, failed: [], events: 0, unreadable: 0 });
    const paths = [env.JOBS_SANDBOX_ENDPOINT, env.JOBS_SANDBOX_CERT, env.JOBS_SANDBOX_KEY];
    const options = iot.AwsIotMqtt5ClientConfigBuilder.newDirectMqttBuilderWithMtlsFromPath(...paths)
      .withCertificateAuthorityFromPath(undefined, env.JOBS_SANDBOX_CA_FILE)
      .withPort(Number(env.JOBS_SANDBOX_PORT))
      .withConnectProperties({ clientId: thing, keepAliveIntervalSeconds: 1200 })
      .withConnackTimeoutMs(1000 * PATIENCE)
      .withMinReconnectDelayMs(100)
      .withMaxReconnectDelayMs(200);
    this.client = new mqtt5.Mqtt5Client(options.build());
    this.client.on("connectionFailure", ({ error }) => this.failed.push(words(error)));
    this.client.on("error", () => {});
  }

  async connect() {
    const connected = once(this.client, "connectionSuccess");
    this.client.start();
    await within("a connection", connected);
    const options = { maxRequestResponseSubscriptions: 4, maxStreamingSubscriptions: 2 };
    options.operationTimeoutInSeconds = PATIENCE;
    this.jobs = iotjobs.IotJobsClientv2.newFromMqtt5(this.client, options);
  }

  async listen() {
    this.stream = this.jobs.createNextJobExecutionChangedStream({ thingName: this.thing });
    this.stream.on("incomingPublish", () => (this.events += 1));
    this.stream.on("incomingPublishError", () => (this.unreadable += 1));
    const established = once(this.stream, "subscriptionStatus");
    this.stream.open();
    await within("a subscription", established);
  }

  async stop() {
    this.stream?.close();
    this.jobs.close();
    const stopped = once(this.client, "stopped");
    this.client.stop();
    await within("the end of a client", stopped);
    this.client.close();
  }

  get() {
    return this.jobs.getPendingJobExecutions({ thingName: this.thing });
  }

  update(status) {
    return this.jobs.updateJobExecution({ thingName: this.thing, jobId: this.thing, status });
  }

  // Once the SDK has an answer, it has had every event that was sent before.
  async answer() {
    const second = await outcome(() => this.get());
    return second === "answered" ? second : `${second}, then ${await outcome(() => this.get())}`;
  }
}

async function meet(fault, version, thing) {
  await http("POST", `/things/${thing}`, {});
  const target = `arn:aws:iot:${env.AWS_REGION}:123456789012:thing/${thing}`;
  await http("PUT", `/jobs/${thing}`, { targets: [target], document: '{"ToDo":"Reboot"}' });
  const add = () => http("POST", "/_sandbox/faults", { fault: `${fault} --client-id ${thing}` });
  const device = new Device(thing);
  let first;
  if (/connect$|^refuse-connect|^no-connack/.test(fault)) {
    await add();
    await device.connect();
    first = [...device.failed, "connected"].join(", ");
  } else {
    await device.connect();
    if (fault.endsWith("notify-next")) {
      await device.listen();
      check(`${fault}: begun`, await outcome(() => device.update("IN_PROGRESS")), "answered");
      await add();
      first = await outcome(() => device.update("SUCCEEDED"));
    } else {
      await add();
      first = await outcome(() => (fault.endsWith("subscribe") ? device.get() : device.update("IN_PROGRESS")));
    }
  }
  const second = await device.answer();
  if (device.stream) first += `, ${device.events} events, ${device.unreadable} unreadable`;
  const { faults } = await http("GET", "/_sandbox/faults");
  check(`${fault}: struck`, faults.find((set) => set.fault.endsWith(` --client-id ${thing}`))?.struck, 1);
  await device.stop();
  const { execution } = await http("GET", `/things/${thing}/jobs/${thing}`);
  console.log(`${fault} | ${first} | ${second} | ${execution.versionNumber}`);
  check(`${fault}: then`, second.endsWith("answered"), !fault.startsWith("silence"));
  if (version) check(`${fault}: version`, execution.versionNumber, version);
}

Promise.all(FAULTS.map(([fault, version], number) => meet(fault, version, `js-${number}`))).then(
  () => process.exit(0),
  (error) => {
    console.error(error.stack);
    process.exit(1);
  },
);
