import { call } from '../../test/support/http.js';

/** What `/metrics` of a gateway says, by name; what differs by labels alone is added up. */
export async function readMetrics(gatewayUrl: string): Promise<ReadonlyMap<string, number>> {
  const { body } = await call(`${gatewayUrl}/metrics`);
  const figures = new Map<string, number>();
  for (const line of body.toString('utf8').split('\n')) {
    const [, name = '', value = ''] = /^([a-zA-Z_]+)(?:\{[^}]*\})? (\S+)/u.exec(line) ?? [];
    if (name !== '') figures.set(name, (figures.get(name) ?? 0) + Number(value));
  }
  return figures;
}
