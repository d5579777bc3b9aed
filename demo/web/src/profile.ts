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
      .then((profile) => close.replaceChildren(...(profile ? profileView(profile) : [])))
      .catch(app.onError)
      .finally(() => (button.disabled = false));
  });
  return {
    update() {
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

/** Looks at what is shown a few times with every launch timed. */
async function measureAsync(app: App): Promise<Profile | null> {
  const { detector } = app;
  const picture = app.still?.canvas ?? app.live?.frame;
  if (!detector || !picture) return null;
  app.closeLive();
  const options = { score: app.choices.score, maxSize: app.size };
  await detector.detectAsync(picture, options);
  const profiler = await Profiler.startAsync(detector.core.device);
  for (let i = 0; i < LOOKS; i++) await detector.detectAsync(picture, options);
  return profiler.stopAsync();
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
