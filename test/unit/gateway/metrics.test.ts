import { expect } from 'chai';
import { countedEvents } from '#core/ports/meter.js';
import { stages } from '#core/stages.js';
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

  it('time every stage of a request by route and outcome', async () => {
    const metrics = createMetrics((queue) => (queue === 'orders' ? '/orders' : 'other'));
    metrics.took('accept', 'accepted', 'orders', 4);
    metrics.took('accept', 'accepted', 'orders', 40);
    metrics.took('accept', 'refused', 'invented', 1);
    metrics.took('settle', 'unmatched', null, 3);
    // A clock that was set back.
    metrics.took('service', 'replied', 'orders', -5);
    const { text } = await metrics.read();
    expect(text).to.include(
      'replyto_accept_seconds_bucket{le="0.005",route="/orders",outcome="accepted"} 1\n',
    );
    expect(text).to.include('replyto_accept_seconds_count{route="/orders",outcome="accepted"} 2\n');
    expect(text).to.include('replyto_accept_seconds_sum{route="/orders",outcome="accepted"} 0.044\n');
    expect(text).to.include('replyto_accept_seconds_count{route="other",outcome="refused"} 1\n');
    expect(text).to.include('replyto_settle_seconds_count{route="other",outcome="unmatched"} 1\n');
    expect(text).to.include('replyto_service_seconds_sum{route="/orders",outcome="replied"} 0\n');
    for (const [stage, { help }] of Object.entries(stages)) {
      expect(text).to.include(
        `# HELP replyto_${stage}_seconds ${help}\n# TYPE replyto_${stage}_seconds histogram\n`,
      );
    }
  });
});
