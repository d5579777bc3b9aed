import { record } from '../autograd/tape.js';
import { NnError } from '../errors.js';
import { grid1d } from '../kernel/dispatch.js';
import { bind, windowsOf, type Window } from '../kernel/windows.js';
import { dims4, formatShape, quads } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { copyBytes, emptyLike, requireC4 } from './common.js';

/**
 * Maps joined along the channels: c4 [N, C1 + C2 + ..., H, W]. Parts whose channel counts are
 * multiples of 4 are copied as whole planes.
 */
export function concatChannels(list: readonly Tensor[]): Tensor {
  const first = list[0];
  if (!first) throw new NnError('shape', 'concatChannels: the list is empty.');
  const [n, , h, w] = dims4(first.shape);
  let channels = 0;
  for (const t of list) {
    requireC4('concatChannels', 'every map', t);
    const [tn, tc, th, tw] = dims4(t.shape);
    if (tn !== n || th !== h || tw !== w) {
      throw new NnError(
        'shape',
        `concatChannels: ${t.describe()} does not fit ${first.describe()}.`,
        {
          fix: `all maps must be ${formatShape([n])} x C x ${formatShape([h, w])}.`,
        },
      );
    }
    channels += tc;
  }
  const { device } = first;
  const starts: number[] = [];
  let total = 0;
  for (const t of list) {
    starts.push(total);
    total += t.shape[1] ?? 0;
  }
  const whole = list.every((t) => (t.shape[1] ?? 0) % 4 === 0);
  const make = whole ? device.empty.bind(device) : device.zeros.bind(device);
  const y = make([n, channels, h, w], { layout: 'c4' });
  list.forEach((t, i) => copyChannels(t, 0, y, starts[i] as number, t.shape[1] ?? 0));
  record({
    op: 'concatChannels',
    inputs: [...list],
    outputs: [y],
    backward: ([dY], needs) =>
      list.map((t, i) => {
        if (!dY || !needs[i]) return null;
        const c = t.shape[1] ?? 0;
        const dX = c % 4 === 0 ? emptyLike(t) : device.zeros(t.shape, { layout: 'c4' });
        copyChannels(dY, starts[i] as number, dX, 0, c);
        return dX;
      }),
  });
  return y;
}

/** Channels fromX .. fromX + count - 1 of x into those from toY on of y. */
// eslint-disable-next-line max-lines-per-function -- three ways to copy, from the cheapest on
function copyChannels(x: Tensor, fromX: number, y: Tensor, toY: number, count: number): void {
  const [n, cx, h, w] = dims4(x.shape);
  const [, cy] = dims4(y.shape);
  const hw = h * w;
  if (n * count * hw === 0) return;
  if (fromX % 4 === 0 && toY % 4 === 0 && count % 4 === 0 && n <= 8) {
    const plane = hw * 16;
    for (let b = 0; b < n; b++) {
      const from = (b * quads(cx) + fromX / 4) * plane;
      const to = (b * quads(cy) + toY / 4) * plane;
      copyBytes(x, from, y, to, (count / 4) * plane);
    }
    return;
  }
  const run = (images: number, c: number, from: ChannelPlace, to: ChannelPlace): void => {
    const items = images * quads(c) * hw * 4;
    const [forX, forY] = [bind(x.buffer, hw * 16, from), bind(y.buffer, hw * 16, to)];
    x.device.dispatch({
      kernel: 'layout/copy_channels',
      bindings: { x: forX, y: forY },
      params: {
        n: items,
        hw,
        count: c,
        x_quads: quads(cx),
        y_quads: quads(cy),
        from_x: from.channel,
        to_y: to.channel,
        x_base: forX.base,
        y_base: forY.base,
      },
      workgroups: grid1d(items),
    });
  };
  const [planesX, planesY] = [n * quads(cx), n * quads(cy)];
  const { bindingLimit } = x.device.context;
  if (Math.max(planesX, planesY) * hw * 16 <= bindingLimit) {
    const from = { start: 0, count: planesX, channel: fromX };
    run(n, count, from, { start: 0, count: planesY, channel: toY });
    return;
  }
  // Channels that start within a quad reach into one quad more.
  // 256 bytes less, because they may begin inside of both bindings.
  const [{ count: most = 1 } = {}] = windowsOf(quads(count) + 1, {
    unitBytes: hw * 16,
    limit: bindingLimit - 256,
    unit: 'plane of a map',
  });
  const step = 4 * Math.max(1, most - 1);
  for (let b = 0; b < n; b++) {
    for (let start = 0; start < count; start += step) {
      const c = Math.min(step, count - start);
      const place = (channel: number, all: number): ChannelPlace => {
        const first = Math.floor(channel / 4);
        const planes = Math.floor((channel + c - 1) / 4) - first + 1;
        return { start: b * quads(all) + first, count: planes, channel: channel % 4 };
      };
      run(1, c, place(fromX + start, cx), place(toY + start, cy));
    }
  }
}

/** Channels from `channel` on, counted from the first plane of a window of a map. */
interface ChannelPlace extends Window {
  channel: number;
}
