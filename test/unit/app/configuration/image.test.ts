import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { loadConfiguration } from '#app/configuration/load.js';

/** The variables that the last stage of the Dockerfile sets for whatever command runs in the image. */
function imageEnvironment(dockerfile: string): Record<string, string> {
  const lastStage = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));
  const assignments = [...lastStage.matchAll(/^ENV (?<line>.+)$/gmu)].flatMap(
    (match) => match.groups?.['line']?.split(' ') ?? [],
  );
  return Object.fromEntries(assignments.map((text) => text.split('=') as [string, string]));
}

describe('the container image', () => {
  const dockerfile = readFileSync('Dockerfile', 'utf8');

  it('says to every command by its environment alone how it listens, so that doctor judges what serve does', () => {
    const environment = imageEnvironment(dockerfile);
    const { configuration } = loadConfiguration({ environment, workingFolder: '/' });
    expect(configuration.http).to.include({ host: '0.0.0.0', insecure: true });
    expect(configuration.dataDir).to.equal('/data');
    expect(/^CMD (?<parameters>.+)$/mu.exec(dockerfile)?.groups?.['parameters']).to.equal('["serve"]');
  });
});
