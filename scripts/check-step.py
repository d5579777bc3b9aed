#!/usr/bin/env python3
"""Recompute one training step from `aofd train --dump-step FILE` in plain NumPy and compare.

    python3 scripts/check-step.py FILE [--verbose]

Shares no code with the project and uses no automatic differentiation: networks, losses, every
gradient (by hand, float64), sampling rules and optimiser are written here from the paper's
description in docs/. One file on purpose, however long: it can be copied away and read alone. Needs
Python 3.9 and NumPy. What the step *draws at random* (which anchors and RoIs, which masks, which
dropout zeros) is read from the file and checked against the rules; all else is recomputed from
`input/...` and `before/...`.

Prints, per tensor, the largest difference divided by the largest value, and a verdict.
Exit code: 0 agreement, 1 disagreement, 2 the file cannot be read.
"""

import json
import math
import struct
import sys

import numpy as np

# Largest accepted differences, relative to a tensor's largest value; the file holds float32.
FORWARD_TOL = 5e-5
GRAD_TOL = 3e-4  # of single elements
GRAD_L2_TOL = 3e-4  # of the whole tensor
# A ReLU's input or the lead of a maximum below this share of the layer's largest value is a tie:
# float32 may decide it either way, and a gradient then takes another path. The share of gradient
# that runs through ties (printed as `ties`) loosens the comparison of the layers before them. Flat
# image areas make many (standardised weights sum to 0, so their activations are 0 but for rounding).
TIE = 3e-6
LOSS_TOL = 1e-5
LOSS_FLOOR = 1e-6  # float32 knows a cross-entropy no better
UPDATE_TOL = 1e-4


# ------------------------------------------------------------------ the file


class StepFile:
    """A safetensors file, read lazily."""

    TYPES = {'F32': '<f4', 'I32': '<i4', 'U32': '<u4', 'U8': 'u1', 'F64': '<f8', 'I64': '<i8'}

    def __init__(self, path):
        with open(path, 'rb') as f:
            size = struct.unpack('<Q', f.read(8))[0]
            self.header = json.loads(f.read(size))
        self.meta = self.header.pop('__metadata__', {})
        self.raw = np.memmap(path, np.uint8, 'r', offset=8 + size)

    def __contains__(self, name):
        return name in self.header

    def __getitem__(self, name):
        """The values as stored."""
        entry = self.header[name]
        start, end = entry['data_offsets']
        return self.raw[start:end].view(self.TYPES[entry['dtype']]).reshape(entry['shape'])

    def f64(self, name):
        return self[name].astype(np.float64)

    def json(self, key):
        return json.loads(self.meta[key])

    def names(self, prefix):
        return [name[len(prefix):] for name in self.header if name.startswith(prefix)]


class Report:
    """Collects comparisons and prints them."""

    def __init__(self, verbose):
        self.verbose = verbose
        self.failures = 0
        self.checks = 0

    def _line(self, ok, name, text, always=False):
        self.checks += 1
        self.failures += not ok
        if self.verbose or always or not ok:
            print(f"{'ok  ' if ok else 'FAIL'} {name:46s} {text}")

    def title(self, text):
        print(f'\n-- {text}')

    def same(self, name, got, mine, tol=FORWARD_TOL, l2=None, always=True, floor=0.0, reason=''):
        """`got` from the file against `mine`; differences up to `floor` (absolute) are nothing."""
        got = np.asarray(got, np.float64)
        if got.shape != np.shape(mine):
            self._line(False, name, f'shape {got.shape}, expected {np.shape(mine)}', True)
            return
        if got.size == 0:
            self._line(True, name, 'empty', always)
            return
        scale = max(np.abs(mine).max(), np.abs(got).max())
        if scale == 0:
            self._line(True, name, 'all zero', always)
            return
        diff = np.abs(got - mine)
        err = diff.max() / scale
        norm = np.linalg.norm(diff.ravel()) / max(np.linalg.norm(np.ravel(mine)), 1e-300)
        ok = bool(diff.max() <= floor or (err <= tol and (l2 is None or norm <= l2)))
        text = f'max rel {err:8.1e}   L2 rel {norm:8.1e}   max |x| {scale:9.3e}   {reason}'
        self._line(ok, name, text.rstrip(), always)

    def rule(self, name, ok, text=''):
        self._line(bool(ok), name, text, True)

    def note(self, text):
        print(f'     {text}')


# ------------------------------------------------------------------ layers, forward and backward


class Net:
    """Parameters before the step (float64, made when asked for) and the gradients collected."""

    def __init__(self, file):
        self.file = file
        self.grad = {}
        self.ties = 0.0  # share of gradient that has run through ties so far
        self.slack = {}  # that share when a gradient was computed

    def has(self, name):
        return f'before/{name}' in self.file

    def get(self, name):
        return self.file.f64(f'before/{name}')

    def note_ties(self, dy, tie):
        """`tie` marks elements of `dy` whose path float32 may choose otherwise."""
        if tie is not None and tie.any():
            self.ties = math.hypot(self.ties, np.linalg.norm(dy[tie]) / max(np.linalg.norm(dy), 1e-300))

    def take_ties(self):
        """Ends a branch: its share, to be joined where branches meet."""
        share, self.ties = self.ties, 0.0
        return share

    def add(self, name, value):
        self.slack[name] = max(self.slack.get(name, 0.0), self.ties)
        self.grad[name] = self.grad[name] + value if name in self.grad else value


def near_zero(x):
    return np.abs(x) < TIE * np.abs(x).max()


def standardize(w, gain):
    """w' = gain * c / sqrt(sum c^2 + 1e-4) per output row, c = w - mean."""
    rows = w.reshape(len(w), -1)
    c = rows - rows.mean(1, keepdims=True)
    s = np.sqrt((c * c).sum(1, keepdims=True) + 1e-4)
    return (gain[:, None] * c / s).reshape(w.shape), (c, s)


def standardize_backward(dw, gain, saved):
    c, s = saved
    d = dw.reshape(len(dw), -1)
    dot = (d * c).sum(1, keepdims=True)
    dc = gain[:, None] * (d / s - c * dot / s**3)
    return (dc - dc.mean(1, keepdims=True)).reshape(dw.shape), (dot / s)[:, 0]


class Conv:
    """Convolution with bias; `<name>.gain` among the parameters means standardised weights."""

    def __init__(self, net, name, stride=1, dilation=1, relu=False):
        self.net, self.name = net, name
        self.stride, self.dilation, self.relu = stride, dilation, relu

    def _weight(self):
        w = self.net.get(f'{self.name}.weight')
        if not self.net.has(f'{self.name}.gain'):
            return w, None
        return standardize(w, self.net.get(f'{self.name}.gain'))

    def _taps(self, k, height, width):
        """(ky, kx, rows, columns) of each kernel element on the padded input."""
        s, d = self.stride, self.dilation
        for i in range(k):
            for j in range(k):
                yield (
                    i,
                    j,
                    slice(i * d, i * d + s * (height - 1) + 1, s),
                    slice(j * d, j * d + s * (width - 1) + 1, s),
                )

    def forward(self, x):
        w, saved = self._weight()
        n, _, h, wd = x.shape
        k = w.shape[2]
        pad = self.dilation * (k - 1) // 2
        xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
        reach = self.dilation * (k - 1) + 1
        oh = (h + 2 * pad - reach) // self.stride + 1
        ow = (wd + 2 * pad - reach) // self.stride + 1
        y = np.zeros((n, len(w), oh * ow))
        for i, j, rows, cols in self._taps(k, oh, ow):
            y += w[:, :, i, j] @ np.ascontiguousarray(xp[:, :, rows, cols]).reshape(n, -1, oh * ow)
        y = y.reshape(n, len(w), oh, ow) + self.net.get(f'{self.name}.bias')[None, :, None, None]
        tie = None
        if self.relu:
            tie = near_zero(y)
            y = np.maximum(y, 0)
        return y, (xp, w, saved, y, pad, tie)

    def backward(self, ctx, dy, need_dx=True, need_dw=True):
        xp, w, saved, y, pad, tie = ctx
        if self.relu:
            self.net.note_ties(dy, tie)
            dy = dy * (y > 0)
        n, _, oh, ow = dy.shape
        d = dy.reshape(n, -1, oh * ow)
        dw, dxp = np.zeros_like(w), np.zeros_like(xp) if need_dx else None
        for i, j, rows, cols in self._taps(w.shape[2], oh, ow):
            if need_dw:
                x = np.ascontiguousarray(xp[:, :, rows, cols]).reshape(n, -1, oh * ow)
                dw[:, :, i, j] = sum(d[b] @ x[b].T for b in range(n))
            if need_dx:
                dxp[:, :, rows, cols] += (w[:, :, i, j].T @ d).reshape(n, -1, oh, ow)
        if need_dw:
            if saved is not None:
                gain = self.net.get(f'{self.name}.gain')
                dw, dgain = standardize_backward(dw, gain, saved)
                self.net.add(f'{self.name}.gain', dgain)
            self.net.add(f'{self.name}.weight', dw)
            self.net.add(f'{self.name}.bias', dy.sum((0, 2, 3)))
        if not need_dx:
            return None
        return dxp[:, :, pad:-pad, pad:-pad] if pad else dxp


