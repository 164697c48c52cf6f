import { fileURLToPath } from 'node:url';
import { activemqJars } from './activemq-jars.js';
import { startProcess } from './process.js';

/** An ActiveMQ Classic whose queues are soon full; see FullBroker.java. */
export interface FullBroker {
  readonly url: string;
  stop(): Promise<void>;
}

const source = fileURLToPath(new URL('jms/FullBroker.java', import.meta.url));

/** `bytes`: what each queue takes before it withholds receipts. */
export async function startFullBroker(bytes: number): Promise<FullBroker | { readonly unavailable: string }> {
  const jars = await activemqJars();
  if ('unavailable' in jars) return jars;
  const quiet = '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn';
  const child = startProcess('java', ['-Xmx256m', quiet, '-cp', jars.classPath, source, String(bytes)], {
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
