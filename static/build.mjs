// Builds static/built/ from static/src/ and the packages: one style sheet, and GOV.UK Frontend's script without its source map's address.
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileAsync } from 'sass';

const root = new URL('../', import.meta.url);
const at = (path) => fileURLToPath(new URL(path, root));

// A file is whole or not there: somebody may be reading the old one.
async function write(path, text) {
  await mkdir(dirname(at(path)), { recursive: true });
  await writeFile(at(`${path}.${process.pid}`), text);
  await rename(at(`${path}.${process.pid}`), at(path));
  console.log(`${path}: ${text.length} bytes`);
}

const style = await compileAsync(at('static/src/scss/app.scss'), {
  loadPaths: [at('node_modules')],
  quietDeps: true,
  style: 'compressed',
});
if (/url\(/.test(style.css)) {
  throw new Error('The style sheet names a file; it should need none.');
}
await write('static/built/css/app.css', style.css);

const script = await readFile(at('node_modules/govuk-frontend/dist/govuk/govuk-frontend.min.js'), 'utf8');
// The whole script is one line, so only the comment may go; with it, collecting static files fails on the missing map.
await write('static/built/js/govuk-frontend.js', `${script.replace(/\/\/# sourceMappingURL=\S*/, '')}\n`);
