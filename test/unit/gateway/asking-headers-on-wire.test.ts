import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { toHeaders } from '#adapters/stomp/headers.js';
import { classicDialect } from '#adapters/stomp/dialects/classic.js';
import { defaultSessionLimits } from '#adapters/stomp-server/limits.js';
import { ownDestinations } from '#core/destination.js';
import { isReplytoError } from '#core/errors.js';
import { wireBytes } from '#core/header-text.js';
import { readAskingHeaders } from '#gateway/asking-headers.js';
import { toHttpHeader } from '#gateway/header-encoding.js';
import { contentDigest } from '#messaging/digest.js';
import { toRequestMessage } from '#messaging/request-message.js';
import { storedRequest } from '../../support/requests.js';

const own = ownDestinations('p'.repeat(64));
const deployment = { storeId: randomUUID(), secret: new Uint8Array(32), replies: own.replies };
/** A route may name many, and long ones. */
const forwardHeaders = Array.from({ length: 99 }, (_, index) => `${'f'.repeat(98)}${index}`);

/** The headers of the message that a call with these headers becomes; undefined when it is refused. */
function onWire(headers: Readonly<Record<string, string>>): Record<string, string> | undefined {
  const given = acceptedOf(headers);
  if (given === undefined) return undefined;
  const { messageId = randomUUID(), contentType, applicationHeaders } = given;
  const body = Buffer.from('{}');
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const request = storedRequest({
    ...{ id: messageId, time: 999_999_999_999_999, contentType, body, applicationHeaders },
    properties: {
      traceparent,
      project: ':a'.repeat(80),
      ...given.properties,
      contentDigest: contentDigest(body),
    },
    expiresAt: 999_999_999_999_999,
    resend: 999_999,
  });
  return toHeaders(toRequestMessage(request, deployment, 0), classicDialect);
}

function acceptedOf(
  headers: Readonly<Record<string, string>>,
): ReturnType<typeof readAskingHeaders> | undefined {
  try {
    return readAskingHeaders(headers, { forwardHeaders, checkReplyTo: () => undefined });
  } catch (error) {
    if (isReplytoError(error) && error.code === 'INVALID_REQUEST') return undefined;
    throw error;
  }
}

const names = fc.constantFrom(
  ...'message-id correl-id project traceparent tracestate baggage content-type'.split(' '),
  ...Array.from({ length: 110 }, (_, index) => `x-${index}`),
  ...[1_000, 1_020, 2_100, 4_000].map((length) => `x-${'n'.repeat(length)}`),
);
const lengths = fc.oneof(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 4_096 }));
const bounds: Readonly<Record<string, number>> = { 'message-id': 254, project: 120 };

describe('the headers of a call that is taken', () => {
  it('make a message that every broker takes', () => {
    let taken = 0;
    fc.assert(
      fc.property(
        fc.dictionary(names, lengths, { maxKeys: 30 }),
        fc.integer({ min: 0, max: forwardHeaders.length }),
        fc.constantFrom(':', 'x', 'ü'),
        (sizes, forwarded, filling) => {
          const headers: Record<string, string> = {};
          for (const name of forwardHeaders.slice(0, forwarded)) headers[name] = 'v';
          for (const [name, length] of Object.entries(sizes)) {
            const text = filling.repeat(Math.min(length, bounds[name] ?? length));
            headers[name] =
              name === 'message-id' ? `a${text.replaceAll('ü', 'u')}` : toHttpHeader(`a${text}`);
          }
          // Throws beyond what the brokers take.
          if (onWire(headers) !== undefined) taken += 1;
        },
      ),
      { numRuns: 400 },
    );
    expect(taken).to.be.greaterThan(20);
  });

  it('leave room for those of the product, however long these are', () => {
    const five = ['correl-id', 'tracestate', 'baggage', 'traceparent', 'content-type'];
    const full = {
      ...Object.fromEntries(five.map((name) => [name, ':'.repeat(4_096)])),
      'x-a': ':'.repeat((45_056 - 5 * 8_192 - five.join('').length - 'x-a'.length) / 2),
      'message-id': `a${':'.repeat(254)}`,
    };
    const written = onWire(full);
    const lines = Object.entries(written ?? {}).map(
      ([name, value]) => wireBytes(name) + wireBytes(value) + 2,
    );
    const block = lines.reduce((sum, line) => sum + line, 0);
    expect(block).to.be.within(45_056, 48 * 1024);
    expect(block).to.be.lessThan(defaultSessionLimits.headerBlockBytes);
    expect(onWire({ ...full, 'x-b': '' })).to.equal(undefined);
  });
});
