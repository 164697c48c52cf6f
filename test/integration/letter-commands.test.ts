import { expect } from 'chai';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommandLine } from '#cli/program.js';
import type { TestContextOptions } from '../support/command-context.js';
import { testContext } from '../support/command-context.js';
import { uniqueName } from '../support/gateway.js';
import { httpBench } from '../support/http-bench.js';
import { letterBench } from '../support/letters.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

interface End {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

describe('the commands about letters and deliveries', () => {
  const bench = httpBench();
  const { failed, unmatched, get, list } = letterBench(bench);
  const folder = temporaryFolder();

  async function run(given: readonly string[], options: TestContextOptions = {}): Promise<End> {
    const environment = { REPLYTO_URL: bench.url, ...options.environment };
    const context = testContext({ workingFolder: folder(), ...options, environment });
    const code = await runCommandLine(given, context);
    return { code, ...context.said() };
  }
  const linesOf = ({ stdout }: End): Record<string, unknown>[] =>
    stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  describe('replyto dead-letters', () => {
    it('lists: a table on a terminal, lines of JSON when piped, and how to get the next page', async () => {
      const queue = uniqueName('listed');
      const [first, second] = [await failed(queue), await failed(queue)];
      const table = await run(['dead-letters', 'list', '--queue', queue], { isTerminal: true });
      const rows = table.stdout.trim().split('\n');
      expect(rows[0]).to.match(/^ID +KIND +RECEIVED +QUEUE +REASON$/u);
      expect(rows.slice(1).map((row) => row.split(/ {2,}/u)[0])).to.deep.equal([second.id, first.id]);
      expect(rows[1]).to.match(/ {2}dead-letter {2}.* {2}no database$/u);
      const piped = await run(['dead-letters', '--queue', queue, '-n', '1']);
      expect(linesOf(piped).map(({ id, kind }) => [id, kind])).to.deep.equal([[second.id, 'dead-letter']]);
      expect(piped).to.include({ code: 0, stderr: `more with --before ${second.id}\n` });
      const rest = await run([
        'dead-letters',
        '--queue',
        queue,
        '--before',
        second.id,
        '--kind',
        'dead-letter',
      ]);
      expect(linesOf(rest).map(({ id }) => id)).to.deep.equal([first.id]);
      const none = await run(['dead-letters', '--queue', queue, '--older-than', '1h']);
      expect(none).to.deep.equal({ code: 0, stdout: '', stderr: 'no dead letters\n' });
    });

    it('shows one, or its body alone', async () => {
      const letter = await failed(uniqueName('shown'), { 'content-type': 'text/plain' }, 'hello');
      const shown = await run(['dead-letters', 'show', letter.id], { isTerminal: true });
      expect(shown.stdout)
        .to.match(new RegExp(`^messageId +${letter.messageId!}$`, 'mu'))
        .and.to.match(/^reason +no database$/mu);
      expect(linesOf(await run(['dead-letters', 'show', letter.id]))).to.deep.equal([letter]);
      const body = await run(['dead-letters', 'show', letter.id, '--body']);
      expect(body).to.deep.equal({ code: 0, stdout: 'hello', stderr: '' });
    });

    it('sends letters again, by their ids or by filter', async () => {
      const queue = uniqueName('retried');
      const letters = [await failed(queue), await failed(queue), await failed(queue)];
      const received = await bench.listen(queue);
      const [first, second] = letters;
      const named = await run(['dead-letters', 'retry', first!.id, second!.id]);
      expect(linesOf(named)).to.deep.equal(
        [first!, second!].map(({ id, messageId }) => ({ id, queue, messageId })),
      );
      const filtered = await run(['dead-letters', 'retry', '--queue', queue], { isTerminal: true });
      expect(filtered).to.deep.equal({ code: 0, stdout: '1 sent again\n', stderr: '' });
      await until(() => received.length === 3, { what: 'the messages' });
    });

    it('edits by options, and sends at once when asked to', async () => {
      const queue = uniqueName('edited');
      const letter = await failed(queue, { 'x-a': '1', 'x-b': '2' });
      const file = join(folder(), 'fixed.json');
      writeFileSync(file, '{"sku":7}');
      const edited = await run([
        'dead-letters',
        'edit',
        letter.id,
        '-d',
        '@fixed.json',
        '-H',
        'X-A:',
        '-H',
        'X-C: 3',
      ]);
      expect(linesOf(edited)[0]).to.deep.include({ body: '{"sku":7}', headers: { 'x-b': '2', 'x-c': '3' } });
      const received = await bench.listen(queue);
      const sent = await run(['dead-letters', 'edit', letter.id, '-t', 'text/plain', '--retry']);
      expect(linesOf(sent)).to.deep.equal([{ id: letter.id, queue, messageId: letter.messageId }]);
      await until(() => received.length === 1, { what: 'the message' });
      expect(received[0]).to.include({ messageId: letter.messageId, contentType: 'text/plain' });
      expect(Buffer.from(received[0]!.body).toString()).to.equal('{"sku":7}');
    });

    it('opens the body in an editor, and changes nothing when that changes nothing', async () => {
      const letter = await failed(uniqueName('edited'), {}, '{"sku":0}');
      const editing = (editor: string): Promise<End> =>
        run(['dead-letters', 'edit', letter.id], { environment: { EDITOR: editor } });
      expect(await editing('true')).to.deep.equal({ code: 0, stdout: '', stderr: 'nothing was changed\n' });
      expect(linesOf(await editing("sed -i -e 's/0/7/'"))[0]).to.include({ body: '{"sku":7}' });
      const failure = await editing('false');
      expect(failure).to.include({ code: 2, stdout: '' });
      expect(failure.stderr).to.contain("VISUAL or EDITOR 'false'").and.to.contain('it ended with 1');
      expect(await get(letter.links.self)).to.include({ body: '{"sku":7}' });
    });

    it('leaves no copy of a body behind that was opened in an editor', async () => {
      const letter = await failed(uniqueName('edited'), {}, 'secret');
      const seen = join(folder(), 'seen');
      const editor = `sh -c 'printf %s "$0" > ${seen}'`;
      await run(['dead-letters', 'edit', letter.id], { environment: { VISUAL: editor } });
      expect(() => readFileSync(readFileSync(seen, 'utf8'))).to.throw(/ENOENT/u);
    });

    it('drops letters, by their ids or by filter', async () => {
      const queue = uniqueName('dropped');
      const [first] = [await failed(queue), await failed(queue)];
      expect(linesOf(await run(['dead-letters', 'drop', first.id]))).to.deep.equal([
        { id: first.id, dropped: true },
      ]);
      const filtered = await run(['dead-letters', 'drop', '--queue', queue, '--kind', 'dead-letter']);
      expect(linesOf(filtered)).to.deep.equal([{ dropped: 1 }]);
      await failed(queue);
      expect((await run(['dead-letters', 'drop', '--all'], { isTerminal: true })).stdout).to.match(
        /^\d+ dropped\n$/u,
      );
      expect(await list('/dead-letters')).to.deep.equal([]);
    });

    for (const { given, code, says } of [
      { given: ['show', '999999'], code: 3, says: /no letter '999999'/u },
      { given: ['show', ''], code: 2, says: /id ''/u },
      { given: ['retry'], code: 2, says: /ids of letters, a filter such as --older-than 1h, or --all/u },
      { given: ['drop', '1', '--all'], code: 2, says: /ids of letters or a filter, not both/u },
      { given: ['drop', '--older-than', 'soon'], code: 2, says: /\?olderThan 'soon'/u },
      { given: ['list', '--kind', 'lost'], code: 2, says: /Allowed choices are dead-letter, invalid/u },
      { given: ['edit', '1'], code: 2, says: /one of --data, --content-type and -H; or an editor/u },
      { given: ['edit', '1', '-H', 'nonsense'], code: 2, says: /'Name: value'/u },
      { given: ['edit', '1', '-d', '@nowhere'], code: 2, says: /--data '@nowhere'/u },
      { given: ['retry', '999999'], code: 3, says: /no letter '999999'/u },
    ]) {
      it(`ends with ${code} for ${given.join(' ')}`, async () => {
        const end = await run(['dead-letters', ...given]);
        expect(end).to.include({ code, stdout: '' });
        expect(end.stderr).to.match(says);
      });
    }
  });

  describe('replyto unmatched', () => {
    it('lists, shows, matches and drops', async () => {
      const letter = await unmatched({ body: Buffer.from('twelve'), contentType: 'text/plain' });
      const table = await run(['unmatched'], { isTerminal: true });
      expect(table.stdout)
        .to.match(/^ID +RECEIVED +CORRELATION ID +REASON\n/u)
        .and.to.include(letter.correlationId!);
      expect(linesOf(await run(['unmatched', 'show', letter.id]))).to.deep.equal([letter]);
      expect((await run(['unmatched', 'show', letter.id, '--body'])).stdout).to.equal('twelve');
      const id = uniqueName('asked');
      await bench.ask(id, { prefer: 'respond-async', 'message-id': id });
      const matched = await run(['unmatched', 'match', letter.id, id]);
      expect(linesOf(matched)[0]).to.include({ id, status: 'replied' });
      expect((await run(['unmatched', 'match', letter.id, id])).code).to.equal(3);
      const other = await unmatched();
      expect(linesOf(await run(['unmatched', 'drop', other.id]))).to.deep.equal([
        { id: other.id, dropped: true },
      ]);
      expect((await run(['unmatched', 'drop', '--older-than', '1h'])).stdout).to.equal('{"dropped":0}\n');
      const none = await run(['unmatched', 'list']);
      expect(none).to.deep.equal({ code: 0, stdout: '', stderr: 'no unmatched replies\n' });
    });
  });

  describe('replyto deliveries', () => {
    it('lists and adds', async () => {
      const id = uniqueName('asked');
      await bench.ask(id, { prefer: 'respond-async', 'message-id': id });
      expect(await run(['deliveries', id])).to.deep.equal({ code: 0, stdout: '', stderr: 'no deliveries\n' });
      const added = await run(['deliveries', id, '--to', 'answers']);
      expect(linesOf(added)[0]).to.include({ to: 'answers', state: 'pending', reply: null });
      const table = await run(['deliveries', id], { isTerminal: true });
      expect(table.stdout).to.equal(
        'STATE    REPLY  ATTEMPTS  TO       LAST ERROR\npending  -      0         answers  -\n',
      );
      expect(linesOf(await run(['deliveries', id]))).to.have.length(1);
    });

    for (const { given, code, says } of [
      { given: ['nobody'], code: 3, says: /no request with the id 'nobody'/u },
      { given: ['nobody', '--to', 'q'], code: 3, says: /no request with the id 'nobody'/u },
      { given: ['nobody', '--reply', '0'], code: 2, says: /Give a whole number from 1/u },
    ]) {
      it(`ends with ${code} for ${given.join(' ')}`, async () => {
        const end = await run(['deliveries', ...given]);
        expect(end).to.include({ code, stdout: '' });
        expect(end.stderr).to.match(says);
      });
    }

    it('ends with 2 for a queue that may not be named', async () => {
      const id = uniqueName('asked');
      await bench.ask(id, { prefer: 'respond-async', 'message-id': id });
      const end = await run(['deliveries', id, '--to', 'a,b']);
      expect(end).to.include({ code: 2, stdout: '' });
      expect(end.stderr).to.include("to 'a,b'");
    });
  });
});
