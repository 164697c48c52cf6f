import { fileURLToPath } from 'node:url';
import type { RunningProcess } from './process.js';
import { startProcess } from './process.js';

export interface JmsServiceOptions {
  /** `tcp://127.0.0.1:PORT` of the broker. */
  readonly openWireUrl: string;
  /** Class path with the jars of ActiveMQ; see activemq-jars.ts. */
  readonly classPath: string;
  readonly queue: string;
  /** Answer with all properties of the request, not with its correlation id alone. */
  readonly copiesProperties: boolean;
}

const source = fileURLToPath(new URL('jms/EchoService.java', import.meta.url));

/**
 * Starts a JMS service in Java that echoes over OpenWire. It prints `TextMessage ID` or `BytesMessage ID` for
 * each request, ID being its JMSCorrelationID. Resolves when it listens; the caller stops it.
 */
export async function startJmsService(options: JmsServiceOptions): Promise<RunningProcess> {
  const { openWireUrl, classPath, queue, copiesProperties } = options;
  const quiet = '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn';
  const mode = copiesProperties ? 'copy-properties' : 'plain';
  const parameters = ['-Xmx128m', quiet, '-cp', classPath, source, openWireUrl, queue, mode];
  const service = startProcess('java', parameters, { name: `a ${mode} JMS service` });
  await service.line(/^ready$/mu, 30_000);
  return service;
}
