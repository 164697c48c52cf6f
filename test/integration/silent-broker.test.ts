import { expect } from 'chai';
import { createDeployment } from '#app/deployment.js';
import type { Deployment } from '#app/deployment.js';
import { loadConfiguration } from '#app/configuration/load.js';
import type { FakeStompConnection } from '../support/fake-stomp-server.js';
import { fakeStompServer } from '../support/fake-stomp-server.js';
import { happens } from '../support/happens.js';
import { call, post } from '../support/http.js';
import { createRecordingLogger } from '../support/recording.js';
import type { RecordingLogger } from '../support/recording.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until, within } from '../support/until.js';

/** A broker that takes connections and then does not answer what it should. */
describe('a gateway whose broker falls silent', function () {
  this.timeout(90_000);
  // Before the hooks of what it uses, so that clients end before their server.
  afterEach(async () => {
    await deployment.stop(1_000);
    await until(() => server().open().length === 0, { what: 'the end of every connection' });
  });

  const folder = temporaryFolder();
  const server = fakeStompServer({ heartBeat: '500,500' });
  let deployment: Deployment;
  let logger: RecordingLogger;
  let url: string;

  async function start(settings: Readonly<Record<string, string>> = {}): Promise<void> {
    logger = createRecordingLogger();
    deployment = createDeployment({
      loaded: loadConfiguration({
        environment: { PORT: '0', BROKER_URL: server().url, DATA_DIR: folder(), ...settings },
        workingFolder: folder(),
      }),
      logger,
      onFatal: (error) => expect.fail(String(error)),
    });
    ({ httpUrl: url } = await deployment.start());
  }

  const checks = async (): Promise<string> => (await call(`${url}/readyz?verbose`)).text();
  const checked = (line: RegExp): Promise<RegExpExecArray> =>
    until(async () => line.exec(await checks()), { what: `${line.source} of /readyz` });
  const ask = async (queue: string): Promise<number> =>
    (await post(`${url}/requests/${queue}`, '{}', { prefer: 'respond-async', 'message-id': queue })).status;
  const statusOf = async (id: string): Promise<unknown> =>
    (await call(`${url}/requests/${id}`)).json()['status'];

  /** Gives notices back, as the topic of a real broker does: the gateway listens for its own hello. */
  function welcome(): void {
    server().rule((frame) => {
      const destination = frame.headers.get('destination') ?? '';
      if (frame.command !== 'SEND' || !destination.startsWith('/topic/')) return 'default';
      const hears = (connection: FakeStompConnection): boolean =>
        connection.framesOf('SUBSCRIBE').some(({ headers }) => headers.get('destination') === destination);
      for (const connection of server().open().filter(hears)) {
        void connection.deliver({ destination }, Buffer.from(frame.body));
      }
      return 'default';
    });
  }

  function beat(): NodeJS.Timeout {
    return setInterval(() => {
      for (const connection of server().open()) connection.write('\n');
    }, 100);
  }

  happens(
    'Surroundings',
    'a broker that takes the connection and never answers CONNECT',
    'the gateway serves after ten seconds, takes requests and keeps them; readyz says that the broker is away',
    async () => {
      server().rule(() => 'handled');
      await start();
      expect(await ask('kept')).to.equal(202);
      await checked(/\[-\] broker: away/u);
      expect((await call(`${url}/readyz`)).status).to.equal(200);
      expect(await statusOf('kept')).to.equal('accepted');
      expect(logger.text()).to.contain('did not answer within 10000 ms');
    },
  );

  happens(
    'Surroundings',
    'a broker that answers CONNECT and nothing after it',
    'requests are taken and kept; readyz says that no replies are received, and for how long the broker owes an answer',
    async () => {
      server().holdReceipts(true);
      await start({ REPLYTO_BROKER__HEARTBEAT_MS: '10000' });
      expect(await ask('kept')).to.equal(202);
      await checked(/\[-\] replies: not received yet/u);
      await checked(/\[-\] broker: connected to ActiveMQ\/6\.3\.1, which owes an answer for \d+ s/u);
    },
  );

  happens(
    'Surroundings',
    'a broker that takes a message and withholds its receipt, although it beats',
    'the queue is held back and named by readyz; when the broker answers again the request is sent again, with the same id and Resend',
    async () => {
      welcome();
      const beating = beat();
      try {
        await start({ REPLYTO_BROKER__RECEIPT_TIMEOUT_MS: '1000', REPLYTO_BROKER__HEARTBEAT_MS: '500' });
        await checked(/\[\+\] replies: being received/u);
        server().holdReceipts(true);
        expect(await ask('parked')).to.equal(202);
        await checked(/\[-\] queues: the broker does not take messages for parked/u);
        expect(await statusOf('parked')).to.equal('accepted');
        server().holdReceipts(false);
        await until(async () => (await statusOf('parked')) === 'sent', {
          what: 'the receipt',
        });
        await until(async () => !(await checks()).includes('queues:'), { what: 'the queue to be free' });
        const sends = server()
          .connections.flatMap((connection) => connection.framesOf('SEND'))
          .filter(({ headers }) => headers.get('destination') === '/queue/parked');
        expect(new Set(sends.map(({ headers }) => headers.get('Message-ID')))).to.deep.equal(
          new Set(['parked']),
        );
        expect(Number(sends.at(-1)!.headers.get('Resend'))).to.be.at.least(1);
      } finally {
        clearInterval(beating);
      }
    },
  );

  happens(
    'Surroundings',
    'a network that swallows all that both sides say (half-open connections)',
    'missed heart-beats end the connections; requests are kept meanwhile, and sent over new ones',
    async () => {
      welcome();
      const beating = beat();
      try {
        // Longer than it takes to miss heart-beats.
        await start({ REPLYTO_BROKER__HEARTBEAT_MS: '1000', REPLYTO_BROKER__RECEIPT_TIMEOUT_MS: '6000' });
        await checked(/\[\+\] replies: being received/u);
        const before = server().connections.length;
        clearInterval(beating);
        server().holdReceipts(true);
        expect(await ask('swallowed')).to.equal(202);
        await until(() => server().connections.length > before, {
          what: 'new connections',
        });
        server().holdReceipts(false);
        const again = beat();
        try {
          await until(async () => (await statusOf('swallowed')) === 'sent', {
            what: 'the request to be sent',
            withinMs: 40_000,
          });
        } finally {
          clearInterval(again);
        }
        expect(logger.text()).to.contain('no heart-beat');
      } finally {
        clearInterval(beating);
      }
    },
  );

  happens(
    'Surroundings',
    'a stop while the broker is silent',
    'it ends within its deadline, and who waits is answered before',
    async () => {
      welcome();
      await start({ REPLYTO_BROKER__HEARTBEAT_MS: '60000' });
      await checked(/\[\+\] replies: being received/u);
      server().holdReceipts(true);
      const waiting = post(`${url}/requests/q`, '{}', { prefer: 'wait=30', 'message-id': 'waits' });
      await until(async () => /^replyto_waits 1$/mu.test((await call(`${url}/metrics`)).text()), {
        what: 'the caller to wait',
      });
      let isStopped = false;
      const stopping = deployment.stop(3_000).then(() => (isStopped = true));
      const answer = await within(waiting, { what: 'the answer' });
      expect(answer.status, answer.text()).to.equal(202);
      expect(isStopped).to.equal(false);
      await within(stopping, { what: 'the stop' });
    },
  );
});
