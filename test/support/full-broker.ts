import { fileURLToPath } from 'node:url';
import { activemqJars } from './activemq-jars.js';
import { startProcess } from './process.js';

/** An ActiveMQ Classic whose queues are soon full; see FullBroker.java. */
export interface FullBroker {
  readonly url: string;
  stop(): Promise<void>;
}

const source = fileURLToPath(new URL('jms/FullBroker.java', import.meta.url));

/** What each queue takes, and all together, before receipts are withheld. */
interface Room {
  readonly queueBytes: number;
  /** By default far more. */
  readonly allBytes?: number;
}

export async function startFullBroker({
  queueBytes,
  allBytes,
}: Room): Promise<FullBroker | { readonly unavailable: string }> {
  const jars = await activemqJars();
  if ('unavailable' in jars) return jars;
  const quiet = '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn';
  const room = [queueBytes, allBytes ?? []].flat().map(String);
  const child = startProcess('java', ['-Xmx256m', quiet, '-cp', jars.classPath, source, ...room], {
    name: 'ActiveMQ Classic with little memory',
  });
  const [, port = ''] = await child.line(/listening on (\d+)/u, 60_000);
  return {
    url: `stomp://127.0.0.1:${port}`,
    stop: async () => {
      await child.stop();
    },
  };
}
