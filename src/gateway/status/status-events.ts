/**
 * `GET /status/{project}`: the events of a project, as a stream that follows it or as a page of JSON. `id` in the stream is
 * the sequence of the event, so a client that comes back with `Last-Event-ID` has missed nothing; what retention has
 * removed meanwhile is told by `event: gap`. A client that reads too slowly is let go, and resumes in the same way.
 */
import type { Express, Response } from 'express';
import type { EventPage } from '#core/ports/event-log.js';
import type { EventGap } from '#core/status-event.js';
import { gapBehind } from '#core/status-event.js';
import type { StatusSink } from '#status/status-subscription.js';
import type { GatewayContext } from '../context.js';
import { answerKnown } from '../etag.js';
import { readEventQuery, wantsStream } from '../event-query.js';
import type { EventQuery } from '../event-query.js';
import type { EventStream } from '../event-stream.js';
import { toPositionText, toStreamBytes, toStreamText } from '../event-stream.js';
import type { EventStreams } from '../event-streams.js';
import { retryMs } from '../event-streams.js';
import { readPrefer } from '../known-request.js';
import type { Waiting } from '../waiting.js';
import { refuseFuture } from './position.js';
import type { ProjectRequest } from './project.js';
import { readProject } from './project.js';

export function addStatusEvents(
  app: Express,
  { events, hub, clock }: GatewayContext,
  streams: EventStreams,
  waiting: Waiting,
): void {
  async function serve(request: ProjectRequest, response: Response): Promise<void> {
    const project = readProject(request, response);
    const query = readEventQuery(request, ['after', 'limit', 'kind', 'subject']);
    response.vary('Accept');
    if (!wantsStream(request)) {
      await sendPage(request, response, { ...query, project });
      return;
    }
    let position = 0;
    await streams.serve(request, response, {
      async prepare() {
        position = await checkPosition(project, query);
        return true;
      },
      follow: (stream) => follow(stream, project, { ...query, after: position }),
    });
  }

  /** Where the stream begins: at the end unless the client says where it was. @throws INVALID_REQUEST when it cannot have been there */
  async function checkPosition(project: string, query: EventQuery): Promise<number> {
    if (query.after === 0) return 0;
    const last = await events.last(project);
    refuseFuture(query, last);
    return query.after ?? last;
  }

  function follow(
    stream: EventStream,
    project: string,
    { after, filter }: Pick<EventQuery, 'filter'> & { readonly after: number },
  ): Promise<void> {
    return new Promise((resolve) => {
      let told = 0;
      // A client that gave no position, or hears nothing of what passes, comes back to where it was all the same.
      const whereItIs = (position: number): string => {
        if (position === told) return '';
        told = position;
        return toPositionText(position);
      };
      stream.send(whereItIs(after));
      const sink = toSink(stream, {
        onTold: (position) => (told = position),
        resume: () => subscription.resume(),
      });
      const subscription = hub.subscribe(project, { after, filter, sink });
      stream.beatWith(() => whereItIs(subscription.position));
      stream.onClose(() => {
        subscription.close();
        resolve();
      });
    });
  }

  async function sendPage(
    request: ProjectRequest,
    response: Response,
    query: EventQuery & { readonly project: string },
  ): Promise<void> {
    const { project, after = 0, limit, filter } = query;
    const read = async (): Promise<EventPage> => {
      const page = await events.page(project, { after, limit, filter });
      refuseFuture(query, page.last);
      return page;
    };
    const { page, gap } = await waiting.run(
      response,
      { prefer: readPrefer(request), defaultMs: 0 },
      async ({ waitMs, signal }) => {
        const current = await read();
        const gap = gapBehind(after, current.first);
        if (waitMs === 0 || current.events.length > 0 || gap !== undefined) return { page: current, gap };
        await nextEvent(project, { after: current.through, filter }, { waitMs, signal });
        const next = await events.page(project, { after: current.through, limit, filter });
        // Up to where it looked first nothing was gone.
        return { page: next, gap: gapBehind(current.through, next.first) };
      },
    );
    if (response.destroyed) return;
    const etag = `"${after}-${page.first}-${page.through}-${page.last}"`;
    response.vary('Last-Event-ID');
    if (page.through < page.last) {
      const next = new URLSearchParams({
        ...(request.query as Record<string, string>),
        after: String(page.through),
      });
      const path = `/status/${encodeURIComponent(project)}?${next.toString()}`;
      response.setHeader('Link', `<${path}>; rel="next"`);
    }
    if (answerKnown(request, response, etag)) return;
    const { events: found, first, last, through: next } = page;
    response.setHeader('Content-Type', 'application/json');
    response.end(
      JSON.stringify({ project, events: found, first, last, next, ...(gap === undefined ? {} : { gap }) }),
    );
  }

  /** Resolves when there is something behind the position, or when the wait is over. */
  function nextEvent(
    project: string,
    from: { readonly after: number; readonly filter: EventQuery['filter'] },
    { waitMs, signal }: { readonly waitMs: number; readonly signal: AbortSignal },
  ): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const finish = (): void => {
        cancel();
        subscription.close();
        resolve();
      };
      const cancel = clock.after(waitMs, finish);
      signal.addEventListener('abort', finish, { once: true });
      const sink: StatusSink = {
        deliver() {
          // In a later turn: the subscription may not be known here yet.
          setImmediate(finish);
          return false;
        },
        gap: () => void setImmediate(finish),
        end: () => void setImmediate(finish),
      };
      const subscription = hub.subscribe(project, { ...from, sink });
    });
  }

  app.get('/status/:project', serve);
}

function toSink(
  stream: EventStream,
  { onTold, resume }: { readonly onTold: (position: number) => void; readonly resume: () => void },
): StatusSink {
  return {
    deliver(events) {
      onTold(events.at(-1)?.sequence ?? 0);
      const isRoom = stream.send(...events.map((event) => toStreamBytes(event.sequence, event)));
      if (!isRoom) stream.onDrained(resume);
      return isRoom;
    },
    gap(from, to) {
      onTold(to);
      stream.send(toStreamText(to, 'gap', { from, to } satisfies EventGap));
    },
    end: () => stream.end(retryMs),
  };
}
