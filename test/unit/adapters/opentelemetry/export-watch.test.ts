import { ExportResultCode } from '@opentelemetry/core';
import { expect } from 'chai';
import { createExportWatch } from '#adapters/opentelemetry/export-watch.js';
import { createManualClock } from '#testing/manual-clock.js';
import { createRecordingLogger } from '../../../support/recording.js';

const failed = { code: ExportResultCode.FAILED, error: new TypeError('no way') };
const taken = { code: ExportResultCode.SUCCESS };

describe('the watch of an exporter', () => {
  it('says once a minute what is lost, and when it goes on', () => {
    const clock = createManualClock();
    const logger = createRecordingLogger();
    const watch = createExportWatch('spans', { clock, logger, endpoint: 'http://collector' });
    watch.exported(taken, 5);
    expect([watch.isAway(), logger.entries]).to.deep.equal([false, []]);
    watch.exported(failed, 5);
    for (let second = 0; second < 59; second += 1) {
      clock.advance(1_000);
      watch.exported(failed, 2);
    }
    expect(watch.isAway()).to.equal(true);
    expect(logger.entries).to.deep.equal([
      {
        level: 'warn',
        facts: { endpoint: 'http://collector', lost: 5, reason: 'TypeError: no way' },
        sentence: 'the collector does not take spans; they are lost',
      },
    ]);
    clock.advance(1_000);
    watch.exported({ code: ExportResultCode.FAILED }, 3);
    expect(logger.entries[1]?.facts).to.deep.include({ lost: 121, reason: 'no reason was given' });
    watch.exported(taken, 1);
    watch.exported(taken, 1);
    expect(logger.sentences('info')).to.deep.equal(['the collector takes spans again']);
    expect(watch.isAway()).to.equal(false);
  });
});
