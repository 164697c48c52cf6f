import { expect } from 'chai';
import { embeddedBroker } from '../../../support/embedded-broker.js';
import { happens } from '../../../support/happens.js';
import type { RawStomp } from '../../../support/raw-stomp.js';
import { until } from '../../../support/until.js';

const kilobyte = 1024;

describe('frames that make no sense to the embedded broker', () => {
  const fixture = embeddedBroker({ limits: { bodyBytes: 64 * kilobyte, connectDeadlineMs: 500 } });
  let witness: RawStomp;

  beforeEach(async () => {
    witness = await fixture.subscriber('/queue/others', { ack: 'auto' });
  });

  /** Others are served, and of what was refused nothing is left. */
  async function expectUnharmed(): Promise<void> {
    await fixture.send('/queue/others', 'still served');
    expect((await witness.take('MESSAGE')).text).to.equal('still served');
    await until(() => fixture.broker.statistics().connections === 1, { what: 'the end of the others' });
    const { queues, memoryBytes, storedBytes } = fixture.broker.statistics();
    expect(queues.map(({ name, depth, inFlight }) => ({ name, depth, inFlight }))).to.deep.equal([
      { name: 'others', depth: 0, inFlight: 0 },
    ]);
    expect([memoryBytes, storedBytes, witness.pending.length]).to.deep.equal([0, 0, 0]);
  }

  /** The bytes are answered with this ERROR, which is the last that the client hears. */
  async function expectFatal(client: RawStomp, bytes: string | Buffer, said: string | RegExp): Promise<void> {
    client.write(bytes);
    const error = await client.take('ERROR');
    expect(error.headers['message']).to.match(typeof said === 'string' ? new RegExp(`^${said}$`, 'u') : said);
    expect(error.text.length).to.be.above(10);
    await client.closed;
    expect(client.pending).to.deep.equal([]);
    client.destroy();
    await expectUnharmed();
  }

  /** On a connection that has logged in, and has sent nothing else. */
  async function fatal(bytes: string | Buffer, said: string | RegExp): Promise<void> {
    await expectFatal(await fixture.client(), bytes, said);
  }

  /** On a connection that has not. */
  async function fatalAtFirst(bytes: string | Buffer, said: string | RegExp): Promise<void> {
    await expectFatal(await fixture.open(), bytes, said);
  }

  /** These frames are messages with these bodies, and nothing is wrong with them. */
  async function taken(bytes: string | Buffer, ...bodies: string[]): Promise<void> {
    const client = await fixture.client();
    client.write(bytes);
    const received = await witness.messages(bodies.length);
    expect(received.map(({ text }) => text)).to.deep.equal(bodies);
    await client.confirmed('BEGIN', { transaction: 't' });
    expect(client.pending).to.deep.equal([]);
    client.destroy();
    await expectUnharmed();
  }

  const send = 'SEND\ndestination:/queue/others\n';

  happens('STOMP', 'random bytes', 'one ERROR, closed', async () => {
    const bytes = Buffer.from(Array.from({ length: 3_000 }, (_, index) => (index * 7919) % 256));
    await fatalAtFirst(bytes, /./u);
  });
  happens('STOMP', 'HTTP on the STOMP port', 'ERROR unknown command, closed', () =>
    fatalAtFirst('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n', /^unknown command 'GET /u),
  );
  happens('STOMP', 'bytes without a line end, for ever', 'ERROR at the limit of a line, closed', () =>
    fatal(Buffer.alloc(200_000, 'A'), 'header line too long'),
  );
  happens('STOMP', 'header lines for ever', 'ERROR at the limit of 200 headers, closed', () =>
    fatal(`${send}${'a:1\n'.repeat(100_000)}`, 'too many headers'),
  );
  happens('STOMP', 'a header block of more than 64 KiB', 'ERROR at the limit, closed', () =>
    fatal(`${send}${`a:${'x'.repeat(1_000)}\n`.repeat(100)}`, 'headers too long'),
  );
  happens('STOMP', 'SEND with 1,000 headers', 'ERROR that names the limit, closed; nothing is sent', () =>
    fatal(
      `${send}${Array.from({ length: 1_000 }, (_, at) => `h${at}:1\n`).join('')}\nx\0`,
      'too many headers',
    ),
  );
  happens(
    'STOMP',
    'a header block that never ends',
    'after 500 ms here (10 s by default) ERROR no CONNECT in time, closed',
    () => fatalAtFirst('CONNECT\naccept-version:1.2\n', 'no CONNECT in time'),
  );
  happens('STOMP', 'a body without a length and without an end', 'ERROR at the limit of a body, closed', () =>
    fatal(`${send}\n${'x'.repeat(200_000)}`, 'body too long'),
  );

  happens('STOMP', 'a content-length below the body', 'ERROR, closed; nothing is sent', () =>
    fatal(`${send}content-length:2\n\nfour\0`, 'body longer than its content-length'),
  );
  happens(
    'STOMP',
    'a content-length above the body',
    'the next frame is part of the body, up to that length; then ERROR, closed',
    () => fatal(`${send}content-length:9\n\nfour\0${send}\nnext\0`, 'body longer than its content-length'),
  );
  happens('STOMP', 'a content-length below 0', 'ERROR, closed', () =>
    fatal(`${send}content-length:-1\n\nx\0`, 'content-length is no number'),
  );
  happens('STOMP', 'a content-length with a sign, a space, in hex, or empty', 'ERROR, closed', async () => {
    for (const length of ['+1', ' 1', '1 ', '0x1', '1e0', '', '１']) {
      await fatal(`${send}content-length:${length}\n\nx\0`, 'content-length is no number');
    }
  });
  happens(
    'STOMP',
    'a content-length beyond every limit',
    'ERROR before any of the body is read, closed',
    async () => {
      await fatal(`${send}content-length:65537\n\n`, 'body too long');
      await fatal(`${send}content-length:999999999999999\n\n`, 'body too long');
      await fatal(`${send}content-length:${'9'.repeat(400)}\n\n`, 'content-length is no number');
    },
  );
  happens('STOMP', 'two content-lengths that differ', 'the first counts, as for every repeated header', () =>
    taken(`${send}content-length:4\ncontent-length:1\n\nfour\0`, 'four'),
  );
  happens('STOMP', 'a body of exactly the limit', 'it is sent whole', async () => {
    const body = 'x'.repeat(64 * kilobyte);
    await taken(`${send}content-length:${body.length}\n\n${body}\0${send}\n${body}\0`, body, body);
  });
  happens(
    'STOMP',
    'a body of one byte over the limit',
    'ERROR with the receipt, closed; nothing is sent',
    async () => {
      const body = 'x'.repeat(64 * kilobyte + 1);
      await fatal(`${send}content-length:${body.length}\nreceipt:r\n\n${body}\0`, 'body too long');
      await fatal(`${send}\n${body}\0`, 'body too long');
    },
  );

  happens('STOMP', 'a NUL in the command or in a header', 'ERROR, closed', async () => {
    await fatal('SE\0ND\ndestination:/queue/others\n\nx\0', 'NUL in the headers');
    await fatal('SEND\ndestination:/queue/oth\0ers\n\nx\0', 'NUL in the headers');
  });
  happens('STOMP', 'a NUL before a frame', 'ERROR, closed', () =>
    fatal(`\0${send}\nx\0`, /NUL in the headers/u),
  );
  happens('STOMP', 'a NUL in a body with a length', 'it is part of the body', () =>
    taken(`${send}content-length:3\n\na\0b\0`, 'a\0b'),
  );
  happens(
    'STOMP',
    'a NUL in a body without a length',
    'it ends the body; what follows is no frame: ERROR, closed',
    async () => {
      const client = await fixture.client();
      client.write(`${send}\na\0b\0`);
      expect((await witness.take('MESSAGE')).text).to.equal('a');
      await expectFatal(client, '', 'NUL in the headers');
    },
  );

  happens(
    'STOMP',
    'a command that is none, or is in lower case',
    'ERROR that lists the commands, closed',
    async () => {
      for (const command of [
        'FETCH',
        'send',
        'Send',
        ' SEND',
        'SEND ',
        'MESSAGE',
        'CONNECTED',
        'constructor',
      ]) {
        await fatal(`${command}\ndestination:/queue/others\n\nx\0`, `unknown command '${command}'`);
      }
    },
  );
  happens('STOMP', 'any frame before CONNECT', 'ERROR that says so, closed; nothing is sent', async () => {
    await fatalAtFirst(`${send}\nx\0`, 'SEND before CONNECT');
    await fatalAtFirst('SUBSCRIBE\nid:s\ndestination:/queue/others\n\n\0', 'SUBSCRIBE before CONNECT');
    await fatalAtFirst('DISCONNECT\nreceipt:r\n\n\0', 'DISCONNECT before CONNECT');
  });
  happens('STOMP', 'a second CONNECT', 'ERROR, closed', () =>
    fatal('CONNECT\naccept-version:1.2\nhost:x\n\n\0', 'second CONNECT'),
  );
  happens(
    'STOMP',
    'CONNECT without accept-version',
    'ERROR that names 1.2 and 1.1, for that means 1.0; closed',
    () => fatalAtFirst('CONNECT\nhost:x\n\n\0', 'unsupported protocol version'),
  );
  happens('STOMP', 'CONNECT with versions nobody knows', 'ERROR that names 1.2 and 1.1, closed', async () => {
    for (const versions of ['1.0', '2.0,3.0', '', 'latest', '1.20']) {
      await fatalAtFirst(`CONNECT\naccept-version:${versions}\n\n\0`, 'unsupported protocol version');
    }
  });
  happens('STOMP', 'CONNECT without host', 'served: there is one virtual host', async () => {
    const client = await fixture.open();
    client.write('CONNECT\naccept-version:1.2\n\n\0');
    expect((await client.take('CONNECTED')).headers['version']).to.equal('1.2');
    await client.confirmed('SEND', { destination: '/queue/others' }, 'x');
    expect((await witness.take('MESSAGE')).text).to.equal('x');
    client.destroy();
    await expectUnharmed();
  });
  happens(
    'STOMP',
    'CONNECT in part, or without its NUL, and silence',
    'ERROR no CONNECT in time, closed',
    async () => {
      for (const bytes of [
        '',
        '\n',
        'CONNECT',
        'CONNECT\n',
        'CONNECT\naccept-version:1.2\n\n',
        'CONNECT\ncontent-length:5\n\nab',
      ]) {
        await fatalAtFirst(bytes, 'no CONNECT in time');
      }
    },
  );
  happens(
    'STOMP',
    'line ends and nothing else before CONNECT',
    'ERROR no CONNECT in time, closed',
    async () => {
      const client = await fixture.open();
      const beating = setInterval(() => client.write('\n\r\n'), 20);
      try {
        await expectFatal(client, '\n', 'no CONNECT in time');
      } finally {
        clearInterval(beating);
      }
    },
  );
  happens('STOMP', 'a heart-beat that is not two numbers', 'ERROR, closed', async () => {
    for (const beat of ['soon', '1', '1,2,3', '-1,0', '1e3,0', ' 1,1', '9999999999,0']) {
      await fatalAtFirst(
        `CONNECT\naccept-version:1.2\nheart-beat:${beat}\n\n\0`,
        'heart-beat is not two numbers',
      );
    }
  });

  happens(
    'STOMP',
    'an escape that STOMP does not know',
    'ERROR that lists those it knows, closed',
    async () => {
      for (const value of ['\\t', '\\', '\\0', '\\C', '\\x41']) {
        await fatal(`${send}a:${value}\n\nx\0`, 'undefined escape sequence in a header');
      }
      await fatal(`${send}a\\t:b\n\nx\0`, 'undefined escape sequence in a header');
    },
  );
  happens('STOMP', 'a header line without a colon, or without a name', 'ERROR, closed', async () => {
    await fatal(`${send}nonsense\n\nx\0`, 'header line without a name and a colon');
    await fatal(`${send}:value\n\nx\0`, 'header line without a name and a colon');
  });
  happens('STOMP', 'headers that are not UTF-8', 'ERROR, closed', async () => {
    for (const bytes of ['\xff', '\xc3', '\xed\xa0\x80', '\xc0\x80']) {
      await fatal(Buffer.from(`${send}a:${bytes}\n\nx\0`, 'latin1'), 'headers are not UTF-8');
    }
  });
  happens('STOMP', 'LF and CRLF in turn', 'both end lines in 1.2; a body keeps its own', () =>
    taken(`\r\n\nSEND\r\ndestination:/queue/others\n\r\nx\r\n\0\r\n${send}\r\ny\0`, 'x\r\n', 'y'),
  );
  happens(
    'STOMP',
    'a carriage return inside a line',
    'it is part of the command or of the value',
    async () => {
      await fatal('SE\rND\n\n\0', /unknown command/u);
      await fatal('SEND\r\r\n\n\0', /unknown command/u);
    },
  );
});
