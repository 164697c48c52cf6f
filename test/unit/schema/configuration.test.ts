import { expect } from 'chai';
import { defaultSessionLimits } from '#adapters/stomp-server/limits.js';
import { configurationSchema } from '#schema/configuration.js';
import { parseWith } from '#schema/problems.js';

function problems(tree: object): string[] {
  const parsed = parseWith(configurationSchema, tree, 'configuration');
  return parsed.ok ? [] : parsed.problems.map(({ field, allowed }) => `${field}: ${allowed}`);
}

const mostEmbedded = defaultSessionLimits.bodyBytes;

describe('settings that do not go together', () => {
  it('are a body that the embedded broker does not carry; another broker may', () => {
    const http = { maxBodyBytes: mostEmbedded + 1 };
    expect(problems({ http })).to.deep.equal([
      `http.maxBodyBytes: at most ${mostEmbedded} with broker.url embedded:, which carries no larger message`,
    ]);
    expect(problems({ http: { maxBodyBytes: mostEmbedded } })).to.deep.equal([]);
    expect(problems({ http, broker: { url: 'stomp://activemq:61613' } })).to.deep.equal([]);
  });

  it('are a wait beyond the longest that anybody gets, of all routes or of one', () => {
    expect(problems({ requests: { waitMs: '70s', maxWaitMs: '1m' } })).to.deep.equal([
      'requests.waitMs: at most requests.maxWaitMs, which is 1m; this is 70s',
    ]);
    expect(problems({ requests: { waitMs: '70s' } })).to.have.lengthOf(1);
    expect(problems({ requests: { maxWaitMs: 499 } })).to.deep.equal([
      'requests.waitMs: at most requests.maxWaitMs, which is 499ms; this is 500ms',
    ]);
    expect(problems({ requests: { maxWaitMs: 0, waitMs: 0 } })).to.deep.equal([]);
    const routes = [
      { path: '/a', queue: 'a', waitMs: '1m' },
      { path: '/b', queue: 'b', waitMs: 60_001 },
    ];
    expect(problems({ routes })).to.deep.equal([
      'routes[1].waitMs: at most requests.maxWaitMs, which is 1m; this is 60001ms',
    ]);
    expect(problems({ routes, requests: { maxWaitMs: '2m' } })).to.deep.equal([]);
  });

  it('are headers that may come for longer than their whole call', () => {
    const http = { headersTimeoutMs: '2m', callTimeoutMs: '1m' };
    expect(problems({ http })).to.deep.equal([
      'http.headersTimeoutMs: at most http.callTimeoutMs, which is 1m; this is 2m',
    ]);
    expect(problems({ http: { callTimeoutMs: '10s' } })).to.have.lengthOf(1);
    expect(problems({ http: { headersTimeoutMs: '1m' } })).to.deep.equal([]);
  });

  it('are told together with what has no form', () => {
    const tree = {
      http: { maxBodyBytes: mostEmbedded + 1, port: 'x' },
      requests: { waitMs: '70s', timeoutMs: 'soon' },
      routes: [7, { path: '/b', queue: 'b', waitMs: '2m' }],
      nonsense: 1,
    };
    const fields = problems(tree).map((problem) => problem.split(':')[0]);
    expect(fields).to.have.members([
      'http.port',
      'http.maxBodyBytes',
      'requests.timeoutMs',
      'requests.waitMs',
      'routes[0]',
      'routes[1].waitMs',
      'nonsense',
    ]);
  });

  it('are not looked for in what has no form', () => {
    for (const tree of [
      { http: { maxBodyBytes: 'large' } },
      { http: 'x' },
      { requests: 7 },
      { requests: { maxWaitMs: 'x' } },
      { routes: 'x' },
      { broker: { url: 7 }, http: { maxBodyBytes: mostEmbedded + 1 } },
    ]) {
      expect(problems(tree), JSON.stringify(tree)).to.have.lengthOf(1);
    }
  });
});
