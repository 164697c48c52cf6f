/** What else is known of a request that waits, or has ended: each with what somebody can do about it. */
import type { LifeDelivery, LifeLetter, RequestLife } from '#core/ports/request-lives.js';
import { isFinal } from '#core/request.js';

import { replyInWords } from './request-trace.js';
import type { Surroundings } from './request-wait.js';

type FindingCode =
  | 'send-failed'
  | 'sent-again'
  | 'lease'
  | 'progress'
  | 'reader'
  | 'expires'
  | 'no-consumers'
  | 'message-gone'
  | 'queue-unknown'
  | 'reply-put-aside'
  | 'dead-letter'
  | 'unmatched-replies'
  | 'late-reply'
  | 'duplicates'
  | 'forward-waits'
  | 'forward-retried'
  | 'forward-given-up'
  | 'forward-awaits';

export interface Finding {
  readonly code: FindingCode;
  /** In words. */
  readonly says: string;
  /** When it was, or will be: epoch milliseconds of the store's clock; null where that makes no sense. */
  readonly at: number | null;
  readonly whatToDo: readonly string[];
}

/** The latest of a kind stands for all. */
export function findingsOf(life: RequestLife, surroundings: Surroundings): Finding[] {
  const isOpen = !isFinal(life.record.status);
  return [
    ...(isOpen ? ofSending(life, surroundings) : []),
    ...(isOpen ? ofQueue(life, surroundings) : []),
    ...ofLetters(life),
    ...(isOpen ? ofProgress(life) : ofFurtherReplies(life)),
    ...life.deliveries.flatMap(ofDelivery),
    ...(isOpen ? ofDeadline(life) : []),
  ];
}

function ofSending(
  { record, incidents, sending }: RequestLife,
  { now, instance, alive }: Surroundings,
): Finding[] {
  const findings: Finding[] = [];
  const failed = incidents.findLast(({ kind }) => kind === 'send-failed');
  if (failed !== undefined) {
    const { error = 'nobody knows why' } = failed.detail;
    findings.push(finding('send-failed', `the last send was not confirmed: ${error}`, failed.at));
  }
  const again = incidents.findLast(({ kind }) => kind === 'sent-again');
  if (again !== undefined) {
    const times = record.resend === 1 ? 'once' : `${record.resend} times`;
    findings.push(finding('sent-again', `it was sent again ${times}, with the same Message-ID`, again.at));
  }
  const { owner, until } = sending;
  if (record.status === 'accepted' && owner !== null && until > now && owner !== instance) {
    const state = alive === null || alive.has(owner) ? '' : ', which has not been heard of lately';
    findings.push(finding('lease', `until then nobody but instance ${owner}${state} sends it`, until));
  }
  return findings;
}

function ofQueue({ record, leases }: RequestLife, { view, now }: Surroundings): Finding[] {
  const findings: Finding[] = [];
  const lease = leases.find(({ end, expiresAt }) => end === null && expiresAt > now);
  if (lease !== undefined) {
    findings.push(
      finding('reader', 'until then the reader over HTTP may answer, or ask for more time', lease.expiresAt),
    );
  }
  if (view === null) return findings;
  // A reader over HTTP has acknowledged what it leased.
  const isGone = record.status === 'sent' && view.message === 'gone' && lease === undefined;
  if (isGone) {
    findings.push(
      finding(
        'message-gone',
        `its message is not in ${record.queue} any more: somebody took it and acknowledged it`,
      ),
    );
  }
  if (view.consumers === 0) findings.push(finding('no-consumers', `nobody consumes ${record.queue}`));
  if (view.unknown !== null) {
    findings.push(finding('queue-unknown', `not all is known of ${record.queue}: ${view.unknown}`));
  }
  return findings;
}