def max_pool(x, ceil):
    """2x2, stride 2; Caffe's ceil rule clips the last window. The first of equal cells wins."""
    n, c, h, w = x.shape
    if ceil:
        x = np.pad(x, ((0, 0), (0, 0), (0, h % 2), (0, w % 2)), constant_values=-np.inf)
    else:
        x = x[:, :, : h - h % 2, : w - w % 2]
    oh, ow = x.shape[2] // 2, x.shape[3] // 2
    cells = x.reshape(n, c, oh, 2, ow, 2).transpose(0, 1, 2, 4, 3, 5).reshape(n, c, oh, ow, 4)
    arg = cells.argmax(-1)
    second, first = np.moveaxis(np.partition(cells, 2, -1)[..., 2:], -1, 0)
    return first, (arg, (first > 0) & (first - second < TIE * first.max()), (n, c, h, w))


def max_pool_backward(net, ctx, dy):
    arg, tie, (n, c, h, w) = ctx
    net.note_ties(dy, tie)
    oh, ow = dy.shape[2:]
    cells = np.zeros((n, c, oh, ow, 4))
    np.put_along_axis(cells, arg[..., None], dy[..., None], -1)
    full = cells.reshape(n, c, oh, ow, 2, 2).transpose(0, 1, 2, 4, 3, 5).reshape(n, c, 2 * oh, 2 * ow)
    dx = np.zeros((n, c, h, w))
    dx[:, :, : min(h, 2 * oh), : min(w, 2 * ow)] = full[:, :, :h, :w]
    return dx


