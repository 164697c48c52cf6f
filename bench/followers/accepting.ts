/** How many requests per second are accepted, with a project and without. */
import { post } from '../../test/support/http.js';
import { nowUs } from '../tools/clock.js';
import { callInTurns } from '../tools/callers.js';
import type { Measuring } from './measuring.js';
import type { Plan } from './plan.js';
import type { AcceptingResult } from './results.js';

const callers = 20;

export async function measureAccepting(
  { gateway, signal }: Measuring,
  { requests, rounds }: Plan,
): Promise<AcceptingResult> {
  async function accept(project: string | null): Promise<number> {
    const startedAt = nowUs();
    let left = requests;
    await callInTurns(
      callers,
      () => left > 0 && !signal.aborted,
      async () => {
        left -= 1;
        const answer = await post(`${gateway.url}/requests/accepted`, '{}', {
          prefer: 'respond-async',
          ...(project === null ? {} : { project }),
        });
        if (answer.status !== 202) {
          throw new Error(`${answer.status} for a request: ${answer.text().slice(0, 200)}`);
        }
      },
    );
    return (requests * 1_000_000) / (nowUs() - startedAt);
  }

  const [plain, project]: [number[], number[]] = [[], []];
  // The first pays for cold code.
  await accept(null);
  for (let round = 0; round < rounds; round += 1) {
    plain.push(await accept(null));
    project.push(await accept('accepted'));
  }
  return { requests, plain, project };
}
