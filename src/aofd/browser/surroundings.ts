/** Imported for its effect, before anything else: what every entry for browsers needs. */
import './no-eval.js';
import '../../nn/browser-forward.js';
