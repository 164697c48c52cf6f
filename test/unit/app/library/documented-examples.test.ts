import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import ts from 'typescript';

const root = fileURLToPath(new URL('../../../../', import.meta.url));

const paths = {
  replyto: [join(root, 'src/index.ts')],
  'replyto/testing': [join(root, 'src/testing/index.ts')],
};

/** The `ts` and `js` blocks of a page as one program, each on the lines where the page has it. */
function programOf(page: string): string {
  let isInside = false;
  return page
    .split('\n')
    .map((line) => {
      if (!line.startsWith('```')) return isInside ? line : '';
      isInside = !isInside && (line === '```ts' || line === '```js');
      return '';
    })
    .join('\n');
}

/** What a strict compiler says about the examples of these pages, by their paths in the repository. */
function faultsOf(pages: Readonly<Record<string, string>>): string[] {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
    config: { compilerOptions: object };
  };
  const { options } = ts.convertCompilerOptionsFromJson(
    { ...config.compilerOptions, types: ['node'], paths },
    root,
  );
  const programs = new Map(
    Object.entries(pages).map(([name, page]) => [join(root, `${name}.ts`), programOf(page)]),
  );
  const disk = ts.createCompilerHost(options);
  const host: ts.CompilerHost = {
    ...disk,
    fileExists: (path) => programs.has(path) || disk.fileExists(path),
    readFile: (path) => programs.get(path) ?? disk.readFile(path),
    getSourceFile: (path, languageVersion, ...others) => {
      const text = programs.get(path);
      return text === undefined
        ? disk.getSourceFile(path, languageVersion, ...others)
        : ts.createSourceFile(path, text, languageVersion);
    },
  };
  const program = ts.createProgram([...programs.keys()], options, host);
  return [...programs.keys()].flatMap((path) => {
    const file = program.getSourceFile(path);
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(
      ({ messageText, start = 0 }) => {
        const line = ts.getLineAndCharacterOfPosition(file!, start).line + 1;
        return `${path.slice(root.length, -'.ts'.length)}:${line} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
      },
    );
  });
}

describe('the examples of the library', () => {
  const read = (name: string): string => readFileSync(join(root, name), 'utf8');

  it('compile in strict TypeScript', () => {
    const names = ['README.md', 'docs/library.md', 'docs/testing-services.md'];
    const pages = Object.fromEntries(names.map((name) => [name, read(name)]));
    for (const [name, page] of Object.entries(pages)) {
      expect(programOf(page), name).to.contain("from 'replyto'");
    }
    expect(faultsOf(pages)).to.deep.equal([]);
  });

  it('would be found broken at their line', () => {
    const page = [
      'Text.',
      '```ts',
      "import { connectBroker } from 'replyto';",
      "await connectBroker({ urll: 'x' });",
      '```',
      '```sh',
      'npm start',
      '```',
    ];
    const [fault, ...others] = faultsOf({ 'docs/broken.md': page.join('\n') });
    expect(fault).to.match(/^docs\/broken\.md:4 .*'urll'/u);
    expect(others).to.deep.equal([]);
  });
});