function ofLetters({ record, letters, unmatchedSince }: RequestLife): Finding[] {
  const findings = letters.flatMap((letter): Finding[] => {
    switch (letter.about) {
      case 'request':
        return [ofRequestLetter(letter)];
      case 'reply':
        return [ofReplyLetter(letter, record.id)];
      case 'forward':
        // Told of with its delivery.
        return [];
    }
  });
  if (unmatchedSince > 0) {
    const says = `${unmatchedSince} replies to no known request came since it was accepted; one of them may be its own`;
    findings.push(
      finding('unmatched-replies', says, null, [
        `Look at \`replyto unmatched\`; if one is for this request: \`replyto unmatched match NUMBER ${record.id}\`. The service has to copy correlation-id as it is.`,
      ]),
    );
  }
  return findings;
}

function ofRequestLetter({ number, reason, receivedAt }: LifeLetter): Finding {
  return finding('dead-letter', `its message is the dead letter ${number}: ${reason}`, receivedAt, [
    `See \`replyto dead-letters show ${number}\`.`,
  ]);
}

function ofReplyLetter({ number, kind, reason, receivedAt }: LifeLetter, id: string): Finding {
  const says = `a message that names it came and was put aside as ${kind} ${number}: ${reason}`;
  const advice =
    kind === 'unmatched-reply'
      ? `Give it to the request with \`replyto unmatched match ${number} ${id}\`.`
      : `Look at it with \`replyto dead-letters show ${number}\`: the service has to answer otherwise, or the message is mended with \`replyto dead-letters edit ${number} --retry\`.`;
  return finding('reply-put-aside', says, receivedAt, [advice]);
}

function ofProgress({ record: { progress }, events }: RequestLife): Finding[] {
  if (progress === null) return [];
  const { percent, text } = progress;
  const said = [percent === null ? undefined : `${percent} %`, text].filter(
    (part) => part !== undefined && part !== null,
  );
  const at = events.findLast(({ kind }) => kind === 'progress')?.time ?? null;
  return [finding('progress', `the service is at work: ${said.join(', ')}`, at)];
}

function ofFurtherReplies({ record, replies }: RequestLife): Finding[] {
  const [first] = replies;
  const findings: Finding[] = [];
  if (record.late && first !== undefined) {
    findings.push(finding('late-reply', 'its reply came after it had ended, and is kept', first.receivedAt));
  }
  if (record.replies > 1) {
    const last = replies.at(-1);
    findings.push(
      finding(
        'duplicates',
        `${record.replies - 1} further replies are kept besides the first`,
        last?.receivedAt ?? null,
      ),
    );
  }
  return findings;
}

function ofDelivery(delivery: LifeDelivery): Finding[] {
  const { state, queue, replyNumber, attempts, lastError, nextAt, owner, createdAt, endedAt } = delivery;
  const what = `${replyInWords(replyNumber)} to ${queue}`;
  switch (state) {
    case 'pending':
      return [finding('forward-awaits', `${queue} gets the reply when it comes`, createdAt)];
    case 'waiting':
      if (lastError === null || owner !== null) {
        const by =
          owner === null ? 'is sent as soon as the broker takes it' : `is being sent by instance ${owner}`;
        return [finding('forward-waits', `${what} ${by}`, createdAt)];
      }
      return [
        finding('forward-retried', `${what} failed (${attempts} counted attempts): ${lastError}`, nextAt, [
          `Nothing, if ${queue} takes messages again by then: it is tried again, 12 times in all. Else mend ${queue} or the right to write there.`,
        ]),
      ];
    case 'dead':
      return [
        finding(
          'forward-given-up',
          `${what} was given up after ${attempts} attempts: ${lastError ?? '?'}`,
          endedAt,
          [
            `Mend ${queue}, then \`replyto dead-letters --queue ${queue}\` shows the letter, and \`replyto dead-letters retry\` sends it.`,
          ],
        ),
      ];
    case 'delivered':
    case 'retried':
    case 'cancelled':
      return [];
  }
}

function ofDeadline({ record: { expiresAt } }: RequestLife): Finding[] {
  return expiresAt === null ? [] : [finding('expires', 'without a reply it expires then', expiresAt)];
}

function finding(
  code: FindingCode,
  says: string,
  at: number | null = null,
  whatToDo: readonly string[] = [],
): Finding {
  return { code, says, at, whatToDo };
}
