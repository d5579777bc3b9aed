/** Where pictures come from: files, drag and drop, the clipboard, cameras, videos. */
import type { App } from './app.js';
import { byId, make } from './dom.js';
import { FeedControls } from './feed-controls.js';
import { camerasAsync, LiveFeed } from './live.js';
import { Still } from './still.js';

export interface SourceHooks {
  showProblem(error: unknown): void;
  /** Something other than before is shown. */
  onChange(): void;
  /** A camera or film ended, and nothing took its place. */
  onEnd(): void;
}

/** What the ways to open something share. */
interface Opening {
  app: App;
  hooks: SourceHooks;
  controls: FeedControls;
}

export function connectSources(app: App, hooks: SourceHooks): { controls: FeedControls } {
  const controls = new FeedControls(app);
  const opening: Opening = { app, hooks, controls };
  const open = (file: File | null | undefined): void => {
    if (file) void openFileAsync(opening, file);
  };
  connectFile(open);
  connectDrop(app, open);
  document.addEventListener('paste', (event) => open(event.clipboardData?.files[0]));
  connectCamera(opening);
  return { controls };
}

/** Opens a picture or film, unless the visitor chooses something else meanwhile. */
async function openFileAsync(opening: Opening, file: File): Promise<void> {
  const { app, hooks, controls } = opening;
  const isNewest = app.claim();
  try {
    if (file.type.startsWith('video/')) {
      const feed = await LiveFeed.fileAsync(file.name, file);
      if (!isNewest()) return feed.close();
      connectVideo(app, feed);
      runFeed(opening, feed);
    } else {
      const still = await Still.fromBlobAsync(file.name || 'picture', file);
      if (!isNewest()) return;
      app.showStill(still);
      controls.change('none');
      hooks.onChange();
    }
  } catch (error) {
    if (isNewest()) hooks.showProblem(error);
  }
}

function connectFile(open: (file: File | undefined) => void): void {
  const input = byId('file', HTMLInputElement);
  input.addEventListener('change', () => {
    open(input.files?.[0]);
    input.value = ''; // the same file may be chosen again
  });
}

/** Files may be dropped anywhere on the page. */
function connectDrop(app: App, open: (file: File | undefined) => void): void {
  const { element } = app.stage;
  document.addEventListener('dragover', (event) => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    element.classList.add('over');
  });
  document.addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) element.classList.remove('over');
  });
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    element.classList.remove('over');
    open(event.dataTransfer?.files[0]);
  });
}

function runFeed({ app, hooks, controls }: Opening, feed: LiveFeed): void {
  const done = app.showLiveAsync(feed);
  controls.change('none');
  hooks.onChange();
  done.catch(hooks.showProblem).finally(() => {
    if (app.live) return; // another one took its place
    controls.show();
    hooks.onEnd();
  });
}

function connectCamera(opening: Opening): void {
  const { app, hooks, controls } = opening;
  const list = byId('camera-list', HTMLSelectElement);
  const mirror = byId('mirror', HTMLInputElement);
  let waiting = 0;
  const startAsync = async (deviceId?: string): Promise<void> => {
    const isNewest = app.claim();
    let feed: LiveFeed | null = null;
    waiting++;
    app.stage.busy('Waiting for the camera …');
    try {
      feed = await LiveFeed.cameraAsync(deviceId);
      const cameras = await camerasAsync();
      if (!isNewest()) return feed.close();
      const { deviceId: used, isFront } = feed.camera();
      app.isMirrored = isFront;
      mirror.checked = isFront;
      list.replaceChildren(
        ...cameras.map(({ id, name }) =>
          make('option', { value: id, textContent: name, selected: id === used }),
        ),
      );
      runFeed(opening, feed);
    } catch (error) {
      feed?.close();
      if (!isNewest()) return;
      if (controls.isOpening) controls.change('failed');
      hooks.showProblem(error);
    } finally {
      if (--waiting === 0) {
        app.stage.busy('');
        if (controls.isOpening) controls.change('none'); // it is not wanted any more
      }
    }
  };
  byId('camera', HTMLButtonElement).addEventListener('click', () => {
    if (!app.live?.isCamera && !controls.isOpening) return void startAsync();
    if (controls.isOpening) app.claim(); // the one that is being opened is not wanted any more
    app.closeLive();
    controls.change('none');
  });
  list.addEventListener('change', () => {
    controls.change('opening');
    app.closeLive(); // many cameras serve one feed at a time
    void startAsync(list.value);
  });
  mirror.addEventListener('change', () => (app.isMirrored = mirror.checked));
}

/** Pause and position of a video file. */
function connectVideo(app: App, feed: LiveFeed): void {
  const pause = byId('video-pause', HTMLButtonElement);
  const seek = byId('video-seek', HTMLInputElement);
  const { video } = feed;
  const showState = (): void => {
    pause.textContent = video.paused ? 'Play' : 'Pause';
  };
  pause.onclick = () => {
    if (video.paused) void video.play();
    else video.pause();
  };
  seek.oninput = () => {
    video.currentTime = seek.valueAsNumber * lengthOf(video);
  };
  video.addEventListener('play', showState);
  video.addEventListener('pause', showState);
  video.addEventListener('timeupdate', () => {
    const length = lengthOf(video);
    if (app.live === feed && length > 0) seek.value = String(video.currentTime / length);
  });
  showState();
}

/** Seconds; of recordings that do not state it, as far as can be sought. */
function lengthOf({ duration, seekable }: HTMLVideoElement): number {
  if (Number.isFinite(duration)) return duration;
  return seekable.length > 0 ? seekable.end(seekable.length - 1) : 0;
}
