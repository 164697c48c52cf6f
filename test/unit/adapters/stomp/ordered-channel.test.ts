/** What is sent to one destination stays in order, over whichever connections it goes. */
import { expect } from 'chai';
import type { StompBroker, StompBrokerOptions } from '#adapters/stomp/broker.js';
import type { Frame } from '#adapters/stomp-server/frame.js';
import type { Destination } from '#core/destination.js';
import { topic } from '#core/destination.js';
import { toReplytoError } from '#core/errors.js';
import type { FakeStompConnection } from '../../../support/fake-stomp-server.js';
import { newMessage } from '../../../support/messages.js';
import { upTo } from '../../../support/status-bench.js';
import { until, within } from '../../../support/until.js';
import { stompBench } from './stomp-bench.js';

interface Arrived {
  readonly id: string;
  readonly connection: FakeStompConnection;
  confirm(): void;
}

describe('the ordered channel', () => {
  for (const name of ['RabbitMQ/4.3.5', 'ActiveMQ/6.3.1']) {
    describe(`of ${name}`, () => {
      const bench = stompBench({ name });
      let broker: StompBroker;
      let arrived: Arrived[];

      /** Whatever comes is confirmed by the test alone. */
      async function start(options: Partial<StompBrokerOptions> = {}): Promise<void> {
        arrived = [];
        bench.server.rule((frame: Frame, connection) => {
          if (frame.command !== 'SEND') return 'default';
          const id = frame.headers.get('Message-ID') ?? '';
          arrived.push({ id, connection, confirm: () => connection.confirm(frame) });
          return 'handled';
        });
        [broker] = await bench.started({ keepsOrder: true, ...options });
      }

      const publish = (messageIds: readonly string[], to: Destination = topic('t')): Promise<string[]> =>
        Promise.all(
          messageIds.map((messageId) =>
            broker.orderedChannel.publish(to, newMessage({ messageId })).then(
              () => 'confirmed',
              (error: unknown) => toReplytoError(error).code,
            ),
          ),
        );
      const named = (first: number, last: number): string[] =>
        upTo(last, first).map((number) => `m${number}`);
      const arrive = async (count: number): Promise<void> => {
        await until(() => arrived.length >= count, { what: `${count} messages` });
      };

      const confirmed = (count: number): string[] => Array<string>(count).fill('confirmed');
      /** Of the topic `t`. */
      const mine = (): Arrived[] => arrived.filter(({ id }) => id.startsWith('m'));

      /** Another topic waits for none of them, and makes room for them when it is done. Returns its connection. */
      async function publishOther(id: string): Promise<FakeStompConnection> {
        const other = publish([id], topic('u'));
        const one = await until(() => arrived.find((each) => each.id === id), { what: 'the other topic' });
        one.confirm();
        await other;
        return one.connection;
      }

      /** Waits for each and confirms it before the next one. */
      async function confirmInTurn(count: number, from = 0): Promise<void> {
        for (let next = from; next < count; next += 1) {
          await until(() => mine().length > next, { what: `message ${next + 1} of ${count}` });
          mine()[next]!.confirm();
        }
      }

      it('sends what was under way on a connection that was lost before what follows it', async () => {
        await start();
        const lost = publish(named(1, 8));
        await arrive(8);
        for (const one of arrived.slice(0, 3)) one.confirm();
        await until(() => broker.activity().sends === 5, { what: 'three receipts' });
        arrived[0]!.connection.destroy();
        expect(await lost).to.deep.equal([...confirmed(3), ...Array<string>(5).fill('SEND_UNCONFIRMED')]);
        await until(() => broker.orderedChannel.isUp(), { what: 'a connection' });
        arrived = [];
        const again = publish(named(4, 12));
        await arrive(5);
        // Over the connection that the rest would take, behind it.
        await publishOther('a');
        expect(new Set(mine().map(({ connection }) => connection)).size).to.equal(1);
        await confirmInTurn(9);
        expect(await within(again, { what: 'their receipts' })).to.deep.equal(confirmed(9));
        expect(mine().map(({ id }) => id)).to.deep.equal(named(4, 12));
      });

      it('sends to a topic over one connection alone while anything of it is unconfirmed', async () => {
        await start({ receiptTimeoutMs: 400, maxUnconfirmed: 4 });
        expect(await publish(['m1'])).to.deep.equal(['RECEIPT_TIMEOUT']);
        await until(() => broker.orderedChannel.isUp(), { what: 'a connection' });
        arrived = [];
        const waits = publish(named(2, 10));
        await arrive(2);
        // The topic is full no more: it is like any other, and goes where all others go.
        for (const one of arrived.slice(0, 2)) one.confirm();
        await until(() => broker.activity().sends === 7, { what: 'two receipts' });
        await publishOther('a');
        const shared = await publishOther('b');
        expect(new Set(mine().map(({ connection }) => connection)).size).to.equal(1);
        await confirmInTurn(9, 2);
        expect(await within(waits, { what: 'their receipts' })).to.deep.equal(confirmed(9));
        expect(mine().map(({ id }) => id)).to.deep.equal(named(2, 10));
        expect(mine().at(-1)!.connection).to.equal(shared);
      });
    });
  }
});
