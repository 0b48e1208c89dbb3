// Builds static/built/ from static/src/ and the packages: one style sheet, and GOV.UK Frontend's script without its source map's address.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { compileAsync } from 'sass';

const root = new URL('../', import.meta.url);
const at = (path) => fileURLToPath(new URL(path, root));

await rm(at('static/built'), { recursive: true, force: true });
await mkdir(at('static/built/css'), { recursive: true });
await mkdir(at('static/built/js'), { recursive: true });

const style = await compileAsync(at('static/src/scss/app.scss'), { loadPaths: [at('node_modules')], quietDeps: true, style: 'compressed' });
if (/url\(/.test(style.css)) {
  throw new Error('The style sheet names a file; it should need none.');
}
await writeFile(at('static/built/css/app.css'), style.css);

const script = await readFile(at('node_modules/govuk-frontend/dist/govuk/govuk-frontend.min.js'), 'utf8');
// The whole script is one line, so only the comment may go; with it, collecting static files fails on the missing map.
await writeFile(at('static/built/js/govuk-frontend.js'), script.replace(/\/\/# sourceMappingURL=\S*/, '') + '\n');

console.log(`css/app.css ${style.css.length} bytes, js/govuk-frontend.js ${script.length} bytes`);
