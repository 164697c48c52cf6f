// The import rules of ARCHITECTURE.md: who may import whom. A test runs them too.
const folder = (name) => `^src/${name}/`;

/** `from` may import from the named folders of src, from npm and from Node, and from nothing else in src. */
function only(name, from, allowed, comment) {
  return {
    name,
    comment,
    severity: 'error',
    from: { path: from },
    to: { path: '^src/', pathNot: [from, ...allowed.map(folder)] },
  };
}

const adapters = [
  'stomp',
  'stomp-server',
  'stomp-events',
  'broker',
  'sql',
  'sqlite',
  'postgres',
  'store',
  'blob',
  'jwt',
  'opentelemetry',
];
const shared = {
  broker: ['sql', 'sqlite', 'stomp-server'],
  sqlite: ['sql'],
  postgres: ['sql'],
  store: ['sql', 'sqlite', 'postgres'],
  'stomp-events': ['stomp-server'],
};

export default {
  forbidden: [
    {
      name: 'no-circular',
      comment: 'A cycle is cheap to avoid and dear to undo.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'core-is-pure',
      comment: 'The language of the product needs no package, no I/O, no clock: those come through ports.',
      severity: 'error',
      from: { path: folder('core') },
      to: { dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'core', 'unknown'] },
    },
    only('core-imports-nothing', folder('core'), [], 'core stands below everything.'),
    only('schema', folder('schema'), ['core'], 'Schemas validate into core types.'),
    only('messaging', folder('messaging'), ['schema', 'core'], 'Patterns use ports only, never an adapter.'),
    only('status', folder('status'), ['messaging', 'schema', 'core'], 'Status events stand on messaging.'),
    only(
      'gateway',
      folder('gateway'),
      ['workflow', 'status', 'messaging', 'schema', 'core'],
      'The HTTP facade.',
    ),
    only(
      'dashboard',
      folder('dashboard'),
      ['workflow', 'status', 'messaging', 'schema', 'core'],
      'Pages on what the gateway serves; they know its resources, not its code.',
    ),
    only(
      'app',
      folder('app'),
      ['gateway', 'dashboard', 'workflow', 'status', 'messaging', 'adapters', 'schema', 'core'],
      'The composition root sees everything below it.',
    ),
    only('cli', '^src/cli/', ['app', 'core'], 'argv to app, no logic.'),
    only(
      'testing',
      folder('testing'),
      ['app', 'messaging', 'adapters', 'schema', 'core'],
      'The published test kit: the library and the broker as they are, and a network in which things go wrong.',
    ),
    {
      name: 'bench-from-outside',
      comment:
        'Benchmarks meet the system over HTTP, the broker and its public API; the other files are tools, not the system.',
      severity: 'error',
      from: { path: '^bench/' },
      to: {
        path: '^src/',
        pathNot: '^src/(index|adapters/stomp/tcp-socket|schema/markdown-table|testing/random)[.]ts$',
      },
    },
    only('index', '^src/index[.]ts$', ['app', 'messaging', 'schema', 'core'], 'The public API.'),
    ...adapters.map((adapter) =>
      only(
        `adapter-${adapter}`,
        folder(`adapters/${adapter}`),
        ['schema', 'core', ...(shared[adapter] ?? []).map((name) => `adapters/${name}`)],
        'An adapter knows its port, and of other adapters only the databases and stomp-server.',
      ),
    ),
    {
      name: 'express-in-the-facade-only',
      comment: 'Only the gateway and the dashboard speak HTTP as servers.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(gateway|dashboard)/' },
      to: { path: 'node_modules/(@types/)?express/' },
    },
    {
      name: 'stomp-client-in-its-adapter-only',
      comment: 'Everything above speaks to the ports.',
      severity: 'error',
      from: { path: '^src/', pathNot: folder('adapters/stomp') },
      to: { path: 'node_modules/@stomp/' },
    },
    {
      name: 'sql-in-its-adapters-only',
      comment: 'Everything above speaks to the store ports.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/adapters/(sql|sqlite|postgres|store|broker)/' },
      to: { path: 'node_modules/(libsql|kysely|@libsql|pg)/' },
    },
    {
      name: 'jwt-in-its-adapter-only',
      comment: 'Everything above knows tokens and who has proved a name by them.',
      severity: 'error',
      from: { path: '^src/', pathNot: folder('adapters/jwt') },
      to: { path: 'node_modules/jose/' },
    },
    {
      name: 'opentelemetry-in-its-adapter-only',
      comment: 'Everything above knows a tracer.',
      severity: 'error',
      from: { path: '^src/', pathNot: folder('adapters/opentelemetry') },
      to: { path: 'node_modules/@opentelemetry/' },
    },
    {
      name: 'opentelemetry-loaded-on-demand',
      comment: 'Where no collector is configured it must cost nothing, the time to load it included.',
      severity: 'error',
      from: { path: '^src/', pathNot: folder('adapters/opentelemetry') },
      to: {
        path: folder('adapters/opentelemetry'),
        dynamic: false,
        dependencyTypesNot: ['type-only', 'type-import'],
      },
    },
    {
      name: 'nothing-from-tests',
      comment: 'The product never needs its tests or examples.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|bench|examples|scripts)/' },
    },
    {
      name: 'no-orphans',
      comment: 'A file nobody imports is dead or misplaced.',
      severity: 'error',
      from: { orphan: true, path: '^src/', pathNot: '^src/(index|cli/main|testing/index)[.]ts$' },
      to: {},
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { conditionNames: ['replyto-source', 'types', 'import', 'default'] },
  },
};
