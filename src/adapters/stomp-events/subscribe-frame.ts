import type { Problem } from '#core/errors.js';
import { isProblem, toProblem } from '#core/errors.js';
import type { EventFilter } from '#core/status-event.js';
import { parseEventKinds } from '#schema/event-kinds.js';
import { projectNameProblem } from '#schema/project-name.js';
import { eventSubjectProblem } from '#schema/status-event.js';
import { parseInteger } from '#schema/whole-number.js';
import { durableNameOf, refuseOptions, required } from '#adapters/stomp-server/header-checks.js';
import { refusal } from '#adapters/stomp-server/refusal.js';
import { toRefusal } from './refusals.js';

export interface SubscribeRequest {
  readonly id: string;
  /** As the client wrote it. */
  readonly destination: string;
  readonly topic: { readonly of: 'project' | 'request'; readonly name: string };
  readonly after: number | undefined;
  readonly filter: EventFilter;
}

const destinations = '/topic/status.{project} or /topic/request.{id}, one for each subscription';
const resume = 'the header after, with the number of the last event that came, replays what was missed';

/** Reads SUBSCRIBE; all that is wrong with its values is told at once. @throws StompRefusal */
export function parseSubscribe(headers: ReadonlyMap<string, string>): SubscribeRequest {
  const id = required(headers, 'id');
  const destination = required(headers, 'destination');
  refuseOptions(headers, 'a subscription hears every event that passes its headers kind and subject');
  if (durableNameOf(headers) !== undefined) {
    throw refusal('durable subscriptions are not offered', `None is needed: ${resume}.`);
  }
  const ack = headers.get('ack') ?? 'auto';
  const subject = headers.get('subject');
  const kind = headers.get('kind');
  const topic = parseTopic(destination);
  const kinds = kind === undefined ? undefined : parseEventKinds('kind', kind);
  const position = parseInteger('after', headers.get('after'), {
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    absent: -1,
  });
  const problems = [
    ack === 'auto' ? undefined : toProblem('ack', ack, `auto: nothing is acknowledged here; ${resume}`),
    subject === undefined ? undefined : eventSubjectProblem('subject', subject),
  ].filter((problem) => problem !== undefined);
  if (isProblem(topic) || isProblem(kinds) || isProblem(position) || problems.length > 0) {
    throw toRefusal([topic, position, kinds, ...problems].filter(isProblem));
  }
  return {
    ...{ id, destination, topic },
    after: position < 0 ? undefined : position,
    filter: { ...(subject === undefined ? {} : { subject }), ...(kinds === undefined ? {} : { kinds }) },
  };
}

function parseTopic(destination: string): SubscribeRequest['topic'] | Problem {
  const [, kind, name = ''] = /^\/topic\/(status|request)\.(.*)$/su.exec(destination) ?? [];
  if (kind === 'request' && name !== '') return { of: 'request', name };
  const problem = kind === 'status' ? projectNameProblem('project', name) : undefined;
  if (kind === 'status' && problem === undefined) return { of: 'project', name };
  const more = problem === undefined ? '' : `; a project has ${problem.allowed}`;
  return toProblem('destination', destination, `${destinations}${more}`);
}
