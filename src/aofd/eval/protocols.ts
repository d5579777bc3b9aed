/** Evaluation protocols by name; each is loaded only when it is asked for. */
import type { EvalProtocol } from './protocol.js';

/** A protocol before it is loaded. */
export interface ProtocolEntry {
  summary: string;
  loadAsync: () => Promise<EvalProtocol>;
}

/** All protocols. */
export const PROTOCOLS: Readonly<Record<EvalProtocol['name'], ProtocolEntry>> = {
  fddb: {
    summary: 'FDDB: discrete and continuous ROC by the official algorithm',
    loadAsync: async () => (await import('./fddb/protocol.js')).fddbProtocol,
  },
  mafa: {
    summary: 'MAFA: AP of masked faces, its three settings and their variants',
    loadAsync: async () => (await import('./mafa/protocol.js')).mafaProtocol,
  },
  wider: {
    summary: 'WIDER FACE: easy, medium and hard AP by the official algorithm',
    loadAsync: async () => (await import('./wider/protocol.js')).widerProtocol,
  },
  coco: {
    summary: 'COCO-style AP, per category and class-agnostic',
    loadAsync: async () => (await import('./coco/protocol.js')).cocoProtocol,
  },
  occlusion: {
    summary: 'occlusion: pixels and share of what covers faces',
    loadAsync: async () => (await import('./occlusion/protocol.js')).occlusionProtocol,
  },
};
