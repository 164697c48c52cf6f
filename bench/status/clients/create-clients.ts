import { createCallbackClients } from './callback.js';
import type { ClientContext, Clients } from './client.js';
import { createNotifiedClients, createQueryClients } from './database.js';
import { createProjectEventClients, createRequestEventClients } from './event-stream.js';
import { createFolderClients, createWatchedFolderClients } from './folder.js';
import { createLongPollClients, createPagePollingClients, createPollingClients } from './polling.js';
import { createTopicClients, createWebSocketClients } from './stomp.js';

/** The clients of one measurement, not started yet. */
export async function createClients(context: ClientContext): Promise<Clients> {
  const { reading } = context.measurement;
  switch (reading.by) {
    case 'topic':
      return createTopicClients(context, reading.durable);
    case 'project-events':
      return createProjectEventClients(context);
    case 'request-events':
      return createRequestEventClients(context);
    case 'websocket':
      return createWebSocketClients(context);
    case 'long-poll':
      return createLongPollClients(context);
    case 'polling':
      return createPollingClients(context, reading);
    case 'page-polling':
      return createPagePollingClients(context, reading.everyMs);
    case 'query':
      return createQueryClients(context, reading.everyMs);
    case 'notified-query':
      return createNotifiedClients(context);
    case 'callback':
      return createCallbackClients(context);
    case 'folder':
      return createFolderClients(context, reading.everyMs);
    case 'watched-folder':
      return createWatchedFolderClients(context);
    case 'nothing':
      return { all: [], addresses: [], close: () => Promise.resolve() };
  }
}
