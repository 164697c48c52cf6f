/**
 * What MessageChannel and MessageSource promise, as one suite that every implementation runs on every broker.
 * An implementation that deviates names the case and the reason.
 */
import type { BrokerLabel } from '../support/brokers.js';
import { titleOn } from '../support/brokers.js';
import { skip } from '../support/skip.js';
import type { Bench, BenchOptions, Connect } from './messaging/bench.js';
import { createBench } from './messaging/bench.js';
import type { Case, SkippedCases } from './messaging/case.js';
import { declareCases } from './messaging/case.js';
import { burdenCases } from './messaging/burden.cases.js';
import { failureCases } from './messaging/failure.cases.js';
import { guaranteeCases } from './messaging/guarantee.cases.js';
import { receivingCases } from './messaging/receiving.cases.js';
import { sendingCases } from './messaging/sending.cases.js';
import { topicCases } from './messaging/topic.cases.js';
import { wireCases } from './messaging/wire.cases.js';

/** A broker for the time of a suite. */
export interface SuiteBroker {
  /** `stomp://127.0.0.1:PORT`, or another way to the same broker. */
  readonly url: string;
  /** `stomp://127.0.0.1:PORT` where `url` is not of that kind. */
  readonly rawUrl?: string;
  stop(): Promise<void>;
}

export interface MessagingContract {
  /** The implementation, such as `the STOMP adapter`. */
  readonly name: string;
  readonly broker: BrokerLabel;
  /** Called once; the reason in words when no broker can be had here. */
  readonly start: () => Promise<SuiteBroker | { readonly unavailable: string }>;
  readonly connect: Connect;
  readonly skip?: readonly SkippedCases[];
  /** What the raw clients of the cases have to know of the broker. */
  readonly bench?: Pick<BenchOptions, 'refused' | 'usesPrefixes'>;
  /** Cases of this implementation alone, such as what it does instead of what it skips. */
  readonly own?: (test: Case, bench: Bench) => void;
}

export function describeMessagingContract(contract: MessagingContract): void {
  describe(titleOn(contract.broker, `messaging by ${contract.name}`), () => {
    let broker: SuiteBroker | undefined;

    before(async function () {
      this.timeout(60_000);
      const started = await contract.start();
      if ('unavailable' in started) return skip(this, started.unavailable);
      broker = started;
    });

    after(async () => {
      await broker?.stop();
    });

    const bench = createBench(() => broker!.url, contract.connect, {
      ...contract.bench,
      rawUrl: () => broker!.rawUrl ?? broker!.url,
    });
    declareCases(contract.skip ?? [], (test) => {
      sendingCases(test, bench);
      receivingCases(test, bench);
      topicCases(test, bench);
      failureCases(test, bench);
      guaranteeCases(test, bench);
      wireCases(test, bench);
      burdenCases(test, bench);
      contract.own?.(test, bench);
    });
  });
}
