import { expect } from 'chai';
import { encodeFrame, frameBytes, joinFrame } from '#adapters/stomp-server/frame-encoder.js';

const text = (frame: readonly Buffer[]): string => Buffer.concat(frame).toString();

describe('the STOMP frame encoder', () => {
  it('writes command, headers, body and NUL, with the length of the body', () => {
    const frame = encodeFrame(
      { command: 'ERROR', headers: [['message', 'a:b']], body: Buffer.from('é') },
      '1.2',
    );
    expect(text(frame)).to.equal('ERROR\ncontent-length:2\nmessage:a\\cb\n\né\0');
  });

  it('leaves CONNECTED unescaped', () => {
    expect(text(encodeFrame({ command: 'CONNECTED', headers: [['server', 'a:b']] }, '1.2'))).to.equal(
      'CONNECTED\nserver:a:b\n\n\0',
    );
  });

  it('shares large bodies among frames instead of copying them', () => {
    const body = Buffer.alloc(100_000, 'x');
    const frame = joinFrame('MESSAGE\nsubscription:é\n', Buffer.from('a:1\n'), body);
    expect(frame).to.include(body);
    expect(text(frame)).to.equal(`MESSAGE\nsubscription:é\na:1\n\n${body.toString()}\0`);
    expect(frameBytes(frame)).to.equal(Buffer.byteLength(text(frame)));
  });
});