def roi_pool(features, rois, stride, size):
    """RoI max pooling on whole cells: corners rounded half away from zero, bins in exact integers."""
    height, width = features.shape[2:]
    out = np.zeros((len(rois), features.shape[1], size, size))
    arg = np.full(out.shape, -1, np.int64)
    tie = np.zeros(out.shape, bool)
    small = TIE * np.abs(features).max()
    for r, (image, *box) in enumerate(rois):
        x1, y1, x2, y2 = (math.floor(v / stride + 0.5) for v in box)
        rw, rh = max(x2 - x1 + 1, 1), max(y2 - y1 + 1, 1)
        for p in range(size):
            top = min(max(p * rh // size + y1, 0), height)
            bottom = min(max(-(-(p + 1) * rh // size) + y1, 0), height)
            for q in range(size):
                left = min(max(q * rw // size + x1, 0), width)
                right = min(max(-(-(q + 1) * rw // size) + x1, 0), width)
                if top >= bottom or left >= right:
                    continue
                cells = features[int(image), :, top:bottom, left:right].reshape(features.shape[1], -1)
                best = cells.argmax(1)
                out[r, :, p, q] = cells[np.arange(len(best)), best]
                if cells.shape[1] > 1:
                    two = np.partition(cells, -2, 1)[:, -2:]
                    tie[r, :, p, q] = (two[:, 1] - two[:, 0] < small) & (two[:, 1] != 0)
                arg[r, :, p, q] = (top + best // (right - left)) * width + left + best % (right - left)
    return out, arg, tie


def roi_pool_backward(dy, arg, rois, shape):
    dx = np.zeros((shape[0], shape[1], shape[2] * shape[3]))
    channel = np.arange(shape[1])[:, None, None] * np.ones(arg.shape[1:], int)
    for r in range(len(rois)):
        hit = arg[r] >= 0
        np.add.at(dx[int(rois[r, 0])], (channel[hit], arg[r][hit]), dy[r][hit])
    return dx.reshape(shape)


def align_matrix(low, high, stride, size, cells, samples=2):
    """[size, cells]: what each cell of an axis gives to each bin of a RoI from `low` to `high` (inclusive).

    A bin is the mean of `samples` points, each read linearly between the centres of two cells; a
    point more than a cell outside of the axis counts as 0.
    """
    begin, extent = low / stride - 0.5, max((high - low + 1) / stride, 0.01)
    points = begin + (np.arange(size * samples) + 0.5) * extent / (size * samples)
    place = np.clip(points, 0, cells - 1)
    hat = np.maximum(0, 1 - np.abs(place[:, None] - np.arange(cells)[None]))
    hat[(points < -1) | (points > cells)] = 0
    return hat.reshape(size, samples, cells).mean(1)


def align_matrices(roi, stride, size, shape):
    """Those of the rows and of the columns."""
    _, x1, y1, x2, y2 = roi
    return align_matrix(y1, y2, stride, size, shape[2]), align_matrix(x1, x2, stride, size, shape[3])


def roi_align(features, rois, stride, size):
    """RoIAlign with 2x2 points a bin: nothing is rounded, and linear in the features."""
    out = np.zeros((len(rois), features.shape[1], size, size))
    for r, roi in enumerate(rois):
        down, across = align_matrices(roi, stride, size, features.shape)
        out[r] = down @ features[int(roi[0])] @ across.T
    return out


def roi_align_backward(dy, rois, stride, shape):
    dx = np.zeros(shape)
    for d, roi in zip(dy, rois):
        down, across = align_matrices(roi, stride, dy.shape[2], shape)
        dx[int(roi[0])] += down.T @ d @ across
    return dx


def bilinear_matrix(n, out, scale):
    """Rows: output places; half-pixel centres, edges clamped."""
    m = np.zeros((out, n))
    for i in range(out):
        x = min(max((i + 0.5) / scale - 0.5, 0), n - 1)
        lo = int(math.floor(x))
        hi = min(lo + 1, n - 1)
        m[i, lo] += 1 - (x - lo)
        m[i, hi] += x - lo
    return m


def log_softmax(z, axis=-1):
    z = z - z.max(axis, keepdims=True)
    return z - np.log(np.exp(z).sum(axis, keepdims=True))


def cross_entropy_mean(logits, labels):
    """Mean over rows and its gradient."""
    logp = log_softmax(logits)
    count = max(1, len(labels))
    rows = np.arange(len(labels))
    d = np.exp(logp)
    d[rows, labels] -= 1
    return -logp[rows, labels].sum() / count, d / count


def smooth_l1(x, sigma):
    s2 = sigma * sigma
    near = np.abs(x) < 1 / s2
    return np.where(near, 0.5 * s2 * x * x, np.abs(x) - 0.5 / s2), np.where(near, s2 * x, np.sign(x))


def overlaps(p, goal):
    """Intersection, union and smallest surrounding box of boxes by row, as areas of continuous corners."""
    inner = np.clip(np.minimum(p[:, 2:], goal[:, 2:]) - np.maximum(p[:, :2], goal[:, :2]), 0, None)
    outer = np.maximum(p[:, 2:], goal[:, 2:]) - np.minimum(p[:, :2], goal[:, :2])
    area = lambda side: side[:, 0] * side[:, 1]
    union = area(p[:, 2:] - p[:, :2]) + area(goal[:, 2:] - goal[:, :2]) - area(inner)
    return area(inner), union, area(outer)


def giou_loss(deltas, targets, sources, box, stds):
    """1 - GIoU of decoded boxes by row, and its slope by central differences (float64)."""
    goal = box.decode(sources, targets * stds)

    def loss(code):
        inner, union, outer = overlaps(box.decode(sources, code * stds), goal)
        return 1 - inner / union + (outer - union) / outer

    slope = np.zeros_like(deltas)
    for k in range(4):
        step = np.zeros(4)
        step[k] = 1e-6
        slope[:, k] = (loss(deltas + step) - loss(deltas - step)) / 2e-6
    return loss(deltas), slope


def box_quality(deltas, targets, labels, sources, box, stds):
    """What the score of each row is to be: IoU of the predicted box and the face's, 0 for background."""
    inner, union, _ = overlaps(box.decode(sources, deltas * stds), box.decode(sources, targets * stds))
    return np.where(labels == 1, inner / union, 0)


def quality_focal(logits, quality, labels):
    """Quality focal loss (beta 2) of two scores, towards `quality`, over the number of faces; its gradient.

    Rows with a negative label take no part. The quality is a constant.
    """
    counts = labels >= 0
    margin = logits[:, 1] - logits[:, 0]
    p = 1 / (1 + np.exp(-margin))
    entropy = np.logaddexp(0, margin) - quality * margin
    miss = p - quality
    divisor = max(1, int((labels == 1).sum()))
    slope = counts * (2 * miss * p * (1 - p) * entropy + miss**2 * miss) / divisor
    return (counts * miss**2 * entropy).sum() / divisor, np.stack([-slope, slope], 1)


def sigmoid_map_loss(maps, labels, cover_weight):
    """Binary cross-entropy of the maps `region` and `visible` [N, 2, H, W]: sum, sum of weights, gradient.

    A label has two bits for each map: 0, 1, or 3 where it is not known. Covered pixels, in the region
    and not visible, weigh `cover_weight`, the others 1.
    """
    goal = np.stack([labels & 3, (labels >> 2) & 3], 1)
    weight = np.where(labels == 1, cover_weight, 1.0)[:, None] * (goal < 2)
    value = weight * (np.logaddexp(0, maps) - goal * maps)
    return value.sum(), weight.sum(), weight * (1 / (1 + np.exp(-maps)) - goal)


def cover_dice_loss(x, labels):
    """Mean over the images with covered pixels of 1 - Dice of region and not visible; and its gradient."""
    region, visible = (1 / (1 + np.exp(-x[:, k])) for k in (0, 1))
    p = region * (1 - visible)
    first, second = labels & 3, (labels >> 2) & 3
    truth = ((first == 1) & (second == 0)).astype(float)
    known = (first == 0) | (second == 1) | (truth == 1)
    covered = [n for n in range(len(x)) if truth[n].any()]
    total, d = 0.0, np.zeros_like(x)
    for n in covered:
        both = 2 * (p[n] * truth[n]).sum() + 1
        whole = (p[n] * known[n]).sum() + truth[n].sum() + 1
        total += (1 - both / whole) / len(covered)
        slope = known[n] * (both / whole**2 - 2 * truth[n] / whole) / len(covered)
        d[n, 0] = slope * p[n] * (1 - region[n])
        d[n, 1] = -slope * p[n] * visible[n]
    return total, d


# ------------------------------------------------------------------ networks


class Vgg16:
    """13 convolutions 3x3 with ReLU, four pools; nothing is trained below the frozen blocks."""

    BLOCKS = [2, 2, 3, 3, 3]

    def __init__(self, net, config):
        self.net, self.frozen, self.ceil = net, config['frozenBlocks'], config['ceilPooling']

    def forward(self, x):
        self.tape = []
        for b, count in enumerate(self.BLOCKS):
            for i in range(count):
                conv = Conv(self.net, f'backbone.conv{b + 1}_{i + 1}', relu=True)
                x, ctx = conv.forward(x)
                self.tape.append((b, conv, ctx))
            if b < 4:
                x, ctx = max_pool(x, self.ceil)
                self.tape.append((b, None, ctx))
        return [x]

    def backward(self, dys):
        dy = dys[0]
        trained = [entry for entry in self.tape if entry[0] >= self.frozen]
        for at, (_, conv, ctx) in reversed(list(enumerate(trained))):
            dy = max_pool_backward(self.net, ctx, dy) if conv is None else conv.backward(ctx, dy, need_dx=at > 0)


class Lite:
    """Stride-2 stem, stages (stride-2 convolution, residual blocks), 1x1 laterals added top down."""

    def __init__(self, net, config):
        self.net, self.c = net, config

    def forward(self, x):
        net, c = self.net, self.c
        conv = lambda name, **more: Conv(net, f'backbone.{name}', **more)
        self.tape, self.stage_end, outs = [], [], []

        def run(layer, value):
            y, ctx = layer.forward(value)
            return y, (layer, ctx)

        x, self.stem = run(conv('stem', stride=2, relu=True), x)
        self.stages = []
        for s in range(len(c['stageChannels'])):
            name = f'stage{4 << s}'
            x, down = run(conv(f'{name}.down', stride=2, relu=True), x)
            blocks = []
            for b in range(c['blocks'][s] if s < len(c['blocks']) else 0):
                y, first = run(conv(f'{name}.{b}.conv1', relu=True), x)
                y, second = run(conv(f'{name}.{b}.conv2'), y)
                total = x + y if c['residual'] else y
                x = np.maximum(total, 0)
                blocks.append((first, second, total))
            self.stages.append((down, blocks))
            outs.append(x)
        levels = []
        self.laterals = []
        for i in range(len(outs) - 1, 0, -1):
            y, lateral = run(conv(f'lateral{4 << i}'), outs[i])
            self.laterals.append(lateral)
            if levels:
                up = levels[0].repeat(2, 2).repeat(2, 3)
                y = y + up[:, :, : y.shape[2], : y.shape[3]]
            levels.insert(0, y)
        self.laterals.reverse()
        self.depth = len(levels)
        # Behind the pyramid stage 4's own map, where the segmentation branch reads it too.
        has_detail = c['segmentation']['enabled'] and c['segmentation'].get('detail')
        self.detail = outs[0] if has_detail else None
        return levels + [outs[0]] if has_detail else levels

    def backward(self, dys):
        back = lambda pair, dy, **more: pair[0].backward(pair[1], dy, **more)
        detail = dys[self.depth :]
        dys = [d.copy() for d in dys[: self.depth]]
        for i in range(len(dys) - 1):  # finest first: each hands its gradient to the coarser one
            n, ch, h, w = dys[i + 1].shape
            d = np.zeros((n, ch, 2 * h, 2 * w))
            d[:, :, : dys[i].shape[2], : dys[i].shape[3]] = dys[i]
            dys[i + 1] += d.reshape(n, ch, h, 2, w, 2).sum((3, 5))
        douts = [detail[0] if detail else None] + [back(self.laterals[i], dys[i]) for i in range(len(dys))]
        dx = None
        for s in range(len(self.stages) - 1, -1, -1):
            down, blocks = self.stages[s]
            if douts[s] is not None:
                dx = douts[s] if dx is None else dx + douts[s]
            for first, second, total in reversed(blocks):
                self.net.note_ties(dx, near_zero(total))
                d = dx * (total > 0)
                dx = back(first, back(second, d)) + (d if self.c['residual'] else 0)
            dx = back(down, dx)
        back(self.stem, dx, need_dx=False)


class Head:
    """fc6, [fc7], cls, bbox; `drops` are the factors of dropout after fc6 and fc7 (or None)."""

    def __init__(self, net, drops):
        self.net, self.drops = net, drops
        self.hidden = ['head.fc6'] + (['head.fc7'] if net.has('head.fc7.weight') else [])

    def forward(self, pooled):
        net, x = self.net, pooled.reshape(len(pooled), -1)
        self.shape, self.saved = pooled.shape, []
        for name, drop in zip(self.hidden, self.drops):
            y = x @ net.get(f'{name}.weight').T + net.get(f'{name}.bias')
            factor = np.ones_like(y) if drop is None else drop
            self.saved.append((name, x, factor * (y > 0), near_zero(y) & (factor > 0)))
            x = np.maximum(y, 0) * factor
        self.last = x
        return [x @ net.get(f'{n}.weight').T + net.get(f'{n}.bias') for n in ('head.cls', 'head.bbox')]

    def backward(self, dcls, dbox, need_dw=True):
        net = self.net
        dx = 0
        for name, d in (('head.cls', dcls), ('head.bbox', dbox)):
            if d is None:
                continue
            if need_dw:
                net.add(f'{name}.weight', d.T @ self.last)
                net.add(f'{name}.bias', d.sum(0))
            dx = dx + d @ net.get(f'{name}.weight')
        for name, x, factor, tie in reversed(self.saved):
            net.note_ties(dx, tie)
            d = dx * factor
            if need_dw:
                net.add(f'{name}.weight', d.T @ x)
                net.add(f'{name}.bias', d.sum(0))
            dx = d @ net.get(f'{name}.weight')
        return dx.reshape(self.shape)


class Rpn:
    """conv 3x3 ReLU, 1x1 to 2A scores (backgrounds, then faces) and 4A deltas; shared by levels."""

    def __init__(self, net):
        self.conv = Conv(net, 'rpn.conv', relu=True)
        self.cls, self.bbox = Conv(net, 'rpn.cls'), Conv(net, 'rpn.bbox')

    def forward(self, maps):
        self.saved, scores, deltas = [], [], []
        for x in maps:
            hidden, a = self.conv.forward(x)
            cls, b = self.cls.forward(hidden)
            box, c = self.bbox.forward(hidden)
            self.saved.append((a, b, c, cls.shape, box.shape))
            n, k, h, w = cls.shape
            scores.append(cls.reshape(n, 2, k // 2, h, w).transpose(0, 3, 4, 2, 1).reshape(-1, 2))
            deltas.append(box.reshape(n, k // 2, 4, h, w).transpose(0, 3, 4, 1, 2).reshape(-1, 4))
        return np.concatenate(scores), np.concatenate(deltas)

    def backward(self, dscores, ddeltas):
        at, out = 0, []
        for a, b, c, (n, k, h, w), _ in self.saved:
            rows = n * h * w * (k // 2)
            s = dscores[at : at + rows].reshape(n, h, w, k // 2, 2).transpose(0, 4, 3, 1, 2)
            d = ddeltas[at : at + rows].reshape(n, h, w, k // 2, 4).transpose(0, 3, 4, 1, 2)
            at += rows
            dh = self.cls.backward(b, s.reshape(n, k, h, w)) + self.bbox.backward(c, d.reshape(n, 2 * k, h, w))
            out.append(self.conv.backward(a, dh))
        return out


class Detail:
    """The segmentation logits at half their stride, refined by a finer map (docs/spec.md 4.3)."""

    def __init__(self, net):
        self.net = net
        self.lateral, self.context, self.refine = (
            Conv(net, f'segmentation.{name}') for name in ('lateral', 'context', 'refine.score')
        )

    def forward(self, low, hidden, fine):
        height, width = fine.shape[2:]
        self.uy, self.ux = bilinear_matrix(low.shape[2], height, 2), bilinear_matrix(low.shape[3], width, 2)
        own, self.from_fine = self.lateral.forward(fine)
        context, self.from_hidden = self.context.forward(hidden)
        self.size = context.shape
        self.total = own + context.repeat(2, 2).repeat(2, 3)[:, :, :height, :width]
        y, self.from_total = self.refine.forward(np.maximum(self.total, 0))
        return y + np.einsum('yi,ncij,xj->ncyx', self.uy, low, self.ux, optimize=True)

    def backward(self, dy):
        """Gradients of the coarse logits, of what they were made from, and of the finer map."""
        dlow = np.einsum('yi,ncyx,xj->ncij', self.uy, dy, self.ux, optimize=True)
        d = self.refine.backward(self.from_total, dy)
        self.net.note_ties(d, near_zero(self.total))
        d = d * (self.total > 0)
        n, channels, h, w = self.size
        wide = np.zeros((n, channels, 2 * h, 2 * w))
        wide[:, :, : d.shape[2], : d.shape[3]] = d
        dcontext = wide.reshape(n, channels, h, 2, w, 2).sum((3, 5))
        return dlow, self.context.backward(self.from_hidden, dcontext), self.lateral.backward(self.from_fine, d)


class Chain:
    """Convolutions one after the other (generator, segmentation)."""

    def __init__(self, layers):
        self.layers = layers

    def forward(self, x):
        self.saved = []
        for layer in self.layers:
            x, ctx = layer.forward(x)
            self.saved.append(ctx)
        return x

    def backward(self, dy, need_dx=True):
        for at in range(len(self.layers) - 1, -1, -1):
            dy = self.layers[at].backward(self.saved[at], dy, need_dx=need_dx or at > 0)
        return dy


# ------------------------------------------------------------------ boxes and sampling rules


class Boxes:
    """Box arithmetic; e = 1 for inclusive corners (width = x2 - x1 + 1)."""

    def __init__(self, config):
        self.e = 1 if config['boxes']['convention'] == 'inclusive' else 0
        self.max_log = config['boxes']['maxLogRatio']

    def encode(self, boxes, targets):
        ew, eh = boxes[:, 2] - boxes[:, 0] + self.e, boxes[:, 3] - boxes[:, 1] + self.e
        gw, gh = targets[:, 2] - targets[:, 0] + self.e, targets[:, 3] - targets[:, 1] + self.e
        dx = (targets[:, 0] + gw / 2 - boxes[:, 0] - ew / 2) / ew
        dy = (targets[:, 1] + gh / 2 - boxes[:, 1] - eh / 2) / eh
        return np.stack([dx, dy, np.log(gw / ew), np.log(gh / eh)], 1)

    def decode(self, boxes, d):
        w, h = boxes[:, 2] - boxes[:, 0] + self.e, boxes[:, 3] - boxes[:, 1] + self.e
        cx, cy = d[:, 0] * w + boxes[:, 0] + w / 2, d[:, 1] * h + boxes[:, 1] + h / 2
        w, h = np.exp(np.minimum(d[:, 2], self.max_log)) * w, np.exp(np.minimum(d[:, 3], self.max_log)) * h
        return np.stack([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2], 1)

    def clip(self, boxes, height, width):
        return np.clip(boxes, 0, [width - self.e, height - self.e] * 2)

    def overlap(self, a, b):
        """Intersections [A,B]."""
        w = np.minimum(a[:, None, 2], b[None, :, 2]) - np.maximum(a[:, None, 0], b[None, :, 0]) + self.e
        h = np.minimum(a[:, None, 3], b[None, :, 3]) - np.maximum(a[:, None, 1], b[None, :, 1]) + self.e
        return np.maximum(w, 0) * np.maximum(h, 0)

    def area(self, a):
        return (a[:, 2] - a[:, 0] + self.e) * (a[:, 3] - a[:, 1] + self.e)

    def iou(self, a, b):
        inter = self.overlap(a, b)
        return inter / (self.area(a)[:, None] + self.area(b)[None] - inter)

    def share_inside(self, a, ignored):
        """Largest share of each box's area inside one ignored box."""
        if len(ignored) == 0:
            return np.zeros(len(a))
        return (self.overlap(a, ignored) / self.area(a)[:, None]).max(1)


def level_anchors(level, height, width, e):
    """Anchors of one map, order y, x, ratio, size."""
    base, cells = level['stride'], []
    centre = (base - e) / 2
    for ratio in level['ratios']:
        w0 = np.round(math.sqrt(base * base / ratio))
        h0 = np.round(w0 * ratio)
        for size in level['sizes']:
            if level['rounding'] == 'pfr':
                w, h = w0 * size / base, h0 * size / base
            else:
                w, h = size / math.sqrt(ratio), size * math.sqrt(ratio)
            cells.append([centre - (w - e) / 2, centre - (h - e) / 2, centre + (w - e) / 2, centre + (h - e) / 2])
    y, x = np.mgrid[0:height, 0:width] * base
    shift = np.stack([x, y, x, y], -1).reshape(-1, 1, 4)
    return (np.array(cells)[None] + shift).reshape(-1, 4)


def anchor_labels(anchors, gt, ignored, height, width, rule, box):
    """1 positive, 0 background, -1 left out, -2 undecidable in float32; and the face of each."""
    labels = np.full(len(anchors), -1)
    border = rule['allowedBorder']
    inside = np.ones(len(anchors), bool)
    if border >= 0:
        inside = (
            (anchors[:, 0] >= -border)
            & (anchors[:, 1] >= -border)
            & (anchors[:, 2] < width + border)
            & (anchors[:, 3] < height + border)
        )
    best = np.zeros(len(anchors), int)
    vague = np.zeros(len(anchors), bool)
    if len(gt) == 0:
        labels[inside] = 0
    else:
        iou = np.where(inside[:, None], box.iou(anchors, gt), -1)
        best, top = iou.argmax(1), iou.max(1)
        labels[inside & (top < rule['negativeIou'])] = 0
        if rule['forceBestAnchor']:
            peak = iou.max(0)
            labels[((iou == peak) & (peak > 0)).any(1)] = 1
            vague |= ((np.abs(iou - peak) < 1e-6) & (peak > 0) & (iou != peak)).any(1)
        labels[top >= rule['positiveIou']] = 1
        for edge in (rule['negativeIou'], rule['positiveIou']):
            vague |= np.abs(top - edge) < 1e-6
    share = box.share_inside(anchors, ignored)
    labels[(labels == 0) & (share >= rule['ignoreOverlap'])] = -1
    vague |= np.abs(share - rule['ignoreOverlap']) < 1e-6
    labels[vague & inside] = -2
    return labels, best


def atss_labels(anchors, levels, gt, ignored, rule, box):
    """Labels of all anchors by adaptive selection, as `anchor_labels` gives them.

    A face looks at the anchors of the `candidates` cells of every level whose centres are nearest to its
    own. Those are its that overlap it by the mean of all these IoUs plus their standard deviation, and have their
    centre inside of it; the best one alone where that leaves none. An anchor of two faces goes to the
    one it overlaps more.

    @param levels (height, width, stride) of each map
    """
    labels = np.zeros(len(anchors), int)
    vague = np.zeros(len(anchors), bool)
    owner = np.full(len(anchors), -1)
    top = np.full(len(anchors), -1.0)
    per_cell = len(anchors) // sum(h * w for h, w, _ in levels)
    middle = (anchors[:, :2] + anchors[:, 2:] + box.e) / 2
    for g, face in enumerate(gt):
        centre = (face[:2] + face[2:] + box.e) / 2
        seen, first = [], 0
        for height, width, stride in levels:
            y, x = np.mgrid[0:height, 0:width]
            away = ((x + 0.5) * stride - centre[0]) ** 2 + ((y + 0.5) * stride - centre[1]) ** 2
            # Of equally near cells the upper and left ones come first.
            cells = np.argsort(away.ravel(), kind='stable')[: rule['candidates']]
            seen.append(first + (cells[:, None] * per_cell + np.arange(per_cell)).ravel())
            first += height * width * per_cell
        seen = np.concatenate(seen)
        iou = box.iou(anchors[seen], face[None])[:, 0]
        least = iou.mean() + iou.std()
        inside = ((middle[seen] > face[:2]) & (middle[seen] < face[2:] + box.e)).all(1)
        own = inside & (iou >= least) & (iou > 0)
        vague[seen[inside & (np.abs(iou - least) < 1e-6)]] = True
        if not own.any() and iou.max() > 0:
            own = np.arange(len(iou)) == iou.argmax()
        for a, value in zip(seen[own], iou[own]):
            if abs(value - top[a]) < 1e-9:
                vague[a] = True
            if value > top[a]:
                owner[a], top[a] = g, value
    share = box.share_inside(anchors, ignored)
    labels[share >= rule['ignoreOverlap']] = -1
    vague |= np.abs(share - rule['ignoreOverlap']) < 1e-6
    labels[owner >= 0] = 1
    labels[vague] = -2
    return labels, np.maximum(owner, 0)


# ------------------------------------------------------------------ the check


class Check:
    def __init__(self, path, verbose):
        self.f = StepFile(path)
        if self.f.meta.get('format') != 'aofd-step':
            raise ValueError(f'{path}: not written by aofd train --dump-step')
        self.info = self.f.json('info')
        self.c = self.info['config']
        self.losses = self.f.json('losses')
        self.stage = next(s for s in self.c['stages'] if s['name'] == self.info['stage'])
        self.r = Report(verbose)
        self.net = Net(self.f)
        self.box = Boxes(self.c)
        self.mine = {}  # losses of our own
        self.n, self.height, self.width = self.f['input/pixels'].shape[:3]

    def run(self):
        kind = self.info['kind']
        print(
            f"stage {self.info['stage']} ({kind}), update {self.info['step']}, lr {self.info['lr']:g},"
            f" {self.n} x {self.height} x {self.width}, backbone {self.c['model']['backbone']},"
            f" optimiser {self.c['optim']['kind']}"
        )
        self.read_faces()
        self.forward()
        self.check_rois()
        if kind == 'generator':
            self.generator_step()
        else:
            self.detector_step()
        self.compare_losses()
        self.compare_gradients()
        self.compare_update()
        r = self.r
        print(f'\n{r.checks} checks, {r.failures} failed: ' + ('AGREES' if not r.failures else 'DISAGREES'))
        return 0 if r.failures == 0 else 1

    # ---- input and forward

    def read_faces(self):
        self.gt, self.ignored = [], []
        for i in range(self.n):
            boxes = self.f.f64(f'input/boxes.{i}').reshape(-1, 4)
            flags = self.f[f'input/ignore.{i}'] != 0
            self.gt.append(boxes[~flags])
            self.ignored.append(boxes[flags])
        if 'input/scales' in self.f:
            self.scales = self.f.f64('input/scales')
        else:
            self.scales = np.ones(self.n)

    def forward(self):
        f, c, r = self.f, self.c, self.r
        r.title('forward pass')
        rgb = f.f64('input/pixels')
        order = rgb if c['input']['channelOrder'] == 'rgb' else rgb[..., ::-1]
        x = (order - c['input']['mean']) / c['input']['std']
        x = np.ascontiguousarray(x.transpose(0, 3, 1, 2))
        r.same('images', f['images'], x)
        model = c['model']
        self.backbone = (Vgg16 if model['backbone'] == 'vgg16' else Lite)(self.net, model)
        self.features = self.backbone.forward(x)
        strides = [16] if model['backbone'] == 'vgg16' else [8 << i for i in range(self.backbone.depth)]
        self.level = {s: i for i, s in enumerate(strides)}
        for i, value in enumerate(self.features):
            if f'features.{i}' in f:
                r.same(f'features.{i}', f[f'features.{i}'], value)
        self.rpn = Rpn(self.net)
        self.rpn_levels = [self.level[level['stride']] for level in model['levels']]
        self.scores, self.deltas = self.rpn.forward([self.features[i] for i in self.rpn_levels])
        if 'rpn.class_logits' in f:
            r.same('rpn.class_logits', f['rpn.class_logits'], self.scores)
            r.same('rpn.box_deltas', f['rpn.box_deltas'], self.deltas)
        grids, rows = [], []
        at = 0
        self.level_sizes = []
        for level, i in zip(model['levels'], self.rpn_levels):
            grid = level_anchors(level, *self.features[i].shape[2:], self.box.e)
            grids.append(grid)
            self.level_sizes.append((*self.features[i].shape[2:], level['stride']))
            rows += [at + n * len(grid) + np.arange(len(grid)) for n in range(self.n)]
            at += self.n * len(grid)
        self.anchors = np.concatenate(grids)
        # row of the RPN's output of anchor a of image n
        self.row = np.stack([np.concatenate(rows[n :: self.n]) for n in range(self.n)])
        if 'anchors' in f:
            r.same('anchors', f['anchors'], self.anchors)

    # ---- which anchors and RoIs were drawn

    def check_anchors(self):
        f, r, rule = self.f, self.r, self.c['rpn']
        rows, labels = f['rpn.sampled_rows'].astype(int), f['rpn.sampled_labels'].astype(int)
        targets = f.f64('rpn.sampled_targets')
        if rule.get('assign') == 'atss':
            self.check_all_anchors(rows, labels, targets)
            return rows, labels, targets
        r.title('sampled anchors')
        r.rule('every row once', len(set(rows.tolist())) == len(rows), f'{len(rows)} rows')
        bad, worst, counts = 0, 0.0, []
        for n in range(self.n):
            place = {row: a for a, row in enumerate(self.row[n].tolist())}
            own = [k for k, row in enumerate(rows.tolist()) if row in place]
            a = np.array([place[rows[k]] for k in own], int)
            lab, best = anchor_labels(self.anchors, self.gt[n], self.ignored[n], self.height, self.width, rule, self.box)
            got = labels[own]
            bad += int(((lab[a] != got) & (lab[a] != -2)).sum())
            positive = got == 1
            if positive.any():
                want = self.box.encode(self.anchors[a[positive]], self.gt[n][best[a[positive]]])
                worst = max(worst, np.abs(want - targets[own][positive]).max())
            limit = int(rule['batchSize'] * rule['positiveFraction'])
            vague = int((lab == -2).sum())
            npos = min(limit, int((lab == 1).sum()))
            nneg = min(rule['batchSize'] - int(positive.sum()), int((lab == 0).sum()))
            counts.append((int(positive.sum()), npos, int((got == 0).sum()), nneg, vague))
        r.rule('labels follow the IoU rules', bad == 0, f'{bad} wrong of {len(rows)}')
        r.rule('targets of positives', worst < 1e-4, f'largest difference {worst:.1e}')
        for n, (gp, wp, gn, wn, vague) in enumerate(counts):
            ok = abs(gp - wp) <= vague and abs(gn - wn) <= vague
            r.rule(f'image {n}: positives, negatives', ok, f'{gp}, {gn}; the rules give {wp}, {wn}')
        return rows, labels, targets

    def check_all_anchors(self, rows, labels, targets):
        """Adaptive selection labels every anchor; nothing is drawn."""
        r, rule = self.r, self.c['rpn']
        r.title('anchors, adaptive selection')
        r.rule('every anchor, in order', np.array_equal(rows, np.arange(self.row.size)), f'{len(rows)} rows')
        for n in range(self.n):
            want, owner = atss_labels(self.anchors, self.level_sizes, self.gt[n], self.ignored[n], rule, self.box)
            got = labels[self.row[n]]
            wrong = int(((want != got) & (want != -2)).sum())
            counts = ', '.join(f'{(got == kind).sum()} {name}' for kind, name in ((1, 'faces'), (0, 'background'), (-1, 'left out')))
            vague = int((want == -2).sum())
            r.rule(f'image {n}: labels', wrong == 0, f'{wrong} wrong, {vague} on the edge: {counts}')
            clear = (got == 1) & (want == 1)
            if clear.any():
                code = self.box.encode(self.anchors[clear], self.gt[n][owner[clear]])
                worst = np.abs(code - targets[self.row[n]][clear]).max()
                r.rule(f'image {n}: targets', worst < 1e-4, f'largest difference {worst:.1e}')

    def check_rois(self):
        f, r, c, box = self.f, self.r, self.c, self.box
        rois, labels, targets = f.f64('rois'), f['roi.labels'].astype(int), f.f64('roi.targets')
        count = len(rois)
        self.rois = rois
        r.title('RoIs')
        kind = self.info['kind']
        rule, stds = c['rois'], np.array(c['rois']['stds'])
        # proposals: every decoded anchor that may be one, from the file's own scores
        if 'rpn.class_logits' in f:
            logits, deltas = f.f64('rpn.class_logits'), f.f64('rpn.box_deltas')
        else:
            logits, deltas = self.scores, self.deltas
        layer = c['proposals']['train']
        stranger, bad, vague_total, worst = 0, 0, 0, 0.0
        for n in range(self.n):
            own = np.flatnonzero(rois[:, 0] == n)
            mine = rois[own, 1:]
            decoded = box.clip(box.decode(self.anchors, deltas[self.row[n]]), self.height, self.width)
            least = layer['minSize'] * self.scales[n] - 1e-3
            big = (decoded[:, 2] - decoded[:, 0] + box.e >= least) & (decoded[:, 3] - decoded[:, 1] + box.e >= least)
            candidates = np.concatenate([decoded[big], self.gt[n]]) if rule['addGroundTruth'] else decoded[big]
            for b in mine:
                stranger += np.abs(candidates - b).max(1).min() > 1e-2
            if f'proposals.{n}' in f:
                self.check_proposals(n, f.f64(f'proposals.{n}'), decoded[big], logits[self.row[n]][big], layer)
            # labels and targets
            iou = box.iou(mine, self.gt[n]) if len(self.gt[n]) else np.zeros((len(own), 1))
            top, best = iou.max(1), iou.argmax(1)
            want = (top >= rule['positiveIou']).astype(int)
            vague = np.abs(top - rule['positiveIou']) < 1e-4
            vague_total += int(vague.sum())
            bad += int(((want != labels[own]) & ~vague).sum())
            low, high = rule['negativeIouLow'], rule['negativeIouHigh']
            negative = labels[own] == 0
            if not c['ohem']['enabled'] and not self.stage.get('ohem'):
                bad += int((negative & ((top < low - 1e-4) | (top >= high + 1e-4))).sum())
            bad += int((negative & (box.share_inside(mine, self.ignored[n]) >= rule['ignoreOverlap'] + 1e-4)).sum())
            face = labels[own] == 1
            if face.any():
                code = box.encode(mine[face], self.gt[n][best[face]]) / stds
                clear = np.sort(iou[face], 1)[:, -2] < top[face] - 1e-5 if iou.shape[1] > 1 else np.ones(face.sum(), bool)
                if clear.any():
                    worst = max(worst, np.abs(code - targets[own][face])[clear].max())
            self.check_sample(n, own, labels, rule, kind)
        r.rule('every RoI is a proposal or a face', stranger == 0, f'{stranger} unknown of {count}')
        r.rule('labels follow the IoU rules', bad == 0, f'{bad} wrong, {vague_total} on the edge, of {count}')
        r.rule('targets of positives', worst < 2e-3, f'largest difference {worst:.1e} (normalised)')
        self.pooled, self.pool_saved = self.pool(rois)
        if 'roi.pooled' in f:
            r.same('roi.pooled', f['roi.pooled'], self.pooled)

    def pool(self, rois):
        """Pooled features of RoIs, and what the backward pass needs (None: nothing)."""
        model = self.c['model']
        stride, size = model['roiStride'], model['roiSize']
        features = self.features[self.level[stride]]
        if model.get('roiPooling') == 'align':
            return roi_align(features, rois, stride, size), None
        pooled, arg, tie = roi_pool(features, rois, stride, size)
        return pooled, (arg, tie)

    def pool_backward(self, dpooled, dfeatures):
        stride = self.c['model']['roiStride']
        at = self.level[stride]
        shape = self.features[at].shape
        if self.pool_saved is None:
            dfeatures[at] += roi_align_backward(dpooled, self.rois, stride, shape)
            return
        arg, tie = self.pool_saved
        self.net.note_ties(dpooled, tie)
        dfeatures[at] += roi_pool_backward(dpooled, arg, self.rois, shape)

    def check_proposals(self, n, boxes, decoded, logits, layer):
        """Count, NMS among the proposals, and that nothing better was left out."""
        r, box = self.r, self.box
        iou = box.iou(boxes, boxes)
        np.fill_diagonal(iou, 0)
        over = int((iou > layer['nmsIou'] + 1e-4).sum()) // 2
        r.rule(f'image {n}: proposals', over == 0 and len(boxes) <= layer['postNmsTop'], f'{len(boxes)}, {over} pairs above NMS')
        if len(boxes) == 0:
            return
        score = logits[:, 1] - logits[:, 0]
        order = np.argsort(-score, kind='stable')[: layer['preNmsTop']]
        cross = box.iou(decoded[order], boxes)
        # a decoded box that is no proposal must be covered by one of at least its score
        at = cross.argmax(1)
        own = np.full(len(boxes), -np.inf)
        for k in range(len(boxes)):
            d = np.abs(decoded - boxes[k]).max(1)
            own[k] = score[d < 1e-2].max() if (d < 1e-2).any() else -np.inf
        r.rule(f'image {n}: proposals are decoded anchors', np.isfinite(own).all(), f'{int((~np.isfinite(own)).sum())} unknown')
        covered = ((cross > layer['nmsIou'] - 1e-4) & (own[None] >= score[order][:, None] - 1e-5)).any(1)
        missing = ~covered
        if len(boxes) >= layer['postNmsTop']:
            missing &= score[order] > own.min() + 1e-5
        r.rule(f'image {n}: none left out', not missing.any(), f'{int(missing.sum())} of {len(order)}')

    def check_sample(self, n, own, labels, rule, kind):
        """Faces at most the given share, the rest background, as many as there are."""
        f, r, box = self.f, self.r, self.box
        faces, grounds = int((labels[own] == 1).sum()), int((labels[own] == 0).sum())
        if self.stage.get('ohem', self.c['ohem']['enabled']) and kind != 'generator':
            self.check_mining(n, own, rule)
            return
        limit = round(rule['batchSize'] * rule['positiveFraction'])
        if f'proposals.{n}' not in f:
            r.rule(f'image {n}: faces, background', faces <= limit and len(own) <= rule['batchSize'], f'{faces}, {grounds}')
            return
        all_boxes = f.f64(f'proposals.{n}').reshape(-1, 4)
        if rule['addGroundTruth']:
            all_boxes = np.concatenate([all_boxes, self.gt[n]])
        top = box.iou(all_boxes, self.gt[n]).max(1) if len(self.gt[n]) else np.zeros(len(all_boxes))
        vague = int((np.abs(top - rule['positiveIou']) < 1e-4).sum())
        free = box.share_inside(all_boxes, self.ignored[n]) < rule['ignoreOverlap']
        want = min(limit, int((top >= rule['positiveIou']).sum()))
        ground = (top < rule['negativeIouHigh']) & (top >= rule['negativeIouLow']) & free
        want_ground = min(rule['batchSize'] - faces, int(ground.sum()))
        if kind == 'generator' and self.c['model']['generator']['positivesOnly']:
            want_ground = 0
        ok = abs(faces - want) <= vague and abs(grounds - want_ground) <= vague
        r.rule(f'image {n}: faces, background', ok, f'{faces}, {grounds}; the rules give {want}, {want_ground}')

    def check_mining(self, n, own, rule):
        """Hard examples: the largest losses of all candidates, unmasked, after NMS by loss per label."""
        f, r, box, o = self.f, self.r, self.box, self.c['ohem']
        mined = self.rois[own, 1:]
        if f'proposals.{n}' not in f or o['masked'] or o['dropout']:
            r.rule(f'image {n}: mined RoIs', len(own) <= o['batchSize'], f'{len(own)}')
            return
        gt = self.gt[n]
        room = max(0, o['maxRois'] - len(gt))
        boxes = f.f64(f'proposals.{n}').reshape(-1, 4)[:room]
        if rule['addGroundTruth']:
            boxes = np.concatenate([boxes, gt])
        iou = box.iou(boxes, gt) if len(gt) else np.zeros((len(boxes), 1))
        top, best = iou.max(1), iou.argmax(1)
        face = top >= rule['positiveIou']
        free = box.share_inside(boxes, self.ignored[n]) < rule['ignoreOverlap']
        keep = face | ((top >= rule['negativeIouLow']) & (top < rule['negativeIouHigh']) & free)
        boxes, best, face = boxes[keep], best[keep], face[keep]
        rois = np.concatenate([np.full((len(boxes), 1), n), boxes], 1)
        logits, deltas = Head(self.net, [None, None]).forward(self.pool(rois)[0])
        loss = -log_softmax(logits)[np.arange(len(boxes)), face.astype(int)]
        if face.any():
            code = box.encode(boxes[face], gt[best[face]]) / np.array(rule['stds'])
            loss[face] += smooth_l1(deltas[face, 4:8] - code, 1)[0].sum(1)
        chosen = []
        for i in np.argsort(-loss, kind='stable'):
            rivals = [j for j in chosen if face[j] == face[i]]
            if not rivals or box.iou(boxes[i : i + 1], boxes[rivals]).max() <= o['nmsIou']:
                chosen.append(i)
            if len(chosen) == o['batchSize']:
                break
        found = sum(np.abs(mined - boxes[i]).max(1).min() < 1e-2 for i in chosen) if len(mined) else 0
        ok = len(mined) == len(chosen) and found >= 0.95 * len(chosen)
        r.rule(f'image {n}: mined RoIs', ok, f'{found} of {len(chosen)} as recomputed, {len(boxes)} candidates')

    # ---- masks

    def generator_net(self):
        count = self.c['model']['generator']['convs']
        layers = [Conv(self.net, f'generator.conv{i + 1}', relu=True) for i in range(count)]
        return Chain(layers + [Conv(self.net, 'generator.heat')])

    def k_smallest(self, heat, k):
        """0 at the k smallest cells, ties to the lower index; and the threshold of each row."""
        order = np.argsort(heat, axis=1, kind='stable')
        mask = np.ones_like(heat)
        np.put_along_axis(mask, order[:, :k], 0, 1)
        ranked = np.take_along_axis(heat, order, 1)
        return mask, (ranked[:, k - 1] + ranked[:, k]) / 2

    def check_generator_masks(self, masks, pooled, k):
        """Masks from the generator of those RoIs; undecided cells (within 1e-5 of the cut) may differ."""
        f, r = self.f, self.r
        heat = self.generator_net().forward(pooled).reshape(len(pooled), -1)
        if 'generator.heat' in f and len(f['generator.heat']) == len(heat):
            r.same('generator.heat', f['generator.heat'], heat)
        want, tau = self.k_smallest(heat, k)
        near = np.abs(heat - tau[:, None]) < 1e-5 * np.abs(heat).max(1, keepdims=True)
        wrong = int(((want != masks) & ~near).sum())
        r.rule('generator masks', wrong == 0 and ((masks == 0).sum(1) == k).all(), f'{len(masks)} masks of {k} cells, {wrong} cells differ')

    def check_masks(self):
        """Every mask against its type; returns masks [R, size * size] and types [R]."""
        f, r, rule = self.f, self.r, self.c['masking']
        if 'masks' not in f:
            return None, None
        masks, types = f.f64('masks'), f['roi.mask_types'].astype(int)
        size = self.c['model']['roiSize']
        r.title('masks')
        r.rule('values are 0 or 1', np.isin(masks, (0, 1)).all())
        r.rule('originals are whole', (masks[types == 0] == 1).all(), f'{int((types == 0).sum())}')
        lines = []
        k = rule['halfCells']
        for side in range(4):
            m = np.ones((size, size))
            [m[:k], m[size - k :], m[:, :k], m[:, size - k :]][side][...] = 0
            lines.append(m.ravel())
        half = masks[types == 2]
        r.rule('half masks', all(any((m == line).all() for line in lines) for m in half), f'{len(half)}')
        rnd = masks[types == 3]
        r.rule('random masks', ((rnd == 0).sum(1) == rule['randomCells']).all(), f'{len(rnd)}')
        if (types == 1).any():
            self.check_generator_masks(masks[types == 1], self.pooled[types == 1], rule['trainCells'])
        if not rule['maskNegatives']:
            labels = f['roi.labels'][: len(types)]
            r.rule('background unmasked', (types[labels == 0] == 0).all())
        return masks, types

    # ---- losses and their gradients

    def detector_step(self):
        f, c, loss = self.f, self.c, self.c['loss']
        rows, anchor_labels_, anchor_targets = self.check_anchors()
        masks, types = self.check_masks()
        size = c['model']['roiSize']
        double = masks is not None and len(f['roi.labels']) == 2 * len(self.rois)
        # rows of the head: [originals, masked copies], or each RoI once
        entered = self.pooled
        if masks is not None:
            masked = self.pooled * masks.reshape(-1, 1, size, size)
            entered = np.concatenate([self.pooled, masked]) if double else masked
        if 'roi.labels' in f and double:
            r = self.r
            half = len(self.rois)
            r.rule('both copies share labels', (f['roi.labels'][:half] == f['roi.labels'][half:]).all())
            r.rule('both copies share targets', (f['roi.targets'][:half] == f['roi.targets'][half:]).all())
            r.rule('every copy is masked', c['masking']['maskNegatives'] is False or (types > 0).all())
        self.r.title('head')
        head = Head(self.net, self.dropout_factors(len(entered), c['model']['dropout']))
        logits, deltas = head.forward(entered)
        self.r.same('head.class_logits', f['head.class_logits'], logits)
        self.r.same('head.box_deltas', f['head.box_deltas'], deltas)
        labels, targets = f['roi.labels'].astype(int), f.f64('roi.targets')

        # head: alpha * class loss + beta * sum of smooth L1 or 1 - GIoU of faces / rows
        seen = np.concatenate([self.rois[:, 1:]] * (len(labels) // max(1, len(self.rois))))
        stds = np.array(c['rois']['stds'])
        self.mine['class'], dcls = self.class_loss(logits, deltas[:, 4:8], labels, targets, seen, stds)
        face = (labels == 1)[:, None] / max(1, len(labels))
        form = 'giou' if loss.get('box') == 'giou' else loss['smoothL1SigmaHead']
        value, slope = self.box_loss(form, deltas[:, 4:8], targets, seen, stds)
        self.mine['box'] = (value * face).sum()
        dbox = np.zeros_like(deltas)
        dbox[:, 4:8] = loss['beta'] * slope * face
        dentered = head.backward(loss['alpha'] * dcls, dbox)
        dpooled = dentered
        if masks is not None:
            dmasked = (dentered[len(self.rois) :] if double else dentered) * masks.reshape(-1, 1, size, size)
            dpooled = dentered[: len(self.rois)] + dmasked if double else dmasked

        dfeatures = [np.zeros_like(x) for x in self.features]
        self.pool_backward(dpooled, dfeatures)

        shares = [self.net.take_ties()]

        # RPN: class loss over its anchors; smooth L1 of positives / anchors, or 1 - GIoU / positives
        source = self.anchors[self.place_of_row()[rows]]
        ones = np.ones(4)
        own = self.deltas[rows]
        self.mine['rpnClass'], d = self.class_loss(self.scores[rows], own, anchor_labels_, anchor_targets, source, ones)
        dscores, ddeltas = np.zeros_like(self.scores), np.zeros_like(self.deltas)
        dscores[rows] = loss['rpnClass'] * d
        is_giou = loss.get('rpnBoxForm') == 'giou'
        form = 'giou' if is_giou else loss['smoothL1SigmaRpn']
        value, slope = self.box_loss(form, own, anchor_targets, source, ones)
        positive = anchor_labels_ == 1
        weight = positive[:, None] / max(1, int(positive.sum()) if is_giou else len(rows))
        self.mine['rpnBox'] = (value * weight).sum()
        ddeltas[rows] = loss['rpnBox'] * slope * weight
        for i, d in zip(self.rpn_levels, self.rpn.backward(dscores, ddeltas)):
            dfeatures[i] += d
        shares.append(self.net.take_ties())

        self.weights = {'class': loss['alpha'], 'box': loss['beta'], 'rpnClass': loss['rpnClass'], 'rpnBox': loss['rpnBox']}
        if 'segmentation' in self.losses:
            self.weights['segmentation'] = self.stage['mu']
            self.segmentation_step(dfeatures, logits, deltas, labels)
            shares.append(self.net.take_ties())
        self.net.ties = math.hypot(*shares)
        self.backbone.backward(dfeatures)

    def class_loss(self, logits, deltas, labels, targets, sources, stds):
        """Mean softmax cross-entropy, or quality focal loss over the number of faces; and its gradient."""
        if self.c['loss'].get('score') != 'quality':
            return cross_entropy_mean(logits, labels)
        quality = box_quality(deltas, targets, labels, sources, self.box, stds)
        return quality_focal(logits, quality, labels)

    def box_loss(self, form, deltas, targets, sources, stds):
        """Loss of each row (giou) or number (smooth L1, `form` being its sigma), and its slope."""
        if form != 'giou':
            return smooth_l1(deltas - targets, form)
        value, slope = giou_loss(deltas, targets, sources, self.box, stds)
        return value[:, None], slope

    def place_of_row(self):
        """Number of the anchor in its image, for every row of the RPN's output."""
        place = np.empty(self.row.size, int)
        for rows in self.row:
            place[rows] = np.arange(len(rows))
        return place

    def dropout_factors(self, rows, p):
        """0 or 1/(1-p) of every hidden unit, from the file."""
        widths = [self.f.header[f'before/head.{n}.bias']['shape'][0] for n in ('fc6', 'fc7') if self.net.has(f'head.{n}.bias')]
        if p == 0:
            return [None] * len(widths)
        out = []
        for name, width in zip(('fc6', 'fc7'), widths):
            key = f'dropout.{name}'
            if key not in self.f:
                raise ValueError(f'dropout is on but the file has no {key}')
            keep = self.f.f64(key)
            shown = keep.max()
            values = np.isin(self.f[key], (0, np.float32(1 / (1 - p))))
            self.r.rule(key, keep.shape == (rows, width) and values.all(), f'{(keep > 0).mean():.3f} kept, factor {shown:g}')
            out.append(keep)
        return out

    def segmentation_boxes(self, n, deltas, labels):
        """Gating boxes: decoded boxes of the sampled faces, and the annotated faces."""
        own = np.flatnonzero((labels[: len(self.rois)] == 1) & (self.rois[:, 0] == n))  # unmasked copies
        code = deltas[own, 4:8] * np.array(self.c['rois']['stds'])
        decoded = self.box.decode(self.rois[own, 1:], code)
        return np.concatenate([self.box.clip(decoded, self.height, self.width), self.gt[n]])

    def gate(self, labels, boxes):
        """255 outside the boxes enlarged about their centres."""
        scale, e = self.c['loss']['segBoxScale'], self.box.e
        keep = np.zeros(labels.shape, bool)
        y, x = np.mgrid[0 : self.height, 0 : self.width]
        for x1, y1, x2, y2 in boxes:
            cx, cy = (x1 + x2) / 2, (y1 + y2) / 2
            w, h = scale * (x2 - x1 + e), scale * (y2 - y1 + e)
            left, right, top, bottom = cx - (w - e) / 2, cx + (w - e) / 2, cy - (h - e) / 2, cy + (h - e) / 2
            keep |= (x >= max(0, left)) & (x <= right) & (y >= max(0, top)) & (y <= bottom)
        return np.where(keep, labels, 255)

    def segmentation_step(self, dfeatures, logits, deltas, labels):
        f, r, c = self.f, self.r, self.c
        r.title('segmentation')
        model = c['model']['segmentation']
        at = self.level[model['stride']]
        chain = Chain(
            [
                Conv(self.net, 'segmentation.conv1', relu=True),
                Conv(self.net, 'segmentation.conv2', relu=True, dilation=model['dilation']),
            ]
        )
        score = Conv(self.net, 'segmentation.score')
        hidden = chain.forward(self.features[at])
        low, from_hidden = score.forward(hidden)
        detail = Detail(self.net) if model.get('detail') else None
        if detail:
            low = detail.forward(low, hidden, self.backbone.detail)
        stride = model['stride'] // 2 if detail else model['stride']
        if 'segmentation.logits' in f:
            labelled = [n for n in range(self.n) if f'input/segmentation_labels.{n}' in f]
            r.same('segmentation.logits', f['segmentation.logits'], low[labelled])
        truth = np.full((self.n, self.height, self.width), 255)
        for n in range(self.n):
            if f'input/segmentation_labels.{n}' in f:
                raw = f[f'input/segmentation_labels.{n}'].astype(int)
                boxes = self.segmentation_boxes(n, deltas, labels)
                if f'segmentation.boxes.{n}' in f:
                    given = f.f64(f'segmentation.boxes.{n}').reshape(-1, 4)
                    far = [np.abs(boxes - b).max(1).min() for b in given] if len(boxes) else [np.inf] * len(given)
                    back = [np.abs(given - b).max(1).min() for b in boxes] if len(given) else [np.inf] * len(boxes)
                    diff = max(far + back, default=0)
                    r.rule(f'image {n}: gating boxes', len(given) == len(boxes) and diff < 2e-2, f'{len(given)}, expected {len(boxes)}, largest distance {diff:.1e}')
                    boxes = given
                truth[n] = self.gate(raw, boxes)
                if f'segmentation.labels.{n}' in f:
                    got = f[f'segmentation.labels.{n}'].astype(int)
                    differ = int((got != truth[n]).sum())  # a float32 edge may move by a pixel
                    text = f'{differ} of {got.size} pixels differ; {(got != 255).sum()} valid, {(got == 1).sum()} covered'
                    r.rule(f'image {n}: gated labels', differ <= 1e-3 * got.size, text)
                    truth[n] = got
        uy = bilinear_matrix(low.shape[2], self.height, stride)
        ux = bilinear_matrix(low.shape[3], self.width, stride)
        up = np.einsum('yi,ncij,xj->ncyx', uy, low, ux, optimize=True)
        value, count, d = self.map_loss(up, truth)
        divisor = max(1, count) if c['loss']['segReduction'] == 'mean' else 1
        self.mine['segmentation'] = value / divisor
        d *= self.stage['mu'] / divisor
        dice = c['loss'].get('segDice', 0) if model.get('output') == 'region-visible' else 0
        if dice > 0:
            self.mine['segDice'], slope = cover_dice_loss(up, truth)
            self.weights['segDice'] = self.stage['mu'] * dice
            d += self.weights['segDice'] * slope
        dlow = np.einsum('yi,ncyx,xj->ncij', uy, d, ux, optimize=True)
        dhidden = 0
        if detail:
            dlow, dhidden, dfine = detail.backward(dlow)
            dfeatures[-1] += dfine
        dfeatures[at] += chain.backward(score.backward(from_hidden, dlow) + dhidden)

    def map_loss(self, up, truth):
        """Sum of the loss over all pixels, what a mean divides by, and the gradient of the sum."""
        c = self.c
        if c['model']['segmentation'].get('output') == 'region-visible':
            return sigmoid_map_loss(up, truth, c['loss']['segCoverWeight'])
        logp = log_softmax(up, 1)
        valid = truth != 255
        picked = np.where(truth == 1, logp[:, 1], logp[:, 0])
        d = np.exp(logp)
        d[:, 0] -= truth == 0
        d[:, 1] -= truth == 1
        return -(picked * valid).sum(), int(valid.sum()), d * valid[:, None]

    def generator_step(self):
        """Lg = gamma * Lcom - eta * Lc; gradient through the hard mask as if it were a sigmoid."""
        f, r, c = self.f, self.r, self.c
        loss = c['loss']
        size, k = c['model']['roiSize'], c['masking']['generatorCells']
        r.title('mask generator')
        labels = f['roi.labels'].astype(int)
        r.rule('faces only', not c['model']['generator']['positivesOnly'] or (labels == 1).all(), f'{len(labels)} RoIs')
        pooled = self.pooled
        generator = self.generator_net()
        heat = generator.forward(pooled).reshape(len(pooled), -1)
        r.same('generator.heat', f['generator.heat'], heat)
        mask, tau = self.k_smallest(heat, k)
        stored = f.f64('masks')
        near = np.abs(heat - tau[:, None]) < 1e-5 * np.abs(heat).max(1, keepdims=True)
        wrong = int(((mask != stored) & ~near).sum())
        r.rule('masks hide the smallest', wrong == 0 and ((stored == 0).sum(1) == k).all(), f'{k} cells, {wrong} cells differ')
        mask = stored
        head = Head(self.net, self.dropout_factors(len(pooled), c['model']['generator']['dropout']))
        logits, deltas = head.forward(pooled * mask.reshape(-1, 1, size, size))
        r.same('head.class_logits', f['head.class_logits'], logits)
        self.mine['adversarialClass'], dcls = cross_entropy_mean(logits, labels)
        delta = head.backward(dcls, None, need_dw=False)
        dmask_class = (pooled * delta).sum(1).reshape(len(pooled), -1)

        o = (1 - mask).reshape(-1, size, size)
        response = self.compact_response(o)
        hot = np.ones_like(response) if loss['compact'] == 'literal' else (response > 0).astype(float)
        self.mine['compact'] = (response * hot).sum()
        dcompact = self.compact_response(hot).reshape(len(pooled), -1)  # the kernel is symmetric

        gamma = loss['gamma']
        if gamma == 'auto':
            gamma = float(f['loss_weight.compact'][0])
            r.note(f'gamma is automatic: {gamma:g} taken from the file')
        dmask = -gamma * dcompact - loss['eta'] * dmask_class
        if c['model']['generator']['gradient'] == 'threshold-sigmoid':
            s = 1 / (1 + np.exp(-(heat - tau[:, None])))
            dmask = dmask * s * (1 - s)
        generator.backward(dmask.reshape(-1, 1, size, size), need_dx=False)
        self.weights = {'adversarialClass': -loss['eta'], 'compact': gamma}

    @staticmethod
    def compact_response(o):
        """o * kernel: centre 1, the eight others -1/8, zeros outside."""
        p = np.pad(o, ((0, 0), (1, 1), (1, 1)))
        h, w = o.shape[1:]
        around = sum(p[:, i : i + h, j : j + w] for i in range(3) for j in range(3)) - o
        return o - around / 8

    # ---- comparisons

    def compare_losses(self):
        r, f = self.r, self.f
        r.title('losses')
        total = 0.0
        for name, value in self.mine.items():
            got = float(f[f'loss.{name}'][0]) if f'loss.{name}' in f else self.losses[name]
            r.same(f'loss.{name}', np.array([got]), np.array([value]), LOSS_TOL, floor=LOSS_FLOOR)
            r.same(f'  losses.{name}', np.array([self.losses[name]]), np.array([got]), 1e-6, always=False)
            if f'loss_weight.{name}' in f:
                r.same(f'  loss_weight.{name}', f[f'loss_weight.{name}'], np.array([self.weights[name]]), 1e-6, always=False)
            total += self.weights[name] * value
        key = 'generatorTotal' if self.info['kind'] == 'generator' else 'total'
        r.same(key, np.array([self.losses[key]]), np.array([total]), LOSS_TOL, floor=LOSS_FLOOR)
        extra = set(self.losses) - set(self.mine) - {key}
        r.rule('no other losses', not extra, ', '.join(sorted(extra)))

    def compare_gradients(self):
        r, f = self.r, self.f
        r.title('gradients')
        stored = set(f.names('grad/'))
        for name in sorted(set(self.net.grad) | stored):
            if name not in stored:
                r.rule(f'grad/{name}', not np.any(self.net.grad[name]), 'not in the file')
            elif name not in self.net.grad:
                r.rule(f'grad/{name}', not np.any(f[f'grad/{name}']), 'no gradient expected')
            else:
                ties = self.net.slack[name]
                text = f'ties {ties:.0e}' if ties > 1e-6 else ''
                tol, l2 = GRAD_TOL + 10 * ties, GRAD_L2_TOL + 4 * ties
                r.same(f'grad/{name}', f[f'grad/{name}'], self.net.grad.pop(name), tol, l2, reason=text)

    def is_trained(self, name):
        kind, model = self.info['kind'], self.c['model']
        if any(name.startswith(p) for p in self.stage.get('freeze', [])):
            return False
        if name.startswith('generator.'):
            return kind == 'generator'
        if kind == 'generator':
            return False
        if name.startswith('segmentation.'):
            return self.stage['mu'] > 0
        if model['backbone'] == 'vgg16' and name.startswith('backbone.conv'):
            return int(name[len('backbone.conv')]) > model['frozenBlocks']
        return True

    def state(self, name, kind):
        """An optimiser buffer before the step; zero unless the file has it."""
        key = f'state_before/{name}.{kind}'
        return self.f.f64(key) if key in self.f else np.zeros(self.f.header[f'before/{name}']['shape'])

    def compare_update(self):
        r, f, o = self.r, self.f, self.c['optim']
        r.title(f"parameters after the update ({o['kind']}, from the file's gradients)")
        if f.json('counts')['rois'] == 0 and not f.names('grad/'):
            r.note('no gradient in this step')
        norm = math.sqrt(sum(float((f.f64(f'grad/{n}') ** 2).sum()) for n in f.names('grad/')))
        factor = min(1, o['clipNorm'] / norm) if o['clipNorm'] > 0 and norm > 0 else 1
        r.note(f'gradient norm {norm:.6g}, factor {factor:.6g}')
        if 'gradNorm' in self.info:
            r.same('gradient norm', np.array([self.info['gradNorm']]), np.array([norm]), UPDATE_TOL)
        rules = self.info.get('parameters')
        untouched = 0
        for name in f.names('before/'):
            before, after = f.f64(f'before/{name}'), f.f64(f'after/{name}')
            has_grad = f'grad/{name}' in f
            if not self.is_trained(name) or not (has_grad or o['updateUntouched']):
                untouched += 1
                if not np.array_equal(before, after):
                    r.rule(f'after/{name}', False, 'changed although it does not train')
                continue
            lr, decay = self.rates(name)
            if rules is not None:
                own = rules.get(name, {'lrMult': 0, 'decayMult': 0})
                given = [self.info['lr'] * own['lrMult'], o['weightDecay'] * own['decayMult']]
                r.same(f'multipliers of {name}', np.array(given), np.array([lr, decay]), 1e-9, always=False)
            g = factor * f.f64(f'grad/{name}') if has_grad else np.zeros_like(before)
            step = self.sgd(name, before, g, lr, decay) if o['kind'] == 'sgd' else self.adamw(name, before, g, lr, decay)
            # float32 cannot hold a step finer than its rounding of the weight itself, and there are two:
            # after the decay and after the gradient's part
            rounding = 2 * 2.0**-24 * np.maximum(np.abs(before), np.abs(after))
            diff = np.maximum(np.abs(after - (before - step)) - rounding, 0)
            scale = max(np.abs(step).max(), 1e-30)
            err = diff.max() / scale
            r._line(err <= UPDATE_TOL, f'after/{name}', f'max rel {err:8.1e} of the step   max step {scale:9.3e}', True)
        r.rule('parameters that do not train are untouched', True, f'{untouched}')

    def rates(self, name):
        o = self.c['optim']
        last = name.rsplit('.', 1)[1]
        lr, decay = self.info['lr'], o['weightDecay']
        if last == 'bias':
            return lr * o['biasLrMult'], decay * o['biasDecayMult']
        return lr, 0 if last == 'gain' else decay

    def sgd(self, name, w, g, lr, decay):
        """Caffe: v <- momentum * v + lr * (g + decay * w); w <- w - v."""
        v = self.c['optim']['momentum'] * self.state(name, 'momentum') + lr * (g + decay * w)
        self.same_state(name, 'momentum', v)
        return v

    def adamw(self, name, w, g, lr, decay):
        """w <- w - lr * (m' / (sqrt(v') + eps) + decay * w), m' and v' corrected for their start."""
        o = self.c['optim']
        b1, b2 = o['betas']
        m = b1 * self.state(name, 'm') + (1 - b1) * g
        v = b2 * self.state(name, 'v') + (1 - b2) * g * g
        self.same_state(name, 'm', m)
        self.same_state(name, 'v', v)
        t = self.info.get('optimizerStep', 1)
        return lr * (m / (1 - b1**t) / (np.sqrt(v / (1 - b2**t)) + o['eps']) + decay * w)

    def same_state(self, name, kind, value):
        key = f'state_after/{name}.{kind}'
        if key in self.f:
            self.r.same(key, self.f[key], value, UPDATE_TOL, always=False)


def main(args):
    paths = [a for a in args if not a.startswith('-')]
    if len(paths) != 1 or '--help' in args or '-h' in args:
        print(__doc__)
        return 0 if '--help' in args or '-h' in args else 2
    try:
        check = Check(paths[0], '--verbose' in args)
    except (OSError, ValueError, KeyError, struct.error) as error:
        print(f'check-step: {error}', file=sys.stderr)
        return 2
    return check.run()


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
