/** The profile view: where the time of a picture or frame goes. */
import { Profiler, type Profile } from '../../../src/nn/browser.js';
import type { App } from './app.js';
import { byId, make } from './dom.js';

/** Frames or looks that the close look covers. */
const LOOKS = 3;

export function connectProfile(app: App): { update(): void } {
  const box = byId('profile', HTMLDetailsElement);
  const body = byId('profile-body', HTMLElement);
  const live = make('div');
  const close = make('div');
  const button = make('button', { type: 'button', textContent: 'Measure the detector' });
  body.append(live, button, close);
  let shownAt = -Infinity;
  button.addEventListener('click', () => {
    button.disabled = true;
    measureAsync(app)
      .then((measured) => close.replaceChildren(...measuredView(measured)))
      .catch(app.onError)
      .finally(() => (button.disabled = false));
  });
  return {
    update() {
      live.hidden = app.live === null; // its times would be of pictures that are gone
      const now = performance.now();
      if (!box.open || now - shownAt < 500) return;
      shownAt = now;
      const means = app.times.means();
      live.replaceChildren(
        ...(means.length > 0
          ? [
              table(
                'Each frame',
                means.map((m) => [m.stage, m.timeMs]),
              ),
            ]
          : []),
      );
    },
  };
}

interface Measured {
  profile: Profile;
  /** Longer side of what the network saw. */
  maxSize: number;
  /** What was closed so that nothing else computes meanwhile. */
  closed: 'camera' | 'video' | null;
}

/** Looks at what is shown a few times with every launch timed; null where there is nothing to look at. */
async function measureAsync(app: App): Promise<Measured | null> {
  const { detector, live } = app;
  const picture = app.still?.canvas ?? live?.frame;
  if (!detector || !picture) return null;
  // Before the feed is closed: afterwards the size is that of photographs.
  const options = { score: app.choices.score, maxSize: app.size };
  app.closeLive();
  await detector.detectAsync(picture, options);
  const profiler = await Profiler.startAsync(detector.core.device);
  for (let i = 0; i < LOOKS; i++) await detector.detectAsync(picture, options);
  const profile = await profiler.stopAsync();
  const closed = live && (live.isCamera ? 'camera' : 'video');
  return { profile, maxSize: options.maxSize, closed };
}

function measuredView(measured: Measured | null): HTMLElement[] {
  const line = (text: string): HTMLElement => make('p', { className: 'soft' }, text);
  if (!measured) return [line('There is nothing to measure: open a picture or the camera first.')];
  const { profile, maxSize, closed } = measured;
  const note = closed ? ` The ${closed} was closed for this.` : '';
  return [line(`Measured at ${maxSize} px.${note}`), ...profileView(profile)];
}

function profileView(profile: Profile): HTMLElement[] {
  const each = (ms: number): number => ms / LOOKS;
  const byTime = [...profile.layers].sort((a, b) => b.totalMs - a.totalMs).slice(0, 8);
  const { uploads } = profile;
  const kilobytes = (bytes: number): string => `${Math.round(each(bytes) / 1000)} kB`;
  const copies = [
    `up: ${kilobytes(uploads.bytes)} in ${Math.round(each(uploads.count))}`,
    ...profile.readbacks.map(({ cause, bytes }) => `back: ${kilobytes(bytes)} (${cause})`),
  ];
  const how =
    profile.method === 'timestamps' ? 'timed by the device' : 'timed by the clock, coarse';
  return [
    table(
      'Layers',
      byTime.map((row) => [row.name, each(row.totalMs)]),
    ),
    table(
      'Main thread',
      profile.host.map((row) => [row.name, each(row.totalMs)]),
    ),
    make('p', { className: 'soft' }, `Copies per picture: ${copies.join('; ')}.`),
    make(
      'p',
      { className: 'soft' },
      `Means of ${LOOKS} looks, ${how}; ${Math.round(profile.submits / LOOKS)} submissions each.`,
    ),
  ];
}

function table(title: string, rows: readonly (readonly [string, number])[]): HTMLElement {
  const most = Math.max(...rows.map(([, ms]) => ms), 0.001);
  const body = rows.map(([name, ms]) =>
    make(
      'tr',
      {},
      make('td', { textContent: name }),
      make('td', {}, make('meter', { value: ms, max: most, title: `${ms.toFixed(1)} ms` })),
      make('td', { textContent: `${ms.toFixed(ms < 10 ? 1 : 0)} ms` }),
    ),
  );
  return make('table', { className: 'times' }, make('caption', { textContent: title }), ...body);
}
