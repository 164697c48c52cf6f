/** How and on what it was measured, in sentences. */
import { machineText } from '../../tools/machine.js';
import { countText, numberText } from '../../tools/number-text.js';
import { rateShare } from '../plan.js';
import type { Results } from '../results.js';

export function describeMethod({ windowMs, repeats, rates, size }: Results): string[] {
  const fixed = (['http', 'library'] as const).flatMap((kind) => {
    const rate = rates[kind];
    const over = kind === 'http' ? 'over HTTP' : 'without HTTP';
    return rate === null ? [] : [`${countText(rate)} per second ${over}`];
  });
  return [
    `Each way is started anew for each of its ${repeats === 1 ? 'turns (one here)' : `${repeats} turns`}, is warmed up, and gets every load for ${numberText(windowMs / 1_000)} s; the ways come in another order each time. Figures are medians of the turns, in parentheses the least and the greatest.`,
    'As many as there can be: each connection asks again when it has its reply. The times there are those of a caller who is one of so many; they leave out what a caller would wait who does not ask in step with the answers.',
    ...(fixed.length === 0
      ? []
      : [
          `At a fixed rate (${fixed.join(', ')}${size === 'smoke' ? '' : `: ${rateShare * 100} % of what the slowest way could do in a pass before the others`}) requests fall due at instants that are the same for every way, and times count from these instants, whether there was a free connection or not: no coordinated omission. They contain how late the callers were, which is shown.`,
        ]),
    'The callers over HTTP are one process, which writes and reads the bytes of its calls itself; a whole HTTP client would take CPU time from the parts. Requests have about 200 bytes, and every reply is checked to be that of its request.',
    'One and the same service answers all ways but the echo: a process of its own on plain stompjs, as docs/services.md asks, with persistent replies, a receipt for each, and the acknowledgement after it. The naive bridge is spared nothing and asked for nothing there.',
    'replyto is the built package with its defaults, but LOG_LEVEL=warn: every request and reply on disk before the next step, a receipt for each message, callers wait by `Prefer: wait=30`. Its store and the embedded broker begin empty each time.',
    'The naive bridge is Express and stompjs with a map of those who wait: no receipts, no persistence of requests, nothing on disk; with it dies what it knew. The echo is Express alone: the ceiling of whatever is built on it.',
    'The library and bare stompjs have the requests in flight in their own process, so there are no callers beside them. Bare stompjs sends what the library sends: persistent, with a receipt, replies acknowledged one by one.',
    'CPU time is that of the processes, user and system; of PostgreSQL that of the processes of its connections. The CPU time of an embedded broker is part of its gateway’s. “By others”: cores that everything else on the machine kept busy meanwhile. Memory is what is resident, the most that was seen, sampled four times a second; that of the echo, the naive bridge and the programs with stompjs or the library contains some 50 MB of the loader of their TypeScript, which has no other part in what they do.',
    'Stages: the service writes into its reply when it had the request, on a clock that all processes share. Where a gateway has the record stored, confirmed and replied it tells itself, in milliseconds, in `GET /requests`, of some hundred requests of the window; the rest is HTTP, the transaction that accepts, and the way of the reply from the record to the caller. Inside the broker nothing is measured.',
  ];
}

export function describeMachine({ machine, parts, missing, seed }: Results): string[] {
  return [
    machineText(machine),
    `${Object.entries(parts)
      .map(([part, version]) => `${part}: ${version}`)
      .join('; ')}. All of them, the callers included, on the same cores.`,
    `Seed ${seed}: the same order of the ways comes again with \`--seed ${seed}\`.`,
    ...missing,
  ];
}
