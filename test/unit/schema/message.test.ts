import { expect } from 'chai';
import fc from 'fast-check';
import { isMessageId } from '#core/message.js';
import { messageIdSchema, messageViewSchema } from '#schema/message.js';

describe('message as JSON', () => {
  it('takes the request and the reply that the design prints', () => {
    const request = { messageId: '6193', correlId: null, replyTo: 'Reply Queue', time: 1552959300136 };
    expect(messageViewSchema.parse({ ...request, contents: { a: 1 } })).to.deep.equal({
      ...request,
      contents: { a: 1 },
    });
    const reply = { messageId: '6194', correlId: '6193', replyTo: null, time: 1552959300140, contents: 'ok' };
    expect(messageViewSchema.parse(reply)).to.deep.equal(reply);
  });

  it('needs all five members', () => {
    const result = messageViewSchema.safeParse({});
    const missing = result.error?.issues.map(({ path }) => path.join('.'));
    expect(missing).to.have.members(['messageId', 'correlId', 'replyTo', 'time', 'contents']);
  });

  it('allows in a message id exactly the characters that core allows', () => {
    for (let point = 0; point < 0x180; point += 1) {
      const id = `a${String.fromCharCode(point)}`;
      expect(messageIdSchema.safeParse(id).success, `character ${point}`).to.equal(isMessageId(id));
    }
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.constantFrom('.', '..', '...', '', 'x'.repeat(256))), (id) => {
        expect(messageIdSchema.safeParse(id).success).to.equal(isMessageId(id));
      }),
    );
  });
});
