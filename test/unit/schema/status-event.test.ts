import { expect } from 'chai';
import fc from 'fast-check';
import { parseStatusEvent } from '#schema/status-event.js';

const event = { id: 'e1', project: 'orion', subject: 'r1', kind: 'progress', percent: 40, time: 5 };

function bytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

describe('parseStatusEvent', () => {
  it('reads an event and ignores members it does not know', () => {
    const result = parseStatusEvent(bytes({ ...event, sequence: 9 }));
    expect(result).to.deep.equal({ ok: true, value: event });
  });

  it('takes an absent project as none', () => {
    const result = parseStatusEvent(bytes({ id: 'e', subject: 's', kind: 'log', text: null, time: 0 }));
    expect(result).to.deep.equal({
      ok: true,
      value: { id: 'e', project: null, subject: 's', kind: 'log', time: 0 },
    });
  });

  it('refuses a project that cannot be a part of the name of a topic', () => {
    // No URL could name the projects '.' and '..': they are steps of a path.
    for (const project of ['', '.', '..', ' orion', 'a/b', 'a*', '>', 'x'.repeat(249)]) {
      const result = parseStatusEvent(bytes({ ...event, project }));
      expect(result.ok, project).to.equal(false);
    }
    for (const project of ['x'.repeat(248), '...', '.a']) {
      expect(parseStatusEvent(bytes({ ...event, project })).ok, project).to.equal(true);
    }
  });

  it('refuses an id and a subject that no store could keep', () => {
    for (const name of ['', 'a\u0000', 'a\nb', 'x'.repeat(256)]) {
      for (const member of ['id', 'subject']) {
        const result = parseStatusEvent(bytes({ ...event, [member]: name }));
        expect(result.ok ? [] : result.problems.map(({ field }) => field), name).to.deep.equal([member]);
      }
    }
  });

  it('refuses what is short in its bytes and long as it is written from then on', () => {
    const body = (numbers: number): Uint8Array =>
      new TextEncoder().encode(
        `{"id":"e","subject":"s","kind":"log","time":0,"data":[${Array(numbers).fill('1e20').join()}]}`,
      );
    expect(parseStatusEvent(body(2_900)).ok).to.equal(true);
    const result = parseStatusEvent(body(13_000));
    expect(body(13_000).byteLength).to.be.below(65_536);
    expect(result.ok ? [] : result.problems).to.deep.equal([
      { field: 'event', value: '286070 bytes', allowed: 'at most 65536 bytes of JSON' },
    ]);
  });

  it('names every member that is wrong', () => {
    const result = parseStatusEvent(bytes({ ...event, kind: 'done', percent: 101, time: '5', project: 7 }));
    expect(result.ok ? [] : result.problems.map(({ field, value }) => [field, value])).to.deep.equal([
      ['project', '7'],
      ['kind', 'done'],
      ['percent', '101'],
      ['time', '5'],
    ]);
  });

  it('refuses a time that no calendar has', () => {
    const last = 8_640_000_000_000_000;
    expect(parseStatusEvent(bytes({ ...event, time: last })).ok).to.equal(true);
    for (const time of [last + 1, Number.MAX_SAFE_INTEGER]) {
      const result = parseStatusEvent(bytes({ ...event, time }));
      expect(result.ok ? [] : result.problems.map(({ field }) => field)).to.deep.equal(['time']);
    }
  });

  it('never throws, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), fc.jsonValue().map(bytes)), (body) => {
        const result = parseStatusEvent(body);
        return result.ok || result.problems.length > 0;
      }),
    );
  });
});
