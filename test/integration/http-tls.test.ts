import { expect } from 'chai';
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect as connectPlain } from 'node:net';
import { connect } from 'node:tls';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { callHttp } from '#app/gateway-client/http-call.js';
import type { HttpAnswer } from '#app/gateway-client/http-call.js';
import { WebSocket } from 'ws';
import { makeCertificate, noCertificates } from '../support/certificates.js';
import type { Certificate } from '../support/certificates.js';
import { failureOf } from '../support/errors.js';
import type { TestGateway } from '../support/gateway.js';
import { startGateway } from '../support/gateway.js';
import { happens } from '../support/happens.js';
import { skip } from '../support/skip.js';
import type { TemporaryFolder } from '../support/temporary-folder.js';
import { makeTemporaryFolder } from '../support/temporary-folder.js';
import { until, within } from '../support/until.js';

describe('HTTP over TLS', () => {
  let folder: TemporaryFolder;
  let made: Certificate | null = null;
  let gateway: TestGateway | undefined;
  let settings: Record<string, string> = {};
  const sockets: TLSSocket[] = [];

  before(async function () {
    folder = await makeTemporaryFolder();
    made = makeCertificate(folder.path, 'server');
    if (made === null) skip(this, noCertificates);
    settings = {
      REPLYTO_HTTP__TLS_CERT_FILE: made.certFile,
      REPLYTO_HTTP__TLS_KEY_FILE: made.keyFile,
    };
  });
  after(() => folder.remove());
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await gateway?.stop();
    gateway = undefined;
  });

  const certificate = (): Certificate => made ?? expect.fail('no certificate');
  async function start(more: Record<string, string> = {}): Promise<TestGateway> {
    gateway = await startGateway({ settings: { ...settings, ...more } });
    return gateway;
  }
  const get = (url: string, path: string, tls: ConnectionOptions = {}): Promise<HttpAnswer> =>
    callHttp({
      method: 'GET',
      base: new URL(url),
      path,
      deadlineMs: 10_000,
      tls: { ca: certificate().cert, ...tls },
    });
  const portOf = (url: string): number => Number(new URL(url).port);
  /** Gives what came so far; the socket is closed with the test. */
  function open(url: string, tls: ConnectionOptions = {}): { socket: TLSSocket; received: () => string } {
    const socket = connect({ port: portOf(url), host: '127.0.0.1', ca: certificate().cert, ...tls });
    let text = '';
    socket.setEncoding('utf8').on('data', (part: string) => (text += part));
    socket.on('error', () => undefined);
    sockets.push(socket);
    return { socket, received: () => text };
  }

  it('answers, and says https', async () => {
    const { url } = await start();
    expect(url).to.match(/^https:/u);
    expect((await get(url, '/livez')).status).to.equal(200);
  });

  happens(
    'HTTP',
    'a plain HTTP call at a port of TLS',
    'the connection is closed, the gateway serves the next',
    async () => {
      const { url } = await start();
      const socket = connectPlain(portOf(url), '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n');
      socket.resume();
      await until(() => socket.closed, { what: 'the end of the connection' });
      expect((await get(url, '/livez')).status).to.equal(200);
    },
  );

  happens(
    'HTTP',
    'a client that offers nothing newer than TLS 1.1',
    'no agreement, the connection is closed',
    async () => {
      const { url } = await start();
      const { socket } = open(url, {
        minVersion: 'TLSv1',
        maxVersion: 'TLSv1.1',
        ciphers: 'DEFAULT@SECLEVEL=0',
      });
      await until(() => socket.closed, { what: 'the end of the connection' });
      const newer = open(url, { maxVersion: 'TLSv1.2' });
      await until(() => newer.socket.getProtocol() === 'TLSv1.2', { what: 'TLS 1.2' });
    },
  );

  it('answers broken HTTP, offers of other protocols and pipelined calls as without TLS', async () => {
    const { url } = await start();
    const broken = open(url);
    broken.socket.write('NO HTTP AT ALL\r\n\r\n');
    await until(() => broken.received().includes('application/problem+json'), { what: 'a problem' });
    expect(broken.received()).to.match(/^HTTP\/1\.1 400 /u);
    const offer = open(url);
    const upgrade = 'Connection: Upgrade\r\nUpgrade: h2c\r\n';
    offer.socket.write(`GET /livez HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n`.repeat(2));
    await until(() => offer.received().split('HTTP/1.1 200').length === 3, { what: 'two answers' });
  });

  it('takes STOMP over WebSocket', async () => {
    const { url } = await start();
    const socket = new WebSocket(`${url.replace('https', 'wss')}/broker`, ['v12.stomp'], {
      ca: certificate().cert,
    });
    const messages: string[] = [];
    socket.on('error', () => undefined);
    socket.on('message', (data: Buffer) => void messages.push(data.toString('utf8')));
    try {
      await until(() => socket.readyState === WebSocket.OPEN, { what: 'the WebSocket' });
      socket.send('CONNECT\naccept-version:1.2\nhost:x\n\n\0');
      await until(() => messages.some((text) => text.startsWith('CONNECTED')), { what: 'CONNECTED' });
    } finally {
      socket.terminate();
    }
  });

  it('lets a page of its own origin call, and no other', async () => {
    const { url } = await start();
    const call = (origin: string): Promise<HttpAnswer> =>
      callHttp({
        method: 'GET',
        base: new URL(url),
        path: '/livez',
        deadlineMs: 10_000,
        tls: { ca: certificate().cert },
        headers: { Origin: origin },
      });
    expect((await call(url)).status).to.equal(200);
    expect((await call('https://elsewhere.example')).status).to.equal(403);
  });

  it('ends with handshakes that never come to an end, and with open connections', async () => {
    const started = await start();
    const silent = connectPlain(portOf(started.url), '127.0.0.1');
    silent.on('error', () => undefined);
    silent.resume();
    const idle = open(started.url);
    idle.socket.write('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n');
    await until(() => idle.received().includes('alive'), { what: 'an answer' });
    await until(() => !silent.connecting, { what: 'a connection' });
    gateway = undefined;
    // It would wait for them until its deadline.
    await within(started.stop(3_600_000), { what: 'the gateway to stop' });
    await until(() => silent.closed && idle.socket.closed, { what: 'the end of both' });
  });

  it('shows a renewed certificate to the next connection, and keeps the old one when the new is broken', async () => {
    const renewed = makeCertificate(folder.path, 'renewed') ?? expect.fail('no certificate');
    const [certFile, keyFile] = [join(folder.path, 'live.pem'), join(folder.path, 'live-key.pem')];
    await copyFile(certificate().certFile, certFile);
    await copyFile(certificate().keyFile, keyFile);
    const { url } = await start({
      REPLYTO_HTTP__TLS_CERT_FILE: certFile,
      REPLYTO_HTTP__TLS_KEY_FILE: keyFile,
    });
    await writeFile(certFile, 'no certificate');
    await writeFile(keyFile, renewed.key);
    expect((await get(url, '/livez')).status).to.equal(200);
    await writeFile(certFile, renewed.cert);
    await until(async () => (await get(url, '/livez', { ca: renewed.cert })).status === 200, {
      what: 'the new certificate',
    });
  });

  it('asks for a certificate of the client where authorities are named', async () => {
    const client = makeCertificate(folder.path, 'client') ?? expect.fail('no certificate');
    const { url } = await start({ REPLYTO_HTTP__TLS_CLIENT_CA_FILE: client.certFile });
    expect((await get(url, '/livez', { cert: client.cert, key: client.key })).status).to.equal(200);
    for (const tls of [{}, { cert: certificate().cert, key: certificate().key }]) {
      const error = await failureOf(get(url, '/livez', tls));
      expect(error).to.include({ code: 'GATEWAY_UNAVAILABLE' });
    }
  });

  it('reads a key with a passphrase', async () => {
    const locked = makeCertificate(folder.path, 'locked', 'a-secret-phrase') ?? expect.fail('no certificate');
    const phrase = join(folder.path, 'phrase');
    await writeFile(phrase, 'a-secret-phrase\n');
    const { url } = await start({
      REPLYTO_HTTP__TLS_CERT_FILE: locked.certFile,
      REPLYTO_HTTP__TLS_KEY_FILE: locked.keyFile,
      REPLYTO_HTTP__TLS_PASSPHRASE_FILE: phrase,
    });
    expect((await get(url, '/livez', { ca: locked.cert })).status).to.equal(200);
  });

  describe('with wrong material does not start, and names setting and file', () => {
    const other = (): Certificate => makeCertificate(folder.path, 'other') ?? expect.fail('no certificate');
    const cases: Record<string, () => { settings: Record<string, string>; field: string; says: RegExp }> = {
      'a certificate that is not there': () => ({
        settings: { REPLYTO_HTTP__TLS_CERT_FILE: '/nowhere.pem' },
        field: 'REPLYTO_HTTP__TLS_CERT_FILE',
        says: /nowhere\.pem: there is no such file/u,
      }),
      'a key in the place of the certificate': () => ({
        settings: { REPLYTO_HTTP__TLS_CERT_FILE: certificate().keyFile },
        field: 'REPLYTO_HTTP__TLS_CERT_FILE',
        says: /server-key\.pem: not a certificate/u,
      }),
      'the key of another certificate': () => ({
        settings: { REPLYTO_HTTP__TLS_KEY_FILE: other().keyFile },
        field: 'REPLYTO_HTTP__TLS_KEY_FILE',
        says: /other-key\.pem: not the private key of the certificate/u,
      }),
      'no key at all': () => ({
        settings: { REPLYTO_HTTP__TLS_KEY_FILE: '' },
        field: 'http.tlsKeyFile',
        says: /given, because http\.tlsCertFile is/u,
      }),
    };
    for (const [what, make] of Object.entries(cases)) {
      it(what, async () => {
        const { settings: wrong, field, says } = make();
        const error = await failureOf(start(wrong));
        expect(error).to.include({ code: 'INVALID_CONFIGURATION' });
        expect(error.problems.map((problem) => problem.field)).to.deep.equal([field]);
        expect(error.problems[0]?.allowed).to.match(says);
        expect(JSON.stringify(error.problems)).not.to.contain('BEGIN');
      });
    }
  });
});
