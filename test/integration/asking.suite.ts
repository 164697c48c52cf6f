import { expect } from 'chai';
import { createReplier } from '#app/library/create-replier.js';
import type { Handler } from '#messaging/handler-run.js';
import type { Replier } from '#messaging/replier.js';
import type { TestGateway } from '../support/gateway.js';
import { startGateway, uniqueName } from '../support/gateway.js';
import { post } from '../support/http.js';

/** The main job from HTTP to a service and back. `brokerUrl` undefined = the embedded broker. */
export function describeAsking(brokerUrl: () => string | undefined): void {
  let gateway: TestGateway;
  const repliers: Replier[] = [];

  before(async () => {
    const url = brokerUrl();
    gateway = await startGateway(url === undefined ? {} : { brokerUrl: url });
  });
  // Not there when the suite was skipped.
  after(() => (gateway as TestGateway | undefined)?.stop());
  afterEach(async () => {
    await Promise.all(repliers.splice(0).map((replier) => replier.stop(2_000)));
    expect(gateway.fatal).to.deep.equal([]);
  });

  async function serve(queue: string, handler: Handler): Promise<void> {
    const replier = createReplier({ broker: gateway.broker, queue, handler });
    repliers.push(replier);
    await replier.start();
  }

  it('answers a waiting caller with the reply of the service', async () => {
    const queue = uniqueName('echo');
    await serve(queue, (request) => ({ heard: request.json() }));
    const answer = await post(`${gateway.url}/requests/${queue}`, '{"say":"hello"}', {
      'content-type': 'application/json',
      prefer: 'wait=10',
      'message-id': `m-${queue}`,
    });
    expect(answer.status, answer.text()).to.equal(200);
    expect(answer.json()).to.deep.equal({ heard: { say: 'hello' } });
    expect(answer.headers).to.include({
      'content-type': 'application/json',
      'correl-id': `m-${queue}`,
      'preference-applied': 'wait=10',
      vary: 'Prefer',
    });
    expect(answer.headers['message-id']).not.to.equal(`m-${queue}`);
  });
}
