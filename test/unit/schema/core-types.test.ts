import { expect } from 'chai';
import type { z } from 'zod';
import type { Problem } from '#core/errors.js';
import type { FaultBody } from '#core/fault.js';
import type { RequestRecord } from '#core/request.js';
import type { SequencedEvent, StatusEvent } from '#core/status-event.js';
import type { DeepReadonly } from '#schema/deep-readonly.js';
import type { faultSchema } from '#schema/fault.js';
import type { problemSchema } from '#schema/problem.js';
import type { requestStatusSchema } from '#schema/request-status.js';
import type { sequencedEventSchema, statusEventSchema } from '#schema/status-event.js';

// Conditional types that wait for a parameter are compared by identity, so `any` and `?` differences count.
interface Probe<A> {
  readonly probe: <T>(given: T) => T extends DeepReadonly<A> ? 1 : 2;
}

type Same<A, B> = Probe<A> extends Probe<B> ? true : false;

type RequestStatus = z.output<typeof requestStatusSchema>;
type Instant = 'createdAt' | 'sentAt' | 'repliedAt' | 'expiresAt';
/** The document has them only where a request went to several queues. */
type Family = 'parentId' | 'children';
type SharedName = Exclude<keyof RequestStatus, Instant | Family | 'links'>;
type ProblemEntry = NonNullable<z.output<typeof problemSchema>['problems']>[number];

describe('types of the schemas', () => {
  // tsc is the judge: each `true` compiles only when the two types are the same, member by member.
  it('are those of core', () => {
    const fault: Same<z.output<typeof faultSchema>, FaultBody> = true;
    const event: Same<z.output<typeof statusEventSchema>, StatusEvent> = true;
    const sequenced: Same<z.output<typeof sequencedEventSchema>, SequencedEvent> = true;
    const problem: Same<ProblemEntry, Problem> = true;
    const status: Same<Pick<RequestStatus, SharedName>, Pick<RequestRecord, SharedName>> = true;
    const problemFault: Same<NonNullable<z.output<typeof problemSchema>['fault']>, FaultBody> = true;
    expect([fault, event, sequenced, problem, status, problemFault]).to.not.include(false);
  });
});
