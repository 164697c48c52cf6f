import { expect } from 'chai';
import { nearMissesInWords } from '#app/configuration/near-misses.js';

function meant(name: string): string | undefined {
  const [words] = nearMissesInWords({ [name]: 'secret' });
  return /^(?<name>\S+) is set and unknown here; did you mean (?<meant>\S+)\?$/u.exec(words ?? '')?.groups?.[
    'meant'
  ];
}

/** Of shells, terminals, CI, containers, Kubernetes services, npm and common programs. */
const common: Readonly<Record<string, string>> = {
  HOME: '/root',
  HOSTNAME: 'build-7',
  HOSTTYPE: 'x86_64',
  HOSTS: '/etc/hosts',
  GHOST: '1',
  LOGNAME: 'root',
  USER: 'root',
  PATH: '/bin',
  PWD: '/work',
  OLDPWD: '/',
  SHELL: '/bin/bash',
  SHLVL: '1',
  LANG: 'C.UTF-8',
  LC_ALL: 'C.UTF-8',
  TERM: 'xterm',
  TZ: 'UTC',
  TMPDIR: '/tmp',
  EDITOR: 'vi',
  POST: '1',
  PORTS: '80,81',
  SPORT: '1',
  PROTO: 'http',
  DATABASE_URL: 'postgres://db/app',
  DATABASE_HOST: 'db',
  REDIS_URL: 'redis://cache',
  STORAGE_URL: 's3://bucket',
  SITE_URL: 'https://example.com',
  XDG_DATA_DIRS: '/usr/share',
  XDG_DATA_HOME: '/root/.local/share',
  LOG_DIR: '/var/log',
  LOG_FILE: '/var/log/app.log',
  GLOG_LEVEL: '2',
  NPM_CONFIG_LOGLEVEL: 'warn',
  npm_config_loglevel: 'warn',
  npm_config_port: '1',
  npm_lifecycle_event: 'start',
  npm_package_name: 'app',
  npm_config_user_agent: 'npm/10',
  NODE_ENV: 'production',
  NODE_OPTIONS: '--enable-source-maps',
  NODE_VERSION: '20.19.0',
  NO_COLOR: '1',
  CI: 'true',
  GITHUB_ACTIONS: 'true',
  GITHUB_TOKEN: 'x',
  GITHUB_SERVER_URL: 'https://github.com',
  RUNNER_TEMP: '/tmp',
  GITLAB_CI: 'true',
  BUILD_NUMBER: '7',
  DOCKER_HOST: 'unix:///var/run/docker.sock',
  KUBERNETES_PORT: 'tcp://10.0.0.1:443',
  KUBERNETES_SERVICE_HOST: '10.0.0.1',
  KUBERNETES_SERVICE_PORT_HTTPS: '443',
  BROKER_PORT_61613_TCP: 'tcp://10.0.0.2:61613',
  BROKER_PORT_61613_TCP_ADDR: '10.0.0.2',
  BROKER_PORT_61613_TCP_PORT: '61613',
  BROKER_PORT_61613_TCP_PROTO: 'tcp',
  BROKER_SERVICE_HOST: '10.0.0.2',
  BROKER_SERVICE_PORT: '61613',
  BROKER_SERVICE_PORT_STOMP: '61613',
  STORE_SERVICE_HOST: '10.0.0.3',
  STORE_PORT: 'tcp://10.0.0.3:80',
  STORE_PORT_80_TCP_ADDR: '10.0.0.3',
  AUTH_TOKEN: 'x',
  AWS_WEB_IDENTITY_TOKEN_FILE: '/var/run/token',
  HTTP_PROXY: 'http://proxy',
  JAVA_HOME: '/opt/java',
  ACTIVEMQ_DATA: '/data',
};

describe('near misses of the names of variables', () => {
  for (const [name, right] of [
    ['BROKER_ULR', 'BROKER_URL'],
    ['BROKERURL', 'BROKER_URL'],
    ['BORKER_URL', 'BROKER_URL'],
    ['BROKER_UR', 'BROKER_URL'],
    ['BROKER_URI', 'BROKER_URL'],
    ['broker_url', 'BROKER_URL'],
    ['BROKER_PROT', 'BROKER_PORT'],
    ['BROKER_PASCODE', 'BROKER_PASSCODE'],
    ['BROKER_PASSCODEFILE', 'BROKER_PASSCODE_FILE'],
    ['STORE_ULR', 'STORE_URL'],
    ['DATADIR', 'DATA_DIR'],
    ['DATA_DRI', 'DATA_DIR'],
    ['LOGLEVEL', 'LOG_LEVEL'],
    ['LOG_LEVLE', 'LOG_LEVEL'],
    ['LOG_FROMAT', 'LOG_FORMAT'],
    ['AUTH_TOKEN_FILE', 'AUTH_TOKENS_FILE'],
    ['PROT', 'PORT'],
    ['HOTS', 'HOST'],
    ['REPLYT_PREFIX', 'REPLYTO_PREFIX'],
    ['REPYLTO_REQUESTS__WAIT_MS', 'REPLYTO_REQUESTS__WAIT_MS'],
    ['REPLTYO_URL', 'REPLYTO_URL'],
  ] as const) {
    it(`find that ${name} was meant to be ${right}`, () => {
      expect(meant(name)).to.equal(right);
    });
  }

  it('are none in an environment of common names', () => {
    expect(Object.keys(common).length).to.be.at.least(60);
    expect(nearMissesInWords(common)).to.deep.equal([]);
  });

  it('are no names that are read, empty ones, those that are errors already, and those whose right name is set', () => {
    expect(
      nearMissesInWords({
        PORT: '1',
        BROKER_URL: 'embedded:',
        BROKER_ULR: 'x',
        LOGLEVEL: ' ',
        REPLYTO_PREFX: 'x',
        REPLYTO_TOKEN: 'x',
      }),
    ).to.deep.equal([]);
    // Under its long name it is set too.
    expect(nearMissesInWords({ DATADIR: 'x', REPLYTO_DATA_DIR: 'y' })).to.deep.equal([]);
  });

  it('never show a value', () => {
    expect(nearMissesInWords({ BROKER_PASCODE: 'hunter2' }).join()).not.to.contain('hunter2');
  });
});
