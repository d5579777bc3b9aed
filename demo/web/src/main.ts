/** The first page: connects its controls to the app, loads the detector, shows the first sample. */
import '../../../src/aofd/browser/surroundings.js'; // before anything else
import { App, type Mode } from './app.js';
import { COVER_TOOLS, connectBrush } from './cover-tools.js';
import { byId, newCanvas } from './dom.js';
import { adapterText, loadDetectorAsync, progressText } from './engine.js';
import { connectSources } from './sources.js';
import { plainMessage } from './messages.js';
import { connectProfile } from './profile.js';
import { connectSamplesAsync } from './samples.js';
import { saveJson, savePngAsync } from './save.js';

const app = new App();
const problem = byId('problem', HTMLElement);

/** The problem that was shown last. */
let shown: unknown = null;
/** What keeps the detector from working at all. */
let lasting: unknown = null;

function showProblem(error: unknown): void {
  shown = error;
  const { title, fix } = plainMessage(error);
  byId('problem-title', HTMLElement).textContent = title;
  byId('problem-fix', HTMLElement).textContent = fix;
  problem.hidden = false;
  app.stage.busy('');
}

/** What was wrong before is over, unless there is no detector: then no picture can be looked at. */
function clearProblem(): void {
  if (lasting === null) problem.hidden = true;
  else if (shown !== lasting) showProblem(lasting);
}

function connectModes(): void {
  const buttons: Record<Mode, HTMLButtonElement> = {
    find: byId('mode-find', HTMLButtonElement),
    check: byId('mode-check', HTMLButtonElement),
  };
  for (const mode of ['find', 'check'] as const) {
    buttons[mode].addEventListener('click', () => {
      for (const [name, button] of Object.entries(buttons)) {
        button.setAttribute('aria-pressed', String(name === mode));
      }
      app.setMode(mode);
    });
  }
}

function connectSettings(): () => void {
  const score = byId('score', HTMLInputElement);
  const size = byId('size', HTMLInputElement);
  const scoreValue = byId('score-value', HTMLOutputElement);
  const sizeValue = byId('size-value', HTMLOutputElement);
  const showValues = (): void => {
    scoreValue.value = app.choices.score.toFixed(2);
    size.value = String(app.size);
    sizeValue.value = `${app.size} px`;
  };
  score.addEventListener('input', () => {
    app.choices.score = score.valueAsNumber;
    showValues();
    app.look();
  });
  size.addEventListener('input', () => {
    app.size = size.valueAsNumber;
    clearProblem(); // as a size for which memory was too small
    showValues();
    app.look();
  });
  const showMask = byId('show-mask', HTMLInputElement);
  showMask.addEventListener('change', () => {
    app.stage.showMask = showMask.checked;
    app.stage.redraw();
  });
  showValues();
  return showValues;
}

function connectTools(): void {
  const uncover = byId('uncover', HTMLButtonElement);
  for (const button of document.querySelectorAll<HTMLButtonElement>('[data-cover]')) {
    const kind = COVER_TOOLS[button.dataset['cover'] ?? ''];
    if (kind) button.addEventListener('click', () => app.cover(kind));
  }
  uncover.addEventListener('click', () => app.uncover());
  connectBrush(app);
  byId('save-json', HTMLButtonElement).addEventListener('click', () => {
    const { analysis, detector } = app;
    if (analysis) saveJson(analysis, detector?.adapterInfo.name ?? '');
  });
  byId('save-png', HTMLButtonElement).addEventListener('click', () => {
    const canvas = newCanvas(1, 1);
    app.stage.drawTo(canvas);
    savePngAsync(app.analysis?.name ?? 'picture', canvas).catch(showProblem);
  });
}

/** What can be done depends on what is shown. */
function updateTools(): void {
  const isStill = app.still !== null;
  byId('cover-card', HTMLElement).hidden = !isStill || !app.detector;
  for (const button of document.querySelectorAll<HTMLButtonElement>('[data-cover]')) {
    button.disabled = !app.canCover;
  }
  byId('uncover', HTMLButtonElement).disabled = !app.still?.isCovered;
  for (const id of ['save-png', 'save-json']) {
    byId(id, HTMLButtonElement).disabled = app.analysis === null;
  }
}

async function startAsync(): Promise<void> {
  const showValues = connectSettings();
  connectModes();
  connectTools();
  const profile = connectProfile(app);
  app.onError = showProblem;
  const update = (): void => {
    updateTools();
    showValues();
    profile.update();
  };
  app.onResult = update;
  byId('problem-close', HTMLButtonElement).addEventListener('click', () => (problem.hidden = true));
  const onChange = (): void => {
    clearProblem();
    update();
  };
  const samples = await connectSamplesAsync(app, () => {
    controls.change('none');
    onChange();
  });
  const { controls } = connectSources(app, {
    showProblem,
    onChange: () => (samples.unpress(), onChange()),
    onEnd: update,
  });
  // Whatever becomes of the first sample, the detector is loaded.
  await samples.showAsync('masks').catch(showProblem);
  update();
  const detector = await loadDetectorAsync('./', (progress) =>
    app.stage.busy(progressText(progress)),
  );
  const { adapterInfo } = detector;
  byId('adapter', HTMLElement).textContent = adapterText(adapterInfo);
  byId('software', HTMLElement).hidden = !adapterInfo.isSoftware;
  app.start(detector);
  update();
}

startAsync().catch((error: unknown) => {
  byId('adapter', HTMLElement).textContent = 'nothing: see the message at the picture';
  lasting = error;
  showProblem(error);
});
