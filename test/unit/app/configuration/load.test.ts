import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ConfigurationSources, LoadedConfiguration } from '#app/configuration/load.js';
import { loadConfiguration } from '#app/configuration/load.js';
import type { Problem } from '#core/errors.js';
import { isReplytoError } from '#core/errors.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';
import { startWorkTime } from '../../../support/work-time.js';

describe('loading the configuration', () => {
  const folder = temporaryFolder();

  type Given = Partial<Omit<ConfigurationSources, 'workingFolder'>>;

  function load(given: Given = {}): LoadedConfiguration {
    return loadConfiguration({ environment: {}, ...given, workingFolder: folder() });
  }

  function refused(given: Given = {}): readonly Problem[] {
    try {
      load(given);
    } catch (thrown) {
      if (isReplytoError(thrown) && thrown.code === 'INVALID_CONFIGURATION') return thrown.problems;
      throw thrown;
    }
    throw new Error('the configuration was accepted');
  }

  function write(text: string, name = 'replyto.yaml'): string {
    writeFileSync(join(folder(), name), text);
    return join(folder(), name);
  }

  it('has the documented defaults when nothing is given', () => {
    const { configuration, file } = load();
    expect(file).to.equal(null);
    expect(configuration).to.deep.equal({
      http: {
        ...{
          host: '127.0.0.1',
          port: 8080,
          maxBodyBytes: 1_048_576,
          maxIncomingBytes: 268_435_456,
          allowedOrigins: [],
          insecure: false,
        },
        ...{ headersTimeoutMs: 20_000, callTimeoutMs: 60_000 },
      },
      broker: {
        url: 'embedded:',
        port: 61_613,
        receiptTimeoutMs: 30_000,
        heartbeatMs: 10_000,
        prefetch: 500,
        sendConnections: 2,
      },
      store: { url: 'sqlite:', poolSize: 10, statementTimeoutMs: 15_000 },
      roles: ['gateway', 'correlator', 'relay'],
      workers: 1,
      telemetry: { traces: 'otlp', metrics: 'otlp', metricsEveryMs: 60_000, disabled: false },
      jwt: {
        algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'],
        clockToleranceMs: 5_000,
        nameClaim: 'sub',
        queuesClaim: 'replyto_queues',
        readClaim: 'replyto_read',
        replyToClaim: 'replyto_reply_to',
        projectsClaim: 'replyto_projects',
        brokerClaim: 'replyto_broker',
      },
      dataDir: join(folder(), 'data'),
      prefix: 'replyto',
      log: { level: 'info', format: 'auto' },
      requests: {
        waitMs: 500,
        maxWaitMs: 60_000,
        timeoutMs: 86_400_000,
        maxPending: 1_000_000,
        maxPendingPerQueue: 500_000,
        maxWaiting: 10_000,
      },
      outbox: { maxPending: 100_000 },
      retention: { finalMs: 604_800_000, statusMs: 604_800_000, statusEvents: 100_000 },
      status: { maxFollowers: 10_000 },
      allow: { queues: ['*'], replyTo: ['*'], read: ['*'] },
      queues: { leaseMs: 60_000, maxAttempts: 10 },
      routes: [
        {
          path: '/{service}/{resource}/{action}',
          queue: '{service}.{resource}.{action}',
          forwardHeaders: [],
          brokerExpiry: false,
          replyToStyle: 'stomp',
        },
      ],
    });
  });

  it('lets flags go before the environment, that before the file, that before the defaults', () => {
    write('http: { port: 1, maxBodyBytes: 10 }\nprefix: file\nrequests: { waitMs: 1s }\n');
    const environment = { PORT: '2', REPLYTO_PREFIX: 'environment', REPLYTO_REQUESTS__TIMEOUT_MS: 'never' };
    const { configuration, origins, file } = load({ environment, flags: { port: '3' } });
    expect(configuration.http).to.include({ port: 3, maxBodyBytes: 10, host: '127.0.0.1' });
    expect(configuration.prefix).to.equal('environment');
    expect(configuration.requests).to.include({ waitMs: 1000, timeoutMs: null });
    expect(file).to.equal(join(folder(), 'replyto.yaml'));
    expect(origins.get('http.port')).to.include({ kind: 'flag', name: '--port' });
    expect(origins.get('prefix')).to.include({ kind: 'environment', name: 'REPLYTO_PREFIX' });
    expect(origins.get('requests.waitMs')).to.deep.equal({ kind: 'file', name: 'replyto.yaml' });
    expect(origins.get('http.host')).to.deep.equal({ kind: 'default' });
  });

  it('refuses an address of a collector that cannot be one, without its login', () => {
    for (const given of [
      'collector:4318',
      'grpc://c:4317',
      'http://ada:hunter2@c:4318',
      'http://c?x=1',
      'http://',
    ]) {
      const problems = refused({ environment: { OTEL_EXPORTER_OTLP_ENDPOINT: given } });
      expect(problems.map(({ field }) => field)).to.deep.equal(['OTEL_EXPORTER_OTLP_ENDPOINT']);
      expect(JSON.stringify(problems)).to.not.include('hunter2');
    }
    for (const given of ['http://c', 'https://c:4318', 'http://[::1]:4318/otlp', 'http://c:4318/']) {
      const { configuration } = load({ environment: { OTEL_EXPORTER_OTLP_ENDPOINT: given } });
      expect(configuration.telemetry.otlpEndpoint).to.equal(given);
    }
    const [problem] = refused({ environment: { OTEL_METRICS_EXPORTER: 'prometheus' } });
    expect(problem).to.include({ field: 'OTEL_METRICS_EXPORTER', allowed: 'one of otlp, none' });
  });

  it('is frozen to the ground', () => {
    const { configuration } = load();
    expect(configuration).to.be.frozen;
    expect(configuration.http.allowedOrigins).to.be.frozen;
    expect(configuration.routes[0]).to.be.frozen;
    expect(() => ((configuration.http as { port: number }).port = 1)).to.throw(TypeError);
  });

  it('tells all faults of all sources at once, each with source, value and what is allowed', () => {
    write('requests: { waitMs: 5x }\nhttp: { prot: 1 }\nroutes: [{ path: /a/, queue: q }]\nlog: loud\n');
    const environment = { PORT: '70000', REPLYTO_BROKER__PREFETCH: 'many', REPLYTO_BROKER__PREFECTH: '5' };
    const problems = refused({ environment, flags: { prefix: 'a b', logLevel: 'loud' } });
    const found = new Map(problems.map((problem) => [problem.field, problem]));
    expect([...found.keys()]).to.have.members([
      'requests.waitMs (replyto.yaml)',
      'http.prot (replyto.yaml)',
      'routes[0].path (replyto.yaml)',
      'log (replyto.yaml)',
      'PORT',
      'REPLYTO_BROKER__PREFETCH',
      'REPLYTO_BROKER__PREFECTH',
      '--prefix',
      '--log-level',
    ]);
    expect(found.get('requests.waitMs (replyto.yaml)')).to.include({ value: '5x' });
    expect(found.get('PORT')).to.include({ value: '70000', allowed: 'whole number from 0 to 65535' });
    expect(found.get('REPLYTO_BROKER__PREFETCH')).to.include({ value: 'many' });
    expect(found.get('--log-level')?.allowed).to.equal('one of error, warn, info, debug, silent');
    expect(found.get('http.prot (replyto.yaml)')?.allowed).to.equal("no such key; did you mean 'port'?");
    expect(found.get('REPLYTO_BROKER__PREFECTH')?.allowed).to.contain(
      'did you mean REPLYTO_BROKER__PREFETCH?',
    );
    for (const { allowed } of problems) expect(allowed).to.have.length.greaterThan(3);
  });

  it('says how many faults there are and which is the first', () => {
    expect(() => load({ flags: { port: 'x', brokerPort: 'y' } })).to.throw(
      /^The configuration has 2 faults: --port 'x': whole number from 0 to 65535$/u,
    );
  });

  it('tells what an unknown key may have been meant to be, wherever that belongs', () => {
    write('waitMs: 5\nhttp.port: 80\nhttp: { recieptTimeoutMs: 1 }\nzzz: 1\n');
    const allowed = Object.fromEntries(refused().map((problem) => [problem.field, problem.allowed]));
    expect(allowed['waitMs (replyto.yaml)']).to.equal("no such key; did you mean 'requests.waitMs'?");
    expect(allowed['http.port (replyto.yaml)']).to.contain('nested instead of dotted');
    expect(allowed['http.recieptTimeoutMs (replyto.yaml)']).to.contain("'broker.receiptTimeoutMs'");
    expect(allowed['zzz (replyto.yaml)']).to.contain('known here are http, broker');
  });

  it('refuses what is planned but not built, in words', () => {
    write('routes: [{ path: /a, queue: a, claimCheck: true }]\n');
    const problems = refused({});
    expect(problems).to.have.length(1);
    for (const { field, allowed } of problems) expect(allowed, field).to.contain('not built yet');
  });

  it('refuses a part of the roles where the others could not be elsewhere, and what is no role', () => {
    const problems = refused({ flags: { roles: 'gateway,relay' } });
    expect(problems).to.have.length(1);
    expect(problems[0]).to.include({ field: '--roles' });
    expect(problems[0]!.allowed).to.contain('all roles').and.to.contain('postgres://');
    const shared = { STORE_URL: 'postgres://db/x', BROKER_URL: 'stomp://b:61613' };
    expect(
      refused({ environment: { REPLYTO_ROLES: 'gateway', STORE_URL: shared.STORE_URL } })[0]!.allowed,
    ).to.contain('embedded:');
    expect(
      load({ environment: { ...shared, REPLYTO_ROLES: 'relay, gateway' } }).configuration.roles,
    ).to.deep.equal(['relay', 'gateway']);
    expect(
      load({ environment: { REPLYTO_ROLES: 'relay,correlator,gateway' } }).configuration.roles,
    ).to.have.length(3);
    for (const given of ['[]', 'gatway', 'gateway,gateway,gateway,gateway']) {
      expect(refused({ environment: { ...shared, REPLYTO_ROLES: given } }), given).to.have.length(1);
    }
  });

  it('refuses several workers where they could not share what they need', () => {
    const problems = refused({ environment: { REPLYTO_WORKERS: '2' } });
    expect(problems).to.have.length(1);
    expect(problems[0]).to.include({ field: 'REPLYTO_WORKERS', value: '2' });
    expect(problems[0]!.allowed).to.contain('postgres://');
    const environment = { REPLYTO_WORKERS: '2', STORE_URL: 'postgres://db/x', BROKER_URL: 'stomp://b:61613' };
    expect(load({ environment }).configuration.workers).to.equal(2);
  });

  it('takes a file of comments, and groups in which every key is a comment, as not given', () => {
    write('# nothing\n');
    expect(load().configuration.http.port).to.equal(8080);
    write('http:\n  # port: 1\nbroker:\n');
    expect(load().configuration.http.port).to.equal(8080);
  });

  it('names line and column of broken YAML, tells other sources too and judges no rule without the file', () => {
    write('http:\n  insecure: true\n  port: [1\n');
    const problems = refused({ environment: { HOST: '0.0.0.0', PORT: 'x' } });
    expect(problems.map(({ field }) => field)).to.deep.equal(['replyto.yaml, line 4, column 1', 'PORT']);
  });

  it('needs a named file to be there', () => {
    const [flag] = refused({ flags: { config: 'other.yaml' } });
    expect(flag).to.deep.equal({
      field: '--config',
      value: 'other.yaml',
      allowed: 'the path of a configuration file; there is no such file',
    });
    const [variable] = refused({ environment: { REPLYTO_CONFIG: 'other.yaml' } });
    expect(variable?.field).to.equal('REPLYTO_CONFIG');
    mkdirSync(join(folder(), 'replyto.yaml'));
    expect(refused()[0]).to.include({ field: 'replyto.yaml' });
  });

  it('reads the named file instead of replyto.yaml, and takes its paths as relative to it', () => {
    write('http: { port: 1 }');
    mkdirSync(join(folder(), 'etc'));
    write('http: { port: 2 }\ndataDir: kept\n', 'etc/gateway.yaml');
    const byFlag = load({ flags: { config: 'etc/gateway.yaml' } });
    expect(byFlag.configuration.http.port).to.equal(2);
    expect(byFlag.configuration.dataDir).to.equal(join(folder(), 'etc', 'kept'));
    const byVariable = load({ environment: { REPLYTO_CONFIG: 'etc/gateway.yaml', DATA_DIR: 'kept' } });
    expect(byVariable.configuration.dataDir).to.equal(join(folder(), 'kept'));
  });

  it('puts the more specific of two routes first', () => {
    write('routes:\n  - { path: "/{a}/{b}", queue: "{a}.{b}" }\n  - { path: /x/y, queue: z }\n');
    expect(load().configuration.routes.map(({ path }) => path)).to.deep.equal(['/x/y', '/{a}/{b}']);
  });

  it('refuses more routes than anybody needs, and does not take long over it', () => {
    const routes = Array.from({ length: 20_000 }, (_, index) => ({ path: `/{a}/${index}`, queue: 'q' }));
    const workedMs = startWorkTime();
    const problems = refused({ environment: { REPLYTO_ROUTES: JSON.stringify(routes) } });
    expect(problems).to.deep.equal([
      { field: 'REPLYTO_ROUTES', value: '(a list)', allowed: 'at most 1000 entries' },
    ]);
    expect(workedMs()).to.be.lessThan(5000);
  });

  it('reads every member of a route', () => {
    write(
      [
        'routes:',
        '  - path: /orion/{action}',
        '    queue: orion.{action}',
        '    waitMs: 2s',
        '    timeoutMs: never',
        '    forwardHeaders: [Accept-Language]',
        '    brokerExpiry: true',
        '    replyToStyle: jms',
        '    project: orion',
        '    contentType: text/xml; charset=utf-8',
      ].join('\n'),
    );
    expect(load().configuration.routes).to.deep.equal([
      {
        path: '/orion/{action}',
        queue: 'orion.{action}',
        waitMs: 2000,
        timeoutMs: null,
        forwardHeaders: ['accept-language'],
        brokerExpiry: true,
        replyToStyle: 'jms',
        project: 'orion',
        contentType: 'text/xml; charset=utf-8',
      },
    ]);
  });

  it('names the route and the member that is wrong', () => {
    write(
      'routes:\n  - { path: /a, queue: a, contentType: text, project: "a/b", forwardHeaders: [Reply-To] }\n  - { path: /a, queue: "{b}" }\n',
    );
    expect(refused().map(({ field, value }) => [field, value])).to.deep.equal([
      ['routes[0].forwardHeaders[0] (replyto.yaml)', 'Reply-To'],
      ['routes[0].project (replyto.yaml)', 'a/b'],
      ['routes[0].contentType (replyto.yaml)', 'text'],
      ['routes[1].path (replyto.yaml)', '/a'],
      ['routes[1].queue (replyto.yaml)', '{b}'],
    ]);
  });

  it('hands over the compiled schemas of routes by their absolute paths', () => {
    write('{ "type": "object", "required": ["id"] }', 'create.json');
    write('routes: [{ path: /a, queue: a, schema: { request: ./create.json, reply: create.json } }]');
    const { configuration, bodyChecks } = load();
    const [route] = configuration.routes;
    expect(route?.schema).to.deep.equal({
      request: join(folder(), 'create.json'),
      reply: join(folder(), 'create.json'),
    });
    expect(bodyChecks.get(route!.schema!.request!)?.({})).to.deep.equal([
      { field: 'body.id', allowed: 'it is required' },
    ]);
    expect(bodyChecks.get(route!.schema!.reply!)?.({ id: 1 })).to.deep.equal([]);
  });

  it('names schema files that are missing or broken, together with all other faults', () => {
    write('{ "type": "objekt" }', 'broken.json');
    write('nope', 'text.json');
    write(
      'prefix: a b\nroutes:\n  - { path: /a, queue: a, schema: { request: broken.json, reply: missing.json } }\n  - { path: /b, queue: b, schema: { request: text.json } }\n',
    );
    const problems = refused();
    expect(problems.map(({ field }) => field)).to.deep.equal([
      'prefix (replyto.yaml)',
      'routes[0].schema.request (replyto.yaml)',
      'routes[0].schema.reply (replyto.yaml)',
      'routes[1].schema.request (replyto.yaml)',
    ]);
    expect(problems[1]?.allowed).to.contain(join(folder(), 'broken.json'));
    expect(problems[2]?.allowed).to.contain('missing.json: there is no such file');
    expect(problems[3]?.allowed).to.contain('it is not JSON');
  });
});
