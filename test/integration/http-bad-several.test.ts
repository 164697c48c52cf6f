import { expect } from 'chai';
import { happens } from '../support/happens.js';
import { post } from '../support/http.js';
import { httpBench, problemOf } from '../support/http-bench.js';

/** What may be wrong with a call that asks several queues; nothing of it is stored or sent. */
describe('bad calls to several queues', () => {
  const bench = httpBench(() => ({ settings: { REPLYTO_ALLOW__QUEUES: 'a,b,c' } }));

  async function problemsOf(query: string, headers: Readonly<Record<string, string>> = {}) {
    const answer = await post(`${bench.url}/requests${query}`, '{}', headers);
    const { problems = [] } = problemOf(answer, 400, 'INVALID_REQUEST');
    return problems.map(({ field, value, allowed }) => [field, value, allowed]);
  }

  const countAllowed =
    'given 2 to 50 times, each with another queue; POST /requests/{queue} asks a single one';
  const durationAllowed = 'a whole number from 1 to 315360000000';

  happens(
    'HTTP',
    'one queue or none where several are asked',
    '400 names the query and how many there may be',
    async () => {
      expect(await problemsOf('')).to.deep.equal([['?queue', '0 queues', countAllowed]]);
      expect(await problemsOf('?queue=a')).to.deep.equal([['?queue', '1 queues', countAllowed]]);
      const many = Array.from({ length: 51 }, (_, index) => `queue=q${index}`).join('&');
      expect(await problemsOf(`?${many}`)).to.deep.equal([['?queue', '51 queues', countAllowed]]);
    },
  );

  happens(
    'HTTP',
    'the same queue twice among several',
    '400 names it: its replies could not be told apart',
    async () => {
      expect(await problemsOf('?queue=a&queue=b&queue=a')).to.deep.equal([
        ['?queue', 'a', 'each queue once'],
      ]);
    },
  );

  happens(
    'HTTP',
    'a count or a duration of a gathering out of its bounds, or an unknown parameter',
    '400 names each of them, its value and what is allowed',
    async () => {
      expect(await problemsOf('?queue=a&queue=b&expect=3&stallMs=0&totalMs=soon&wait=1')).to.deep.equal([
        ['?wait', '1', 'one of queue, expect, stallMs, totalMs'],
        ['?expect', '3', 'a whole number from 1 to 2'],
        ['?stallMs', '0', durationAllowed],
        ['?totalMs', 'soon', durationAllowed],
      ]);
      expect(await problemsOf('?queue=a&queue=b&expect=1&expect=2')).to.deep.equal([
        ['?expect', '["1","2"]', 'given once'],
      ]);
      expect((await problemsOf('?queue=a&queue=b,c'))[0]).to.include.members(['?queue', 'b,c']);
    },
  );

  it('refuses a queue outside of the allowed ones, whichever it is', async () => {
    const answer = await post(`${bench.url}/requests?queue=a&queue=b&queue=other`, '{}');
    const { problems } = problemOf(answer, 403, 'DESTINATION_NOT_ALLOWED');
    expect(problems).to.deep.equal([
      { field: '?queue', value: 'other', allowed: 'a queue that matches a or b or c' },
    ]);
  });

  it('refuses a call that expects no replies', async () => {
    const [problem] = await problemsOf('?queue=a&queue=b', { 'reply-to': 'none' });
    expect(problem?.slice(0, 2)).to.deep.equal(['Reply-To', 'none']);
  });

  it('stores and sends nothing of any of them', async () => {
    const received = await bench.listen('a');
    await bench.expectNothingHappened('a', received);
  });
});
