import { expect } from 'chai';
import type { Receipts } from '#adapters/stomp/receipts.js';
import { createReceipts } from '#adapters/stomp/receipts.js';
import { ReplytoError } from '#core/errors.js';
import { failureOf } from '../../../support/errors.js';
import type { ManualClock } from '#testing/manual-clock.js';
import { createManualClock } from '#testing/manual-clock.js';

describe('the receipts of a connection', () => {
  let clock: ManualClock;
  let receipts: Receipts;
  let written: string[];
  let timeouts: string[];

  beforeEach(() => {
    clock = createManualClock();
    written = [];
    timeouts = [];
    receipts = createReceipts({
      ...{ clock, timeoutMs: 1_000, name: 'broker' },
      onTimeout: (detail) => void timeouts.push(detail),
    });
  });

  const confirmed = (destination = '/queue/q'): Promise<void> =>
    receipts.confirmed(destination, (receiptId) => void written.push(receiptId));

  const left = (): number[] => [receipts.size, clock.pending];

  it('have ids of their own, and resolve each by itself', async () => {
    const waits = [confirmed(), confirmed()];
    expect(new Set(written).size).to.equal(2);
    expect(receipts.settle(written[1]!)).to.equal(true);
    await waits[1];
    expect(receipts.size).to.equal(1);
    receipts.settle(written[0]!);
    await waits[0];
    expect(left()).to.deep.equal([0, 0]);
  });

  it('ignore what nobody waits for', () => {
    expect(receipts.settle('stranger')).to.equal(false);
    expect(receipts.destinationOf('stranger')).to.equal(undefined);
  });

  it('reject with the refusal that came in their place', async () => {
    const failing = failureOf(confirmed('/queue/closed'));
    expect(receipts.destinationOf(written[0]!)).to.equal('/queue/closed');
    receipts.settle(written[0]!, new ReplytoError('SEND_REFUSED'));
    expect((await failing).code).to.equal('SEND_REFUSED');
    expect(left()).to.deep.equal([0, 0]);
  });

  it('reject the largest frame with INVALID_ARGUMENT when one was too large, and none when none is awaited', async () => {
    receipts.refuseLargest('too large');
    const sizes = [100, 300, 200];
    const waits = sizes.map((bytes) =>
      receipts.confirmed(`/queue/of-${bytes}`, (receiptId) => void written.push(receiptId), bytes),
    );
    const failing = failureOf(waits[1]!);
    receipts.refuseLargest('too large');
    expect(await failing).to.include({
      ...{ code: 'INVALID_ARGUMENT', destination: '/queue/of-300', message: 'too large', retryable: false },
    });
    expect(receipts.size).to.equal(2);
    receipts.settle(written[0]!);
    receipts.settle(written[2]!);
    await Promise.all([waits[0], waits[2]]);
    expect(left()).to.deep.equal([0, 0]);
  });

  it('miss their deadline with RECEIPT_TIMEOUT, before the connection is told', async () => {
    const failing = failureOf(confirmed());
    clock.advance(999);
    expect(timeouts).to.deep.equal([]);
    clock.advance(1);
    expect(await failing).to.include({ code: 'RECEIPT_TIMEOUT', destination: '/queue/q' });
    expect(timeouts).to.deep.equal(['broker did not confirm within 1000 ms']);
    expect(left()).to.deep.equal([0, 0]);
  });

  it('are unconfirmed when the connection ends', async () => {
    const failing = [failureOf(confirmed()), failureOf(confirmed('/queue/p'))];
    const reason = new ReplytoError('BROKER_UNAVAILABLE', { detail: 'cut' });
    receipts.abandon(reason);
    for (const error of await Promise.all(failing)) {
      expect(error).to.include({ code: 'SEND_UNCONFIRMED', cause: reason, message: 'cut' });
    }
    expect((await failing[1])!.destination).to.equal('/queue/p');
    expect(left()).to.deep.equal([0, 0]);
  });

  it('are not awaited when the frame could not be written', async () => {
    const known = new ReplytoError('BROKER_UNAVAILABLE', { detail: 'closing' });
    expect(await failureOf(receipts.confirmed('/queue/q', () => thrown(known)))).to.equal(known);
    const cause = new Error('the socket is not open');
    const error = await failureOf(receipts.confirmed('/queue/q', () => thrown(cause)));
    expect(error).to.include({ code: 'BROKER_UNAVAILABLE', cause });
    expect(left()).to.deep.equal([0, 0]);
  });
});

function thrown(error: Error): never {
  throw error;
}
