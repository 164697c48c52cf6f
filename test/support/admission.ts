import type { AdmissionOptions } from '#messaging/admission.js';

/** No limit that a test would reach, a broker that is up, and no jitter. */
export const easyAdmission = {
  maxPending: 1_000,
  maxPendingOf: () => 1_000,
  maxUnsent: 1_000,
  isUp: () => true,
  isShared: false,
  random: () => 0,
} satisfies Partial<AdmissionOptions>;
