import { expect } from 'chai';
import { environmentNames, readEnvironment } from '#app/configuration/environment.js';
import { settings } from '#schema/settings.js';

function read(environment: Readonly<Record<string, string>>): Record<string, unknown> {
  const { values, problems } = readEnvironment(environment);
  expect(problems).to.deep.equal([]);
  return Object.fromEntries(values.map(({ path, value }) => [path.join('.'), value]));
}

function problemsOf(environment: Readonly<Record<string, string>>): (string | undefined)[][] {
  return readEnvironment(environment).problems.map(({ field, value, allowed }) => [field, value, allowed]);
}

describe('settings from the environment', () => {
  it('have a name each, and no two the same', () => {
    const names = settings.flatMap(environmentNames);
    expect(new Set(names).size).to.equal(names.length);
    expect(names).to.include.members([
      'HOST',
      'PORT',
      'BROKER_URL',
      'BROKER_PORT',
      'BROKER_PASSCODE_FILE',
      'STORE_URL',
      'DATA_DIR',
      'REPLYTO_PREFIX',
      'LOG_LEVEL',
      'LOG_FORMAT',
      'REPLYTO_REQUESTS__WAIT_MS',
      'REPLYTO_HTTP__MAX_BODY_BYTES',
      'REPLYTO_ALLOW__REPLY_TO',
    ]);
  });

  it('are those that OpenTelemetry has for all programs', () => {
    expect(
      read({
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
        OTEL_SERVICE_NAME: 'orders-gateway',
        OTEL_TRACES_EXPORTER: 'otlp',
        OTEL_METRICS_EXPORTER: 'none',
        OTEL_METRIC_EXPORT_INTERVAL: '15000',
        OTEL_SDK_DISABLED: 'true',
        OTEL_TRACES_SAMPLER: 'not ours',
      }),
    ).to.deep.equal({
      'telemetry.otlpEndpoint': 'http://collector:4318',
      'telemetry.serviceName': 'orders-gateway',
      'telemetry.traces': 'otlp',
      'telemetry.metrics': 'none',
      'telemetry.metricsEveryMs': 15_000,
      'telemetry.disabled': true,
    });
  });

  it('tell what Kubernetes sets for a service from what was meant for us', () => {
    const problems = problemsOf({ BROKER_PORT: 'tcp://10.0.0.7:61613' });
    expect(problems).to.have.length(1);
    expect(problems[0]!.slice(0, 2)).to.deep.equal(['BROKER_PORT', 'tcp://10.0.0.7:61613']);
    expect(problems[0]![2])
      .to.include("Kubernetes sets for a service called 'broker'")
      .and.to.include('enableServiceLinks: false');
    expect(read({ BROKER_PORT: '61613' })).to.deep.equal({ 'broker.port': 61_613 });
  });

  it('are read by kind', () => {
    expect(
      read({
        PORT: ' 81 ',
        REPLYTO_HTTP__INSECURE: 'true',
        REPLYTO_REQUESTS__WAIT_MS: '200',
        REPLYTO_REQUESTS__TIMEOUT_MS: '7d',
        REPLYTO_ALLOW__QUEUES: 'orders.*, stock ,',
        REPLYTO_HTTP__ALLOWED_ORIGINS: '["https://a.example"]',
        REPLYTO_ROUTES: '[{"path":"/a","queue":"a"}]',
        BROKER_LOGIN: '0123',
      }),
    ).to.deep.equal({
      'http.port': 81,
      'http.insecure': true,
      'requests.waitMs': 200,
      'requests.timeoutMs': '7d',
      'allow.queues': ['orders.*', 'stock'],
      'http.allowedOrigins': ['https://a.example'],
      routes: [{ path: '/a', queue: 'a' }],
      'broker.login': '0123',
    });
  });

  it('can come as a whole group in JSON, and single keys come after it', () => {
    const { values } = readEnvironment({
      REPLYTO_REQUESTS__WAIT_MS: '1',
      REPLYTO_REQUESTS: '{"waitMs":2,"maxWaitMs":"3s"}',
    });
    expect(values.map(({ path, value }) => [path.join('.'), value])).to.deep.equal([
      ['requests.waitMs', 2],
      ['requests.maxWaitMs', '3s'],
      ['requests.waitMs', 1],
    ]);
    expect(problemsOf({ REPLYTO_REQUESTS: '{' })[0]?.[0]).to.equal('REPLYTO_REQUESTS');
    expect(problemsOf({ REPLYTO_REQUESTS: '[1]' })[0]?.[0]).to.equal('REPLYTO_REQUESTS');
  });

  it('count as not set when they are empty', () => {
    expect(read({ PORT: '', HOST: ' ', REPLYTO_WAIT: '' })).to.deep.equal({});
  });

  it('are refused under two names at once', () => {
    expect(problemsOf({ PORT: '1', REPLYTO_HTTP__PORT: '2' })).to.deep.equal([
      ['PORT', '1', 'only one of PORT and REPLYTO_HTTP__PORT'],
    ]);
  });

  it('are refused when a list or a structure is no JSON', () => {
    expect(problemsOf({ REPLYTO_ALLOW__QUEUES: '["a"' })[0]?.[2]).to.match(
      /^entries with commas between them, or a JSON list/u,
    );
    expect(problemsOf({ REPLYTO_ROUTES: '/a=b' })[0]?.slice(0, 2)).to.deep.equal(['REPLYTO_ROUTES', '/a=b']);
  });

  it('are refused under unknown names, with what may have been meant and without the value', () => {
    expect(
      problemsOf({ REPLYTO_REQUEST__WAIT_MS: '1', REPLYTO_BROKER_PASSCODE: 'x', REPLYTO_ZZZ: '1' }),
    ).to.deep.equal([
      ['REPLYTO_REQUEST__WAIT_MS', undefined, 'no such setting; did you mean REPLYTO_REQUESTS__WAIT_MS?'],
      ['REPLYTO_BROKER_PASSCODE', undefined, 'no such setting; did you mean BROKER_PASSCODE?'],
      ['REPLYTO_ZZZ', undefined, 'no such setting'],
    ]);
  });

  it('leave alone what belongs to the commands or to somebody else', () => {
    const environment = {
      REPLYTO_URL: 'x',
      REPLYTO_TOKEN: 'x',
      PATH: '/bin',
      WORKERS: '2',
      MY_REPLYTO_X: '1',
    };
    expect(read(environment)).to.deep.equal({});
  });
});
