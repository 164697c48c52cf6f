// The page of every metric, from the tables that /metrics is made of.
import { countedEvents } from '#core/ports/meter.js';
import { counterName, gauges, replySecondsHelp } from '#gateway/metrics.js';
import { markdownTable } from '#schema/markdown-table.js';

export function metricsPage(): string {
  const counters = Object.entries(countedEvents).map(([event, meaning]) => [
    `\`${counterName(event)}\``,
    meaning,
  ]);
  const measured = Object.entries(gauges).map(([name, meaning]) => [`\`replyto_${name}\``, meaning]);
  return [
    '# Metrics\n',
    'What `GET /metrics` says, in the text format of Prometheus. Made from the source by `npm run schemas`. No label',
    'carries an id, so their number stays the same whatever is asked. Those of the process and of Node stand beside',
    'them, as `prom-client` names them, with the same prefix.\n',
    '## Counters, since the start\n',
    markdownTable(['name', 'counts'], counters),
    '\n## Gauges\n',
    markdownTable(['name', 'is'], measured),
    '\n## Time\n',
    markdownTable(['name', 'is'], [['`replyto_reply_seconds`', replySecondsHelp]]),
    '',
  ].join('\n');
}
