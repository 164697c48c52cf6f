import { expect } from 'chai';
import type { ConnectionLog } from '#adapters/stomp/connection-log.js';
import { createConnectionLog } from '#adapters/stomp/connection-log.js';
import { detectDialect } from '#adapters/stomp/dialects/detect.js';
import { ReplytoError } from '#core/errors.js';
import type { ManualClock } from '#testing/manual-clock.js';
import { createManualClock } from '#testing/manual-clock.js';
import type { RecordingLogger } from '../../../support/recording.js';
import { createRecordingLogger } from '../../../support/recording.js';

const connection = { endpoint: 'stomp://broker:61613', broker: detectDialect('ActiveMQ/6.3.1') };

function away(detail: string): ReplytoError {
  return new ReplytoError('BROKER_UNAVAILABLE', { detail });
}

describe('the log of the connections to a broker', () => {
  let clock: ManualClock;
  let logger: RecordingLogger;
  let log: ConnectionLog;

  beforeEach(() => {
    clock = createManualClock();
    logger = createRecordingLogger();
    log = createConnectionLog({ clock, logger });
  });

  /** What an operator reads at the usual level. */
  const told = (): string[] =>
    logger.entries
      .filter(({ level }) => level !== 'debug')
      .map(({ level, sentence }) => `${level}: ${sentence}`);

  const three = (): ReturnType<ConnectionLog['link']>[] =>
    ['send', 'receive a', 'receive b'].map((one) => log.link(one));

  it('tells once that the broker is there, however many connections it has', () => {
    for (const link of three()) link.up(connection);
    expect(told()).to.deep.equal(['info: connected to the broker']);
    expect(logger.entries.at(-1)!.facts).to.include({ connection: 'receive b', server: 'ActiveMQ/6.3.1' });
  });

  it('tells once that it is gone and once that all are back, with how long it took', () => {
    const links = three();
    for (const link of links) link.up(connection);
    for (const link of links) link.down(away('closed'));
    for (let attempt = 0; attempt < 20; attempt += 1) {
      clock.advance(1_000);
      for (const link of links) link.down(away('refused'));
    }
    for (const link of links) link.up(connection);
    expect(told()).to.deep.equal([
      'info: connected to the broker',
      'warn: the broker connection ended',
      'warn: the broker cannot be reached',
      'warn: the broker is back',
    ]);
    const [, ended, unreached, back] = logger.entries.filter(({ level }) => level !== 'debug');
    expect(ended!.facts).to.include({ reason: 'closed', code: 'BROKER_UNAVAILABLE', awayMs: 0 });
    expect(unreached!.facts).to.include({ reason: 'refused', awayMs: 1_000 });
    expect(back!.facts).to.include({ awayMs: 20_000, endpoint: connection.endpoint });
  });

  it('tells with an outage and with its end how much waits for the broker', () => {
    let waiting = 0;
    log = createConnectionLog({ clock, logger, waiting: () => waiting });
    const [link] = three();
    link!.down(away('closed'));
    waiting = 7;
    clock.advance(30_000);
    link!.down(away('closed'));
    waiting = 12;
    clock.advance(10_000);
    link!.up(connection);
    const facts = logger.entries.filter(({ level }) => level === 'warn').map((entry) => entry.facts);
    expect(facts.map(({ awayMs, waiting: told }) => [awayMs, told])).to.deep.equal([
      [0, 0],
      [30_000, 7],
      [40_000, 12],
    ]);
  });

  it('says every half minute that it is still away', () => {
    const [link] = three();
    for (let second = 0; second <= 90; second += 1) {
      link!.down(away('refused'));
      clock.advance(1_000);
    }
    expect(
      logger.entries.filter(({ level }) => level === 'warn').map(({ facts }) => facts['awayMs']),
    ).to.deep.equal([0, 30_000, 60_000, 90_000]);
  });

  it('tells each reason, as those of several brokers in turn, once', () => {
    const [link] = three();
    for (let attempt = 0; attempt < 25; attempt += 1) {
      link!.down(away(`broker ${attempt % 2} refused`));
      clock.advance(1_000);
    }
    expect(told()).to.have.length(2);
    for (let attempt = 0; attempt < 10_000; attempt += 1) link!.down(away(`refused from port ${attempt}`));
    expect(told()).to.have.length(20);
  });

  it('tells nobody but at level debug of a connection that goes where others do not', () => {
    const [send] = three();
    send!.up(connection);
    const apart = log.link('send-apart', true);
    apart.down(away('refused'));
    apart.up(connection);
    apart.down(away('closed'));
    send!.down(away('closed'));
    send!.up(connection);
    expect(told()).to.deep.equal([
      'info: connected to the broker',
      'warn: the broker connection ended',
      'warn: the broker is back',
    ]);
  });

  it('names what the broker refuses', () => {
    const [send, receive] = three();
    send!.down(new ReplytoError('BROKER_LOGIN_REFUSED'));
    receive!.down(new ReplytoError('SUBSCRIBE_REFUSED', { detail: 'no permission' }));
    expect(told()).to.deep.equal([
      'warn: the broker refuses the login',
      'warn: the broker refuses a subscription',
    ]);
  });

  it('says that it is back only when all are, but for those that are wanted no more', () => {
    const [send, receive, other] = three();
    for (const link of [send, receive, other]) link!.down(away('refused'));
    send!.up(connection);
    receive!.up(connection);
    expect(logger.sentences('warn')).to.deep.equal(['the broker cannot be reached']);
    other!.end();
    send!.down(away('refused'));
    send!.up(connection);
    expect(logger.sentences('warn')).to.deep.equal([
      'the broker cannot be reached',
      'the broker connection ended',
      'the broker is back',
    ]);
  });
});
