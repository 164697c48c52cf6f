import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';

interface Quotation {
  /** Path from the root of the repository; null when no file is named before it. */
  readonly file: string | null;
  readonly code: string;
}

/** The code blocks of a page; each quotes the file that the page links to last before it. */
function quotationsOf(page: string): Quotation[] {
  return [...page.matchAll(/^```(?:python|java|bash)\n(?<code>.*?)^```$/gmsu)].map((match) => {
    const before = page.slice(0, match.index);
    const links = [...before.matchAll(/\]\(\.\.\/(?<file>examples\/[^)]*\.\w+)\)/gu)];
    return { file: links.at(-1)?.groups?.['file'] ?? null, code: match.groups!['code']! };
  });
}

/** What of a page is not in the files that it quotes. */
function driftsOf(page: string): string[] {
  return quotationsOf(page)
    .filter(({ file, code }) => file === null || !readFileSync(file, 'utf8').includes(code))
    .map(({ file, code }) => `not in ${file ?? 'any file'}: ${code.split('\n')[0]}`);
}

describe('docs/services.md', () => {
  const page = readFileSync('docs/services.md', 'utf8');

  it('quotes the code of the examples as it is', () => {
    expect(quotationsOf(page).map(({ file }) => file)).to.deep.equal([
      'examples/04-service-in-python/service.py',
      'examples/04-service-in-python/stomp_connection.py',
      'examples/05-service-in-java/src/main/java/PlainService.java',
      'examples/05-service-in-java/src/main/java/KnowingService.java',
      'examples/06-service-in-bash/service.sh',
      'examples/08-service-with-curl/service.sh',
    ]);
    expect(driftsOf(page)).to.deep.equal([]);
  });

  it('would be found to differ by one character', () => {
    const changed = page.replace('print(f', 'print( f');
    expect(driftsOf(changed)).to.have.lengthOf(1);
  });

  it('links to what is there', () => {
    for (const name of ['docs/services.md', 'docs/queues-over-http.md']) {
      const links = [...readFileSync(name, 'utf8').matchAll(/\]\((?<path>[^)#]+)(?:#[^)]*)?\)/gu)];
      for (const { groups } of links)
        expect(existsSync(join('docs', groups!['path']!)), groups!['path']).to.equal(true);
    }
  });
});
