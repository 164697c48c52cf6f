import { expect } from 'chai';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { compareBrokers } from '#app/doctor/broker-comparison.js';
import { checkGateway } from '#app/doctor/gateway-check.js';

const well = {
  store: '[+] store: answers',
  broker: '[+] broker: connected to ActiveMQ/6.3.1',
  replies: '[+] replies: being received',
  outbox: '[+] outbox: 0 of 100000 requests wait for the broker',
  running: '[+] running: yes',
};

describe('the doctor, of a gateway that runs', () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  /** Says of itself what a gateway would; `lines` is called for each look at its readiness. */
  async function gateway(lines: () => Readonly<Record<string, string>>, status = 200): Promise<URL> {
    const server = createServer((request, response) => {
      response.setHeader('Connection', 'close');
      if (request.url === '/version') {
        const facts = { name: 'replyto', version: '1.2.3', broker: null, brokerUrl: 'stomp://broker:61613' };
        response.end(JSON.stringify(facts));
      } else {
        response.statusCode = status;
        response.end(`${Object.values(lines()).join('\n')}\n`);
      }
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  }

  it('says what it found well', async () => {
    const base = await gateway(() => well);
    const { finding, running } = await checkGateway(base, false);
    expect(finding).to.include({ check: 'gateway', state: 'ok' });
    expect(finding.says).to.match(
      /^replyto 1\.2\.3 at http:\S+ is ready: store: answers, broker: connected/u,
    );
    expect(running).to.deep.equal({
      version: '1.2.3',
      brokerName: null,
      brokerUrl: 'stomp://broker:61613',
    });
  });

  for (const { what, lines, status, code, remedy } of [
    {
      what: 'its broker is away, although it still takes requests',
      lines: { ...well, broker: '[-] broker: away; requests are kept for it' },
      status: 200,
      code: 'BROKER_UNAVAILABLE',
      remedy: /start the broker at stomp:\/\/broker:61613, or start the gateway with another BROKER_URL/u,
    },
    {
      what: 'it receives no replies, although it still takes requests',
      lines: { ...well, replies: '[-] replies: not received yet' },
      status: 200,
      code: 'BROKER_UNAVAILABLE',
      remedy: /log.*rights? to read/u,
    },
    {
      what: 'its outbox is full',
      lines: { ...well, outbox: '[-] outbox: 5 of 5 requests wait for the broker' },
      status: 200,
      code: 'OUTBOX_FULL',
      remedy: /broker/u,
    },
    {
      what: 'its store does not answer',
      lines: { ...well, store: '[-] store: disk I/O error' },
      status: 503,
      code: 'STORE_UNAVAILABLE',
      remedy: /disk/u,
    },
    {
      what: 'it is about to end',
      lines: { ...well, running: '[-] running: stopping' },
      status: 503,
      code: 'SHUTTING_DOWN',
      remedy: /start it again/u,
    },
    {
      what: 'a check fails that this version does not know',
      lines: { ...well, moon: '[-] moon: too full' },
      status: 200,
      code: 'GATEWAY_UNAVAILABLE',
      remedy: /log/u,
    },
  ] as const) {
    it(`calls it wrong, with a remedy, when ${what}`, async () => {
      const { finding } = await checkGateway(await gateway(() => lines, status), false);
      expect(finding).to.include({ check: 'gateway', state: 'wrong', code });
      const failed = Object.values(lines).find((line) => line.startsWith('[-]')) ?? '';
      expect(finding.says).to.contain(failed.slice('[-] '.length));
      expect(finding.remedy).to.match(remedy);
    }).timeout(10_000);
  }

  it('names all that is wrong, and helps with the first', async () => {
    const lines = {
      ...well,
      broker: '[-] broker: away',
      replies: '[-] replies: 0 of 5 subscriptions are up',
    };
    const { finding } = await checkGateway(await gateway(() => lines), false);
    expect(finding.says).to.contain('broker: away, replies: 0 of 5');
    expect(finding.code).to.equal('BROKER_UNAVAILABLE');
    expect(finding.remedy).to.match(/^start the broker/u);
  });

  it('gives one that has just started the time to receive replies', async () => {
    let looks = 0;
    const base = await gateway(() => {
      looks += 1;
      return looks < 3 ? { ...well, replies: '[-] replies: not received yet' } : well;
    });
    const { finding } = await checkGateway(base, false);
    expect(finding.state).to.equal('ok');
    expect(looks).to.equal(3);
  });
});

describe('the doctor, of the broker of a gateway that runs', () => {
  const running = {
    version: '1.2.3',
    brokerName: 'replyto-embedded/1.2.3',
    brokerUrl: 'stomp://127.0.0.1:61613',
  };
  const own = {
    url: 'stomp://activemq:61613',
    name: 'ActiveMQ/6.3.1',
    namedBy: 'BROKER_URL',
    isEmbedded: false,
  };

  it('notes that it is not the one of these settings, naming both', () => {
    const finding = compareBrokers(running, own);
    expect(finding).to.include({ check: 'gateway', state: 'note' });
    expect(finding?.says).to.equal(
      'its broker is replyto-embedded/1.2.3 at stomp://127.0.0.1:61613, but BROKER_URL names ActiveMQ/6.3.1 at stomp://activemq:61613: what is said of broker and prefix is about the latter',
    );
  });

  it('names what is known when a broker is away, and when nobody named one', () => {
    const away = compareBrokers({ ...running, brokerName: null }, { ...own, name: undefined });
    expect(away?.says).to.match(
      /^its broker is stomp:\/\/127\.0\.0\.1:61613, but BROKER_URL names stomp:\/\/activemq:61613:/u,
    );
  });

  it('knows that ActiveMQ is not the embedded broker, although it may be where that would be', () => {
    const local = { ...running, brokerName: 'ActiveMQ/6.3.1', brokerUrl: 'stomp://localhost:61613' };
    const preset = {
      url: 'stomp://127.0.0.1:61613',
      name: 'ActiveMQ/6.3.1',
      namedBy: undefined,
      isEmbedded: true,
    };
    expect(compareBrokers(local, preset)?.says).to.contain(
      'ActiveMQ/6.3.1 at stomp://localhost:61613, but without a setting it would be the embedded one at stomp://127.0.0.1:61613:',
    );
    expect(compareBrokers(running, preset)).to.equal(undefined);
  });

  it('is silent when both mean the same, or nobody can tell', () => {
    expect(
      compareBrokers(running, { ...own, url: 'stomp://localhost:61613', name: running.brokerName }),
    ).to.equal(undefined);
    expect(compareBrokers({ ...running, brokerUrl: undefined, brokerName: null }, own)).to.equal(undefined);
    expect(
      compareBrokers(
        { ...running, brokerUrl: 'embedded:' },
        { ...own, url: 'embedded:', name: undefined, isEmbedded: true },
      ),
    ).to.equal(undefined);
  });

  it('tells brokers of two machines apart by their names', () => {
    expect(compareBrokers(running, { ...own, url: running.brokerUrl })?.state).to.equal('note');
  });
});
