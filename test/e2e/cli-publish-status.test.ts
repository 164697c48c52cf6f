import { expect } from 'chai';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { devBench, expectFailure } from '../support/cli.js';
import { uniqueName } from '../support/gateway.js';
import { call } from '../support/http.js';
import { until } from '../support/until.js';

describe('replyto publish-status', function () {
  this.timeout(60_000);
  const bench = devBench();
  let project: string;
  beforeEach(() => {
    project = uniqueName('project');
  });

  const publish = (...parameters: readonly string[]): ReturnType<typeof bench.run> =>
    bench.run(['publish-status', project, ...parameters]);

  /** So many events of the project, as readers get them. */
  async function events(count: number): Promise<Record<string, unknown>[]> {
    return until(
      async (): Promise<Record<string, unknown>[] | undefined> => {
        const page = await call(`${bench.dev.url}/status/${project}`, {
          headers: { accept: 'application/json' },
        });
        const found = page.json()['events'] as Record<string, unknown>[];
        return found.length >= count ? found : undefined;
      },
      { what: `${count} events` },
    );
  }

  it('tells the project of the event, and prints its id', async () => {
    const before = Date.now();
    const end = await publish(
      ...['--subject', 'job-1', '--kind', 'progress', '--percent', '12.5', '--text', 'größe'],
      ...['--data', '{"rows":[1,2]}'],
    );
    expect(end).to.include({ code: 0, stderr: '' });
    const [event, ...others] = await events(1);
    expect(event).to.deep.include({
      id: end.stdout.trim(),
      project,
      subject: 'job-1',
      kind: 'progress',
      percent: 12.5,
      text: 'größe',
      data: { rows: [1, 2] },
      sequence: 1,
    });
    expect(event?.['time']).to.be.within(before, Date.now());
    expect(others).to.deep.equal([]);
  });

  it('has a kind for log messages and for what users do', async () => {
    await publish('-s', 'nightly', '-k', 'log', '-t', 'begun');
    await publish('-s', 'ada', '-k', 'user-action', '-d', '{"page":"orders"}');
    const found = await events(2);
    expect(found.map(({ kind, subject }) => [kind, subject])).to.deep.equal([
      ['log', 'nightly'],
      ['user-action', 'ada'],
    ]);
    expect(found[0]).not.to.have.any.keys('percent', 'data');
  });

  it('counts the same id once', async () => {
    const [one, two] = [
      await publish('-s', 'a', '-k', 'log', '--id', 'e-1'),
      await publish('-s', 'a', '-k', 'log', '--id', 'e-1'),
    ];
    expect([one.stdout, two.stdout]).to.deep.equal(['e-1\n', 'e-1\n']);
    await publish('-s', 'b', '-k', 'log');
    expect((await events(2)).map(({ subject }) => subject)).to.deep.equal(['a', 'b']);
  });

  it('takes data from a file or from standard input, and prints the answer as JSON', async () => {
    const file = join(bench.dev.dataDir, 'data.json');
    writeFileSync(file, '{"from":"file"}\n');
    await publish('-s', 'a', '-k', 'log', '-d', `@${file}`);
    const end = await bench.run(
      ['publish-status', project, '-s', 'b', '-k', 'log', '-d', '@-', '-o', 'json', '--id', 'e-2'],
      { input: '"from stdin"' },
    );
    expect(JSON.parse(end.stdout)).to.deep.equal({ id: 'e-2', project, subject: 'b' });
    expect((await events(2)).map(({ data }) => data)).to.deep.equal([{ from: 'file' }, 'from stdin']);
  });

  for (const { what, parameters, says } of [
    { what: 'no subject', parameters: ['-k', 'log'], says: /required option '-s, --subject/u },
    { what: 'no kind', parameters: ['-s', 'a'], says: /required option '-k, --kind/u },
    {
      what: 'a kind that is none',
      parameters: ['-s', 'a', '-k', 'news'],
      says: /progress, success, failure, log/u,
    },
    { what: 'too much', parameters: ['-s', 'a', '-k', 'log', '-p', '101'], says: /number from 0 to 100/u },
    {
      what: 'data that is no JSON',
      parameters: ['-s', 'a', '-k', 'log', '-d', '{x'],
      says: /--data '\{x': JSON/u,
    },
    { what: 'an empty subject', parameters: ['-s', '', '-k', 'log'], says: /subject.*: 1-255 characters/u },
  ]) {
    it(`ends with 2 for ${what}`, async () => {
      expectFailure(await publish(...parameters), { code: 2, says });
    });
  }

  it('ends with 2 for a name that no project can have, and with 7 where no gateway is', async () => {
    expectFailure(await bench.run(['publish-status', 'a*', '-s', 'a', '-k', 'log']), {
      code: 2,
      says: /project 'a\*'/u,
    });
    const away = await bench.run(['publish-status', 'a', '-s', 'a', '-k', 'log'], {
      env: { REPLYTO_URL: 'http://127.0.0.1:1' },
    });
    expectFailure(away, { code: 7, says: /nobody listens there/u });
  });
});
