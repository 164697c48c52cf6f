import { expect } from 'chai';
import fc from 'fast-check';
import { brokerAddress, isSameBrokerAddress } from '#app/configuration/broker-address.js';

function addressOf(url: string, port = 61_613): string {
  return brokerAddress({ url, port });
}

describe('the address of a broker as anybody may see it', () => {
  it('has transport, host and port, also where the port is the usual one', () => {
    expect(addressOf('stomp://broker')).to.equal('stomp://broker:61613');
    expect(addressOf('stomps://u:p@broker:7/vhost')).to.equal('stomps://broker:7');
    expect(addressOf('wss://broker/ws?token=x')).to.equal('wss://broker:443/ws');
    expect(addressOf('failover:(stomp://u:p@a,stomp://b:2)?randomize=true')).to.equal(
      'failover:(stomp://a:61613,stomp://b:2)',
    );
  });

  it('of the embedded broker is where it listens, unless it takes a port of its own choice', () => {
    expect(addressOf('embedded:', 7)).to.equal('stomp://127.0.0.1:7');
    expect(addressOf('embedded:', 0)).to.equal('embedded:');
  });

  it('never has a login, a password or parameters', () => {
    const secret = fc.string({
      unit: fc.constantFrom(...Array.from('abc019@:/?%&=')),
      minLength: 3,
      maxLength: 9,
    });
    const form = fc.constantFrom(
      (text: string) => `stomp://${text}:${text}@broker:1`,
      (text: string) => `wss://${text}:${text}@broker/ws?token=${text}`,
      (text: string) => `failover:(stomp://u:${text}@a,stomp://${text}:p@b)`,
    );
    fc.assert(
      fc.property(secret, form, (text, make) => {
        const given = `Zq7${text}q7Z`;
        const address = addressOf(make(encodeURIComponent(given)));
        expect(address).to.match(/broker|failover/u);
        for (const part of ['Zq7', 'q7Z']) expect(address).not.to.contain(part);
      }),
    );
  });

  it('is the same however it is written', () => {
    const same = (one: string, other: string): boolean =>
      isSameBrokerAddress(addressOf(one), addressOf(other));
    expect(same('stomp://localhost', 'embedded:')).to.equal(true);
    expect(same('stomp://LOCALHOST:61613', 'stomp://u:p@127.0.0.1')).to.equal(true);
    expect(same('stomp://[::1]:61613', 'stomp://127.0.0.1')).to.equal(true);
    expect(same('failover:(stomp://a,stomp://b)', 'failover:(stomp://b,stomp://a)?randomize=true')).to.equal(
      true,
    );
    expect(same('stomp://a', 'stomp://b')).to.equal(false);
    expect(same('stomp://a:1', 'stomp://a:2')).to.equal(false);
    expect(same('failover:(stomp://a,stomp://b)', 'stomp://a')).to.equal(false);
  });

  it('of an embedded broker on a port of its own choice may be any on this machine, and no other', () => {
    expect(isSameBrokerAddress('embedded:', 'stomp://127.0.0.1:7')).to.equal(true);
    expect(isSameBrokerAddress('stomp://localhost:7', 'embedded:')).to.equal(true);
    expect(isSameBrokerAddress('embedded:', 'embedded:')).to.equal(true);
    expect(isSameBrokerAddress('embedded:', 'stomp://activemq:61613')).to.equal(false);
  });
});
