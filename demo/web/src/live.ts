/** Moving pictures: a camera or a video file, frame by frame. */
import { contextOf, make, newCanvas } from './dom.js';

/** Longer side of the frames that are shown. */
const MAX_SIDE = 1280;

export class LiveFeed {
  readonly name: string;
  readonly video: HTMLVideoElement;
  readonly isCamera: boolean;
  /** The frame that was looked at last. */
  readonly frame = newCanvas(1, 1);
  readonly #release: () => void;
  #isClosed = false;
  /** The camera ended by itself: it was unplugged, or may not be used any more. */
  #isGone = false;

  private constructor(
    name: string,
    video: HTMLVideoElement,
    isCamera: boolean,
    release: () => void,
  ) {
    this.name = name;
    this.video = video;
    this.isCamera = isCamera;
    this.#release = release;
    const track = this.#track();
    this.#isGone = track?.readyState === 'ended';
    track?.addEventListener('ended', () => (this.#isGone = true));
  }

  /** Opens a camera; without an id, the one that faces the user. Rejects as getUserMedia does. */
  static async cameraAsync(deviceId?: string): Promise<LiveFeed> {
    if (!navigator.mediaDevices?.getUserMedia) {
      throw Object.assign(new Error('no camera on insecure pages'), { code: 'insecure' });
    }
    const which = deviceId ? { deviceId: { exact: deviceId } } : { facingMode: 'user' };
    const size = { width: { ideal: 1280 }, height: { ideal: 720 } };
    const stream = await navigator.mediaDevices.getUserMedia({ video: { ...which, ...size } });
    const stop = (): void => stream.getTracks().forEach((track) => track.stop());
    try {
      const video = videoElement();
      video.srcObject = stream;
      await startAsync(video);
      return new LiveFeed('camera', video, true, stop);
    } catch (error) {
      stop();
      throw error;
    }
  }

  /** Plays a video file, again and again. @throws an error with code `video` where it cannot be played */
  static async fileAsync(name: string, file: Blob): Promise<LiveFeed> {
    const address = URL.createObjectURL(file);
    try {
      const video = videoElement();
      video.loop = true;
      video.src = address;
      await startAsync(video);
      if (video.videoWidth === 0) {
        // Sound alone, or a picture in a format that this browser lacks: it would play without a frame.
        video.pause();
        video.remove();
        throw unplayable();
      }
      return new LiveFeed(name, video, false, () => URL.revokeObjectURL(address));
    } catch (error) {
      URL.revokeObjectURL(address);
      throw error;
    }
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Id of the camera in use, and whether it looks at the user. */
  camera(): { deviceId: string; isFront: boolean } {
    const { deviceId = '', facingMode } = this.#track()?.getSettings() ?? {};
    return { deviceId, isFront: facingMode !== 'environment' };
  }

  #track(): MediaStreamTrack | undefined {
    const stream = this.video.srcObject;
    return stream instanceof MediaStream ? stream.getVideoTracks()[0] : undefined;
  }

  /**
   * Waits for a frame that was not taken yet, and copies it; false once the feed is closed.
   * @throws an error with code `camera-gone` where the camera ended by itself
   */
  async takeFrameAsync(): Promise<boolean> {
    while (!this.#isClosed) {
      if (this.#isGone) {
        throw Object.assign(new Error('the camera has ended'), { code: 'camera-gone' });
      }
      if (await nextFrameAsync(this.video)) break;
    }
    if (this.#isClosed) return false;
    const { videoWidth, videoHeight } = this.video;
    const shrink = Math.min(1, MAX_SIDE / Math.max(videoWidth, videoHeight));
    const width = Math.round(videoWidth * shrink);
    const height = Math.round(videoHeight * shrink);
    if (this.frame.width !== width || this.frame.height !== height) {
      Object.assign(this.frame, { width, height });
    }
    contextOf(this.frame).drawImage(this.video, 0, 0, width, height);
    return true;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.video.pause();
    this.video.srcObject = null;
    this.video.removeAttribute('src');
    this.video.remove();
    this.#release();
  }
}

/** On the page, though not to be seen: browsers show no frames of videos elsewhere. */
function videoElement(): HTMLVideoElement {
  const video = make('video', { muted: true, playsInline: true, className: 'sr', tabIndex: -1 });
  video.setAttribute('aria-hidden', 'true');
  document.body.append(video);
  return video;
}

async function startAsync(video: HTMLVideoElement): Promise<void> {
  try {
    await video.play();
  } catch (cause) {
    video.remove();
    if (video.error === null && (cause as Error).name !== 'NotSupportedError') throw cause;
    throw unplayable(cause);
  }
}

function unplayable(cause?: unknown): Error {
  return Object.assign(new Error('the video cannot be played', { cause }), { code: 'video' });
}

/** True with the video's next frame; false after a while without one, as while it is paused. */
function nextFrameAsync(video: HTMLVideoElement): Promise<boolean> {
  return new Promise((resolve) => {
    const stop = setTimeout(() => resolve(false), 250);
    const done = (): void => {
      clearTimeout(stop);
      resolve(video.readyState >= video.HAVE_CURRENT_DATA);
    };
    if ('requestVideoFrameCallback' in video) video.requestVideoFrameCallback(done);
    else requestAnimationFrame(done);
  });
}

/** The cameras there are; names are known once one was allowed. */
export async function camerasAsync(): Promise<{ id: string; name: string }[]> {
  const devices = await navigator.mediaDevices.enumerateDevices();
  return devices
    .filter((device) => device.kind === 'videoinput')
    .map(({ deviceId, label }, i) => ({ id: deviceId, name: label || `Camera ${i + 1}` }));
}
