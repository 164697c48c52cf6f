import { expect } from 'chai';
import { cli } from '../support/cli.js';
import { uniqueName } from '../support/gateway.js';
import { httpBench } from '../support/http-bench.js';

describe('replyto watch of a request, of some kinds of its events', () => {
  const bench = httpBench();

  it('ends with the request, though its end is of no such kind', async () => {
    const queue = uniqueName('kinds');
    await bench.serve(queue, async (_request, { progress }) => {
      await progress(40, 'row 400');
      return 'done';
    });
    await bench.ask(queue, { 'message-id': queue, prefer: 'wait=15' });
    const watched = await cli(['watch', queue, '--kind', 'user-action'], { env: { REPLYTO_URL: bench.url } });
    expect(watched).to.deep.equal({ code: 0, stdout: '', stderr: '' });
    const log = await cli(['watch', queue, '--kind', 'log'], { env: { REPLYTO_URL: bench.url } });
    expect(log).to.include({ code: 0, stderr: '' });
    expect(log.stdout.match(/"kind":"log"/gu)).to.have.lengthOf(2);
    expect(log.stdout).not.to.match(/"kind":"(?:progress|success)"/u);
  });
});
