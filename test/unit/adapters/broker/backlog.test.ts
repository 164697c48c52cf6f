import { expect } from 'chai';
import fc from 'fast-check';
import { silentLogger } from '#core/ports/logger.js';
import type { Backlog } from '#adapters/broker/backlog.js';
import { createBacklog } from '#adapters/broker/backlog.js';
import type { Budget } from '#adapters/broker/budget.js';
import { createBudget } from '#adapters/broker/budget.js';
import type { MessageLog } from '#adapters/broker/message-log.js';
import { createMessageLog } from '#adapters/broker/message-log.js';
import type { StoredMessage } from '#adapters/broker/stored-message.js';
import { sizeOf } from '#adapters/broker/stored-message.js';
import { openDatabase } from '#adapters/sqlite/database.js';

const key = 'queue/a';
const bodyBytes = 500;

async function append(
  backlog: Backlog,
  log: MessageLog,
  memory: Budget,
  persistent: boolean,
): Promise<number> {
  const position = log.nextPosition();
  const payload = { head: Buffer.from('a:1\n'), body: Buffer.alloc(bodyBytes, String(position)) };
  const bytes = sizeOf(payload);
  const message: StoredMessage = {
    position,
    number: position,
    persistent,
    bytes,
    payload,
    heldBytes: 0,
    redelivered: false,
    nacks: 0,
  };
  if (persistent) {
    await log.write((batch) => batch.add(key, message, payload));
  } else {
    memory.takeAnyway(bytes);
    message.heldBytes = bytes;
  }
  backlog.append(message);
  return position;
}

const operations = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('append' as const), persistent: fc.boolean() }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('take' as const) }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('giveBack' as const), count: fc.nat({ max: 5 }) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('settle' as const) }) },
  ),
  { maxLength: 80 },
);

describe('a backlog of messages', () => {
  it('gives messages in the order of their places, whole, whatever is listed in memory and comes back', async () => {
    await fc.assert(
      fc.asyncProperty(
        operations,
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 3_000 }),
        async (steps, listedMessages, memoryBytes) => {
          const database = openDatabase({ path: ':memory:' });
          const log = createMessageLog(database);
          const memory = createBudget(memoryBytes);
          const backlog = createBacklog({ key, log, memory, listedMessages, logger: silentLogger });
          let model: number[] = [];
          let taken: StoredMessage[] = [];
          for (const step of steps) {
            if (step.kind === 'append') {
              model.push(await append(backlog, log, memory, step.persistent));
            } else if (step.kind === 'take') {
              const got = backlog.take();
              expect(got?.message.position).to.equal(model[0]);
              expect(got?.payload.body.toString() ?? '').to.equal(
                got === undefined ? '' : String(model[0]).repeat(bodyBytes).slice(0, bodyBytes),
              );
              model = model.slice(1);
              if (got !== undefined) taken.push(got.message);
            } else if (step.kind === 'giveBack') {
              const back = taken.slice(0, step.count);
              taken = taken.slice(step.count);
              backlog.giveBack(back);
              model = [...model, ...back.map(({ position }) => position)].sort((a, b) => a - b);
            } else {
              const done = taken.pop();
              if (done?.persistent === true) await log.write((batch) => batch.remove(done.position));
              else memory.give(done?.heldBytes ?? 0);
            }
            expect(backlog.depth).to.equal(model.length);
          }
          while (backlog.take() !== undefined) model.shift();
          expect(model).to.deep.equal([]);
          expect([backlog.depth, backlog.bytes]).to.deep.equal([0, 0]);
          database.close();
        },
      ),
      { numRuns: 600 },
    );
  });

  describe('that is long', () => {
    let log: MessageLog;
    let memory: Budget;
    let backlog: Backlog;
    let close: () => void;

    beforeEach(() => {
      const database = openDatabase({ path: ':memory:' });
      close = () => database.close();
      log = createMessageLog(database);
      memory = createBudget(10 * sizeOf({ head: Buffer.alloc(4), body: Buffer.alloc(bodyBytes) }));
      backlog = createBacklog({ key, log, memory, listedMessages: 50, logger: silentLogger });
    });
    afterEach(() => close());

    it('keeps no more in memory than the budget allows, and gives it back', async () => {
      for (let count = 0; count < 200; count += 1) await append(backlog, log, memory, true);
      expect(memory.used).to.be.within(1, memory.limit);
      for (let count = 0; count < 100; count += 1) {
        backlog.take();
        expect(memory.used).to.be.within(0, memory.limit);
      }
      expect(backlog.clear()).to.equal(
        100 * sizeOf({ head: Buffer.alloc(4), body: Buffer.alloc(bodyBytes) }),
      );
      expect(memory.used).to.equal(0);
    });

    it('does not list what is committed and not yet appended', async () => {
      for (let count = 0; count < 60; count += 1) await append(backlog, log, memory, true);
      const position = log.nextPosition();
      await log.write((batch) =>
        batch.add(
          key,
          { position, number: position, bytes: 256 },
          { head: Buffer.alloc(0), body: Buffer.alloc(0) },
        ),
      );
      for (let count = 0; count < 60; count += 1) expect(backlog.take()).not.to.equal(undefined);
      expect(backlog.take()).to.equal(undefined);
    });

    it('skips a message that is gone from the log and goes on', async () => {
      const first = await append(backlog, log, memory, true);
      for (let count = 0; count < 60; count += 1) await append(backlog, log, memory, true);
      const taken = backlog.take();
      expect(taken?.message.position).to.equal(first);
      await log.write((batch) => batch.remove(first));
      backlog.giveBack([taken!.message]);
      expect(backlog.take()?.message.position).to.equal(first + 1);
      expect(backlog.depth).to.equal(59);
    });
  });
});
