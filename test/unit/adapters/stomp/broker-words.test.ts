import { expect } from 'chai';
import { gistOf, saidBy } from '#adapters/stomp/broker-words.js';

/** As Artemis 2.44.0 refuses a message for a full address. */
const printed = (messageId: number, token: string): string =>
  `AMQ339011 Error sending message CoreMessage[messageID=${messageId}, durable=true, userID=null, priority=4, timestamp=Sat Nov 21 212733 UTC 2026, address=work, properties=TypedProperties[Time=1552959300136, Message-ID=b247a938, Reply-Token=${token}, destination=work]]@431743124`;

const saidIn = (message: string): string => saidBy({ message }, Buffer.from('a stack trace'));

describe('what is kept of the words of a broker', () => {
  it('nothing of a message that it prints', () => {
    expect(saidIn(printed(37, 'SECRET'))).to.equal('AMQ339011 Error sending message');
    expect(saidIn('failed: ActiveMQTextMessage {commandId = 5, properties = {Reply-Token=SECRET}}')).to.equal(
      'failed:',
    );
    expect(saidIn('Message not found')).to.equal('Message not found');
  });

  it('no value that is secret, wherever it stands', () => {
    for (const [said, kept] of [
      ['bad header Reply-Token=SECRET, destination=work', 'bad header Reply-Token=…, destination=work'],
      ["'reply-token: SECRET' is not allowed", "'reply-token: … is not allowed"],
      ['authorization:Bearer SECRET; sent', 'authorization:…; sent'],
      ['login=me passcode=SECRET}', 'login=me passcode=…}'],
    ] as const) {
      expect(saidIn(said), said).to.equal(kept);
      expect(saidBy({}, Buffer.from(said)), said).to.equal(kept);
    }
  });

  it('also where the end of it is cut off', () => {
    const said = saidBy({}, Buffer.from(`${'x'.repeat(480)} Reply-Token=${'SECRET'.repeat(100)}`));
    expect(said).to.have.lengthOf.at.most(500);
    expect(said).to.not.contain('SECRET');
  });

  it('the kind and the first line of RabbitMQ, the kind alone of all others', () => {
    const headers = { message: 'Invalid header', version: '1.0,1.1,1.2' };
    expect(saidBy(headers, Buffer.from('not allowed\nmore'))).to.equal('Invalid header: not allowed');
    expect(saidBy(headers, Buffer.from('invalid header at 1\n'))).to.equal('invalid header at 1');
    expect(saidBy({ message: 'Invalid header' }, Buffer.from('at a.b.c'))).to.equal('Invalid header');
  });
});

describe('the gist of what a broker says', () => {
  it('is the same whatever message, id or measure it speaks of', () => {
    const disk = (free: string, used: string): string =>
      `AMQ229119: Free storage space is at ${free} of 270.6GB total. Usage rate is ${used}`;
    expect(gistOf(disk('83.9GB', '69.0%'))).to.equal(gistOf(disk('812MB', '99%')));
    expect(gistOf('message 2147483652 of ID:host-1:2 failed')).to.equal(
      gistOf('message 2147483999 of ID:host-9:7 failed'),
    );
    expect(gistOf('for b247a938-6e02-4a2d-9264-287b6b8031f2')).to.equal(
      gistOf('for 6b0bef29-4a8d-4484-b006-7607c9b0c3df'),
    );
  });

  it('differs for other addresses', () => {
    const refused = (address: string): string => gistOf(`connect ECONNREFUSED ${address}`);
    expect(refused('10.0.0.1:61613')).to.not.equal(refused('10.0.0.2:61613'));
    expect(refused('10.0.0.1:61613')).to.not.equal(refused('10.0.0.1:61614'));
  });
});
