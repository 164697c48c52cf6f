import { expect } from 'chai';
import { devBench, startCli } from '../support/cli.js';
import type { CliEnd } from '../support/cli.js';
import { uniqueName } from '../support/gateway.js';
import { call, post } from '../support/http.js';
import type { RunningProcess } from '../support/process.js';
import { until } from '../support/until.js';

type Line = Readonly<Record<string, unknown>>;

function linesOf({ code, stdout, stderr }: CliEnd): Line[] {
  expect(code, stderr).to.equal(0);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}

/** With processes of their own: gateway and broker, the services, and each command. */
describe('what failed, from the command line', function () {
  this.timeout(90_000);
  const bench = devBench();
  const { run } = bench;
  const services: RunningProcess[] = [];
  afterEach(async () => {
    for (const service of services.splice(0)) await service.stop();
  });

  /** Runs a program as the service of a queue. */
  function serve(queue: string, command: string): RunningProcess {
    const service = startCli(['reply', queue, '--exec', command, '--attempts', '1'], { env: bench.dev.env });
    services.push(service);
    return service;
  }

  const listed = async (command: string, ...given: string[]): Promise<Line[]> =>
    linesOf(await run([command, 'list', ...given]));

  it('is edited and sent again, and its reply arrives', async () => {
    const [queue, wanted] = [uniqueName('orders'), uniqueName('wanted')];
    const broken = serve(queue, 'grep -q "sku.:7" && echo 12 || exit 1');
    const id = uniqueName('order');
    const faulted = await run(['request', queue, '-d', '{"sku":0}', '--message-id', id, '--wait', '30']);
    expect(faulted).to.include({ code: 4, stdout: '' });
    const [letter] = await until(
      async () => {
        const found = await listed('dead-letters', '--queue', queue);
        return found.length === 1 && found;
      },
      { what: 'the letter' },
    );
    expect(letter).to.include({ messageId: id, kind: 'dead-letter' });
    const number = String(letter!['id']);
    const shown = linesOf(await run(['dead-letters', 'show', number]));
    expect(shown[0]).to.include({ body: '{"sku":0}', contentType: 'application/json' });

    const sent = await run(['dead-letters', 'edit', number, '-d', '{"sku":7}', '--retry']);
    expect(linesOf(sent)).to.deep.equal([{ id: number, queue, messageId: id }]);
    await until(async () => (await call(`${bench.dev.url}/requests/${id}`)).json()['replies'] === 2, {
      what: 'the reply',
    });
    const reply = await call(`${bench.dev.url}/requests/${id}/reply?n=2`);
    expect(reply.text()).to.equal('12\n');
    expect((await run(['dead-letters', 'show', number])).code).to.equal(3);
    expect(await listed('dead-letters', '--queue', queue)).to.deep.equal([]);
    await broken.stop();

    linesOf(await run(['deliveries', id, '--to', wanted, '--reply', '2']));
    const consumed = await run(['consume', wanted, '--count', '1', '-o', 'json']);
    expect(JSON.parse(consumed.stdout)).to.include({ correlId: id, body: 12 });
    expect(linesOf(await run(['deliveries', id]))).to.have.length(1);
  });

  it('is named the request that its reply is for, and the caller who waits has it', async () => {
    const queue = uniqueName('quiet');
    const id = uniqueName('asked');
    const asked = await post(`${bench.dev.url}/requests/${queue}`, '{}', {
      ...{ 'message-id': id, prefer: 'respond-async' },
    });
    expect(asked.status).to.equal(202);
    const waiting = startCli(['status', id, '--reply', '--wait', '60'], { env: bench.dev.env });
    // A service that has lost the id of what it was asked for answers with one of its own.
    const lost = uniqueName('lost');
    const sent = await run(['send', 'replyto.replies', '-d', 'twelve', '--correl-id', lost]);
    expect(sent.code, sent.stderr).to.equal(0);
    const [letter] = await until(
      async () => {
        const found = (await listed('unmatched')).filter(({ correlationId }) => correlationId === lost);
        return found.length === 1 && found;
      },
      { what: 'the unmatched reply' },
    );
    const matched = linesOf(await run(['unmatched', 'match', String(letter!['id']), id]));
    expect(matched[0]).to.include({ id, status: 'replied' });
    expect((await waiting.exited).code).to.equal(0);
    expect(waiting.stdout()).to.equal('twelve');
  });
});
