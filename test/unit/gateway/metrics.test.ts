import { expect } from 'chai';
import { countedEvents } from '#core/ports/meter.js';
import { createMetrics } from '#gateway/metrics.js';

describe('the metrics', () => {
  it('say in words what every counter counts', async () => {
    const { text } = await createMetrics().read();
    for (const [event, meaning] of Object.entries(countedEvents)) {
      const help = new RegExp(`^# HELP replyto_${event.replaceAll('-', '_')}_total (.+)$`, 'mu').exec(
        text,
      )?.[1];
      expect(help).to.equal(meaning);
    }
  });
});
