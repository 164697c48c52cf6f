/** The page in Markdown; not a word of it is written by hand afterwards. */
import { machineText } from '../../../bench/tools/machine.js';
import { countText, numberText } from '../../../bench/tools/number-text.js';
import type { PlayedRow, Results } from '../results.js';
import type { Row } from '../rows/row.js';
import { rows } from '../rows/rows.js';
import { starText, tableOf } from './table.js';

export function pageOf(results: Results): string {
  const { startedAt, machine, parts, rows: played, leftOut } = results;
  const sum = (of: (one: PlayedRow) => number): number => played.reduce((total, one) => total + of(one), 0);
  const accepted = sum(({ counts }) => counts.accepted);
  const lost = sum(({ counts }) => counts.lost);
  const kills = sum(({ done }) => done.length);
  const minutes = numberText(sum(({ tookMs }) => tookMs) / 60_000);
  const blocks = [
    '# What is lost when something dies?',
    '<!-- Written by `npm run chaos -- --publish`; the next one overwrites it. -->',
    `${lost === 0 ? 'Nothing' : `**${countText(lost)} requests**`}: ${countText(accepted)} requests were accepted in ${played.length} rows, gateways, brokers, databases and services were killed or stopped ${countText(kills)} times beside them, and ${lost === 0 ? 'every one of them has its answer' : `${countText(accepted - lost)} of them have their answer`}. Run of ${startedAt.slice(0, 10)}, ${minutes} minutes.`,
    tableOf(rows, played),
    starText,
    ...problemsBlock(played),
    ...(leftOut.length === 0 ? [] : [list(leftOut.map(({ row, why }) => `${row} was left out: ${why}`))]),
    '## What a row shows',
    list(
      rows
        .filter(isFirstOfItsKind)
        .map(({ shows, killed, between }) => `**${killed}, ${between}**: ${shows}`),
    ),
    '## What is counted',
    list([
      '**accepted**: the caller holds a 202, or its answer. A call that was refused (503), or cut, is repeated with the same `Message-ID`, as any client would, and counts when it is accepted.',
      '**answered**: the caller was given the reply, in the way that it chose: a third waits for it, a third asks again for it, a third reads it from a Reply-To queue.',
      '**lost**: accepted, and no answer by the end, minutes after everything runs again. Has to be 0.',
      '**answered twice to the caller**: the caller was told two different answers, or found more than one message in its Reply-To queue. The first has to be 0; the second is marked with a star, and happens where the crash table allows it: the gateway, or the broker, or the store died after the reply had been forwarded and before that was written down.',
      '**run twice by the service**: by one that uses `idempotency` of the library. Has to be 0 where that service is not killed itself: killed between doing its work and remembering it, it cannot know.',
      '**redelivered**: requests that another service, which remembers nothing, got more than once, always with the same `Message-ID`.',
      '**late**, **unmatched**: replies that came after their request had ended, or that name no known request. Have to be 0.',
      '**longest stall**: the longest time in which no caller had an answer, the restart of what was killed included. **slowest answer**: the longest time from the first post of a request to its answer; half a minute or more where a lease of a dead gateway had to run out, or of what the store could not write down.',
    ]),
    '## How it is done',
    list([
      'Every part is a process of its own, and dies by SIGKILL: `replyto serve`, ActiveMQ Classic on its disk, PostgreSQL, services of the library. 40 callers call on meanwhile.',
      'At a named point a gateway kills itself, when the request that chance has chosen is exactly there: `test/chaos/points` stands between the gateway and its store and broker, in tests only. A row in which the kill did not happen has failed.',
      'In the end each request is asked for once more: the reply has to be the one that its caller was told, and that of this request. No request may be open, and no dead letter there.',
    ]),
    '## To see it again',
    '```sh\nnpm run chaos                                              # all rows\nnpm run chaos -- --row accepted-classic-sqlite --seed 7    # one of them, with the kills of that seed\nnpm run test:long                                          # all rows, with more requests\n```',
    'The seed decides which part dies, and when it does, counted in requests. How processes run beside each other it cannot decide, so two runs of one seed are alike and not the same. Java and Maven, for the ActiveMQ, and the programs of PostgreSQL have to be installed; rows that need what is not there are left out, and named.',
    '## On what',
    list([
      machineText(machine),
      `${Object.entries(parts)
        .map(([part, version]) => `${part}: ${version}`)
        .join('; ')}.`,
    ]),
  ];
  return `${blocks.join('\n\n')}\n`;
}

/** The same is shown on several stages. */
function isFirstOfItsKind({ shows }: Row, index: number): boolean {
  return rows.findIndex((other) => other.shows === shows) === index;
}

function problemsBlock(played: readonly PlayedRow[]): string[] {
  const failed = played.filter(({ problems }) => problems.length > 0);
  return failed.length === 0
    ? []
    : [list(failed.map(({ row, problems }) => `**${row} did not hold**: ${problems.join('; ')}`))];
}

function list(sentences: readonly string[]): string {
  return sentences.map((sentence) => `- ${sentence}`).join('\n');
}
