import { expect } from 'chai';
import type { Acknowledgements } from '#testing/network/acknowledgements.js';
import { createAcknowledgements } from '#testing/network/acknowledgements.js';

type Plain = Record<string, string>;

function map(headers: Plain): Map<string, string> {
  return new Map(Object.entries(headers));
}

describe('the acknowledgements of a faulty network', () => {
  let acknowledgements: Acknowledgements;
  beforeEach(() => {
    acknowledgements = createAcknowledgements();
  });

  function send(command: string, headers: Plain): Plain[] {
    const made = acknowledgements.toBroker(command, map(headers));
    return made.map((one): Plain => Object.fromEntries(one));
  }

  function subscribe(ack: string): Plain {
    return send('SUBSCRIBE', { id: 's', destination: '/queue/a', ack })[0] ?? {};
  }

  /** A delivery to the client, as in STOMP 1.2. */
  function deliver(ack: string): void {
    acknowledgements.delivered(map({ subscription: 's', 'message-id': `m-${ack}`, ack }));
  }

  function copy(ack: string): string {
    const made = acknowledgements.copyOf(map({ subscription: 's', 'message-id': `m-${ack}`, ack }));
    return made.get('ack') ?? '';
  }

  it('leaves a subscription that acknowledges one by one as it is', () => {
    expect(subscribe('client-individual')).to.include({ ack: 'client-individual' });
    deliver('1');
    expect(acknowledgements.concerns('ACK', map({ id: '1' }))).to.equal(false);
  });

  it('gives a copy an ack of its own, and lets the last acknowledgement of the two through, whichever that is', () => {
    subscribe('client-individual');
    for (const [message, isCopyFirst] of [
      ['1', false],
      ['2', true],
    ] as const) {
      const ack = copy(message);
      expect(ack).to.not.equal(message);
      const ids = isCopyFirst ? [ack, message] : [message, ack];
      expect(send('NACK', { id: ids[0]! })).to.deep.equal([]);
      expect(send('ACK', { id: ids[1]!, receipt: 'r' })).to.deep.equal([{ id: message, receipt: 'r' }]);
    }
    expect(acknowledgements.concerns('ACK', map({ id: '1' }))).to.equal(false);
  });

  it('does the same in STOMP 1.1, where a copy has no name of its own', () => {
    subscribe('client-individual');
    const headers = map({ subscription: 's', 'message-id': 'm' });
    expect(acknowledgements.copyOf(headers)).to.equal(headers);
    const ack = { subscription: 's', 'message-id': 'm' };
    expect(send('ACK', ack)).to.deep.equal([]);
    expect(send('ACK', ack)).to.deep.equal([ack]);
    expect(acknowledgements.concerns('ACK', map(ack))).to.equal(false);
  });

  it('leaves copies alone that nobody acknowledges', () => {
    subscribe('auto');
    const headers = map({ subscription: 's', 'message-id': 'm' });
    expect(acknowledgements.copyOf(headers)).to.equal(headers);
    expect(acknowledgements.concerns('ACK', headers)).to.equal(false);
  });

  it('makes a cumulative subscription at the broker one by one, and acknowledges what the client had got', () => {
    expect(subscribe('client')).to.include({ ack: 'client-individual', id: 's' });
    // 2 never reached the client, 4 came before 3.
    for (const ack of ['1', '4', '3', '5']) deliver(ack);
    expect(send('ACK', { id: '3', receipt: 'r', transaction: 't' })).to.deep.equal([
      { id: '1', transaction: 't' },
      { id: '4', transaction: 't' },
      { id: '3', transaction: 't', receipt: 'r' },
    ]);
    expect(send('ACK', { id: '5' })).to.deep.equal([{ id: '5' }]);
  });

  it('acknowledges once what a cumulative subscription got twice, late copies among them', () => {
    subscribe('client');
    deliver('1');
    const late = copy('1');
    deliver('2');
    expect(send('ACK', { id: '2' })).to.deep.equal([{ id: '2' }]);
    deliver('3');
    acknowledgements.delivered(map({ subscription: 's', 'message-id': 'm-1', ack: late }));
    expect(send('ACK', { id: late })).to.deep.equal([{ id: '3' }, { id: '1' }]);
  });

  it('forgets a subscription that ends', () => {
    subscribe('client');
    deliver('1');
    expect(send('UNSUBSCRIBE', { id: 's' })).to.deep.equal([{ id: 's' }]);
    expect(acknowledgements.concerns('ACK', map({ id: '1' }))).to.equal(false);
  });
});
