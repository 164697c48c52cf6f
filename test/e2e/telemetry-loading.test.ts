import { expect } from 'chai';
import { startOtlpCollector } from '../support/otlp-collector.js';
import { processes } from '../support/process.js';

describe('the packages of OpenTelemetry', () => {
  const children = processes();

  async function loadedWith(parameters: readonly string[]): Promise<string[]> {
    const child = children.startSource('test/support/programs/loaded-telemetry.ts', parameters);
    const [, names = ''] = await child.line(/^answered 200 with (.*)\.$/mu);
    expect((await child.exited).code).to.equal(0);
    return names.split(' ').filter((name) => name !== '');
  }

  it('are not loaded by a gateway and a service without a collector, but for the API, which prom-client needs', async () => {
    expect(await loadedWith([])).to.deep.equal(['@opentelemetry/api']);
  });

  it('are loaded where there is one', async () => {
    const collector = await startOtlpCollector();
    try {
      expect(await loadedWith([collector.url])).to.include.members([
        '@opentelemetry/sdk-trace-base',
        '@opentelemetry/exporter-trace-otlp-http',
      ]);
      expect(collector.spans.map(({ kind }) => kind)).to.include('SERVER');
    } finally {
      await collector.stop();
    }
  });
});
