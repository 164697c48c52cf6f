/** `POST /status/{project}`: takes one event in; 202 says that it is on disk, its number comes a moment later. */
import type { Express, Response } from 'express';
import { ReplytoError } from '#core/errors.js';
import { isVisibleTo } from '#core/request.js';
import type { StatusEvent } from '#core/status-event.js';
import { mostEventBytes, parseNewEvent } from '#schema/status-event.js';
import { sendJson } from '../answers.js';
import { readBody } from '../body.js';
import type { GatewayContext } from '../context.js';
import { readQuery } from '../parameters.js';
import { principalOf } from '../principal.js';
import type { ProjectRequest } from './project.js';
import { readProject } from './project.js';

export function addStatusPublishing(app: Express, context: GatewayContext): void {
  const { store, events, watch, meter, clock, newId } = context;

  app.post('/status/:project', async (request: ProjectRequest, response: Response) => {
    if (context.isStopping()) throw new ReplytoError('SHUTTING_DOWN');
    const project = readProject(request, response);
    readQuery(request, []);
    const body = await readBody(request, response, { maxBytes: mostEventBytes });
    // Refused while its body was coming, because the gateway stops.
    if (response.headersSent) return;
    const parsed = parseNewEvent(body, { id: newId(), project, time: clock.now() });
    if (!parsed.ok) throw new ReplytoError('SCHEMA_MISMATCH', { problems: parsed.problems });
    const outcome = await events.append(parsed.value, {
      joinsHistory: await mayJoin(parsed.value, principalOf(response).name),
    });
    if (outcome?.changed === true) {
      meter.count('events-recorded');
      if (outcome.record !== null) watch.notify({ record: outcome.record, reply: null });
    }
    sendJson(response, 202, { id: parsed.value.id, project, subject: parsed.value.subject });
  });

  /** Who may use a project tells of its requests; of others only those who posted them. */
  async function mayJoin({ subject, project }: StatusEvent, name: string | null): Promise<boolean> {
    const record = await store.find(subject);
    return record !== null && (record.project === project || isVisibleTo(name, record));
  }
}
