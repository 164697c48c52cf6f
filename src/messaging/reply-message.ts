import type { FaultBody } from '#core/fault.js';
import type { Delivery } from '#core/ports/message-source.js';
import type { IncomingReply } from '#core/request.js';
import { parseFault } from '#schema/fault.js';
import { fingerprint } from './digest.js';

export interface ReadReplyOptions {
  readonly storeId: string;
  readonly maxBodyBytes: number;
}

/**
 * Reads a delivery of the reply queue. The reply id is its `Message-ID`, unless that is absent or the request's
 * (a service that copies all properties returns it); else the broker's id where that is stable; else a digest
 * of correlation id, content type and body. Together with the request it recognises a reply that comes again.
 */
export function readReply(
  delivery: Delivery,
  { storeId, maxBodyBytes }: ReadReplyOptions,
): { readonly reply: IncomingReply } | { readonly invalid: string } {
  const { message, brokerId } = delivery;
  const { properties, body } = message;
  const correlationIds = [message.correlationId, properties.otherCorrelationId].filter(
    (id): id is string => typeof id === 'string',
  );
  const [correlationId] = correlationIds;
  if (correlationId === undefined) return { invalid: 'it has no correlation id' };
  if (properties.storeId !== undefined && properties.storeId !== storeId) {
    return { invalid: 'another deployment uses this prefix: the reply names another store' };
  }
  if (body.byteLength > maxBodyBytes) {
    return { invalid: `its body has ${body.byteLength} bytes; at most ${maxBodyBytes} are taken` };
  }
  const fault = properties.fault === true ? readFault(body) : null;
  if (typeof fault === 'string') return { invalid: fault };

  const hasOwnId = message.messageId !== brokerId?.value && !correlationIds.includes(message.messageId);
  const stableId = brokerId?.stable === true ? brokerId.value : undefined;
  return {
    reply: {
      correlationIds,
      replyId: hasOwnId
        ? message.messageId
        : (stableId ?? fingerprint([correlationId, message.contentType, body])),
      messageId: hasOwnId ? message.messageId : null,
      time: message.time,
      contentType: message.contentType,
      body,
      properties,
      applicationHeaders: message.applicationHeaders,
      fault,
    },
  };
}

function readFault(body: Uint8Array): FaultBody | string {
  const parsed = parseFault(body);
  if (parsed.ok) return parsed.value;
  const [first] = parsed.problems;
  return `its fault cannot be read: ${first === undefined ? 'no body' : `${first.field}: ${first.allowed}`}`;
}
