/**
 * What RequestStore, Outbox, DeadLetters and HandledMessages promise, as one suite that every store runs. A store
 * that deviates names the case and the reason. The rules are those of the tables in the delivery design: every row
 * of "Replies" and every transition of "States" has its case.
 */
import type { SkippedCases } from '../messaging/case.js';
import { declareCases } from '../messaging/case.js';
import { acceptingCases } from './accepting.cases.js';
import type { OpenContractStore } from './bench.js';
import { createStoreBench } from './bench.js';
import { deliveryCases } from './deliveries.cases.js';
import { durabilityCases } from './durability.cases.js';
import { endingCases } from './ending.cases.js';
import { gatheringCases } from './gathering.cases.js';
import { givingUpCases } from './giving-up.cases.js';
import { eventDutyCases } from './event-duty.cases.js';
import { eventLogCases } from './event-log.cases.js';
import { eventRequestCases } from './event-requests.cases.js';
import { eventRetentionCases } from './event-retention.cases.js';
import { eventSubjectCases } from './event-subjects.cases.js';
import { groupingCases } from './grouping.cases.js';
import { historyCases } from './history.cases.js';
import { keepingCases } from './keeping.cases.js';
import { leaseCases } from './leases.cases.js';
import { letterCases } from './letters.cases.js';
import { lifeCases } from './lives.cases.js';
import { matchingCases } from './matching.cases.js';
import { modelCases } from './model.cases.js';
import { outboxCases } from './outbox.cases.js';
import { postingCases } from './posting.cases.js';
import { readingCases } from './reading.cases.js';
import { retentionCases } from './retention.cases.js';
import { sendingCases } from './sending.cases.js';
import { declareSharingCases } from './sharing.cases.js';
import { settlingCases } from './settling.cases.js';
import { settlingAgainCases } from './settling-again.cases.js';

export interface StoreContract {
  /** The implementation, such as `SQLite`. */
  readonly name: string;
  /** Opens the store of a place; the same place again gives the same data. */
  readonly open: OpenContractStore;
  readonly skip?: readonly SkippedCases[];
  /** Sequences of operations that are compared with the model; default 200. */
  readonly modelRuns?: number;
}

export function describeStoreContract(contract: StoreContract): void {
  describe(`the store on ${contract.name}`, function () {
    // Thousands of commits, on whatever disk and whatever else is running.
    this.timeout(60_000);
    const bench = createStoreBench(contract.open);
    declareCases(contract.skip ?? [], (test) => {
      acceptingCases(test, bench);
      postingCases(test, bench);
      sendingCases(test, bench);
      settlingCases(test, bench);
      settlingAgainCases(test, bench);
      endingCases(test, bench);
      givingUpCases(test, bench);
      historyCases(test, bench);
      gatheringCases(test, bench);
      eventLogCases(test, bench);
      eventRequestCases(test, bench);
      eventSubjectCases(test, bench);
      eventRetentionCases(test, bench);
      eventDutyCases(test, bench);
      readingCases(test, bench);
      outboxCases(test, bench);
      retentionCases(test, bench);
      deliveryCases(test, bench);
      keepingCases(test, bench);
      letterCases(test, bench);
      matchingCases(test, bench);
      lifeCases(test, bench);
      leaseCases(test, bench);
      durabilityCases(test, bench);
      groupingCases(test, bench);
      declareSharingCases(test, bench);
      modelCases(test, bench, contract.modelRuns ?? 200);
    });
  });
}
