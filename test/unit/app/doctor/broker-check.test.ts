import { expect } from 'chai';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { loadConfiguration } from '#app/configuration/load.js';
import { checkBroker } from '#app/doctor/broker-check.js';
import type { Finding } from '#app/doctor/finding.js';
import { freePort } from '../../../support/free-port.js';
import { happens } from '../../../support/happens.js';

/** Connection.Start as RabbitMQ says it, as far as the doctor reads. */
function connectionStart(): Buffer {
  const property = (name: string, value: string): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(value.length);
    return Buffer.concat([Buffer.from([name.length]), Buffer.from(`${name}S`), length, Buffer.from(value)]);
  };
  const payload = Buffer.concat([property('product', 'RabbitMQ'), property('version', '4.1.0')]);
  const head = Buffer.from([1, 0, 0, 0, 0, 0, 0]);
  head.writeUInt32BE(payload.length, 3);
  return Buffer.concat([head, payload, Buffer.from([0xce])]);
}

describe('the doctor, of what listens where the broker should', function () {
  this.timeout(60_000);
  const servers: Server[] = [];

  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  async function listen(onConnection: (socket: Socket) => void): Promise<number> {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      onConnection(socket);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  }

  async function examine(url: string): Promise<Finding> {
    const { configuration } = loadConfiguration({ environment: { BROKER_URL: url }, workingFolder: '/' });
    const { finding } = await checkBroker({ url, configuration, stepMs: 5_000 });
    expect(finding).to.include({ state: 'wrong', code: 'BROKER_UNAVAILABLE' });
    expect(finding.says).to.not.match(/[\r\n]/u);
    return finding;
  }

  happens(
    'Surroundings',
    'doctor, with stomps:// or wss:// to a port without TLS',
    'says so in words, and how the address is written without TLS',
    async () => {
      const port = await listen((socket) => socket.once('data', () => socket.end('ERROR\n\nno\0')));
      for (const scheme of ['stomps', 'wss']) {
        const { says, remedy } = await examine(`${scheme}://127.0.0.1:${port}`);
        expect(says).to.match(/: what listens there speaks no TLS$/u);
        expect(remedy)
          .to.match(/^write stomp:\/\/ .*ws:\/\/ /u)
          .and.not.match(/rabbitmq/iu);
      }
    },
  );

  happens(
    'Surroundings',
    'doctor, with another program at the port of the broker',
    'says what that says, and to name the STOMP port',
    async () => {
      const port = await listen((socket) => socket.once('data', () => socket.write('-ERR unknown command')));
      const { says, remedy } = await examine(`stomp://127.0.0.1:${port}`);
      expect(says).to.match(/: it does not speak STOMP but says '-ERR unknown command'$/u);
      expect(remedy)
        .to.match(/name its STOMP port in BROKER_URL/u)
        .and.not.match(/rabbitmq|start the/iu);
      const noWebSocket = await examine(`ws://127.0.0.1:${port}/ws`);
      expect(noWebSocket.says).to.match(/: what listens there speaks no WebSocket$/u);
      expect(noWebSocket.remedy).to.equal(remedy);
    },
  );

  happens(
    'Surroundings',
    'doctor, with a broker whose name is unknown',
    'says so, and does not ask to start it',
    async () => {
      const { says, remedy } = await examine('stomp://broker.invalid:61613');
      expect(says).to.match(/^stomp:\/\/broker\.invalid:61613: no host of this name is known|EAI_AGAIN/u);
      expect(remedy)
        .to.contain('DNS')
        .and.contain('correct')
        .and.not.match(/start the broker/u);
    },
  );

  it('names a RabbitMQ without STOMP for sure at the port that was named', async () => {
    const port = await listen((socket) =>
      socket.once('data', (asked: Buffer) =>
        socket.end(asked.toString().startsWith('AMQP') ? connectionStart() : 'AMQP\0\0\t\x01'),
      ),
    );
    for (const scheme of ['stomp', 'stomps']) {
      const { says, remedy } = await examine(`${scheme}://127.0.0.1:${port}`);
      expect(says).to.match(/; RabbitMQ 4\.1\.0 answers there by AMQP$/u);
      expect(remedy).to.match(/^enable its STOMP plugin/u);
    }
  });

  it('asks first to start a broker where nobody listens, whatever answers at the port of AMQP', async () => {
    const { says, remedy } = await examine(`stomp://127.0.0.1:${await freePort()}`);
    expect(says)
      .to.contain('ECONNREFUSED')
      .and.not.match(/rabbitmq/iu);
    // A RabbitMQ may run on this machine.
    expect(remedy).to.match(
      /^start the broker, or correct BROKER_URL; a firewall may be in between(?:$|; a RabbitMQ \S+ answers AMQP at 127\.0\.0\.1:5672: if it is your broker, enable)/u,
    );
  });
});
