import type { Attributes, Meter } from '@opentelemetry/api';
import type { MessageOperation } from '#core/ports/tracer.js';
import { durationBoundaries, metric } from './conventions.js';

/** What the conventions measure. */
export interface Instruments {
  call(seconds: number, attributes: Attributes): void;
  message(operation: MessageOperation, seconds: number, attributes: Attributes): void;
}

export function createInstruments(meter: Meter): Instruments {
  const duration = {
    unit: 's',
    advice: { explicitBucketBoundaries: [...durationBoundaries] },
  };
  const calls = meter.createHistogram(metric.serverDuration, {
    ...duration,
    description: 'Duration of HTTP server requests.',
  });
  const operations = meter.createHistogram(metric.operationDuration, {
    ...duration,
    description: 'Duration of messaging operation initiated by a producer or consumer client.',
  });
  const processing = meter.createHistogram(metric.processDuration, {
    ...duration,
    description: 'Duration of processing operation.',
  });
  const sent = meter.createCounter(metric.sentMessages, {
    unit: '{message}',
    description: 'Number of messages producer attempted to send to the broker.',
  });
  const consumed = meter.createCounter(metric.consumedMessages, {
    unit: '{message}',
    description: 'Number of messages that were delivered to the application.',
  });

  return {
    call: (seconds, attributes) => calls.record(seconds, attributes),
    message(operation, seconds, attributes) {
      switch (operation) {
        case 'send':
          operations.record(seconds, attributes);
          sent.add(1, attributes);
          return;
        case 'process':
        case 'settle':
          processing.record(seconds, attributes);
          consumed.add(1, attributes);
          return;
        case 'request':
          // Its send is measured by itself.
          return;
      }
    },
  };
}
