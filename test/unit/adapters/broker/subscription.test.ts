import { expect } from 'chai';
import { createSubscription } from '#adapters/broker/subscription.js';
import type { Queue } from '#adapters/broker/queue.js';
import type { Payload } from '#adapters/broker/stored-message.js';
import { startWorkTime } from '../../../support/work-time.js';

const payload: Payload = { head: Buffer.alloc(0), body: Buffer.alloc(0) };

describe('a subscription with much in flight', () => {
  it('finds what a client of 1.1 names without looking at all the others, newest first too', () => {
    const subscription = createSubscription({
      ...{ id: 's', ackPrefix: '', ackMode: 'client-individual', prefetch: 100_000, version: '1.1' },
      queue: { destination: { kind: 'queue', name: 'a', address: '/queue/a' } } as Queue,
      messageIdOf: String,
      isBehind: () => false,
      send: () => undefined,
      onAutomatic: () => undefined,
    });
    const count = 100_000;
    for (let number = 1; number <= count; number += 1) {
      const facts = { position: number, number, persistent: false, bytes: 0, heldBytes: 0, nacks: 0 };
      subscription.deliver({ ...facts, payload, redelivered: false }, payload);
    }
    const workedMs = startWorkTime();
    for (let number = count; number >= 1; number -= 1) {
      const key = subscription.keyOf(number);
      expect(key).to.equal(number);
      subscription.remove([number]);
    }
    // Takes a fraction of a second; 5,000,000,000 looks would take half a minute.
    expect(workedMs()).to.be.below(8_000);
    expect([subscription.keyOf(1), subscription.isInFlight(1)]).to.deep.equal([undefined, false]);
  });
});
