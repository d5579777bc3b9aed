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
    loadAsync: async () => (await import('./fddb.node.js')).fddbProtocol,
  },
  mafa: {
    summary: 'MAFA: AP of masked faces, its three settings and their variants',
    loadAsync: async () => (await import('./mafa.node.js')).mafaProtocol,
  },
  wider: {
    summary: 'WIDER FACE: easy, medium and hard AP by the official algorithm',
    loadAsync: async () => (await import('./wider.node.js')).widerProtocol,
  },
  coco: {
    summary: 'COCO-style AP, per category and class-agnostic',
    loadAsync: async () => (await import('./coco.node.js')).cocoProtocol,
  },
  occlusion: {
    summary: 'occlusion: pixels and share of what covers faces',
    loadAsync: async () => (await import('./occlusion.node.js')).occlusionProtocol,
  },
};
