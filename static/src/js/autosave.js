// Sends a form's fields to the server while somebody writes, and says honestly whether they arrived.
//
//   <form method="post" data-autosave-url="…" data-base-version="7">    and somewhere on the page    <div data-save-state>
//
// With data-unsaved the form was drawn from what was posted and not kept (an error, another row): it is sent without a change.
// The server answers 200 with {"saved_at": "14:02"}, and "in_plan" where nothing differs from what is saved already; 409 where somebody else has saved meanwhile; 401, 403 or a redirect to the
// sign-in page where the session has ended; any other 4xx where the section can no longer be changed. Nothing is kept in the
// browser. Without this script the form's own button saves.

const QUIET_MS = 3000; // after the last change
const RETRY_MS = [2000, 5000, 10000, 20000, 40000, 60000];
const SPOKEN_MS = 30000; // between two spoken "Kept"
const KEEPALIVE_LIMIT = 60000; // bytes; browsers refuse larger bodies while a page closes
const TIMEOUT_MS = 20000;

const AT_FIRST = 'What you write is kept for you as you go. Press Save to put it in the plan.';
const SIGNED_OUT = 'You were signed out. Keep this page open, sign in again in another tab, then come back and press Save.';
const CHANGED = 'Someone changed this while you were writing. Press Save to see both texts. Nothing is lost.';
const CLOSED = 'Not saved. This can no longer be changed here. Copy what you wrote before you leave this page.';
const IN_PLAN = 'Nothing here differs from what is saved.';
const OFFLINE = 'Not saved. You are offline, keep this page open.';
const RETRYING = 'Not saved. Trying again. Keep this page open.';

function fieldsOf(form) {
  const fields = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    if (typeof value === 'string' && name !== 'csrfmiddlewaretoken') {
      fields.append(name, value);
    }
  }
  return fields.toString();
}

function show(area) {
  const words = area?.querySelector('[data-save-words]');
  const spoken = area?.querySelector('[data-save-spoken]');
  let spokenAt = -Infinity;
  let spokenState = '';
  return (state, text) => {
    if (!area) {
      return;
    }
    area.dataset.state = state;
    words.textContent = text;
    // Problems and their end are spoken at once; that all is well is not repeated every few seconds.
    const now = Date.now();
    if (state === 'failed' || (state === 'saved' && (spokenState === 'failed' || now - spokenAt > SPOKEN_MS))) {
      if (spoken.textContent !== text) {
        spoken.textContent = text;
      }
      spokenAt = now;
      spokenState = state;
    }
  };
}

export function startAutosave(form) {
  const url = form.dataset.autosaveUrl;
  const say = show(document.querySelector('[data-save-state]'));
  let accepted = 'unsaved' in form.dataset ? null : fieldsOf(form); // what the server has
  let timer = null;
  let running = null; // AbortController of the request under way
  let failures = 0;
  let stopped = false; // no more tries: signed out, changed by somebody else, or closed
  let leaving = false; // the form's own button was pressed

  say('', AT_FIRST);

  function later(milliseconds) {
    clearTimeout(timer);
    timer = setTimeout(save, milliseconds);
  }

  function stop(text) {
    stopped = true;
    clearTimeout(timer);
    say('failed', text);
  }

  function failed() {
    failures += 1;
    say('failed', navigator.onLine ? RETRYING : OFFLINE);
    later(RETRY_MS[Math.min(failures, RETRY_MS.length) - 1]);
  }

  async function save() {
    clearTimeout(timer);
    const fields = fieldsOf(form);
    if (stopped || leaving || running) {
      return;
    }
    if (fields === accepted) {
      if (failures > 0) {
        failures = 0; // what could not be sent was taken back
        say('', AT_FIRST);
      }
      return;
    }
    const body = new URLSearchParams(fields);
    body.set('base_version', form.dataset.baseVersion ?? '');
    running = new AbortController();
    const expiry = setTimeout(() => running?.abort(), TIMEOUT_MS);
    say('saving', 'Saving…');
    try {
      const response = await fetch(url, {
        method: 'POST',
        body,
        credentials: 'same-origin',
        redirect: 'manual',
        keepalive: body.toString().length < KEEPALIVE_LIMIT,
        headers: {
          'X-CSRFToken': form.querySelector('[name=csrfmiddlewaretoken]')?.value ?? '',
          'X-Requested-With': 'XMLHttpRequest',
          Accept: 'application/json',
        },
        signal: running.signal,
      });
      if (leaving) {
        return;
      }
      if (response.type === 'opaqueredirect' || response.status === 401 || response.status === 403) {
        stop(SIGNED_OUT);
      } else if (response.status === 409) {
        stop(CHANGED);
      } else if (response.ok && !response.headers.get('Content-Type')?.includes('json')) {
        stop(SIGNED_OUT); // a whole page came back: the one to sign in on
      } else if (response.ok) {
        const answer = await response.json();
        accepted = fields;
        failures = 0;
        say('saved', answer.in_plan ? IN_PLAN : `Kept for you only at ${answer.saved_at}. Press Save to put it in the plan.`);
      } else if (response.status >= 400 && response.status < 500 && response.status !== 408 && response.status !== 429) {
        stop(CLOSED);
      } else {
        failed();
      }
    } catch {
      if (!leaving) {
        failed();
      }
    } finally {
      clearTimeout(expiry);
      running = null;
    }
    if (!stopped && !leaving && failures === 0 && fieldsOf(form) !== accepted) {
      later(QUIET_MS);
    }
  }

  function changed() {
    if (!stopped) {
      later(failures > 0 ? RETRY_MS[0] : QUIET_MS);
    }
  }

  if (accepted === null) {
    later(QUIET_MS);
  }
  form.addEventListener('input', changed);
  form.addEventListener('change', changed);
  form.addEventListener('focusout', () => {
    if (failures === 0) {
      save();
    }
  });
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') {
      save();
    }
  });
  window.addEventListener('online', () => {
    if (failures > 0) {
      save();
    }
  });
  // A draft that arrives after the real save would bring old text back.
  form.addEventListener('submit', () => {
    leaving = true;
    clearTimeout(timer);
    running?.abort();
  });
  // Back to this page from the next one: go on saving.
  window.addEventListener('pageshow', (event) => {
    if (event.persisted) {
      leaving = false;
    }
  });
  window.addEventListener('beforeunload', (event) => {
    if (!leaving && (failures > 0 || stopped) && fieldsOf(form) !== accepted) {
      event.preventDefault();
    }
  });
}
