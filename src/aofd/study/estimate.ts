/** How long the open work of a study may take, from the times of what is done. */
import type { StudyNode } from './plan.js';
import type { NodeState } from './store.js';

/**
 * Updates of a stage are expected to take as long as those of the same kind of stage that are done,
 * detection and drawing as long as the mean of theirs. Failed work counts as nothing.
 * @returns ms; null before any stage was trained
 */
export function timeLeft(states: ReadonlyMap<StudyNode, NodeState>): number | null {
  const sums = new Map<string, [timeMs: number, amount: number]>();
  for (const [node, state] of states) {
    if (state.state !== 'done') continue;
    for (const key of keysOf(node)) {
      const [timeMs, amount] = sums.get(key) ?? [0, 0];
      sums.set(key, [timeMs + state.done.timeMs, amount + amountOf(node)]);
    }
  }
  if (!sums.has('train')) return null;
  let left = 0;
  for (const [node, state] of states) {
    if (state.state !== 'open') continue;
    const key = keysOf(node).find((one) => sums.has(one));
    const [timeMs, amount] = (key === undefined ? undefined : sums.get(key)) ?? [0, 1];
    left += (timeMs / amount) * amountOf(node);
  }
  return left;
}

/** The most telling comparison first. */
function keysOf(node: StudyNode): string[] {
  switch (node.kind) {
    case 'train':
      return [`train ${node.stage.kind}`, 'train'];
    case 'detect':
      return [`detect ${node.protocol.name}`, 'detect'];
    case 'show':
      return ['show'];
  }
}

const amountOf = (node: StudyNode): number => (node.kind === 'train' ? node.stage.steps : 1);
