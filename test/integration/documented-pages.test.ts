import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { httpBench } from '../support/http-bench.js';
import { runCommand } from '../support/maven-cache.js';
import { temporaryFolder } from '../support/temporary-folder.js';

interface Block {
  readonly language: string;
  readonly text: string;
}

function blocksOf(page: string): Block[] {
  return [...page.matchAll(/^```(?<language>\w+)\n(?<text>.*?)^```$/gmsu)].map(({ groups }) => ({
    language: groups!['language']!,
    text: groups!['text']!,
  }));
}

/** A line in which `…` stands for anything. */
function toPattern(line: string): RegExp {
  const parts = line.split('…').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/gu, String.raw`\$&`));
  return new RegExp(`^${parts.join('.+')}$`, 'u');
}

for (const name of ['docs/queues-over-http.md', 'docs/scatter-gather.md', 'docs/status.md']) {
  describe(name, function () {
    this.timeout(90_000);
    const bench = httpBench();
    const folder = temporaryFolder();

    it('prints what it says, line by line', async () => {
      const blocks = blocksOf(readFileSync(name, 'utf8'));
      const script = blocks
        .filter(({ language }) => language === 'sh')
        .map(({ text }) => text.replaceAll('http://127.0.0.1:8080', bench.url))
        .join('');
      const expected = blocks
        .filter(({ language }) => language === 'text')
        .flatMap(({ text }) => lines(text));
      expect(expected).to.have.length.above(10);

      const { ok, output } = await runCommand('bash', ['--norc', '-euc', script], folder());
      expect(ok, output).to.equal(true);
      const printed = lines(output);
      for (const [index, line] of expected.entries()) expect(printed[index]).to.match(toPattern(line));
      expect(printed).to.have.lengthOf(expected.length);
    });
  });
}

function lines(text: string): string[] {
  return text.trimEnd().split(/\r?\n/u);
}
