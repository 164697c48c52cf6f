/**
 * The real brokers of one test run. `test/run.ts` finds them, says so to the test files by the variables
 * below, and stops what it started; a test file never starts a shared one. Run without `npm test`, a file
 * takes the broker of TEST_BROKER_URL, or skips its cases with a reason.
 */
import { skip } from './skip.js';

/** A broker that takes STOMP connections, in words that the summary can print. */
export interface ProvisionedBroker {
  /** `stomp://127.0.0.1:PORT`, with login and passcode where it asks for them. */
  readonly url: string;
  /** STOMP over WebSocket; null when it has none, or when it is not known, as for a broker that was given by URL. */
  readonly webSocketUrl: string | null;
  /** OpenWire for JMS clients, `tcp://127.0.0.1:PORT`; null as above. */
  readonly openWireUrl: string | null;
  /** As it names itself in CONNECTED, such as `6.3.1`. */
  readonly version: string;
  /** How it came to be: `Maven jars`, `Docker image apache/activemq:6.3.1`, `given by TEST_BROKER_URL`. */
  readonly how: string;
}

export interface UnavailableBroker {
  readonly unavailable: string;
}

/** A provisioned broker with what ends it; `stop` leaves alone what was not started here. */
export interface OwnedBroker extends ProvisionedBroker {
  stop(): Promise<void>;
}

/** Labels in titles, by which the summary counts the cases of each broker. */
export const brokerLabels = {
  embedded: 'embedded broker',
  classic: 'ActiveMQ Classic',
  artemis: 'ActiveMQ Artemis',
  rabbitmq: 'RabbitMQ',
} as const;
export type BrokerLabel = (typeof brokerLabels)[keyof typeof brokerLabels];

/** Brokers that are processes of their own, shared by all test files of a run. */
export const realBrokers = ['classic', 'artemis', 'rabbitmq'] as const;
export type RealBroker = (typeof realBrokers)[number];
type Found<Broker extends ProvisionedBroker = ProvisionedBroker> = Readonly<
  Record<RealBroker, Broker | UnavailableBroker>
>;
export type OwnedBrokers = Found<OwnedBroker>;

/** The title of a suite that runs on a broker: `redelivery [ActiveMQ Classic]`. */
export function titleOn(label: BrokerLabel, title: string): string {
  return `${title} [${label}]`;
}

const givenVariable = 'TEST_BROKER_URL';
const sharedVariable = 'TEST_SHARED_BROKERS';

/** The ActiveMQ Classic that the user of the tests gave, if any. */
export function givenBrokerUrl(): string | undefined {
  const url = process.env[givenVariable];
  return url === undefined || url === '' ? undefined : url;
}

/** Environment by which the run tells the test files what it found. */
export function toEnvironment(brokers: Found): Record<string, string> {
  return { [sharedVariable]: JSON.stringify(brokers) };
}

/** A broker of this run, shared by all test files: use destinations of your own. */
export function sharedBroker(kind: RealBroker): ProvisionedBroker | UnavailableBroker {
  const shared = process.env[sharedVariable];
  if (shared !== undefined) return (JSON.parse(shared) as Found)[kind];
  const url = givenBrokerUrl();
  if (kind !== 'classic') return { unavailable: 'run by npm test' };
  if (url === undefined) return { unavailable: `run by npm test, or with ${givenVariable}` };
  return { url, webSocketUrl: null, openWireUrl: null, version: 'unknown', how: `given by ${givenVariable}` };
}

/**
 * A suite on a shared real broker; all its cases are skipped with the reason when there is none.
 * `broker()` is for tests and hooks.
 */
export function describeOn(
  kind: RealBroker,
  title: string,
  body: (broker: () => ProvisionedBroker) => void,
): void {
  describe(titleOn(brokerLabels[kind], title), () => {
    const broker = sharedBroker(kind);
    if ('unavailable' in broker) {
      before(function () {
        skip(this, broker.unavailable);
      });
    }
    body(() => {
      if ('unavailable' in broker) throw new Error(broker.unavailable);
      return broker;
    });
  });
}
