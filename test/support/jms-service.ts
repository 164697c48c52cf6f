import { fileURLToPath } from 'node:url';
import { activemqJars } from './activemq-jars.js';
import { artemisClientJars } from './artemis.js';
import type { RunningProcess } from './process.js';
import { startProcess } from './process.js';

export interface JmsServiceOptions {
  /** `tcp://127.0.0.1:PORT` of the broker. */
  readonly openWireUrl: string;
  readonly client: JmsClient;
  readonly queue: string;
  /** Answer with all properties of the request, not with its correlation id alone. */
  readonly copiesProperties: boolean;
}

/** A JMS implementation. */
export interface JmsClient {
  readonly classPath: string;
  /** Its ConnectionFactory, which is made from a URL. */
  readonly factory: string;
}

export type FoundClient = JmsClient | { readonly unavailable: string };

/** The client of ActiveMQ Classic, which speaks OpenWire; Artemis takes it too. */
export async function openWireClient(): Promise<FoundClient> {
  const jars = await activemqJars();
  if ('unavailable' in jars) return jars;
  return { ...jars, factory: 'org.apache.activemq.ActiveMQConnectionFactory' };
}

/** The client of Artemis, which speaks its own protocol, Core. */
export async function coreClient(): Promise<FoundClient> {
  const jars = await artemisClientJars();
  if ('unavailable' in jars) return jars;
  return { ...jars, factory: 'org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory' };
}

const source = fileURLToPath(new URL('jms/EchoService.java', import.meta.url));
const topicListener = fileURLToPath(new URL('jms/TopicListener.java', import.meta.url));
const textSender = fileURLToPath(new URL('jms/TextSender.java', import.meta.url));
const quiet = '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn';

/**
 * Starts a JMS service in Java that echoes. It prints `TextMessage ID` or `BytesMessage ID` for
 * each request, ID being its JMSCorrelationID. Resolves when it listens; the caller stops it.
 */
export async function startJmsService(options: JmsServiceOptions): Promise<RunningProcess> {
  const { openWireUrl, client, queue, copiesProperties } = options;
  const mode = copiesProperties ? 'copy-properties' : 'plain';
  const parameters = ['-Xmx128m', quiet, '-cp', client.classPath, source, openWireUrl, queue, mode];
  parameters.push(client.factory);
  const service = startProcess('java', parameters, { name: `a ${mode} JMS service` });
  await service.line(/^ready$/mu);
  return service;
}

/** Sends these TextMessages in order; resolves when the broker has them. */
export async function sendTexts(
  { openWireUrl, client, queue }: Pick<JmsServiceOptions, 'openWireUrl' | 'client' | 'queue'>,
  texts: readonly string[],
): Promise<void> {
  const parameters = ['-Xmx128m', quiet, '-cp', client.classPath, textSender, openWireUrl, queue];
  const encoded = texts.map((text) => Buffer.from(text).toString('base64'));
  const sender = startProcess('java', [...parameters, client.factory, ...encoded], { name: 'a JMS sender' });
  await sender.line(/^sent$/mu);
  await sender.exited;
}

/** A message as a JMS client has it. */
export interface HeardMessage {
  readonly javaClass: string;
  readonly text: string;
  /** As they read in text. */
  readonly properties: Readonly<Record<string, string>>;
}

export interface JmsTopicListener {
  /** What came so far, in order. */
  heard(): readonly HeardMessage[];
  stop(): Promise<void>;
}

/** Starts a JMS subscriber of a topic; resolves when it listens. The caller stops it. */
export async function startTopicListener(options: {
  readonly openWireUrl: string;
  readonly client: JmsClient;
  readonly topic: string;
}): Promise<JmsTopicListener> {
  const { openWireUrl, client, topic } = options;
  const parameters = ['-Xmx128m', quiet, '-cp', client.classPath, topicListener, openWireUrl, topic];
  const listener = startProcess('java', [...parameters, client.factory], { name: 'a JMS subscriber' });
  await listener.line(/^ready$/mu);
  const decode = (text = ''): string => Buffer.from(text, 'base64').toString();
  return {
    heard: () =>
      [...listener.stdout().matchAll(/^heard (.*)\n/gmu)].map(([, line = '']) => {
        const [javaClass = '', text, ...properties] = line.split(' ');
        const pairs = properties.map((property) => property.split(':').map(decode));
        return {
          javaClass,
          text: decode(text),
          properties: Object.fromEntries(pairs) as HeardMessage['properties'],
        };
      }),
    stop: () => listener.stop().then(() => undefined),
  };
}
