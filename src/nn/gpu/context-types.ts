import type { AdapterKind } from '../platform/types.js';

/** What is known of an adapter. */
export interface AdapterSummary {
  vendor: string;
  architecture: string;
  device: string;
  description: string;
  kind: AdapterKind;
  isSoftware: boolean;
  subgroupMinSize: number;
  subgroupMaxSize: number;
}

/** What a context did since it was opened. */
export interface ContextCounters {
  dispatches: number;
  submits: number;
  readbacks: number;
  pipelines: number;
  /** All uploads, and those that went through the upload ring. */
  uploads: number;
  stagedUploads: number;
}
