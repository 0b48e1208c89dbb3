// Starts what a page holds. Every page works without any of it.
import { initAll } from './govuk-frontend.js';
import { startAutosave } from './autosave.js';
import { startChildBar } from './child_bar.js';
import { startShowWhen } from './show_when.js';

initAll();
document.querySelectorAll('form[data-autosave-url]').forEach(startAutosave);
document.querySelectorAll('[data-child-bar]').forEach(startChildBar);
startShowWhen(document);
