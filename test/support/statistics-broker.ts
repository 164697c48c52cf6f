import { fileURLToPath } from 'node:url';
import { activemqJars, activemqStatisticsJars } from './activemq-jars.js';
import { startProcess } from './process.js';

/** An ActiveMQ Classic with its statistics plugin; see StatisticsBroker.java. */
export interface StatisticsBroker {
  readonly url: string;
  stop(): Promise<void>;
}

const source = fileURLToPath(new URL('jms/StatisticsBroker.java', import.meta.url));

/** @param writesJson whether it has the classes by which it writes its figures as JSON; a distribution has them */
export async function startStatisticsBroker({
  writesJson,
}: {
  readonly writesJson: boolean;
}): Promise<StatisticsBroker | { readonly unavailable: string }> {
  const jars = await (writesJson ? activemqStatisticsJars() : activemqJars());
  if ('unavailable' in jars) return jars;
  const quiet = '-Dorg.slf4j.simpleLogger.defaultLogLevel=off';
  const child = startProcess('java', ['-Xmx256m', quiet, '-cp', jars.classPath, source], {
    name: 'ActiveMQ Classic with statistics',
  });
  const [, port = ''] = await child.line(/listening on (\d+)/u, 60_000);
  return {
    url: `stomp://127.0.0.1:${port}`,
    stop: async () => {
      await child.stop();
    },
  };
}
