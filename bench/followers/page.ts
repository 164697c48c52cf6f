/** The page in Markdown; not a word of it is written by hand afterwards. */
import { markdownTable } from '#schema/markdown-table.js';
import type { Delays } from '../tools/delays.js';
import { countText, msText, numberText, percentText } from '../tools/number-text.js';
import { machineText } from '../tools/machine.js';
import type { AcceptingResult, ActiveResult, IdleResult, Results, SettlingResult } from './results.js';

export function pageOf(results: Results): string {
  const { plan, startedAt, tookMs, machine, openFiles, parts } = results;
  const blocks = [
    '# What do followers of projects cost?',
    '<!-- Written by `npm run bench:followers -- --publish`; the next one overwrites it. -->',
    `One gateway with its embedded broker, followers over server-sent events, all on one machine. Run of ${startedAt.slice(0, 10)}, ${numberText(tookMs / 60_000)} minutes.`,
    '## Streams in which nothing happens',
    describeIdle(results.idle),
    '## Streams that all hear every event',
    describeActive(results.active),
    '## Requests with and without a project',
    describeAccepting(results.accepting),
    describeSettling(results.settling),
    '## How it was measured',
    list([
      'A delay counts from the planned instant of the event, on one clock; one stream in a hundred is timed, all are counted. Sender and followers are one process, which takes CPU from the gateway.',
      `CPU time of idle streams is that of ${numberText(results.idle.seconds)} s without any call, before and with them; then \`/livez\` is asked every 10 ms for as long.`,
      'Accepted: 20 callers, each with one `POST /requests/{queue}` after the other, `Prefer: respond-async`, nobody takes the requests. With a project, the gateway adds its own events to the log of the project.',
      `Replied: 10 callers, each with one call after the other, \`Prefer: wait\`; a service answers at once, with receipts. Flood: a service tells another project of events over the broker as fast as it takes them. In turns, ${plan.rounds === 1 ? 'one round' : `${plan.rounds} rounds`}.`,
    ]),
    '## On what',
    list([
      machineText(machine),
      `${Object.entries(parts)
        .map(([part, version]) => `${part}: ${version}`)
        .join('; ')}.`,
      openFiles === null
        ? 'The system tells no limit of open files.'
        : `A process may have ${countText(openFiles)} files open (\`ulimit -n\`); each stream is one.`,
    ]),
  ];
  return `${blocks.join('\n\n')}\n`;
}

function list(sentences: readonly string[]): string {
  return sentences.map((sentence) => `- ${sentence}`).join('\n');
}

function describeIdle(idle: IdleResult): string {
  const { streams, held, openedInMs, memoryBefore, memoryWith, seconds, cpuBefore, cpuWith } = idle;
  const kib = Math.max(0, ((memoryWith - memoryBefore) * 1_024) / streams);
  return list([
    `${held === streams ? `All ${countText(streams)}` : `${countText(held)} of ${countText(streams)}`} were still there at the end. Opening them took ${msText(openedInMs)} ms.`,
    `Memory of the gateway: ${countText(memoryBefore)} MiB before, ${countText(memoryWith)} MiB with them, ${numberText(kib)} KiB each.`,
    `\`GET /livez\`: ${delaysText(idle.livezBefore)} before, ${delaysText(idle.livezWith)} beside them.`,
    ...(cpuBefore === null || cpuWith === null
      ? []
      : [
          `CPU of the gateway in ${numberText(seconds)} s: ${numberText(cpuBefore)} s before, ${numberText(cpuWith)} s with them.`,
        ]),
  ]);
}

function describeActive(active: ActiveResult): string {
  const { streams, rate, seconds, events, refused, expected, heard, cpuGateway, cpuClients } = active;
  return list([
    `${countText(streams)} streams, ${countText(rate)} events per second for ${countText(seconds)} s: ${heard === expected ? `all ${countText(expected)}` : `${countText(heard)} of ${countText(expected)} (${percentText(heard / expected)})`} were heard.`,
    ...(refused === 0
      ? []
      : [`${countText(refused)} of ${countText(events)} events were not taken by the gateway.`]),
    `From the event to the client: ${delaysText(active.delays)}.`,
    ...(cpuGateway === null || cpuClients === null
      ? []
      : [
          `CPU: gateway ${numberText((cpuGateway * 1_000) / events)} s per 1,000 events, that is ${numberText((cpuGateway * 1_000_000) / expected)} s per million that are heard; sender and followers ${numberText((cpuClients * 1_000) / events)} s.`,
        ]),
    `Memory of the gateway with them: ${countText(active.memoryWith)} MiB.`,
  ]);
}

function describeAccepting({ requests, plain, project }: AcceptingResult): string {
  const row = (name: string, values: readonly number[]): string[] => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return [name, numberText(mean), `${numberText(Math.min(...values))}–${numberText(Math.max(...values))}`];
  };
  const table = markdownTable(
    ['requests', 'accepted per second', 'least and greatest of the rounds'],
    [row('without a project', plain), row('with a project', project)],
  );
  return `Rounds of ${countText(requests)} requests, in turns.\n\n${table}`;
}

function describeSettling(settling: readonly SettlingResult[]): string {
  const table = markdownTable(
    [
      'calls',
      'status events numbered per second',
      'replies per second',
      'p50 ms',
      'p99 ms',
      'longest ms',
      'without reply',
    ],
    settling.map(({ project, flooded, seconds, calls, failed, numbered }) => [
      `${project ? 'with' : 'without'} a project, ${flooded ? 'during a flood of status events' : 'in quiet'}`,
      numberText(numbered / seconds),
      numberText(calls.count / seconds),
      ...[msText(calls.p50), msText(calls.p99), msText(calls.max), countText(failed)],
    ]),
  );
  return `Whole calls, from \`POST\` to the reply (\`Prefer: wait\`).\n\n${table}`;
}

function delaysText({ count, p50, p99, max }: Delays): string {
  return count === 0
    ? 'nothing to measure'
    : `half within ${msText(p50)} ms, 99 % within ${msText(p99)} ms, the longest ${msText(max)} ms, of ${countText(count)}`;
}
