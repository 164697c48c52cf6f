import { expect } from 'chai';
import { connect } from 'node:net';
import { createReplier } from '#app/library/create-replier.js';
import type { Replier } from '#messaging/replier.js';
import type { TestGateway } from '../support/gateway.js';
import { startGateway } from '../support/gateway.js';
import { call } from '../support/http.js';
import { openStranger } from '../support/stranger.js';
import { within } from '../support/until.js';

const body = `{
  "Workflow": "46371a70b2cf3953b12b3e0bf8a83ea2",
  "Modules": [
    {
      "GridCapability": [
        "23c83140-05df-4b53-9ccf-ce1fcfc22773"
      ]
    }
  ]
}`;

/** As the document prints it; HTTP needs the length and the empty line besides. */
const requestBytes = [
  'POST /orion/workflow/create HTTP/1.1',
  'Host: 9d50f8c3-e564-4d7c-923c-7d50e804b6b3.mock.pstmn.io',
  'Content-Type: application/json',
  'Time: 1552959300136',
  'Message-ID: 61934db2-f9d7-47e2-be80-9706615aae06',
  'Reply-to: Reply Queue',
  'cache-control: no-cache',
  'Postman-Token: 53337f22-367c-421e-82ba-d8ec84bc8917',
  `Content-Length: ${Buffer.byteLength(body)}`,
  '',
  body,
].join('\r\n');

/** Sends bytes over a socket; resolves with everything that comes until the first answer is whole. */
function exchange(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const answer = new Promise<string>((resolve, reject) => {
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const end = text.indexOf('\r\n\r\n');
      const length = /^content-length: (\d+)$/imu.exec(text)?.[1] ?? '';
      const isChunked = /^transfer-encoding: chunked$/imu.test(text) && text.endsWith('0\r\n\r\n');
      if (isChunked || (end >= 0 && length !== '' && text.length >= end + 4 + Number(length))) resolve(text);
    });
    socket.on('error', reject);
    socket.write(bytes);
  });
  return within(answer, { what: 'the answer' }).finally(() => socket.destroy());
}

/** The example of the document that this product implements, exactly as it is printed there. */
export function describeDocumentExample(brokerUrl: () => string | undefined): void {
  let gateway: TestGateway;
  let replier: Replier | undefined;

  before(async () => {
    const url = brokerUrl();
    gateway = await startGateway(url === undefined ? {} : { brokerUrl: url });
  });
  after(async () => {
    await replier?.stop(1_000);
    await (gateway as TestGateway | undefined)?.stop();
  });

  it('asks the service and puts its reply into the queue that the caller named', async () => {
    const asked: string[] = [];
    replier = createReplier({
      broker: gateway.broker,
      queue: 'orion.workflow.create',
      handler: (request) => {
        asked.push(`${request.messageId} ${request.time} ${request.text()}`);
        return { result: 'Everything is awesome' };
      },
    });
    await replier.start();
    const reader = await openStranger(gateway.brokerUrl);
    await reader.subscribe('Reply Queue', { ack: 'client-individual' });

    const answer = await exchange(gateway.url, requestBytes);
    expect(answer).to.match(/^HTTP\/1\.1 202 Accepted\r\n/u);
    expect(answer).to.match(/^Location: \/requests\/61934db2-f9d7-47e2-be80-9706615aae06\r$/mu);

    const message = await reader.take('MESSAGE');
    await reader.confirmed('ACK', { id: message.headers['ack'] ?? '' });
    expect(asked).to.deep.equal([`61934db2-f9d7-47e2-be80-9706615aae06 1552959300136 ${body}`]);
    expect(message.text).to.equal('{"result":"Everything is awesome"}');
    const { headers } = message;
    expect(headers['Correl-ID']).to.equal('61934db2-f9d7-47e2-be80-9706615aae06');
    expect(headers['correlation-id']).to.equal('61934db2-f9d7-47e2-be80-9706615aae06');
    expect(headers).not.to.have.any.keys('reply-to', 'Reply-To');
    expect(headers['Message-ID'])
      .to.match(/^[0-9a-f-]{36}$/u)
      .and.not.equal('61934db2-f9d7-47e2-be80-9706615aae06');
    expect(Number(headers['Time'])).to.be.greaterThan(1552959300136);
    reader.destroy();

    const status = (await call(`${gateway.url}/requests/61934db2-f9d7-47e2-be80-9706615aae06`)).json();
    expect(status).to.include({ status: 'replied', replyTo: 'Reply Queue', verified: true });
  });
}
