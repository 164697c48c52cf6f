import { expect } from 'chai';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { environmentNames } from '#app/configuration/environment.js';
import { artemisDialect } from '#adapters/stomp/dialects/artemis.js';
import { classicDialect } from '#adapters/stomp/dialects/classic.js';
import { toHeaders } from '#adapters/stomp/headers.js';
import { queue } from '#core/destination.js';
import { errorKinds } from '#core/error-kinds.js';
import type { MessageProperties } from '#core/message.js';
import { countedEvents } from '#core/ports/meter.js';
import { stages } from '#core/stages.js';
import { counterName, gauges } from '#gateway/metrics.js';
import { stageName } from '#gateway/stage-histograms.js';
import { routeSchema } from '#schema/route.js';
import { membersOf } from '#schema/schema-tree.js';
import { notBuiltYet, settings } from '#schema/settings.js';
import { httpHeaders } from '../../../scripts/headers-page.js';
import { wireHeaders } from '../../../scripts/wire-headers.js';
import { newMessage } from '../../support/messages.js';

const root = join(import.meta.dirname, '../../..');
const pages = [
  'README.md',
  'SECURITY.md',
  ...readdirSync(join(root, 'docs'), { encoding: 'utf8' }).map((name) => `docs/${name}`),
].filter((name) => name.endsWith('.md'));

/** What stands in backticks, by page. */
const quoted = new Map(
  pages.map((page) => {
    const text = readFileSync(join(root, page), 'utf8').replaceAll(/^```.*?^```$/gmsu, '');
    return [page, new Set([...text.matchAll(/`([^`\n]+)`/gu)].map(([, words = '']) => words.trim()))];
  }),
);

/** Names of this form in the pages. */
function namedIn(form: RegExp): Map<string, string> {
  const found = new Map<string, string>();
  for (const [page, words] of quoted) {
    for (const word of words) if (form.test(word)) found.set(word, page);
  }
  return found;
}

function expectAllNamed(names: Iterable<string>, page: string): void {
  const words = quoted.get(page) ?? new Set();
  expect([...names].filter((name) => !words.has(name))).to.deep.equal([]);
}

function expectAllKnown(form: RegExp, known: ReadonlySet<string>): void {
  const unknown = [...namedIn(form)].filter(([name]) => !known.has(name));
  expect(unknown).to.deep.equal([]);
}

const all: Required<MessageProperties> = {
  ...{
    conversationId: 'c',
    otherCorrelationId: 'o',
    form: 'text',
    project: 'p',
    deadlineMs: 1,
    expiresAt: 1,
  },
  ...{ attempt: 1, resend: 1, fault: true, schema: 's', storeId: 's', replyToken: 't', contentDigest: 'd' },
  ...{
    requestDigest: 'd',
    priority: 1,
    replyToStyle: 'jms',
    traceparent: 't',
    tracestate: 't',
    baggage: 'b',
    sequence: 1,
    subject: 's',
    eventKind: 'log',
  },
};

describe('what the documentation names', () => {
  it('are every setting and no other', () => {
    const keys = new Set(settings.map(({ key }) => key));
    expectAllNamed(keys, 'docs/configuration.md');
    const sections = new Set([...keys].map((key) => key.split('.')[0]));
    const routes = [...(membersOf(routeSchema)?.keys() ?? [])].map((name) => `routes.${name}`);
    const form = new RegExp(`^(?:${[...sections].join('|')})\\.[a-z][A-Za-z.]*$`, 'u');
    const refused = [...notBuiltYet.keys()];
    // A name of OpenTelemetry.
    const foreign = ['http.server.request.duration'];
    expectAllKnown(form, new Set([...keys, ...routes, ...refused, ...foreign]));
  });

  it('are every error code and environment variable of the product, and no other', () => {
    expectAllNamed(Object.keys(errorKinds), 'docs/errors.md');
    const variables = settings.flatMap((setting) => environmentNames(setting));
    expectAllNamed(variables, 'docs/configuration.md');
    const ofCommands = ['URL', 'TOKEN', 'TOKEN_FILE', 'CA_FILE', 'CERT_FILE', 'KEY_FILE', 'CONFIG'];
    const ofPrograms = ['MESSAGE_ID', 'REPLY_TO', 'CORREL_ID', 'CONTENT_TYPE', 'ATTEMPT', 'QUEUE', 'FAULT'];
    const otel = (name: string): string => `OTEL_${name}`;
    const known = new Set([
      ...Object.keys(errorKinds),
      ...variables,
      ...[...ofCommands, ...ofPrograms].map((name) => `REPLYTO_${name}`),
      // Read by OpenTelemetry itself.
      ...['EXPORTER_OTLP_HEADERS', 'EXPORTER_OTLP_TIMEOUT', 'EXPORTER_OTLP_COMPRESSION'].map(otel),
      ...['EXPORTER_OTLP_CERTIFICATE', 'RESOURCE_ATTRIBUTES', 'TRACES_SAMPLER', 'TRACES_SAMPLER_ARG'].map(
        otel,
      ),
      ...['NODE_EXTRA_CA_CERTS', 'TEST_BROKER_URL', 'TEST_DATABASE_URL'],
      // Shown as a misspelling.
      'BROKER_ULR',
      // Codes that services give their faults.
      ...['SERVICE_FAILED', 'NO_ITEMS', 'NO_STOCK', 'NOT_JSON', 'UNREADABLE_JSON'],
    ]);
    expectAllKnown(/^[A-Z]+(?:_[A-Z]+)+$/u, known);
  });

  it('are every metric and no other', () => {
    const known = new Set([
      ...Object.keys(countedEvents).map(counterName),
      ...Object.keys(gauges).map((name) => `replyto_${name}`),
      'replyto_reply_seconds',
      ...Object.keys(stages).map(stageName),
    ]);
    expectAllNamed(known, 'docs/metrics.md');
    const outcomes = Object.values(stages).flatMap((stage) => Object.keys(stage.outcomes));
    expectAllNamed(outcomes, 'docs/metrics.md');
    const claims = ['queues', 'read', 'reply_to', 'projects', 'broker'].map((name) => `replyto_${name}`);
    expectAllKnown(/^replyto_\w+$/u, new Set([...known, ...claims]));
  });

  it('are every header of calls, answers and messages, and no other', () => {
    const message = newMessage({
      ...{ replyTo: queue('q'), properties: all, contentType: 'text/plain' },
      applicationHeaders: { 'accept-language': 'en' },
    });
    const written = [classicDialect, artemisDialect].flatMap((dialect) => [
      ...Object.keys(toHeaders(message, dialect)),
      ...Object.keys(toHeaders({ ...message, correlationId: 'c', replyTo: null }, dialect)),
    ]);
    const ours = new Set(written.filter((name) => name !== 'accept-language'));
    expect([...ours].sort()).to.deep.equal(Object.keys(wireHeaders).sort());
    const { calls, answers } = httpHeaders();
    const known = new Set([...calls.keys(), ...answers.keys(), ...ours]);
    expectAllNamed(known, 'docs/headers.md');
    const ofHttp = [
      ...['Accept-Encoding', 'Accept-Language', 'Content-Encoding', 'Content-Length', 'Content-Type', 'Host'],
      ...['Transfer-Encoding', 'WWW-Authenticate', 'X-Forwarded-Proto', 'X-Content-Type-Options'],
      ...['Last-Event-ID', 'Set-Cookie'],
    ];
    expectAllKnown(/^[A-Z][a-z]+(?:-[A-Z][A-Za-z]*)+$/u, new Set([...known, ...ofHttp]));
  });
});
