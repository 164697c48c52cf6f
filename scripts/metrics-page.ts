// The page of every metric, from the tables that /metrics is made of.
import { countedEvents } from '#core/ports/meter.js';
import { stages } from '#core/stages.js';
import { counterName, gauges, replySecondsHelp } from '#gateway/metrics.js';
import { mostRouteLabels } from '#gateway/route-labels.js';
import { stageName } from '#gateway/stage-histograms.js';
import { markdownTable } from '#schema/markdown-table.js';

export function metricsPage(): string {
  const counters = Object.entries(countedEvents).map(([event, meaning]) => [
    `\`${counterName(event)}\``,
    meaning,
  ]);
  const timed = Object.entries(stages).map(([stage, { help }]) => [`\`${stageName(stage)}\``, help]);
  const outcomes = Object.entries(stages).flatMap(([stage, facts]) =>
    Object.entries(facts.outcomes).map(([outcome, meaning]) => [stage, `\`${outcome}\``, meaning]),
  );
  const measured = Object.entries(gauges).map(([name, meaning]) => [`\`replyto_${name}\``, meaning]);
  return [
    '# Metrics\n',
    'What `GET /metrics` says, in the text format of Prometheus. Made from the source by `npm run schemas`. No label',
    'carries an id or the name of a queue, so their number stays the same whatever is asked. Those of the process and of',
    'Node stand beside them, as `prom-client` names them, with the same prefix.\n',
    '## Counters, since the start\n',
    markdownTable(['name', 'counts'], counters),
    '\n## Gauges\n',
    markdownTable(['name', 'is'], measured),
    '\n## Time\n',
    markdownTable(['name', 'is'], [['`replyto_reply_seconds`', replySecondsHelp], ...timed]),
    '\nThe stages have two labels. `route` is the `path` of the configured route that leads to the queue of the request,',
    `or \`other\`: no caller can make a new one, and only the first ${mostRouteLabels} routes have their own. \`outcome\` is one of these:\n`,
    markdownTable(['stage', 'outcome', 'meaning'], outcomes),
    '\nSo long do services take, route by route, leaving out the slowest 5 of 100 requests:\n',
    '```',
    'histogram_quantile(0.95, sum by (le, route) (rate(replyto_service_seconds_bucket[5m])))',
    '```',
    '\n[telemetry.md](telemetry.md) has traces, and metrics for a collector of OpenTelemetry.',
    '',
  ].join('\n');
}
