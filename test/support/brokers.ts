/**
 * The real brokers of one test run. `test/run.ts` finds them, says so to the test files by the variables
 * below, and stops what it started; a test file never starts a shared one. Run without `npm test`, a file
 * takes the broker of TEST_BROKER_URL, or skips its cases with a reason.
 */
import { skip } from './skip.js';

/** A broker that takes STOMP connections, in words that the summary can print. */
export interface ProvisionedBroker {
  /** `stomp://127.0.0.1:PORT` */
  readonly url: string;
  /** `tcp://127.0.0.1:PORT`; null when it is not known, as for a broker that was given by URL. */
  readonly openWireUrl: string | null;
  /** As it names itself in CONNECTED, such as `6.3.1`. */
  readonly version: string;
  /** How it came to be: `Maven jars`, `Docker image apache/activemq:6.3.1`, `given by TEST_BROKER_URL`. */
  readonly how: string;
}

export interface UnavailableBroker {
  readonly unavailable: string;
}

/** Labels in titles, by which the summary counts the cases of each broker. */
export const brokerLabels = { classic: 'ActiveMQ Classic', embedded: 'embedded broker' } as const;
export type BrokerLabel = (typeof brokerLabels)[keyof typeof brokerLabels];

/** The title of a suite that runs on a broker: `redelivery [ActiveMQ Classic]`. */
export function titleOn(label: BrokerLabel, title: string): string {
  return `${title} [${label}]`;
}

const givenVariable = 'TEST_BROKER_URL';
const sharedVariable = 'TEST_SHARED_CLASSIC';

/** The broker the user of the tests gave, if any. */
export function givenBrokerUrl(): string | undefined {
  const url = process.env[givenVariable];
  return url === undefined || url === '' ? undefined : url;
}

/** Environment by which the run tells the test files what it found. */
export function toEnvironment(classic: ProvisionedBroker | UnavailableBroker): Record<string, string> {
  return { [sharedVariable]: JSON.stringify(classic) };
}

/** ActiveMQ Classic of this run, shared by all test files: use destinations of your own. */
export function sharedClassic(): ProvisionedBroker | UnavailableBroker {
  const shared = process.env[sharedVariable];
  if (shared !== undefined) return JSON.parse(shared) as ProvisionedBroker | UnavailableBroker;
  const url = givenBrokerUrl();
  if (url === undefined) return { unavailable: `run by npm test, or with ${givenVariable}` };
  return { url, openWireUrl: null, version: 'unknown', how: `given by ${givenVariable}` };
}

/**
 * A suite on the shared ActiveMQ Classic; all its cases are skipped with the reason when there is none.
 * `classic()` is for tests and hooks.
 */
export function describeOnClassic(title: string, body: (classic: () => ProvisionedBroker) => void): void {
  describe(titleOn(brokerLabels.classic, title), () => {
    const broker = sharedClassic();
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
