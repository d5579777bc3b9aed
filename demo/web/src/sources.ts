/** Where pictures come from: files, drag and drop, the clipboard, cameras, videos. */
import type { App } from './app.js';
import { byId, make } from './dom.js';
import { camerasAsync, LiveFeed } from './live.js';
import { Still } from './still.js';

export interface SourceHooks {
  showProblem(error: unknown): void;
  /** Something other than before is shown. */
  onChange(): void;
}

export function connectSources(app: App, hooks: SourceHooks): void {
  const openAsync = async (file: File): Promise<void> => {
    if (file.type.startsWith('video/')) {
      const feed = await LiveFeed.fileAsync(file.name, file);
      connectVideo(app, feed);
      runFeed(app, feed, hooks);
    } else {
      app.showStill(await Still.fromBlobAsync(file.name || 'picture', file));
      hooks.onChange();
    }
  };
  const open = (file: File | null | undefined): void => {
    if (file) openAsync(file).catch(hooks.showProblem);
  };
  connectFile(open);
  connectDrop(app, open);
  document.addEventListener('paste', (event) => open(event.clipboardData?.files[0]));
  connectCamera(app, hooks);
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

function runFeed(app: App, feed: LiveFeed, hooks: SourceHooks): void {
  const camera = byId('camera', HTMLButtonElement);
  camera.classList.toggle('primary', feed.isCamera);
  byId('camera-text', HTMLElement).textContent = feed.isCamera ? 'Stop camera' : 'Camera';
  byId('camera-options', HTMLElement).hidden = !feed.isCamera;
  byId('video-options', HTMLElement).hidden = feed.isCamera;
  const done = app.showLiveAsync(feed);
  hooks.onChange();
  done.catch(hooks.showProblem).finally(() => {
    if (app.live) return; // another one took its place
    camera.classList.remove('primary');
    byId('camera-text', HTMLElement).textContent = 'Camera';
    byId('camera-options', HTMLElement).hidden = true;
    byId('video-options', HTMLElement).hidden = true;
  });
}

function connectCamera(app: App, hooks: SourceHooks): void {
  const list = byId('camera-list', HTMLSelectElement);
  const mirror = byId('mirror', HTMLInputElement);
  const startAsync = async (deviceId?: string): Promise<void> => {
    app.stage.busy('Waiting for the camera …');
    try {
      const feed = await LiveFeed.cameraAsync(deviceId);
      const { deviceId: used, isFront } = feed.camera();
      app.isMirrored = isFront;
      mirror.checked = isFront;
      const cameras = await camerasAsync();
      list.replaceChildren(
        ...cameras.map(({ id, name }) =>
          make('option', { value: id, textContent: name, selected: id === used }),
        ),
      );
      runFeed(app, feed, hooks);
    } finally {
      app.stage.busy('');
    }
  };
  byId('camera', HTMLButtonElement).addEventListener('click', () => {
    if (app.live?.isCamera) app.closeLive();
    else startAsync().catch(hooks.showProblem);
  });
  list.addEventListener('change', () => {
    app.closeLive(); // many cameras serve one feed at a time
    startAsync(list.value).catch(hooks.showProblem);
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
